"""The untrusted side: run the student's cells, answer requests. Imports nothing trusted."""

"""Run a submission: the process, its cells, and what becomes of what they raise and print."""

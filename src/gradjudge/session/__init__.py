"""JAILED: run the student's cells, answer requests. Imports of gradjudge nothing but the wire."""

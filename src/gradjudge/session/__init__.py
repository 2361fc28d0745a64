"""JAILED: run the student's cells and answer requests. Of gradjudge, imports only the wire."""

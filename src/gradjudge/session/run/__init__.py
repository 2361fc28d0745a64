"""Run a submission: the process, its cells, their exceptions and output."""

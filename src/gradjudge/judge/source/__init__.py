"""Analyse a submission's source for what a question rules out, without running it."""

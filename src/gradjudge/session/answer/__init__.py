"""Answer the requests of the trusted side from the student's names."""

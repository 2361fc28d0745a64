"""Answer the trusted side's requests from the student's namespace."""

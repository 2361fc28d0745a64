"""What students hand in: which file is graded, and reading it. Nothing of it is run here."""

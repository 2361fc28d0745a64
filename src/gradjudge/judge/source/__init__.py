"""Read a submission's source as text, to find what a question rules out. Nothing of it is run here."""

"""Students' submissions: choosing the file to grade, and reading it. Nothing of it is run here."""

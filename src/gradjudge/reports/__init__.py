"""The record of grading one submission, and what is computed from it."""

"""The record of grading one submission, and the views computed from it."""

"""Instructor notebooks to releases and solutions, through every gate."""

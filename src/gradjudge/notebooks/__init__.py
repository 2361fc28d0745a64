"""Instructor notebooks to releases; reading submissions."""

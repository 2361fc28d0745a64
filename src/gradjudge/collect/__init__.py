"""Intake: put what a learning platform hands out into the course's layout, without trusting a byte of it."""

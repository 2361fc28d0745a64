"""Errors by owner: the course's staff, or we. What is a student's mistake becomes a verdict in a report."""

from __future__ import annotations


class CourseError(Exception):
    """Report something that course staff must mend: a rubric, a notebook, a hidden test, a folder.

    The message says which file, which table or cell, what was found, what was expected, and what to do.
    """


class InternalError(Exception):
    """Report a fault of gradjudge itself. It makes checks ``ungraded``, never zero."""

"""Errors by owner: the course's staff, or gradjudge. A student's mistake is a verdict, never an error."""

from __future__ import annotations


class CourseError(Exception):
    """Something that course staff must fix: a rubric, a notebook, a hidden test, a folder.

    The message says which file, which table or cell, what was found, what was expected, and what to do.
    """


class InternalError(Exception):
    """A fault of gradjudge itself. It makes checks ``ungraded``, never zero."""

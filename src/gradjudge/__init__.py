"""gradjudge: hidden pytest autograders for hand-written deep learning, across a trust boundary.

This module imports nothing: the jailed session lives in the same package and must start from a bare interpreter.
"""

__version__ = "0.1.0"

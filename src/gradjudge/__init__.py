"""gradjudge: hidden pytest autograders for hand-written deep learning, across a trust line.

This module imports nothing: the jailed worker lives in the same package and must start from a bare interpreter.
"""

__version__ = "0.1.0"

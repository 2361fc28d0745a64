"""What a hidden test sees of a submission: proxies that ask the session and check what it answers."""

from __future__ import annotations

from gradjudge.proxy.failures import CheckFailed, StudentRaised
from gradjudge.proxy.objects import ApplyProxy, CallableProxy, FunctionProxy, ObjectProxy
from gradjudge.proxy.student import Student
from gradjudge.text import Text

__all__ = [
    "ApplyProxy",
    "CallableProxy",
    "CheckFailed",
    "FunctionProxy",
    "ObjectProxy",
    "Student",
    "StudentRaised",
    "Text",
]

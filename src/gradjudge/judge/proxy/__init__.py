"""What a hidden test sees of a submission: proxies that ask the session and check its answers."""

from __future__ import annotations

from gradjudge.judge.proxy.failures import CheckFailed, StudentRaised
from gradjudge.judge.proxy.objects import ApplyProxy, CallableProxy, FunctionProxy, ObjectProxy
from gradjudge.judge.proxy.student import Student
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

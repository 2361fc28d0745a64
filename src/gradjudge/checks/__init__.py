"""What hidden tests import: verdicts, the battery for autograd Functions, and rules about source code.

Checks of other subjects are in the modules of this package. Labs import nothing else of gradjudge.
"""

from __future__ import annotations

from gradjudge.checks.functions.function_check import FunctionCheck
from gradjudge.checks.functions.gradcheck import gradcheck
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text, fail, require
from gradjudge.course.rubric import Forbidden
from gradjudge.judge.proxy.objects import CallableProxy, ObjectProxy
from gradjudge.judge.source.forbidden import forbidden_calls, leads_to

__all__ = [
    "CallableProxy",
    "CheckFailed",
    "Forbidden",
    "FunctionCheck",
    "ObjectProxy",
    "StudentRaised",
    "Text",
    "fail",
    "forbidden_calls",
    "gradcheck",
    "leads_to",
    "require",
]

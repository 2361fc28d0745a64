"""Verdicts and the battery for functions, for hidden tests; what judges other subjects has modules of its own."""

from __future__ import annotations

from gradjudge.checks.functions import FunctionCheck
from gradjudge.checks.gradients import gradcheck
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text, fail, require

__all__ = ["CheckFailed", "FunctionCheck", "StudentRaised", "Text", "fail", "gradcheck", "require"]

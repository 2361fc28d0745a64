"""Recognise the cause of an exception, one of a closed list, by the wording of Python's or torch's message."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from gradjudge.wire.exceptions import KNOWN, OPERATORS

_BUILTIN: Final = {
    id(cls): cls.__name__ for cls in vars(builtins).values() if isinstance(cls, type) and issubclass(cls, BaseException)
}
_LONGEST_NAME: Final = 80
_LONGEST_READ: Final = 2000

_SAYS: Final = tuple(
    (cause, kinds, re.compile(pattern))
    for cause, kinds, pattern in (
        ("module", ImportError, r"No module named "),
        ("import", ImportError, r""),
        ("unassigned", UnboundLocalError, r"cannot access "),
        ("undefined", NameError, r"name .* is not defined"),
        ("none", AttributeError, r"'NoneType' object has no attribute "),
        ("none", TypeError, r"'NoneType' object is not|unsupported operand type\(s\) for .*'NoneType'"),
        ("number", AttributeError, r"'(int|float|bool)' object has no attribute "),
        ("attribute", AttributeError, r"has no attribute "),
        ("arguments", TypeError, r"\) takes .*positional arguments? but |\) missing \d+ required "),
        ("arguments", TypeError, r"\) got multiple values for argument "),
        ("keyword", TypeError, r"\) got an unexpected keyword argument "),
        ("arguments", TypeError, r"\(\) takes no arguments|\(\) takes no keyword arguments"),
        ("operand", TypeError, r"unsupported operand type\(s\) for |bad operand type for "),
        ("unhashable", TypeError, r"unhashable type: '(?!list'|dict'|set'|slice')"),
        ("callable", TypeError, r"object is not callable"),
        ("unpack", (TypeError, ValueError), r"values to unpack \(expected|cannot unpack non-iterable "),
        ("no tensor", TypeError, r"must be Tensor, not |must be tuple of Tensors, not "),
        ("saved", TypeError, r"save_for_backward can only save variables"),
        ("gradient count", RuntimeError, r"returned an incorrect number of gradients"),
        ("gradient kind", (RuntimeError, TypeError), r"expected Variable or None \(got "),
        ("gradient shape", RuntimeError, r"returned an invalid gradient at index \d+ - got \["),
        ("leaf", RuntimeError, r"a leaf Variable that requires grad (has been|is being) used in an in-place operation"),
        ("leaf", RuntimeError, r"a view of a leaf Variable that requires grad is being used in an in-place operation"),
        ("saved in place", RuntimeError, r"needed for gradient computation has been modified by an inplace operation"),
        ("dirty", RuntimeError, r"marked as dirty during the forward method were not returned"),
        ("in place", RuntimeError, r"returned as-is as output"),
        ("static", RuntimeError, r"Legacy autograd function with non-static forward method"),
        ("no backward", NotImplementedError, r"You must implement either the backward or vjp method"),
        ("no forward", NotImplementedError, r"You must implement the forward function"),
        ("product", RuntimeError, r"shapes cannot be multiplied|size mismatch, got |inconsistent tensor size, "),
        ("product", RuntimeError, r"first two dimensions of batch2 tensor|1D tensors expected|must be a matrix"),
        ("broadcast", RuntimeError, r"The size of tensor a \(\d+\) must match the size of tensor b \(\d+\)"),
        ("dtype", RuntimeError, r"to have the same dtype|expected scalar type \w+ but found|must have the same dtype"),
        ("view", RuntimeError, r"view size is not compatible with input tensor's size and stride"),
        ("reshape", RuntimeError, r"^shape '\[.*\]' is invalid for input of size "),
        ("numpy", RuntimeError, r"Can't call numpy\(\) on Tensor that requires grad"),
        ("bool", RuntimeError, r"Boolean value of Tensor with more than one value is ambiguous"),
        ("device", RuntimeError, r"all tensors to be on the same device|is not on the expected device"),
        ("gpu", (AssertionError, RuntimeError), r"Torch not compiled with CUDA|Found no NVIDIA driver|No CUDA GPUs"),
        ("gpu", RuntimeError, r"deserialize object on a (CUDA|MPS) device"),
        ("no graph", RuntimeError, r"does not require grad and does not have a grad_fn"),
        ("twice", RuntimeError, r"Trying to backward through the graph a second time"),
        ("scalar", RuntimeError, r"grad can be implicitly created only for scalar outputs"),
        ("weights only", Exception, r"Weights only load failed"),
    )
)  # fmt: skip
_UNNAMED: Final = re.compile(
    r"^\s*`(\w+)` has been removed|cannot import name '(\w+)'|unexpected keyword argument '(\w+)'|variable '(\w+)'"
)
_OPERANDS: Final = re.compile(r"for (\S+?)(?: or pow\(\))?: '([\w.]+)' and '([\w.]+)'")
_PLAIN: Final = frozenset(("int", "float", "bool", "complex", "str", "list", "tuple", "dict", "function", "method"))
_ARGUMENTS: Final[Callable[[BaseException], Any]] = vars(BaseException)["args"].__get__
"""Reads an exception's arguments even if its class overrides ``args``."""
_NOTES: Final[tuple[tuple[type, Callable[[BaseException], Any]], ...]] = tuple(
    (kind, vars(kind)["name"].__get__) for kind in (AttributeError, NameError, ImportError)
)


def public_name(cls: type) -> str:
    """Return the name by which one catches a class, or its nearest base that is a builtin or a known library's."""
    for base in type.mro(cls):
        if id(base) in _BUILTIN:  # by id: a student's class may not be hashable
            return _BUILTIN[id(base)]
        found = next((name for name in KNOWN if _stands_for(name, base)), None)
        if found is not None:
            return found
    return "Exception"


def _stands_for(name: str, cls: type) -> bool:
    path, _, last = name.rpartition(".")
    module = sys.modules.get(path)
    return type(module) is ModuleType and vars(module).get(last) is cls


def cause_of(error: BaseException) -> tuple[str, str]:
    """Return the cause of an exception and the missing name; "" where unknown."""
    arguments, cls = _ARGUMENTS(error), type(error)
    text = arguments[0][:_LONGEST_READ] if arguments and type(arguments[0]) is str else ""
    found = (cause for cause, kinds, said in _SAYS if issubclass(cls, kinds) and said.search(text))
    cause = next(found, "")
    return cause, _operator_in(text) if cause == "operand" else _name_in(error, text) if cause else ""


def _operator_in(text: str) -> str:
    """Return the missing operator method: the reflected one if the left operand is of a builtin type."""
    found = _OPERANDS.search(text)
    if found is None:
        return "__neg__" if "bad operand type for unary -" in text else ""
    symbol, left, right = found.groups()
    if left in _PLAIN and right in _PLAIN:
        return ""
    name = OPERATORS.get(symbol.removesuffix("=") or symbol, "")
    return f"__{'r' if left in _PLAIN else ''}{name}__" if name else ""


def _name_in(error: BaseException, text: str) -> str:
    """Return the name that an exception is about."""
    found = _UNNAMED.search(text)
    noted = next((note(error) for kind, note in _NOTES if issubclass(type(error), kind)), "")
    name = next(filter(None, found.groups()), "") if found else noted
    return name if type(name) is str and len(name) <= _LONGEST_NAME and name.isascii() else ""

"""Sentences for the causes that a session may report: a closed list, so that no text of the session's gets through."""

from __future__ import annotations

from typing import Final

from gradjudge.text import Text

_WORDS: Final = {
    "arguments": Text("the arguments of a call do not match its parameters"),
    "attribute": Text("an attribute or a method is missing"),
    "bool": Text("a condition (`if`, `and`, `or`) needs one truth value, and a whole tensor is given"),
    "broadcast": Text("the shapes of two tensors do not match in an element-wise operation (`+`, `-`, `*`, `/`)"),
    "callable": Text("something that is called there is not a function"),
    "device": Text("tensors on different devices are combined"),
    "dirty": Text("an input that is passed to `mark_dirty` must also be returned"),
    "dtype": Text(
        "tensors of different dtypes are combined (float32 and float64, say); use the dtype of the inputs",
        mistake="dtype",
    ),
    "gpu": Text("there is no GPU here; choose the device with `torch.cuda.is_available()`"),
    "gradient count": Text(
        "`backward` must return a tuple with one gradient for each input of `forward` (a list counts as one value)"
    ),
    "gradient kind": Text("`backward` returns something else than a tensor or None as a gradient"),
    "gradient shape": Text("a gradient does not have the shape of its input"),
    "import": Text("a name cannot be imported"),
    "in place": Text("an input is returned as it is; return a new tensor"),
    "keyword": Text("it is called with an argument that it does not have"),
    "leaf": Text("a tensor that requires grad is modified in place; compute a new tensor instead", mistake="in place"),
    "module": Text("a module is missing"),
    "no backward": Text("the class has no `backward` of its own"),
    "no forward": Text("the class has no `forward` of its own"),
    "no graph": Text("`backward()` starts from a tensor that depends on nothing that requires grad"),
    "no tensor": Text("a function of torch is given something else than a tensor"),
    "none": Text("something is None there"),
    "number": Text("a plain number is used as if it were an object of the class"),
    "numpy": Text("a tensor that requires grad cannot be converted to numpy; call `detach()` first"),
    "operand": Text("an operator does not support these types"),
    "product": Text("the shapes of two tensors do not match in a matrix product"),
    "reshape": Text("a tensor cannot take that shape; it has another number of entries"),
    "saved": Text(
        "`save_for_backward` takes tensors only; keep anything else as an attribute of `ctx`", mistake="saved"
    ),
    "saved in place": Text(
        "a tensor that `backward` needs was modified in place after it was saved", mistake="in place"
    ),
    "scalar": Text("`backward()` without an argument needs a scalar (a loss), not a tensor with several entries"),
    "static": Text(
        "`forward` and `backward` must be static methods (`@staticmethod`), and the Function is called by `apply`",
        mistake="static",
    ),
    "twice": Text("`backward()` goes through the same graph a second time; compute the loss again first"),
    "unassigned": Text("a variable is used before it has a value"),
    "undefined": Text("a name is not defined"),
    "unhashable": Text("a class that defines `__eq__` loses its `__hash__`; define that too, or leave `__eq__` out"),
    "unpack": Text("the number of values to unpack does not match the number of names"),
    "view": Text("`view` needs a tensor that is contiguous in memory; `reshape` does not", mistake="layout"),
    "weights only": Text(
        "`torch.load` accepts only tensors and plain Python values in a file, unless it is given `weights_only=False`",
        mistake="pickled object",
    ),
}


def cause_words(cause: str, name: str = "") -> Text | None:
    """Return the clause for a cause; None if it is not on the list.

    Args:
        cause: as in `gradjudge.wire.messages.Raised`; untrusted.
        name: the missing name; the caller must have checked that the student may be told it.
    """
    named = _named(name) if all(part.isidentifier() for part in name.split(".")) else {}
    return named.get(cause) or _WORDS.get(cause)


def _named(name: str) -> dict[str, Text]:
    return {
        "attribute": Text("there is no attribute or method `{name}`", name=name),
        "import": Text("`{name}` cannot be imported here", name=name),
        "keyword": Text("there is no parameter `{name}`", name=name),
        "module": Text("there is no module `{name}` here", name=name),
        "none": Text("`{name}` is looked up on None", name=name),
        "number": Text("a plain number has no `{name}`", name=name),
        "operand": Text("the class has no `{name}` for these types", name=name, mistake="no operator"),
        "unassigned": Text("`{name}` is used before it has a value", name=name),
        "undefined": Text("`{name}` is not defined", name=name),
    }

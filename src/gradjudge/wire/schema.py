"""How structs cross: as arrays of all their fields, checked by msgspec.

The form of a struct is made once from its annotations. It has the same fields, but none of them is optional, a number
has 64 bits, and what stands for a value is left to `gradjudge.wire.values`. Another number of fields, another tag or a
field of another type is a fault: TypeError when packing, WireError when building.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Final, TypeVar

import msgspec

from gradjudge.wire.limits import WireError

_S = TypeVar("_S", bound=msgspec.Struct)

_ByHand = Callable[[Any], Any]
"""Packs or builds one value."""

_INT64: Final = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class _Anything(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return True


class _Value(metaclass=_Anything):
    """A field that msgspec asks its hook for, and believes whatever it says."""


def pack(struct: msgspec.Struct, value: _ByHand) -> msgspec.Struct:
    """Return the form of a struct, which msgspec encodes as an array."""
    try:
        return msgspec.convert(struct, _form(type(struct)), from_attributes=True, dec_hook=_hook(value))
    except msgspec.ValidationError as error:
        raise error.__cause__ or TypeError(str(error)) from None  # what `value` has raised, if it has


def build(cls: type[_S], raw: list[Any], value: _ByHand) -> _S:
    """Build a struct from the array that its form is encoded as."""
    try:
        return msgspec.convert(msgspec.convert(raw, _form(cls), dec_hook=_hook(value)), cls, from_attributes=True)
    except msgspec.ValidationError as error:
        raise error.__cause__ or WireError(str(error)) from None


def _hook(value: _ByHand) -> Callable[[type, Any], Any]:
    return lambda _, field: value(field)


@functools.cache
def _form(cls: type[msgspec.Struct]) -> type[msgspec.Struct]:
    hints = typing.get_type_hints(cls)
    fields = [(name, _crossing(hints[name])) for name in cls.__struct_fields__]
    return msgspec.defstruct(
        cls.__name__, fields, array_like=True, forbid_unknown_fields=True, tag=cls.__struct_config__.tag
    )


def _crossing(hint: Any) -> Any:
    """Return what a field of this annotation is in a form."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return _Value
    if hint is int:
        return _INT64
    if origin in (UnionType, typing.Union):
        return typing.Union[tuple(map(_crossing, arguments))]  # noqa: UP007  # made at run time
    if origin is not None:
        return origin[tuple(one if one is Ellipsis else _crossing(one) for one in arguments)]
    return _form(hint) if issubclass(hint, msgspec.Struct) else hint

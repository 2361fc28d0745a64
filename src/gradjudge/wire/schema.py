"""How structs cross: as arrays of all their fields, checked by msgspec.

The wire form of a struct is derived once from its annotations. It has the same fields, none of them optional, with
64-bit integers, and leaves values to `gradjudge.wire.values`. A wrong number of fields, tag or field type is a
TypeError when packing and a WireError when building.
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

_ValueHook = Callable[[Any], Any]
"""Packs or builds one value."""

_INT64: Final = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class _Anything(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return True


class _Value(metaclass=_Anything):
    """Type of a value field: msgspec calls its hook for it and accepts any result."""


def pack(struct: msgspec.Struct, value: _ValueHook) -> msgspec.Struct:
    """Return the wire form of a struct, which msgspec encodes as an array."""
    try:
        return msgspec.convert(struct, _form(type(struct)), from_attributes=True, dec_hook=_hook(value))
    except msgspec.ValidationError as error:
        raise error.__cause__ or TypeError(str(error)) from None  # the cause is what `value` raised


def build(cls: type[_S], raw: list[Any], value: _ValueHook) -> _S:
    """Build a struct from the array of its wire form."""
    try:
        return msgspec.convert(msgspec.convert(raw, _form(cls), dec_hook=_hook(value)), cls, from_attributes=True)
    except msgspec.ValidationError as error:
        raise error.__cause__ or WireError(str(error)) from None


def _hook(value: _ValueHook) -> Callable[[type, Any], Any]:
    return lambda _, field: value(field)


@functools.cache
def _form(cls: type[msgspec.Struct]) -> type[msgspec.Struct]:
    hints = typing.get_type_hints(cls)
    fields = [(name, _wire_type(hints[name])) for name in cls.__struct_fields__]
    return msgspec.defstruct(
        cls.__name__, fields, array_like=True, forbid_unknown_fields=True, tag=cls.__struct_config__.tag
    )


def _wire_type(hint: Any) -> Any:
    """Return the annotation of a field in the wire form."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return _Value
    if hint is int:
        return _INT64
    if origin in (UnionType, typing.Union):
        return typing.Union[tuple(map(_wire_type, arguments))]  # noqa: UP007  # made at run time
    if origin is not None:
        return origin[tuple(one if one is Ellipsis else _wire_type(one) for one in arguments)]
    return _form(hint) if issubclass(hint, msgspec.Struct) else hint

"""The shapes of messages, compiled once from the annotations in `gradjudge.wire.messages`.

Each field gets a rule that packs it (message to array) or builds it (array to message), and takes exactly the declared
types. What does not fit is a fault: TypeError when packing, WireError when building.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from gradjudge.wire.limits import WireError
from gradjudge.wire.messages import Reply, Request

SCALARS: Final = frozenset({type(None), bool, int, float, str, bytes})
KEYS: Final = frozenset({int, str})

_Fault = Callable[[str], Exception]
_S = TypeVar("_S", bound=msgspec.Struct)


class Way(NamedTuple):
    """One of the two ways, packing or building.

    Attributes:
        value: packs or builds one value.
        fault: what to raise.
        takes: what several items come in: a tuple in messages, a list in arrays.
        gives: what they go out in.
    """

    value: Callable[[Any], Any]
    fault: _Fault
    takes: type
    gives: type


def packing(value: Callable[[Any], Any]) -> Way:
    """Go from messages to arrays; faults are TypeError."""
    return Way(value, TypeError, tuple, list)


def building(value: Callable[[Any], Any]) -> Way:
    """Go from arrays to messages; faults are WireError."""
    return Way(value, WireError, list, tuple)


_Rule = Callable[[Any, Way], Any]
"""Checks one field and packs or builds it."""


def check_scalar(value: Any, fault: _Fault) -> Any:
    """Return a scalar; an integer beyond 64 bits and text with half a surrogate pair are faults."""
    if type(value) is int and not -(1 << 63) <= value < 1 << 63:
        raise fault("an integer beyond 64 bits does not cross")
    if type(value) is str and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise fault("text with half a surrogate pair does not cross") from None
    return value


def pack_message(message: Request | Reply, way: Way) -> list[Any]:
    """Return ``[tag, *fields]``; a message of another class is a fault."""
    if type(message) not in _TAGS:
        raise way.fault(f"{type(message).__name__} is no message")
    return [_TAGS[type(message)], *pack_struct(message, way)]


def build_request(raw: Any, way: Way) -> Request:
    """Build a request from ``[tag, *fields]``."""
    request: Request = _build_tagged(raw, way, _REQUESTS)
    return request


def build_reply(raw: Any, way: Way) -> Reply:
    """Build a reply from ``[tag, *fields]``."""
    reply: Reply = _build_tagged(raw, way, _REPLIES)
    return reply


def pack_struct(struct: msgspec.Struct, way: Way) -> list[Any]:
    """Return the fields of a struct, in order."""
    return [rule(getattr(struct, name), way) for name, rule in _rules(type(struct)).items()]


def build_struct(cls: type[_S], raw: list[Any], way: Way) -> _S:
    """Build a struct from its fields: all of them, in order."""
    rules = _rules(cls)
    if len(raw) != len(rules):
        raise way.fault(f"{len(raw)} fields for a {cls.__name__}")
    return cls(*(rule(field, way) for field, rule in zip(raw, rules.values(), strict=True)))


def _build_tagged(raw: Any, way: Way, classes: dict[str, type[msgspec.Struct]]) -> Any:
    if type(raw) is not list or not raw or type(raw[0]) is not str or raw[0] not in classes:
        raise way.fault("a message of no known kind")
    return build_struct(classes[raw[0]], raw[1:], way)


@functools.cache
def _rules(cls: type[msgspec.Struct]) -> dict[str, _Rule]:
    hints = typing.get_type_hints(cls)
    return {name: _rule(hints[name]) for name in cls.__struct_fields__}


def _rule(hint: Any) -> _Rule:
    """Compile one annotation."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return _value
    if hint in SCALARS:
        return functools.partial(_scalar, hint)
    if origin in (types.UnionType, typing.Union):
        return functools.partial(_union, {_kind(a): _rule(a) for a in arguments})
    if origin is tuple and arguments[-1] is Ellipsis:
        return functools.partial(_sequence, _rule(arguments[0]))
    if origin is tuple:
        return functools.partial(_fixed, tuple(_rule(a) for a in arguments))
    if origin is dict:
        return functools.partial(_mapping, _rule(arguments[1]))
    return functools.partial(_nested, hint)


def _kind(hint: Any) -> Any:
    """Return what tells one alternative of a union from the others: its exact type."""
    return typing.get_origin(hint) or hint


def _value(field: Any, way: Way) -> Any:
    return way.value(field)


def _scalar(kind: type, field: Any, way: Way) -> Any:
    if type(field) is not kind:
        raise way.fault(f"a {type(field).__name__} where a {kind.__name__} belongs")
    return check_scalar(field, way.fault)


def _union(rules: dict[Any, _Rule], field: Any, way: Way) -> Any:
    kind: Any = type(field)
    if kind is list:  # tuples and structs are lists in arrays, and no union here has two of them
        kind = next((k for k in rules if k not in SCALARS), list)
    if kind not in rules:
        raise way.fault(f"a {kind.__name__} where it does not belong")
    return rules[kind](field, way)


def _items(field: Any, way: Way) -> Any:
    if type(field) is not way.takes:
        raise way.fault(f"a {type(field).__name__} where a {way.takes.__name__} belongs")
    return field


def _sequence(rule: _Rule, field: Any, way: Way) -> Any:
    return way.gives([rule(item, way) for item in _items(field, way)])


def _fixed(rules: tuple[_Rule, ...], field: Any, way: Way) -> Any:
    items = _items(field, way)
    if len(items) != len(rules):
        raise way.fault(f"{len(items)} items where {len(rules)} belong")
    return way.gives([rule(item, way) for rule, item in zip(rules, items, strict=True)])


def _mapping(rule: _Rule, field: Any, way: Way) -> Any:
    """Pack ``{"a": 1}`` as ``[["a", 1]]``, and build it from that; keys are text."""
    if way.gives is list:
        if type(field) is not dict:
            raise way.fault(f"a {type(field).__name__} where a dict belongs")
        return [[_scalar(str, key, way), rule(item, way)] for key, item in field.items()]
    pair = (functools.partial(_scalar, str), rule)
    items = [_fixed(pair, item, way) for item in _items(field, way)]
    if len(built := dict(items)) != len(items):
        raise way.fault("a dict with a key twice")
    return built


def _nested(cls: type[msgspec.Struct], field: Any, way: Way) -> Any:
    if way.gives is not list:
        return build_struct(cls, _items(field, way), way)
    if type(field) is not cls:
        raise way.fault(f"a {type(field).__name__} where a {cls.__name__} belongs")
    return pack_struct(field, way)


def _by_tag(union: Any) -> dict[str, type[msgspec.Struct]]:
    return {str(cls.__struct_config__.tag): cls for cls in typing.get_args(union)}


_REQUESTS: Final = _by_tag(Request)
_REPLIES: Final = _by_tag(Reply)
_TAGS: Final = {cls: tag for tag, cls in (_REQUESTS | _REPLIES).items()}

"""Limits of one message, checked on both sides before anything is allocated."""

from __future__ import annotations

from typing import Final

import msgspec

OUT_OF_MEMORY: Final = 77
"""Exit code of a session that has no memory left to answer."""


class WireLimits(msgspec.Struct, frozen=True):
    """Bound one message.

    Attributes:
        head_bytes: bytes of the head, which holds everything but tensor contents.
        nodes: values in the head, at any depth. A list of *n* numbers is *n* + 2 nodes.
        depth: nesting of containers.
        tensors: tensors in one message.
        dims: dimensions of one tensor.
        tensor_bytes: bytes of one tensor.
        total_bytes: bytes of all tensors of one message.
    """

    head_bytes: int = 1 << 20
    nodes: int = 100_000
    depth: int = 32
    tensors: int = 20_000
    dims: int = 16
    tensor_bytes: int = 1 << 28
    total_bytes: int = 1 << 29


DEFAULT = WireLimits()


class WireError(Exception):
    """Bytes that are no valid message: the peer broke the protocol and is not asked again."""


class TooLargeError(ValueError):
    """A message exceeds the limits and cannot be sent."""

"""How much one message may hold. Checked before anything is allocated, on both sides of the trust line."""

from __future__ import annotations

from typing import Final

import msgspec

OUT_OF_MEMORY: Final = 77
"""Exit code of a session that had no memory left to answer with."""


class WireLimits(msgspec.Struct, frozen=True):
    """Bound one message.

    Attributes:
        head_bytes: bytes of the head, which holds everything but the contents of tensors.
        nodes: values in the head, at any depth. A list of *n* numbers is *n* + 2 nodes.
        depth: containers within containers.
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
    """Report bytes that are no message: whoever sent them broke the protocol, and is not asked again."""


class TooLargeError(ValueError):
    """Report a message that cannot be sent because it is beyond the limits."""

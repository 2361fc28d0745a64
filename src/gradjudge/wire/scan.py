"""Count the values in MessagePack bytes without building any of them.

A decoder makes an object of each node, and a node can be a single byte: 16 MB of empty lists become 1.3 GB of objects.
"""

from __future__ import annotations

from gradjudge.wire.limits import WireError


def count_nodes(head: bytes, limit: int) -> int:
    """Return the number of nodes in the first MessagePack value of `head`.

    Raises:
        WireError: there are more than `limit`, the bytes end early, or one is an extension.
    """
    nodes, expected, position, size = 0, 1, 0, len(head)
    while expected:
        if position >= size:
            raise WireError("the head ends within a value")
        if nodes >= limit:
            raise WireError(f"the head has more than {limit} nodes")
        nodes += 1
        expected -= 1
        length, children = _node(head, position)
        position += length
        expected += children
    return nodes


def _node(head: bytes, position: int) -> tuple[int, int]:
    """Return the byte length of one node without its children, and how many children it has."""
    first = head[position]
    if first <= 0x7F or first >= 0xE0:  # small integers
        return 1, 0
    if first <= 0x8F:
        return 1, 2 * (first & 0x0F)
    if first <= 0x9F:
        return 1, first & 0x0F
    if first <= 0xBF:
        return 1 + (first & 0x1F), 0
    if first in _FIXED:
        return 1 + _FIXED[first], 0
    if first not in _COUNTED:
        raise WireError(f"the head has a node of the unknown kind {first:#x}")
    width, children = _COUNTED[first]
    count = int.from_bytes(head[position + 1 : position + 1 + width], "big")
    return (1 + width, children * count) if children else (1 + width + count, 0)


_FIXED = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_FIXED |= {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
"""First byte of a fixed-length node: number of bytes that follow."""

_COUNTED = {0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0)}
_COUNTED |= {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""First byte of a node with a count: width of the count, children per count (0 when it counts bytes)."""

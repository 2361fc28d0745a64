"""Fuzz the decoder: ``python tests/wire/fuzz.py --messages 1000000`` (``make fuzz``).

Every message is made from the seed and its number, and decoded as a reply and as a request. The decoder must return a
message of exact builtin types and plain tensors, or raise WireError. Anything else counts as a crash: another
exception, the end of the process, more address space than `SPACE`, more memory for a message than `MOST_BYTES`, a hang.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec
import torch
from wire.bombs import bombs
from wire.mutator import Message, Mutator

from gradjudge.wire import messages as wire_messages
from gradjudge.wire.limits import WireError
from gradjudge.wire.messages import Handle
from gradjudge.wire.tensors import DTYPES
from gradjudge.wire.values import decode_reply, decode_request, encode

MOST_BYTES: Final = 32 << 20
"""Memory that decoding one message may take besides its bytes: 100 000 nodes of some hundred bytes."""
SPACE: Final = 256 << 20
"""Address space that a part of the campaign may take on top of what it starts with, including torch's allocations."""
HANG_SECONDS: Final = 300.0
"""Time limit of a thousand messages, which take a fraction of a second."""
PART: Final = 50_000
CHUNK: Final = 1000
KEPT: Final = 10
LONG: Final = 50_000
"""Size of a head from which another round trip is slow."""

DECODERS: Final[tuple[Callable[..., Any], ...]] = (decode_reply, decode_request)
_SCALARS: Final = (type(None), bool, int, float, str, bytes)
_STRUCTS: Final = {cls for cls in vars(wire_messages).values() if isinstance(cls, type) and cls is not Handle}


class NotPlainError(AssertionError):
    """Something was decoded that no message may hold."""


class Tally(msgspec.Struct):
    """Sums and maxima of a part of the campaign."""

    messages: int = 0
    decoded: int = 0
    refused: int = 0
    crashes: list[str] = []
    largest: int = 0
    largest_name: str = ""
    slowest: float = 0.0
    slowest_name: str = ""

    def add(self, other: Tally) -> None:
        """Add another part."""
        self.messages += other.messages
        self.decoded += other.decoded
        self.refused += other.refused
        self.crashes += other.crashes
        if other.largest > self.largest:
            self.largest, self.largest_name = other.largest, other.largest_name
        if other.slowest > self.slowest:
            self.slowest, self.slowest_name = other.slowest, other.slowest_name

    def try_one(self, name: str, message: Message, *, traced: bool) -> None:
        """Decode one message both ways."""
        self.messages += 1
        decoded = self.decoded
        for decode in DECODERS:
            began = time.thread_time()
            built = self._decoded(name, message, decode)
            took = time.thread_time() - began
            if took > self.slowest:
                self.slowest, self.slowest_name = took, name
            if built is None:
                self.refused += 1
            else:
                self.decoded += 1
                self._look_at(name, built, decode, again=traced or len(message.head) < LONG)
        if traced or (decoded == self.decoded and len(message.head) > LONG):  # refused messages are quick to trace
            self._trace(name, message)

    def _decoded(self, name: str, message: Message, decode: Callable[..., Any]) -> Any:
        try:
            return decode(message.head, message.blobs)
        except WireError:
            return None
        except BaseException as error:  # noqa: BLE001  # any exception counts
            self._crash(name, error)
            return None

    def _trace(self, name: str, message: Message) -> None:
        """Decode once more and record Python's peak memory; tracing costs ten times as much as decoding."""
        tracemalloc.start()
        try:
            for decode in DECODERS:
                self._decoded(name, message, decode)
            grown = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        if grown > self.largest:
            self.largest, self.largest_name = grown, name
        if grown > MOST_BYTES:
            self._crash(name, MemoryError(f"{grown} bytes"))

    def _look_at(self, name: str, built: Any, decode: Callable[..., Any], *, again: bool) -> None:
        """Check that a message is plain and, if `again`, that it survives another round trip."""
        try:
            require_plain(built, top=True)
            if not again:
                return
            head, *blobs = encode(built)
            second, *others = encode(decode(bytes(head), blobs))
            if second != head or [memoryview(one) for one in others] != [memoryview(one) for one in blobs]:
                raise NotPlainError("another message after another trip")
        except BaseException as error:  # noqa: BLE001  # any exception counts
            self._crash(name, error)

    def _crash(self, name: str, error: BaseException) -> None:
        self.crashes.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")


def require_plain(value: Any, *, top: bool = False) -> None:
    """Raise NotPlainError unless all parts are exact builtins, message structs or plain, dense CPU tensors."""
    kind = type(value)
    if kind in _SCALARS:
        return
    if kind is torch.Tensor:
        _require_plain_tensor(value)
    elif kind is dict:
        for key, item in value.items():
            if type(key) not in (int, str):
                raise NotPlainError(f"a key of type {type(key).__name__}")
            require_plain(item)
    elif kind in (list, tuple):
        for item in value:
            require_plain(item)
    elif kind is Handle or kind in _STRUCTS:
        for field in kind.__struct_fields__:
            require_plain(getattr(value, field))
    else:
        raise NotPlainError(f"a {kind.__name__}")
    if top and kind not in _STRUCTS:
        raise NotPlainError(f"a {kind.__name__} for a message")


def _require_plain_tensor(tensor: torch.Tensor) -> None:
    own = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.itemsize
    plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and tensor.is_contiguous() and own
    if not plain or tensor.requires_grad or tensor.dtype not in DTYPES.values():
        raise NotPlainError(f"a tensor {tensor.dtype} {tuple(tensor.shape)} that is not plain")


def campaign(named: Iterable[tuple[str, Message]], *, traced: bool) -> Tally:
    """Decode messages in this process, whose address space is limited from now on; a hang ends it."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + SPACE, used + SPACE))
    tally = Tally()
    for number, (name, message) in enumerate(named):
        if number % CHUNK == 0:
            faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        tally.try_one(name, message, traced=traced)
        del tally.crashes[KEPT:]
    faulthandler.cancel_dump_traceback_later()
    return tally


def part(seed: int, start: int, stop: int, *, traced: bool = True) -> Tally:
    """Decode messages `start` to `stop` (the bombs if both are 0) in a process, whose death counts as a crash."""
    command = [sys.executable, str(Path(__file__)), "--seed", str(seed), "--part", str(start), str(stop)]
    command += ["--traced"] * traced
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path})
    if ran.returncode:
        return Tally(crashes=[f"{start}..{stop}: the process ended with {ran.returncode}: {ran.stderr[-2000:]}"])
    return msgspec.json.decode(ran.stdout, type=Tally)


def fuzz(messages: int, seed: int, jobs: int = 1) -> Tally:
    """Decode the bombs and `messages` damaged messages, in processes of `PART` messages each."""
    total = Tally()
    starts = [0, *range(0, messages, PART)]
    stops = [0, *(min(start + PART, messages) for start in starts[1:])]
    with ThreadPoolExecutor(jobs) as pool:
        for tally in pool.map(lambda start, stop: part(seed, start, stop), starts, stops):
            total.add(tally)
    return total


def main() -> int:
    """Run a campaign and print its figures; exit with 1 if anything crashed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--part", type=int, nargs=2, help="decode these in this process and print JSON")
    parser.add_argument("--traced", action="store_true")
    asked = parser.parse_args()
    if asked.part:
        start, stop = asked.part
        mutator = Mutator(asked.seed)
        named = ((str(number), mutator.message(number)) for number in range(start, stop))
        tally = campaign(named if stop else bombs().items(), traced=asked.traced)
        print(msgspec.json.encode(tally).decode())
        return 0
    total = fuzz(asked.messages, asked.seed, asked.jobs)
    print(f"messages            {total.messages:,}, each read as a reply and as a request (seed {asked.seed})")
    print(f"decoded             {total.decoded:,}")
    print(f"refused             {total.refused:,}")
    print(f"crashes             {len(total.crashes)}")
    print(f"largest allocation  {total.largest / 2**20:.1f} MiB ({total.largest_name})")
    print(f"slowest             {total.slowest * 1000:.0f} ms ({total.slowest_name})")
    print("\n".join(total.crashes))
    return 1 if total.crashes else 0


if __name__ == "__main__":
    sys.exit(main())

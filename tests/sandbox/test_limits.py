"""Resource bombs end in an error of the student's code or in a lost session, and do no harm to the machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gradjudge.sandbox.client import SessionLost

if TYPE_CHECKING:
    from sandbox.conftest import Probe


@pytest.mark.parametrize(
    "bomb, error",
    [
        ("x = [0] * 10**9", "MemoryError"),
        ("x = bytearray(10**9)", "MemoryError"),
        ("import torch; x = torch.zeros(10**9)", "RuntimeError"),
        ("import mmap; x = mmap.mmap(-1, 6 << 30)", "refused"),
    ],
)
def test_memory_is_bounded(probe: Probe, bomb: str, error: str) -> None:
    """More memory than the limit is an error at the line that asked for it, and the session goes on."""
    assert probe.outcome(bomb).split()[0] == error
    assert probe.output("print('still here')") == "still here"


def test_many_small_pieces_of_memory_are_bounded(probe: Probe) -> None:
    """A list that grows for ever ends in a MemoryError too."""
    source = """
def grow():
    pieces = []
    while True:
        pieces.append(bytearray(1 << 20))
assert True
"""
    probe.output(source)
    assert probe.outcome("grow()").split()[0] == "MemoryError"


def test_resident_memory_is_watched(start: Callable[[str], Probe]) -> None:
    """Where the kernel's own limit is not on (as with CUDA), the watcher kills what grows past the limit."""
    session = start("none")
    with pytest.raises(SessionLost) as lost:
        session.output("x = []\nwhile True: x.append(bytearray(1 << 24)); time.sleep(0.005)")
    assert lost.value.reason == "memory"


THREADS = """
threading.stack_size(1 << 16)
try:
    for number in range(10_000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError:
    print("refused")
time.sleep(1)
"""


@pytest.mark.parametrize("flavour", ["floor", "namespaces"])
def test_threads_are_bounded(start: Callable[[str], Probe], flavour: str) -> None:
    """A bomb of threads is refused by the kernel where it counts them for each session, and killed elsewhere."""
    bomb = start(flavour)
    if "userns" in bomb.session.layers and os.geteuid() != 0:
        assert bomb.output(THREADS) == "refused"
    else:
        with pytest.raises(SessionLost) as lost:
            bomb.output(THREADS)
        assert lost.value.reason == "threads"


def test_a_file_is_bounded(probe: Probe) -> None:
    """A file that grows past its limit is an error, and can be removed."""
    assert probe.outcome("open('large', 'wb').write(bytes(5 << 20))") == "refused"
    probe.output("os.unlink('large')")


def test_descriptors_are_bounded(probe: Probe) -> None:
    """Opening files without end is an error."""
    assert probe.outcome("opened = [open('/dev/null') for _ in range(100)]") == "refused"
    probe.output("opened = None")


DISKS = {
    "size": "for n in range(100): open(f'{n}', 'wb').write(bytes(1 << 20)); time.sleep(0.005)",
    "files": "for n in range(5000): open(f'{n}', 'w').close(); n % 100 or time.sleep(0.02)\ntime.sleep(1)",
    "deep": "for n in range(500): os.mkdir('d' * 200); os.chdir('d' * 200)\ntime.sleep(1)",
}


@pytest.mark.parametrize("bomb", DISKS)
def test_the_scratch_folder_is_bounded(start: Callable[[str], Probe], bomb: str) -> None:
    """Filling the scratch folder is an error where it has a file system of its own, and death elsewhere."""
    with pytest.raises(SessionLost) as lost:
        start("floor").output(DISKS[bomb])
    assert lost.value.reason == "disk"
    bounded = start("namespaces")
    if "scratchfs" in bounded.session.layers:
        assert bounded.outcome(DISKS[bomb]) == "refused"


def test_files_that_were_unlinked_count(start: Callable[[str], Probe]) -> None:
    """Where the scratch folder is a file system, files without a name do not hide from its limit."""
    bounded = start("namespaces")
    if "scratchfs" in bounded.session.layers:
        hide = """
files = []
for n in range(9):
    files.append(open("x", "wb", 0)); os.unlink("x"); files[-1].write(bytes(3 << 20))
    if os.fstat(files[-1].fileno()).st_size < 3 << 20: raise OSError("cut short")
"""
        assert bounded.outcome(hide) == "refused"

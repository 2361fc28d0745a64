"""Session processes: interrupts, output at every level, seeds, and ways to end."""

from __future__ import annotations

import os
import signal
import time

import pytest
import torch
from pupils import Session, Start

from gradjudge.wire.limits import OUT_OF_MEMORY, WireError
from gradjudge.wire.messages import Answer, Call, CellDone, Drop, Get, Pass, Passes, PassesDone, Raised, Ref, RunCell


def value(session: Session, name: str) -> object:
    """Return a global name's value."""
    answer = session.ask(Get(Ref(name)))
    assert isinstance(answer, Answer), answer
    return answer.value


@pytest.mark.parametrize("kind", ["notebook", "script"])
def test_an_interrupt_ends_the_cell_and_nothing_else(start: Start, kind: str) -> None:
    """SIGINT while a cell runs interrupts it and is reported; before and after, it does nothing."""
    session = start(kind)
    mode = "ipython" if kind == "notebook" else "python"
    assert session.run("import time; x = 1", mode).error is None
    session.child.interrupt()
    assert session.run("y = 2", mode).error is None
    session.send(RunCell(9, "x = 3\nwhile True: time.sleep(0.01)", mode))
    time.sleep(0.3)
    session.child.interrupt()
    done = session.receive(10.0)
    assert isinstance(done, CellDone)
    assert done.interrupted
    assert done.error is not None
    assert (done.error.type_name, done.error.place) == ("KeyboardInterrupt", (9, 2))
    session.child.interrupt()
    time.sleep(0.05)
    assert value(session, "x") == 3
    again = session.run("raise KeyboardInterrupt", mode)
    assert again.error is not None
    assert not again.interrupted


def test_a_caught_interrupt_is_reported(notebook: Session) -> None:
    """A cell that swallows the interrupt and ends was still interrupted; the next cell gets a new handler."""
    notebook.send(RunCell(1, "import time, signal\ntry:\n  while True: time.sleep(0.01)\nexcept: pass", "ipython"))
    time.sleep(0.3)
    notebook.child.interrupt()
    done = notebook.receive(10.0)
    assert isinstance(done, CellDone)
    assert done.error is None
    assert done.interrupted
    notebook.run("signal.signal(signal.SIGINT, signal.SIG_DFL)")
    notebook.run("x = 1")
    notebook.child.interrupt()
    assert value(notebook, "x") == 1


def test_an_interrupt_during_a_request_is_ignored(script: Session) -> None:
    """Only cells are interrupted: a check that takes too long is killed from outside."""
    script.run("def f():\n  import time\n  time.sleep(0.4)\n  return 5", "python")
    script.send(Call(Ref("f")))
    time.sleep(0.1)
    script.child.interrupt()
    assert script.receive(10.0) == Answer(5)


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.write(1, b'low'); os.write(2, b'er')",
        "import ctypes; libc = ctypes.CDLL(None); libc.write(1, b'lower', 5)",
        "import sys; sys.__stdout__.write('low'); sys.__stdout__.flush(); sys.__stderr__.write('er')\n"
        "sys.__stderr__.flush()",
    ],
)
def test_what_goes_past_pythons_streams_is_captured_too(script: Session, source: str) -> None:
    """Writes to descriptors 1 and 2 are part of the cell's output."""
    assert script.run(source, "python").output == "lower"


def test_much_output_costs_no_memory_and_little_time(script: Session) -> None:
    """100 MB of prints, and as much written to the descriptors, leave a bounded text and a small session, quickly."""
    script.run("import os\nblock = b'y' * 65536", "python")
    for source in ("for _ in range(100_000): print('x' * 999)", "for _ in range(1600): os.write(1, block)"):
        done = script.run(source, "python")
        assert done.truncated
        assert len(done.output) < 17_000
    assert time.clock_gettime((~script.child.pid << 3) | 2) < 20  # the processor time of that process
    with open(f"/proc/{script.child.pid}/statm", encoding="ascii") as file:  # noqa: PTH123  # a file of the kernel
        shared_and_own = [int(n) * 4096 for n in file.read().split()[1:3]]
    assert shared_and_own[0] - shared_and_own[1] < 300 << 20


def test_output_that_is_no_text_still_fits_into_an_answer(start: Start) -> None:
    """Undecodable bytes, which become three each, fit even with the largest `output_kb`."""
    script = start("script", output_kb=5000)
    done = script.run("import os; os.write(1, b'\\xff' * 4_000_000)", "python")
    assert done.truncated
    assert len(done.output) > 200_000


def test_a_thread_that_writes_for_ever_does_not_hold_a_cell(script: Session) -> None:
    """The end of a cell waits for what was written, but not for what is still being written."""
    source = (
        "import os, threading\ndef go():\n  while True: os.write(1, b'z' * 4096)\n"
        "threading.Thread(target=go, daemon=True).start()"
    )
    assert script.run(source, "python").error is None
    assert script.run("x = 1", "python").error is None
    assert value(script, "x") == 1


@pytest.mark.parametrize("kind", ["notebook", "script"])
def test_seeds_are_set(start: Start, kind: str) -> None:
    """The same seed gives the same random, numpy and torch numbers in every session; another seed gives others."""
    source = (
        "import random, numpy, torch\n"
        "drawn = [random.random(), float(numpy.random.rand()), float(torch.rand(())), hash('a')]"
    )
    drawn = []
    for seed in (1, 1, 2):
        session = start(kind, seed=seed)
        session.run(source, "ipython" if kind == "notebook" else "python")
        drawn.append(value(session, "drawn"))
    assert drawn[0] == drawn[1]
    assert all(a != b for a, b in zip(drawn[0][:3], drawn[2][:3], strict=True))  # type: ignore[index]


def test_torch_keeps_one_thread(notebook: Session) -> None:
    """Setting the number of threads has no effect."""
    notebook.run(
        "import torch; torch.set_num_threads(8); torch.set_num_interop_threads(4)\nn = torch.get_num_threads()"
    )
    assert value(notebook, "n") == 1


def test_memory_that_runs_out_has_its_own_exit_code(script: Session) -> None:
    """A session that has no memory left to answer exits with a special code."""
    script.run("def f(): raise MemoryError", "python")
    with pytest.raises(EOFError):
        script.ask(Call(Ref("f")))
    assert script.exit_code() == OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("source", "code"),
    [("import os; os._exit(3)", 3), ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9)],
)
def test_a_session_that_ends_itself_is_gone(script: Session, source: str, code: int) -> None:
    """The wire ends where the process does."""
    script.send(RunCell(1, source, "python"))
    with pytest.raises(EOFError):
        script.receive()
    assert script.exit_code() == code


def test_exit_handlers_do_not_run(script: Session) -> None:
    """When the client hangs up the process exits at once, whatever its handlers and threads."""
    script.run(
        "import atexit, threading, time, os\natexit.register(lambda: open('left', 'w').close())\n"
        "threading.Thread(target=time.sleep, args=(100,)).start()",
        "python",
    )
    script._channel.close()
    assert script.exit_code() == 0
    assert not (script.folder / "left").exists()


def test_forged_bytes_on_the_wire_are_no_answers(script: Session) -> None:
    """A thread that finds the wire and writes on it breaks the protocol."""
    forge = (
        "import os, stat\nfrom gradjudge.wire.values import encode\nfrom gradjudge.wire.messages import Answer\n"
        "found = [fd for fd in range(3, 4096) if os.path.exists(f'/proc/self/fd/{fd}')"
        " and stat.S_ISSOCK(os.stat(f'/proc/self/fd/{fd}').st_mode)]\n"
        "head = encode(Answer('forged'))[0]\n"
        "for fd in found:\n"
        "  os.write(fd, (2).to_bytes(4, 'little') + len(head).to_bytes(4, 'little') + bytes(4) + bytes(head))"
    )
    script.send(RunCell(1, forge, "python"))
    with pytest.raises(WireError):
        script.receive()


def test_an_invalid_request_ends_the_session(script: Session) -> None:
    """The session reads requests as strictly as the client reads replies."""
    os.write(script.child.wire.fileno(), b"\1\0\0\0\5\0\0\0\0\0\0\0hello")
    assert script.exit_code() == 76


def test_an_answer_that_is_too_large_is_an_error(script: Session) -> None:
    """Tensors that together exceed the limits are an error of the request, and the session goes on."""
    script.run("import torch\nbig = [torch.zeros(1 << 26, dtype=torch.uint8)] * 9", "python")
    answer = script.ask(Get(Ref("big")))
    assert isinstance(answer, Raised)
    assert "too large" in answer.text
    assert script.ask(Drop()) == Answer()


def test_a_whole_exchange(script: Session) -> None:
    """Functions, gradients and large tensors cross in both directions."""
    script.run("def f(x): return x * 2", "python")
    x = torch.arange(1 << 18, dtype=torch.float64)
    done = script.ask(Passes(Ref("f"), (Pass((x,), cotangents=((x,),)),), "call"))
    assert isinstance(done, PassesDone)
    (result,) = done.results
    assert torch.equal(result.outputs[0], x * 2)
    assert torch.equal(result.grads[0][0], x * 2)
    assert result.grad_fns == ("MulBackward0",)


def test_signals_reach_no_other_process(script: Session) -> None:
    """The session's process is the one that the child handle names."""
    script.run("import os; pid = os.getpid()", "python")
    assert value(script, "pid") == script.child.pid
    os.kill(script.child.pid, signal.SIGTERM)
    assert script.exit_code() == -signal.SIGTERM

"""The fork server that makes sessions and judges: one request, one child, and nothing left behind."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gradjudge.wire.forkserver import FAILED_CHILD, PAYLOAD_LIMIT, Child, ForkRefusedError, request_fork

SERVER = """
import os, signal, sys, time
from gradjudge.wire.forkserver import ForkServer

def child(payload, wire):
    word, _, rest = payload.decode().partition(" ")
    if word == "echo":
        wire.sendall(rest.encode())
    elif word == "exit":
        os._exit(int(rest))
    elif word == "raise":
        raise ValueError(rest)
    elif word == "sleep":
        wire.sendall(b"here")
        time.sleep(600)
    elif word == "interrupted":
        try:
            wire.sendall(b"here")
            time.sleep(600)
        except KeyboardInterrupt:
            os._exit(5)
    elif word == "descriptors":
        wire.sendall(" ".join(sorted(os.listdir("/proc/self/fd"), key=int)).encode())
    elif word == "remember":
        needle = rest.encode()[::-1]
        found = 0
        for line in open("/proc/self/maps"):
            if "rw-p" in line:
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                with open("/proc/self/mem", "rb", 0) as memory:
                    memory.seek(start)
                    found += memory.read(end - start).count(needle)
        wire.sendall(str(found).encode())

ForkServer(int(sys.argv[1])).run(child)
"""


@dataclass
class Server:
    """A fork server process, and the client's end of its control socket."""

    process: subprocess.Popen[bytes]
    control: socket.socket


@pytest.fixture
def server() -> Iterator[Server]:
    """Start a fork server; end it by hanging up."""
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with control:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        yield Server(process, control)
    process.wait(5.0)


@pytest.fixture
def fork(server: Server) -> Iterator[Callable[[str], Child]]:
    """Return a function that requests children, which are closed in the end."""
    children: list[Child] = []

    def ask(payload: str) -> Child:
        children.append(request_fork(server.control, payload.encode()))
        return children[-1]

    yield ask
    for child in children:
        child.close()


def is_gone(child: Child, seconds: float = 5.0) -> bool:
    """Wait until the process has ended."""
    return bool(select.select([child.pidfd], [], [], seconds)[0])


def read_all(sock: socket.socket) -> bytes:
    """Read up to the end."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


def test_a_child_gets_its_payload_and_its_wire(fork: Callable[[str], Child]) -> None:
    """The payload comes back through the wire of the child."""
    child = fork("echo good day")
    assert read_all(child.wire) == b"good day"
    assert child.wait(5.0) == 0


@pytest.mark.parametrize("payload, code", [("exit 3", 3), ("raise oh", FAILED_CHILD)])
def test_the_exit_code_is_told(fork: Callable[[str], Child], payload: str, code: int) -> None:
    """A client that is not the parent learns how its child ended, also when the child's function raised."""
    waitstatus = fork(payload).wait(5.0)
    assert waitstatus is not None
    assert os.waitstatus_to_exitcode(waitstatus) == code


def test_waiting_ends_in_time(fork: Callable[[str], Child]) -> None:
    """Waiting for a running child returns None after the given time."""
    assert fork("sleep").wait(0.05) is None


def test_a_child_can_be_killed(fork: Callable[[str], Child]) -> None:
    """Killing shows as the signal in the wait status; killing again does nothing."""
    child = fork("sleep")
    child.kill()
    waitstatus = child.wait(5.0)
    child.kill()
    assert waitstatus is not None
    assert os.waitstatus_to_exitcode(waitstatus) == -signal.SIGKILL
    assert child.wait(0.0) == waitstatus


def test_a_child_can_be_interrupted(fork: Callable[[str], Child]) -> None:
    """An interrupt is a KeyboardInterrupt in the child, which may go on."""
    child = fork("interrupted")
    assert child.wire.recv(4) == b"here"
    child.interrupt()
    assert child.wait(5.0) == 5 << 8


def test_hanging_up_kills_the_child(fork: Callable[[str], Child]) -> None:
    """A client that closes its status socket, as when it dies, leaves no child behind."""
    child = fork("sleep")
    child.status.shutdown(socket.SHUT_RDWR)
    assert is_gone(child)


def test_closing_waits_for_the_end(server: Server) -> None:
    """Once a child is closed its process is gone, and closing twice does no harm."""
    child = request_fork(server.control, b"sleep")
    child.close()
    child.close()
    assert not Path(f"/proc/{child.pid}").exists()


def test_children_die_with_a_killed_server(server: Server, fork: Callable[[str], Child]) -> None:
    """The kernel kills the children of a killed server; their clients learn that it is gone."""
    child = fork("sleep")
    server.process.kill()
    assert is_gone(child)
    with pytest.raises(ForkRefusedError):
        child.wait(5.0)


def test_children_die_when_the_control_socket_closes(server: Server, fork: Callable[[str], Child]) -> None:
    """A server without clients ends, after its children."""
    child = fork("sleep")
    server.control.close()
    assert server.process.wait(5.0) == 0
    assert is_gone(child, 0.0)


def test_a_dead_server_is_refused(server: Server) -> None:
    """A request to a dead server raises at once."""
    server.process.kill()
    server.process.wait()
    with pytest.raises(ForkRefusedError, match="gone"):
        request_fork(server.control, b"echo")


def test_malformed_requests_do_not_stop_the_server(server: Server, fork: Callable[[str], Child]) -> None:
    """A datagram without descriptors, or with too many bytes, is dropped, and the next request is served."""
    server.control.send(b"echo no descriptors")
    with Path(os.devnull).open() as null:
        socket.send_fds(server.control, [b"echo one descriptor"], [null.fileno()])
        socket.send_fds(server.control, [b"x" * (PAYLOAD_LIMIT + 1)], [null.fileno(), null.fileno()])
    assert read_all(fork("echo still here").wire) == b"still here"


def test_a_long_payload_is_refused(server: Server) -> None:
    """The client does not send what the server would drop."""
    with pytest.raises(ValueError, match="at most"):
        request_fork(server.control, bytes(PAYLOAD_LIMIT + 1))


def test_a_child_holds_no_descriptor_of_others(fork: Callable[[str], Child]) -> None:
    """Besides stdio, its wire and the folder it lists, a child has nothing open, even while others are served."""
    fork("sleep")
    assert len(read_all(fork("descriptors").wire).split()) == 5


def test_a_child_finds_no_trace_of_an_earlier_request(fork: Callable[[str], Child]) -> None:
    """A later child searches its own memory for what an earlier one was asked, and finds nothing."""
    name, never_asked = "alice-durand-4242", "bruno-martin-4243"
    read_all(fork(f"echo {'.' * 1000}{name}").wire)  # beyond what the next request writes over
    found = [read_all(fork(f"remember {needle[::-1]}").wire) for needle in (name, never_asked)]
    assert found[0] == found[1]  # each search finds what it searches with


def test_several_clients_share_a_server(server: Server) -> None:
    """Simultaneous requests from many threads each get their own child."""
    answers: list[bytes] = []

    def client(number: int) -> None:
        child = request_fork(server.control, f"echo {number}".encode())
        answers.append(read_all(child.wire))
        child.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=int) == [str(number).encode() for number in range(20)]


def test_ended_children_are_reaped(server: Server, fork: Callable[[str], Child]) -> None:
    """A server leaves no zombies, even if clients never ask for the exit status."""
    child = fork("exit 0")
    assert is_gone(child)
    deadline = time.monotonic() + 60.0
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    while children.read_text().split() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert children.read_text().split() == []

# %%
#right
# %%
import ctypes, fcntl, os, signal, socket
libc, parent = ctypes.CDLL(None, use_errno=True), os.getppid()
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGUSR1, signal.SIGINT):
    assert libc.kill(parent, number) == -1
    assert libc.killpg(parent, number) == -1
    assert libc.syscall(200, parent, number) == -1  # tkill
    assert libc.syscall(234, parent, parent, number) == -1  # tgkill
    assert libc.sigqueue(parent, number, None) == -1
    assert libc.syscall(424, libc.syscall(434, parent, 0), number, None, 0) == -1  # pidfd_send_signal
ours, theirs = socket.socketpair()
for command, argument in ((fcntl.F_SETOWN, parent), (10, signal.SIGKILL)):
    assert libc.fcntl(ours.fileno(), command, argument) == -1
for option in (1, 36):  # PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER
    assert libc.prctl(option, signal.SIGKILL, 0, 0, 0) == -1

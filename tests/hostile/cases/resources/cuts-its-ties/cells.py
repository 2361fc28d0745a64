# %%
#right
# %%
import ctypes, os, signal, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def stay():
    time.sleep(1e6)
    open("/tmp/planted-by-the-undead", "w")
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD):
    signal.signal(number, signal.SIG_IGN)
for call in (os.setsid, os.setpgrp, lambda: os.setpgid(0, os.getppid()), lambda: os.setuid(12345)):
    try:
        call()
    except OSError as error:
        print(error)
for flags in (0x10000000, 0x20000000, 0x00020000, 0x02000000):  # user, pid, mount and cgroup namespaces
    assert libc.unshare(flags) == -1
assert libc.prctl(1, 0, 0, 0, 0) == -1  # PR_SET_PDEATHSIG
threading.Thread(target=stay).start()

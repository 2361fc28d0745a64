# %%
#right
# %%
import ctypes, multiprocessing, os, signal, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
program = "open('/tmp/planted-by-a-process', 'w')"
def write():
    open("/tmp/planted-by-a-process", "w")
def attempt(call):
    try:
        return call()
    except BaseException as error:
        return error
print(attempt(lambda: subprocess.run([sys.executable, "-c", program])))
print(attempt(lambda: os.posix_spawn(sys.executable, [sys.executable, "-c", program], {})))
print(attempt(lambda: os.system(f"{sys.executable} -c \"{program}\"")))
print(attempt(lambda: os.execv(sys.executable, [sys.executable, "-c", program])))
for kind in ("fork", "spawn", "forkserver"):
    print(attempt(lambda: multiprocessing.get_context(kind).Process(target=write).start()))
print(attempt(lambda: os._exit(write()) if os.fork() == 0 else "forked"))
assert libc.syscall(57) == -1 and libc.syscall(58) == -1 and libc.syscall(435, None, 0) == -1
assert libc.syscall(56, 0x4100 | signal.SIGCHLD, 0, 0, 0, 0) == -1

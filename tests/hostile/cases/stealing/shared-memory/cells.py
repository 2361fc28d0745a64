# %%
#right
# %%
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
got = {
    "shm_open": libc.shm_open(b"/planted-memory", os.O_CREAT | os.O_RDWR, 0o600),
    "shmget": libc.shmget(0x706C616E, 4096, 0o1600),
    "msgget": libc.msgget(0x706C616E, 0o1600),
    "semget": libc.semget(0x706C616E, 1, 0o1600),
    "mq_open": libc.mq_open(b"/planted-queue", os.O_CREAT | os.O_RDWR, 0o600, None),
    "memfd": libc.memfd_create(b"planted", 0),
    "add_key": libc.syscall(248, b"user", b"planted", b"left", 4, -3),
}
got = {name: number for name, number in got.items() if number >= 0}
if got:
    raise RuntimeError(f"kept: {got}")

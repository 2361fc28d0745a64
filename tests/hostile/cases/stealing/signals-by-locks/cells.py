# %%
#right
# %%
import fcntl, json, os, struct

one, other = open(json.__file__), open(json.__file__)
seen = []
fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
try:
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    seen.append("flock")
reads, writes = (struct.pack("hhqqi4x", kind, os.SEEK_SET, 0, 0, 0) for kind in (fcntl.F_RDLCK, fcntl.F_WRLCK))
for take, look in ((fcntl.F_SETLK, 36), (37, 36)):  # POSIX, then of an open file: both are seen through another one
    fcntl.fcntl(one, take, reads)
    if struct.unpack("h", fcntl.fcntl(other, look, writes)[:2])[0] != fcntl.F_UNLCK:
        seen.append(take)
if seen:
    raise RuntimeError(f"locks are seen: {seen}")

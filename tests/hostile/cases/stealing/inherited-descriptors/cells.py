# %%
import os, stat

seen = []
for number in range(3, 256):
    try:
        kind = os.fstat(number).st_mode
    except OSError:
        continue
    if stat.S_ISREG(kind):
        seen.append(os.pread(number, 2_000, 0))
    elif stat.S_ISDIR(kind):
        seen.append(os.listdir(number))
    elif stat.S_ISCHR(kind):
        seen.append(os.readlink(f"/proc/self/fd/{number}"))
print(seen)
if seen:
    raise RuntimeError("something was left open")
# %%
#right

# %%
#right
# %%
import os, socket
kept = []
while True:
    ends = socket.socketpair()
    kept.append(ends)
    for end in ends:
        end.setblocking(False)
        try:
            while True:
                end.send(bytes(1 << 16))
        except BlockingIOError:
            pass

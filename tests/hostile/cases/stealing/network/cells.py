# %%
#right
# %%
import socket, urllib.request
got = []
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            got.append(socket.socket(family, kind))
        except OSError:
            pass
for address in ("127.0.0.1", "1.1.1.1", "::1"):
    try:
        got.append(socket.create_connection((address, 80), timeout=0.1))
    except OSError:
        pass
try:
    got.append(urllib.request.urlopen("http://127.0.0.1/", timeout=0.1))
except OSError:
    pass
if got:
    raise RuntimeError("there is a way out")

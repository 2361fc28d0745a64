# %%
#right
# %%
import glob, socket
got = []
for address in ("\0planted-abstract", "planted-socket", "/tmp/planted-socket"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            server = socket.socket(socket.AF_UNIX, kind)
            server.bind(address)
            got.append(server)
        except OSError:
            pass
for address in ("/run/docker.sock", "/var/run/dbus/system_bus_socket", "/run/systemd/notify", "\0/tmp/.X11-unix/X0"):
    try:
        client = socket.socket(socket.AF_UNIX)
        got.append(client)
        client.connect(address)
    except OSError:
        pass
one, other = socket.socketpair(socket.AF_UNIX)
try:
    one.connect("\0planted-abstract")
    got.append(one)
except OSError:
    pass
if got:
    raise RuntimeError("there are sockets")

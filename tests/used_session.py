"""A script that starts a zygote, attacks from its sessions, and prints the results as JSON."""

from __future__ import annotations

USE_A_SESSION = """
import json, os, sys
from pathlib import Path
from gradjudge.sandbox.policy import Limits, Policy
from gradjudge.sandbox.zygote import Zygote
from gradjudge.wire.messages import RunCell

attack = '''
import os, socket
def refused(act):
    try:
        act()
    except OSError:
        return True
print(os.getuid(), all([
    refused(lambda: open("/etc/passwd")), refused(lambda: os.listdir("/")), refused(socket.socket),
    refused(os.fork), refused(lambda: os.kill(os.getppid() or 2, 0)), refused(lambda: os.mkdir("/tmp/left-behind")),
]))
import torch
torch.save(torch.ones(2).requires_grad_().sum(), "x.pt")
'''
scratch = Path(sys.argv[1], "scratch")
scratch.mkdir()
found = {"uid": os.getuid(), "outputs": [], "layers": []}
with Zygote.start(scratch=scratch) as zygote:
    plain = Policy(scratch=scratch, limits=Limits(threads=30))
    floor = Policy(scratch=scratch, limits=Limits(threads=30), namespaces=False)
    for policy in (floor, plain):
        session = zygote.spawn(policy)
        done = session.ask(RunCell(0, attack, "ipython"), seconds=20.0)
        found["outputs"].append(done.output.split() if done.error is None else [done.error.text])
        found["layers"].append(session.layers)
        session.close()
found["left"] = os.listdir(scratch)
print(json.dumps(found))
"""

"""The jail inside a container that allows no namespaces, as most containers do: the floor alone must hold."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from used_session import USE_A_SESSION

#: Become like a container's root: a user namespace without further namespaces below it, and without CAP_SYS_ADMIN.
ENTER = """
import os, sys
from pathlib import Path
from gradjudge.session.jail import kernel

uid, gid = os.getuid(), os.getgid()
kernel.unshare(0x10000000)  # CLONE_NEWUSER
Path("/proc/self/setgroups").write_text("deny")
Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
Path("/proc/sys/user/max_user_namespaces").write_text("0")
kernel.prctl(24, 21)  # PR_CAPBSET_DROP, CAP_SYS_ADMIN: it is gone with the next program
os.execv(sys.executable, [sys.executable, "-B", "-c", sys.argv[1], sys.argv[2]])
"""


def test_without_namespaces_the_floor_holds(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Every layer of the floor is on, none that needs a namespace is, attacks fail, and no scratch folder is left."""
    command = [sys.executable, "-c", ENTER, USE_A_SESSION, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unshare(" in done.stderr:
        pytest.skip("this machine allows no user namespace at all: then every other test runs without one")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    record_property("layers", f"in a container without namespaces: {', '.join(found['layers'][-1])}")
    assert found["outputs"] == [["0", "True"]] * len(found["layers"])
    assert len(found["layers"]) == 2
    for layers in found["layers"]:
        assert {"rlimits", "no_new_privs", "landlock", "capabilities", "seccomp"} <= set(layers)
        assert not {"userns", "netns", "ipcns", "scratchfs"} & set(layers)
    assert found["left"] == ["zygote"]

"""The doctor tries the layers for real and says what to do about those that are missing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gradjudge.sandbox import doctor
from gradjudge.sandbox.policy import FLOOR

if TYPE_CHECKING:
    from sandbox.conftest import Probe


def test_the_doctor_finds_what_sessions_get(
    start: Callable[[str], Probe], record_property: Callable[[str, object], None]
) -> None:
    """Layers that are active here are those that the sessions of these tests have on."""
    layers = {layer.name: layer for layer in doctor.examine()}
    who = "root" if os.geteuid() == 0 else f"user {os.geteuid()}"
    record_property("layers", f"as {who}: {', '.join(name for name, layer in layers.items() if layer.active)}")
    assert [name for name, layer in layers.items() if layer.required] == list(FLOOR)
    assert all(layers[name].active for name in FLOOR)
    given = set(start("namespaces").session.layers)
    assert {name for name, layer in layers.items() if layer.active} == given - {"userns"}


def test_the_doctor_does_without_torch() -> None:
    """It must be of help where the installation is broken, and quick."""
    source = "import sys; from gradjudge.sandbox.doctor import examine; examine(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], capture_output=True, check=True).stdout == b"False\n"


def test_a_missing_layer_comes_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel without Landlock, and a jail that lets an attack pass, are both told as not active."""
    found = {
        "landlock_abi": 0,
        "layers": ["rlimits", "no_new_privs", "seccomp"],
        "passed": {"open a socket": "seccomp"},
    }
    monkeypatch.setattr(doctor, "_probe", lambda: found)
    layers = {layer.name: layer for layer in doctor.examine()}
    assert not layers["landlock"].active
    assert "CONFIG_SECURITY_LANDLOCK" in layers["landlock"].remedy
    assert not layers["seccomp"].active
    assert "FAILED to stop: open a socket" in layers["seccomp"].detail
    assert layers["rlimits"].active
    assert layers["rlimits"].remedy == ""


def test_a_machine_where_nothing_can_be_tried_has_no_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """If not even the attempt runs, everything is missing, and why is told."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    layers = doctor.examine()
    assert not any(layer.active for layer in layers)
    assert all("exit status 1" in layer.detail for layer in layers)

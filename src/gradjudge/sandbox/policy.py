"""What a session may use and read; denied by default."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from gradjudge.errors import CourseError
from gradjudge.wire.limits import DEFAULT

FLOOR: Final = ("rlimits", "no_new_privs", "landlock", "seccomp")
"""Layers that every jail needs: each alone leaves doors open that another shuts."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a session may use.

    Attributes:
        memory_mb: MiB on top of what the session starts with (Python and torch, shared with the zygote).
        output_kb: KiB of output kept of each cell.
        scratch_mb: MiB in the scratch folder, all files together.
        file_mb: MiB of one file.
        files: files and folders in the scratch folder.
        descriptors: open files, pipes and the like.
        threads: threads, including the first.
    """

    memory_mb: int = 2048
    output_kb: int = 256
    scratch_mb: int = 64
    file_mb: int = 32
    files: int = 2000
    descriptors: int = 256
    threads: int = 64

    @classmethod
    def for_submission(cls, limits: SessionLimits) -> Limits:
        """Take the limits of ``grading.toml``, and the defaults for the others."""
        return cls(
            memory_mb=limits.memory_mb,
            output_kb=limits.output_kb,
            scratch_mb=limits.scratch_mb,
            file_mb=limits.file_mb,
        )

    def most(self, limit: str) -> int:
        """Return the value of the limit that `gradjudge.wire.messages.Raised` calls `limit`; 0 if there is none."""
        return {
            "memory": self.memory_mb,
            "threads": self.threads,
            "descriptors": self.descriptors,
            "disk": self.scratch_mb,
            "file": self.file_mb,
            "value": DEFAULT.tensor_bytes >> 20,
        }.get(limit, 0)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a session is jailed.

    Attributes:
        scratch: private folder under which each session gets its own scratch folder.
        limits: how much it may use.
        required: layers without which the session is refused.
        namespaces: add the cheap namespaces, where this machine allows them.
        without: layers to leave off, for tests of what each is worth; no command offers it.
        jailed: False for no jail at all, which the report must then say.
        device: ``"cuda"`` opens the GPU's device files and lifts the limit on address space, which CUDA exceeds.
    """

    scratch: Path
    limits: Limits = Limits()
    required: tuple[str, ...] = FLOOR
    namespaces: bool = True
    jailed: bool = True
    without: tuple[str, ...] = ()
    device: str = "cpu"

    @classmethod
    def for_submission(cls, limits: SessionLimits, *, device: str, sandbox: str, base: Path) -> Policy:
        """Make the policy of an assignment from the limits in ``grading.toml``.

        Args:
            limits: limits of the assignment.
            device: ``"cpu"`` or ``"cuda"``.
            sandbox: ``"required"`` or ``"none"``.
            base: the policy's `scratch`.
        """
        return cls(
            scratch=base,
            limits=Limits.for_submission(limits),
            device=device,
            jailed=sandbox != "none",
        )


class SessionLimits(Protocol):
    """The limits in ``grading.toml`` that concern the sandbox."""

    @property
    def memory_mb(self) -> int:
        """See `Limits`."""

    @property
    def output_kb(self) -> int:
        """See `Limits`."""

    @property
    def scratch_mb(self) -> int:
        """See `Limits`."""

    @property
    def file_mb(self) -> int:
        """See `Limits`."""


def refuse_exposed_secrets(secret: Iterable[Path], readable: Iterable[Path]) -> None:
    """Raise CourseError if a secret path lies under a readable one: Landlock rules can only allow, not exclude."""
    roots = [path.resolve() for path in readable]
    for path in secret:
        real = path.resolve()
        for root in roots:
            if real == root or root in real.parents:
                raise CourseError(
                    f"{path} must stay unread by submissions, but it lies under {root}, which every session can read "
                    "(Python and its packages). Move one of the two."
                )


def fork_payload(policy: Policy, scratch: Path, config: Mapping[str, Any]) -> bytes:
    """Encode what the zygote's child must know. It must not reveal whose submission it is."""
    limits = msgspec.structs.asdict(policy.limits)
    jail = {
        "scratch": str(scratch),
        "required": [layer for layer in policy.required if layer not in policy.without],
        "without": list(policy.without),
        "namespaces": policy.namespaces,
        "jailed": policy.jailed,
        "device": policy.device,
        "limits": limits,
    }
    return json.dumps({"jail": jail, "serve": dict(config)}).encode()

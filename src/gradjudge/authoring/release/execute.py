"""Execute a solution with reproducible outputs.

It runs in an empty folder without a network: downloads fail at once, so the notebook shows its bundled data whatever
the machine has cached. One thread and fixed hashes, because sums differ between thread counts. Times, addresses and
paths are then removed from the outputs.
"""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

from gradjudge.authoring.release.source_notebook import Json
from gradjudge.errors import CourseError

with warnings.catch_warnings():
    # jupyter_client and its dependencies use deprecated names at import.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

NO_NETWORK = "http://127.0.0.1:9"  # the discard port refuses at once; a dead route would hang
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
SECONDS = re.compile(r"\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\s?(?:ns|µs|us|ms|s|sec|seconds)\b")
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_NOTES = (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf")


def execute(notebook: Json, *, seconds: float, name: str) -> Json:
    """Return the notebook with its outputs.

    Args:
        seconds: limit of each cell in wall time.
        name: of the notebook, for errors.

    Raises:
        CourseError: a cell fails or exceeds its time.
    """
    with tempfile.TemporaryDirectory() as scratch:
        empty = Path(scratch) / "work"
        empty.mkdir()
        node: Any = nbformat.from_dict(notebook)
        # Unix sockets in the scratch folder, where no other user can reach the kernel.
        connection = {"transport": "ipc", "connection_file": str(Path(scratch) / "kernel.json")}
        client = NotebookClient(
            node,
            config=Config({"KernelManager": connection}),
            kernel_name="python3",
            timeout=max(1, round(seconds)),
            startup_timeout=120,
            record_timing=False,
            resources={"metadata": {"path": str(empty)}},
        )
        try:
            client.execute(env=_environment(scratch))
        except CellTimeoutError as error:
            raise CourseError(f"{name}: a cell of the solution takes more than {seconds:g} s: {error}") from error
        except CellExecutionError as error:
            raise CourseError(
                f"{name}: a cell of the solution fails: {error.ename}: {error.evalue}\n{error}"
            ) from error
        except DeadKernelError as error:
            raise CourseError(f"{name}: the solution ends its kernel: {error}") from error
        executed: Json = json.loads(json.dumps(node))
        return _settled(executed, notebook, scratch)


def _environment(scratch: str) -> dict[str, str]:
    """Return the environment of the solution's kernel."""
    return {
        **os.environ,
        "HOME": scratch,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "SCIKIT_LEARN_DATA": str(Path(scratch) / "scikit_learn_data"),
        "TMPDIR": scratch,
        "http_proxy": NO_NETWORK,
        "https_proxy": NO_NETWORK,
    }


def _settled(executed: Json, before: Json, scratch: str) -> Json:
    """Return the notebook as it was before, with the outputs made reproducible."""
    cells = []
    for cell, was in zip(executed["cells"], before["cells"], strict=True):
        if was["cell_type"] == "code":
            outputs = [_settled_output(output, scratch) for output in _merged(cell["outputs"])]
            cells.append({**was, "execution_count": cell["execution_count"], "outputs": outputs})
        else:
            cells.append(was)
    return {**before, "cells": cells}


def _merged(outputs: list[Json]) -> list[Json]:
    """Join consecutive chunks of stdout; drop stderr (progress, warnings)."""
    merged: list[Json] = []
    for output in outputs:
        if output["output_type"] != "stream":
            merged.append(output)
        elif output["name"] == "stdout":
            if merged and merged[-1]["output_type"] == "stream":
                merged[-1] = {**output, "text": _joined(merged[-1]["text"]) + _joined(output["text"])}
            else:
                merged.append(output)
    return merged


def _settled_output(output: Json, scratch: str) -> Json:
    if output["output_type"] == "stream":
        return {**output, "text": settled_text(_joined(output["text"]), scratch).splitlines(keepends=True)}
    data: Json = {}
    for kind, value in output.get("data", {}).items():
        if kind == "image/png":
            data[kind] = _bare_png(_joined(value))
        elif kind.startswith("text/"):
            data[kind] = settled_text(_joined(value), scratch).splitlines(keepends=True)
        else:
            data[kind] = value
    return {**output, "data": data}


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def settled_text(text: str, scratch: str) -> str:
    """Remove what differs from run to run: addresses, times, the scratch folder's path."""
    text = text.replace(scratch, "…")
    return SECONDS.sub("… s", ADDRESS.sub("0x…", text))


def _bare_png(encoded: str) -> str:
    """Remove the notes from a base64 PNG: matplotlib writes its version there."""
    return base64.b64encode(without_notes(base64.b64decode(encoded))).decode()


def without_notes(png: bytes) -> bytes:
    """Remove textual and time chunks from a PNG (layout: section 5.3 of the PNG specification)."""
    if not png.startswith(PNG_START):
        return png
    kept, place = bytearray(PNG_START), len(PNG_START)
    while place + 12 <= len(png):
        size = int.from_bytes(png[place : place + 4], "big")
        if png[place + 4 : place + 8] not in PNG_NOTES:
            kept += png[place : place + 12 + size]
        place += 12 + size
    return bytes(kept)

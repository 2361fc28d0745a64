"""Judge TensorBoard curves: the session reads the event files, this side judges the points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from gradjudge.checks.instruments import define
from gradjudge.checks.training.outcomes import require_falling
from gradjudge.checks.verdict import Text, fail, require
from gradjudge.judge.proxy.student import Student

Point = tuple[int, float]

_SESSION = Path(__file__).with_name("logs_session.py").read_text(encoding="utf-8")


class Image(NamedTuple):
    """One image in TensorBoard: its step, height and width in pixels, channels (1 for grey, 3 for colours)."""

    step: int
    height: int
    width: int
    channels: int


def curves(student: Student, folder: str) -> dict[str, list[Point]]:
    """Return the scalar curves that were written under `folder`: for each tag its ``(step, value)`` points.

    Tags are in lower case: ``Loss/train`` and ``loss/Train`` are one tag.

    Raises:
        CheckFailed: the event files cannot be read.
    """
    (read_scalars,) = define(student, _SESSION, "read_scalars", label="TensorBoard")
    return read_curves(read_scalars(folder))


def read_curves(value: object) -> dict[str, list[Point]]:
    """Convert ``{tag: [(step, value), ...]}``, as the session returns it, into curves; see `curves`.

    Raises:
        CheckFailed: it is something else.
    """
    if not isinstance(value, dict):
        _unreadable()
    found: dict[str, list[Point]] = {}
    for tag, points in value.items():
        if not isinstance(tag, str) or not isinstance(points, list | tuple):
            _unreadable()
        found.setdefault(tag.lower(), []).extend(_point(point) for point in points)
    return found


def images(student: Student, folder: str) -> dict[str, list[Image]]:
    """Return the images that were written under `folder`: for each tag (in lower case) their step and size.

    Raises:
        CheckFailed: the event files cannot be read.
    """
    (images_of,) = define(student, _SESSION, "read_images", label="TensorBoard")
    return read_images(images_of(folder))


def read_images(value: object) -> dict[str, list[Image]]:
    """Convert ``{tag: [(step, height, width, channels), ...]}``, as the session returns it, into images; see `images`.

    Raises:
        CheckFailed: it is something else.
    """
    if not isinstance(value, dict):
        _unreadable()
    found: dict[str, list[Image]] = {}
    for tag, entries in value.items():
        if not isinstance(tag, str) or not isinstance(entries, list | tuple):
            _unreadable()
        found.setdefault(tag.lower(), []).extend(_as_image(entry) for entry in entries)
    return found


def _as_image(entry: object) -> Image:
    numbers = entry if isinstance(entry, list | tuple) and len(entry) == 4 else ()
    if not numbers or any(type(number) is not int for number in numbers):
        _unreadable()
    return Image(*numbers)


def _point(point: object) -> Point:
    step, value = point if isinstance(point, list | tuple) and len(point) == 2 else (None, None)
    if type(step) is not int or not isinstance(value, int | float):
        _unreadable()
    return step, float(value)


def _unreadable() -> NoReturn:
    fail(Text("The event files that your code wrote cannot be read."))


def require_curves(found: Mapping[str, Sequence[Point]], tags: Sequence[str], epochs: int) -> None:
    """Require a curve for each tag: one point per epoch, in order, finite and falling.

    Args:
        found: what `curves` returned.
        tags: names such as ``Loss/train``; upper and lower case do not matter.
        epochs: the number of points; one more or one fewer is right too (a first point before training, none after).

    Raises:
        CheckFailed: one is missing or is not such a curve.
    """
    missing = [tag for tag in tags if not found.get(tag.lower())]
    names = ", ".join(missing)
    require(
        not missing,
        Text("No points were written under the tag {names}.", names=names),
        detail=f"tags found: {sorted(found)}",
    )
    for tag in tags:
        points = found[tag.lower()]
        steps = [step for step, _ in points]
        require(
            abs(len(points) - epochs) <= 1,
            Text(
                "{tag} has {points} points for {epochs} epochs; write one per epoch.",
                tag=tag,
                points=len(points),
                epochs=epochs,
            ),
        )
        require(
            steps == sorted(set(steps)),
            Text("The steps of {tag} do not grow by epoch: pass the number of the epoch to add_scalar.", tag=tag),
        )
        require_falling([value for _, value in points], Text("The curve {tag}", tag=tag))


def require_end(found: Mapping[str, Sequence[Point]], tag: str, value: float, margin: float = 0.25) -> None:
    """Require a curve to end at a cost that is known on this side, within a relative `margin`.

    Raises:
        CheckFailed: it ends elsewhere (the tag holds another quantity, or invented numbers).
    """
    last = found[tag.lower()][-1][1]
    require(
        math.isfinite(last) and abs(last - value) <= margin * value,
        Text("The curve {tag} does not end at the cost of the parameters that were returned.", tag=tag),
        detail=f"ends at {last:.6g}, expected about {value:.6g}",
    )

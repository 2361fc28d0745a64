"""Read TOML tables key by key. Every `CourseError` names file, table and key, what was found and what was expected."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from gradjudge.errors import CourseError

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+(\[\d+\])?")  # with its number for a table in a list


def read_toml(path: Path) -> TomlTable:
    """Read `path` as TOML and return its root table.

    Raises:
        CourseError: the file is absent or unreadable, is not UTF-8, or is not TOML (with line and column).
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror}). Expected the course's grading.toml.") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CourseError(
            f"{path}, line {line}: found the byte 0x{raw[error.start]:02x}, which is not UTF-8. Save the file as UTF-8."
        ) from error
    try:
        return TomlTable(path, (), tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CourseError(_syntax_message(path, text, str(error))) from error


def _syntax_message(path: Path, text: str, complaint: str) -> str:
    """Add the offending line to tomllib's message."""
    place = re.search(r"\(at line (\d+), column (\d+)\)", complaint)
    if place is None:  # the error is at the end of the file
        return f"{path}: not valid TOML: {complaint}. Is a bracket or a quote left open?"
    line = int(place[1])
    shown = text.split("\n")[line - 1].strip()
    reason = complaint.replace(place[0], "").strip()
    return f"{path}, line {line}, column {place[2]}: not valid TOML: {reason}. The line reads: {shown}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'points'?"``, or the known names if none is close."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
    if near:
        return f" Did you mean '{near[0]}'?"
    return f" There is: {', '.join(names)}." if names else " There is none."


def shown(value: object) -> str:
    """Format a TOML value for a message as the file spells it, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table" if value else "an empty table"
    if isinstance(value, list) and not value:
        return "an empty list"
    text = str(value) if not isinstance(value, str | list) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


class TomlTable:
    """One table of a TOML file."""

    def __init__(self, file: Path, path: tuple[str, ...], values: dict[str, Any]) -> None:
        """Take the file, the keys that lead to the table, and its values."""
        self.file = file
        self.path = path
        self.values = values

    @property
    def name(self) -> str:
        """The table's name as the file spells it: ``[assignments.tp1.items."mse.dyhat"]``."""
        parts = [part if BARE_KEY.fullmatch(part) else f'"{part}"' for part in self.path]
        return f"[{'.'.join(parts)}]" if parts else "the top level"

    def fail(self, key: str | None, found: str, expected: str) -> NoReturn:
        """Raise the `CourseError` about `key` of this table."""
        where = f"{self.file}, {self.name}" + (f", key '{key}'" if key is not None else "")
        raise CourseError(f"{where}: found {found}; expected {expected}")

    def only(self, *keys: str) -> None:
        """Refuse unknown keys: a misspelt one would silently have no effect."""
        for key in self.values:
            if key not in keys:
                raise CourseError(f"{self.file}, {self.name}: unknown key '{key}'.{did_you_mean(key, keys)}")

    def has(self, key: str) -> bool:
        """Tell whether the table has `key`."""
        return key in self.values

    def text(self, key: str, default: str | None = None, *, choices: tuple[str, ...] = ()) -> str:
        """Return a non-empty text, one of `choices` if there are any."""
        if default is not None and key not in self.values:
            return default
        expected = "one of " + ", ".join(repr(choice) for choice in choices) if choices else "a text that is not empty"
        value = self._value(key, expected)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, shown(value), expected)
        if choices and value not in choices:
            self.fail(key, shown(value), expected + "." + did_you_mean(value, choices))
        return value

    def number(
        self,
        key: str,
        default: float | None = None,
        *,
        above: float = -math.inf,
        low: float = -math.inf,
        high: float = math.inf,
    ) -> float:
        """Return a finite number within bounds (`above` is exclusive, `low` and `high` are not)."""
        if default is not None and key not in self.values:
            return default
        bounds = [f"above {above:g}"] if math.isfinite(above) else []
        bounds += [f"at least {low:g}"] if math.isfinite(low) else []
        bounds += [f"at most {high:g}"] if math.isfinite(high) else []
        expected = f"a number {' and '.join(bounds)}" if bounds else "a finite number"
        value = self._value(key, expected)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.fail(key, shown(value), expected)
        if value <= above or value < low or value > high:
            self.fail(key, shown(value), expected)
        return float(value)

    def whole(self, key: str, default: int, *, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fail(key, shown(value), f"a whole number from {low} to {high}")
        return value

    def words(self, key: str, pattern: re.Pattern[str], kind: str, *, required: bool = False) -> tuple[str, ...]:
        """Return a list of distinct texts that match `pattern`; `kind` names them in errors (plural)."""
        value = self._value(key, f"a list of {kind}") if required else self.values.get(key, [])
        if not isinstance(value, list) or (required and not value):
            self.fail(key, shown(value), f"a list of {kind}")
        for word in value:
            if not isinstance(word, str) or not pattern.fullmatch(word):
                self.fail(key, shown(word), f"a list of {kind}")
            if value.count(word) > 1:
                self.fail(key, f"{shown(word)} twice", f"a list of different {kind}")
        return tuple(value)

    def table(self, key: str, *, required: bool = True) -> TomlTable:
        """Return the table under `key` (an empty one if it is absent and not required)."""
        value = self._value(key, "a table") if required else self.values.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, shown(value), "a table")
        return TomlTable(self.file, (*self.path, key), value)

    def tables(self, key: str) -> Iterator[tuple[str, TomlTable]]:
        """Yield the name and the table of each table under `key`, in the file's order."""
        parent = self.table(key, required=False)
        for name in parent.values:
            yield name, parent.table(name)

    def list_of_tables(self, key: str) -> Iterator[TomlTable]:
        """Yield each table of the list under `key`, named ``key[1]`` and so on."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            self.fail(key, shown(value), "a list of tables")
        for number, entry in enumerate(value, 1):
            if not isinstance(entry, dict):
                self.fail(key, shown(entry), "a list of tables")
            yield TomlTable(self.file, (*self.path, f"{key}[{number}]"), entry)

    def _value(self, key: str, expected: str) -> Any:
        if key not in self.values:
            self.fail(key, "nothing", expected)
        return self.values[key]

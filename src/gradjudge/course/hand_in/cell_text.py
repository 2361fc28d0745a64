"""Turn a cell's IPython syntax into plain Python, line by line, without IPython."""

from __future__ import annotations

import ast
import re

LONGEST_SOURCE = 4_000_000
#: Characters parsed in total while the lines of one cell are replaced.
MOST_PARSED = 400_000

#: Cell magics whose body is not Python of this process.
_OTHER_LANGUAGES = frozenset(
    (
        *("bash", "sh", "script", "system", "sx", "!", "perl", "ruby", "cmd", "pypy", "python", "python2", "python3"),
        *("html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG", "writefile", "file", "debug"),
        *("R", "sql", "bigquery", "julia", "octave", "matlab", "cpp", "rust", "dot", "mermaid"),
    )
)
_CELL_MAGIC = re.compile(r"\s*+%%(!|\w+)\s*+(.*)")
#: Magics that run the Python that follows them.
_RUN = frozenset(("time", "timeit", "prun"))
_MOST_OPTION_WORDS = 8
# Possessive: no backtracking on long lines of blanks.
_MAGIC = re.compile(r"(?P<indent>\s*+)(?:(?P<target>[^=!%?#'\"]++)=\s*+)?(?P<sign>%|!!?)(?P<rest>[^=].*)")
_HELP = re.compile(r"(?P<indent>\s*+)(?:\?{1,2}\s*+%{0,2}[\w.*\[\]'\"]++|[^#'\"?]*+(?<=[\w*\])])\?{1,2})\s*+")
_PROMPT = re.compile(r"(?:In \[\d+\]: |\s*\.\.\.+: |>>> |\.\.\. |>>>$|\.\.\.$)")


def parse_cell(source: str) -> ast.Module | None:
    """Parse a cell that may have IPython syntax; None if it is not Python, or too long."""
    plain = plain_python(source)
    return None if plain is None else _parse(plain)[0]


def plain_python(source: str) -> str | None:
    """Return a cell as plain Python with the same line numbers; None if it is not Python, or too long.

    Lines of Python stay. ``%time x = f()`` becomes ``x = f()``; ``t = %timeit f()`` becomes ``t = f()``;
    ``files = !ls`` becomes ``files = []``; help (``torch?``) and any other command become ``pass``.
    """
    if len(source) > LONGEST_SOURCE:
        return None
    if _parse(source)[0] is not None:
        return source
    lines = _without_cell_magics(_unprompted(source.split("\n")))
    left = max(3, MOST_PARSED // (len(source) + 1))
    for _ in range(left):
        tree, error = _parse("\n".join(lines))
        if tree is not None:
            return "\n".join(lines)
        if not _replace_magic(lines, error):
            break
    for index in range(len(lines)):  # the error was reported on another line, or there are too many
        _replace_magic(lines, index)
    return "\n".join(lines) if _parse("\n".join(lines))[0] is not None else None


def _parse(source: str) -> tuple[ast.Module | None, int]:
    """Return the tree, or None and the line (from 0) of the error."""
    try:
        return ast.parse(source), 0
    except SyntaxError as error:
        return None, (error.lineno or 1) - 1
    except (ValueError, RecursionError, MemoryError):
        return None, -1


def _unprompted(lines: list[str]) -> list[str]:
    """Remove copied prompts, else the indent of the first line, as IPython does."""
    first = next((line for line in lines if line.strip()), "")
    if _PROMPT.match(first):
        return [_PROMPT.sub("", line, count=1) if _PROMPT.match(line) else line for line in lines]
    indent = first[: len(first) - len(first.lstrip())]
    return [line.removeprefix(indent) for line in lines]


def _without_cell_magics(lines: list[str]) -> list[str]:
    """Blank ``%%time`` and the like, but keep Python on the same line."""
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        found = _CELL_MAGIC.match(line)
        if found is None:
            break
        if found[1] in _OTHER_LANGUAGES:
            return [""] * len(lines)
        lines[index] = _python_in(found[2])
    return lines


def _replace_magic(lines: list[str], index: int) -> bool:
    """Replace a line of IPython syntax and its continuation lines; False if it is not one."""
    if not 0 <= index < len(lines):
        return False
    found, last = _MAGIC.fullmatch(lines[index].rstrip("\\")), index
    if found is None:
        asks = _HELP.fullmatch(lines[index])
        if asks is not None:
            lines[index] = f"{asks['indent']}pass"
        return asks is not None
    rest = found["rest"]
    while lines[last].endswith("\\") and last + 1 < len(lines):
        last += 1
        rest += f" {lines[last].rstrip(chr(92)).strip()}"
    statement = _statement(found["target"], found["sign"], rest)
    if statement is None:
        return False
    lines[index] = found["indent"] + statement
    lines[index + 1 : last + 1] = [""] * (last - index)
    return True


def _statement(target: str | None, sign: str, rest: str) -> str | None:
    name, _, text = rest.partition(" ")
    kept = _python_in(text) if sign == "%" else ""
    if name in _RUN and text.strip() and not kept and not text.lstrip().startswith("!"):
        return None
    if target is None:
        return kept or "pass"
    if not kept:
        return f"{target.strip()} = []"
    one = f"{target.strip()} = {kept}"
    return one if _parse(one)[0] is not None else f"{target.strip()} = []; {kept}"


def _python_in(text: str) -> str:
    """Return the code that a magic runs, without options; empty if it is not Python.

    That is the longest rest that parses: ``-o`` of ``-o f(x) + g(x)`` has no value, ``-n`` of ``-n 9 f(x)`` has one.
    """
    rest = text.strip()
    for _ in range(_MOST_OPTION_WORDS if rest.startswith("-") else 1):
        if rest and _parse(rest)[0] is not None:
            return rest
        rest = rest.partition(" ")[2].lstrip()
    return ""

"""Sort the files of archives and folders into ``submitted/<student>/<assignment>/``.

::

    archives, folders ──entries──▶ owners ──placed──▶ gather ──files──▶ temporary folder ──rename──▶ submitted/
    (hostile bytes)                owners.py          gather.py          (.collecting-...)

Everything is opened and listed before anything is written. A student's folder is written under a temporary name and
renamed, so it is complete or absent.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import msgspec

from gradjudge.collect.archives import is_archive, open_source
from gradjudge.collect.entries import LIMITS, Entry, IntakeLimits, safe_parts
from gradjudge.collect.folders import Undecided, layout_of
from gradjudge.collect.gather import RESERVED, Gathered, PlacedEntry, gather
from gradjudge.collect.ledger import LedgerEntry, folder_files, read_record, write_record
from gradjudge.collect.owners import (
    PLATFORMS_OWN,
    Claim,
    Layout,
    Owner,
    alike,
    by_pattern,
    folder_name,
    is_junk,
    is_work,
    named,
    one_student,
    stem_of,
)
from gradjudge.collect.platforms import (
    GRADESCOPE,
    GRADESCOPES_LIST,
    MOST_LIST,
    gradescope,
    gradescopes_list,
    platform_of,
)
from gradjudge.collect.refusals import Refused, RefusedEntry, UnreadableArchive
from gradjudge.errors import CourseError
from gradjudge.files import digest_of

RECORD = ".collected"
WORKSHOP = ".collecting-"
MOST_SCRIPT = 1 << 20  # bytes of a script that is searched for imports


class Options(msgspec.Struct, frozen=True):
    """How to collect.

    Attributes:
        pattern: regular expression for names, see `gradjudge.collect.owners.by_pattern`.
        student: the owner of everything; empty to tell owners by names.
        times: write ``timestamp.txt`` from the entries' modification times.
        zone: time zone of times without one.
        replace: also replace newer attempts, and what a person put or changed there.
        dry_run: write nothing.
    """

    pattern: str = ""
    student: str = ""
    times: bool = False
    zone: tzinfo = UTC
    replace: bool = False
    dry_run: bool = False
    limits: IntakeLimits = LIMITS


class StudentOutcome(msgspec.Struct, frozen=True):
    """What became of one student's submission.

    Attributes:
        state: ``"new"``, ``"unchanged"``, ``"replaced"``, ``"kept"`` (the folder on disk was left as it is) or
            ``"unclear"`` (nothing was taken: staff must say which of several files counts).
        files: what was taken, sorted.
        handed_in: content of ``timestamp.txt``, or empty.
        notes: lines for staff.
        refused: entries that were not taken.
    """

    student: str
    state: str
    files: tuple[str, ...]
    handed_in: str = ""
    notes: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


class Collection(msgspec.Struct, frozen=True):
    """What one command did: an outcome per student and archive, and entries without an owner."""

    outcomes: tuple[StudentOutcome, ...]
    strays: tuple[Refused, ...]

    @property
    def clean(self) -> bool:
        """Whether there is nothing that staff should look at."""
        kept = any(one.state in ("kept", "unclear") or one.refused for one in self.outcomes)
        return not kept and not self.strays


def collect(assignment: str, sources: Sequence[Path], into: Path, options: Options) -> Collection:
    """Collect archives and folders, in order, into ``<into>/<student>/<assignment>/``.

    Raises:
        CourseError: an archive cannot be read (nothing is written then), or a folder cannot be written.
    """
    record_file = into / RECORD / f"{assignment}.json"
    before = read_record(record_file)
    record = dict(before)
    outcomes: list[StudentOutcome] = []
    strays: list[Refused] = []
    with ExitStack() as stack:
        places = _expanded(sources)
        batches = [_opened(source, assignment, options, strays, stack, len(places) == 1) for source in places]
        if not options.student:
            batches = _distinguished(places, batches)
        try:
            if not options.dry_run:
                into.mkdir(parents=True, exist_ok=True)
            shop = into if options.dry_run else Path(tempfile.mkdtemp(prefix=WORKSHOP, dir=into))
            if not options.dry_run:
                stack.callback(shutil.rmtree, shop, ignore_errors=True)
            shelf = Shelf(assignment, into, shop, record, options)
            try:
                for batch in batches:
                    shelf.name_students(list(batch))
                    outcomes += [shelf.put(owner, pieces) for owner, pieces in batch.items()]
            finally:
                if record != before and not options.dry_run:
                    write_record(record_file, record)
        except OSError as error:
            raise CourseError(
                f"{error.filename or into} cannot be written: {error.strerror}. Make room for it."
            ) from error
    return Collection(tuple(sorted(outcomes, key=lambda one: one.student)), tuple(strays))


def _expanded(sources: Sequence[Path]) -> list[Path]:
    """Return the sources; the archives in a folder become sources of their own, before the folder."""
    found: list[Path] = []
    for source in sources:
        if not source.exists():
            raise CourseError(
                f"{source}: no such file or folder. Name an archive (.zip, .tar, .tar.gz, .tar.xz) or a folder."
            )
        try:
            inside = sorted(source.iterdir()) if source.is_dir() else []
        except OSError as error:
            raise CourseError(f"{source}: it cannot be listed: {error.strerror}.") from error
        archives = [] if _downloaded(source) else [path for path in inside if is_archive(path.name) and path.is_file()]
        archives = [path for path in archives if not path.is_symlink()]
        found += archives
        if not archives or any(not is_archive(path.name) and not path.name.startswith(".") for path in inside):
            found.append(source)
    return found


def _downloaded(source: Path) -> bool:
    """Tell whether a folder is a platform's unpacked archive: archives in it are students' own."""
    names = [(path.name, *(["x"] if path.is_dir() else [])) for path in source.iterdir()] if source.is_dir() else []
    return platform_of(names, 0, UTC) is not None if names else False


def _opened(
    source: Path, assignment: str, options: Options, strays: list[Refused], stack: ExitStack, alone: bool
) -> dict[Owner, list[PlacedEntry]]:
    """Open a source and group its entries by student."""
    try:
        entries = open_source(source, stack, options.limits)
    except UnreadableArchive as problem:
        raise CourseError(f"{source}: {problem}. Nothing was collected.") from problem
    named, unnamed = [], []
    for entry in entries:
        try:
            named.append((entry, safe_parts(entry.name, options.limits)))
        except RefusedEntry as refusal:
            unnamed.append(msgspec.structs.replace(entry, problem=refusal))
    if source.is_dir() and not _downloaded(source):  # its archives are sources themselves
        named = [one for one in named if one[0].problem is not None or len(one[1]) > 1 or not is_archive(one[1][0])]
    named = [(entry, parts) for entry, parts in named if not is_junk(parts)]
    if not entries:
        raise CourseError(f"{source}: there is no file in it. Nothing was collected.")
    try:
        layout = _layout(source, named, assignment, options)
    except Undecided as doubt:
        if alone:
            raise
        strays.append(Refused(source.name, "everything", "owner", str(doubt).removeprefix(f"{source.name}: ")))
        return {}
    found: dict[Owner, list[PlacedEntry]] = {}
    for entry, parts in named + [(entry, _first_part(entry)) for entry in unnamed]:
        claim = layout(parts) if parts else None
        if claim is PLATFORMS_OWN:
            continue
        if claim is not None:
            for owner in (claim.owner, *claim.others):
                found.setdefault(owner, []).append(
                    PlacedEntry(source.name, entry, claim, _known_time(entry, claim, options))
                )
        elif entry.problem is not None:
            strays.append(Refused(source.name, entry.name, entry.problem.reason, entry.problem.detail))
        else:
            strays.append(Refused(source.name, entry.name, "owner", "nobody's"))
    return found


def _known_time(entry: Entry, claim: Claim, options: Options) -> float | None:
    """Return the time in the name, else the entry's own with ``--times``, as a timestamp."""
    if claim.when is not None:
        return claim.when.timestamp()
    return _utc(entry.when, options.zone).timestamp() if options.times and entry.when is not None else None


def _distinguished(
    places: Sequence[Path], batches: list[dict[Owner, list[PlacedEntry]]]
) -> list[dict[Owner, list[PlacedEntry]]]:
    """Name students after their archives where the folders inside have the same name.

    Raises:
        CourseError: two archives have the same name, too.
    """
    lone = [next(iter(batch)).identity if len(batch) == 1 else "" for batch in batches]
    again = {identity for identity in lone if identity.startswith("name:") and lone.count(identity) > 1}
    stems = [stem_of(place.resolve().name) for place, identity in zip(places, lone, strict=True) if identity in again]
    if doubled := sorted({name for name in stems if stems.count(name) > 1}):
        raise CourseError(
            f"{doubled[0]}: several archives or folders have this name: whose are they? Rename them, or collect each "
            "with --student NAME. Nothing was collected."
        )
    return [
        {named(stem_of(place.resolve().name)): pieces for pieces in batch.values()} if identity in again else batch
        for place, batch, identity in zip(places, batches, lone, strict=True)
    ]


def _first_part(entry: Entry) -> tuple[str, ...]:
    """Return a path with the first part of a bad name, which may name the owner; empty if that is bad too."""
    try:
        return (*safe_parts(entry.name.split("/")[0]), "x")
    except RefusedEntry:
        return ()


def _layout(source: Path, entries: list[tuple[Entry, tuple[str, ...]]], assignment: str, options: Options) -> Layout:
    if options.student:
        return one_student(options.student)
    if options.pattern:
        return by_pattern(options.pattern, options.zone)
    if not entries:
        return lambda _parts: None
    paths = [parts for _, parts in entries]
    export = _gradescopes(source, entries)
    if export is not None:
        return export
    return layout_of(
        paths,
        assignment=assignment,
        stem=stem_of(source.resolve().name),
        zone=options.zone,
        unrelated=_unrelated(entries),
    )


def _gradescopes(source: Path, entries: list[tuple[Entry, tuple[str, ...]]]) -> Layout | None:
    """Return the layout of a Gradescope export, whose list lies beside the submissions; else None."""
    lists = [(parts, entry) for entry, parts in entries if parts[-1] == GRADESCOPES_LIST]
    parts, entry = min(lists, key=lambda one: len(one[0]), default=((), None))
    folder = parts[:-1]
    if entry is None or not all(other[: len(folder)] == folder for _, other in entries if is_work(other[-1])):
        return None
    beside = {other[len(folder)] for _, other in entries if other[: len(folder)] == folder}
    try:
        listed, problem = gradescopes_list(entry.read(MOST_LIST)), "its names are others"
    except (RefusedEntry, ValueError) as fault:
        listed, problem = {}, str(fault)
    if not beside.isdisjoint(listed):
        return gradescope(folder, listed)
    if not any(GRADESCOPE.fullmatch(name) for name in beside):
        return None  # a file like any other
    raise Undecided(
        f"{source.name}: {entry.name} cannot be used ({problem}), so nobody knows whose the submissions are. "
        "Export them again, or say how to name the students with --pattern."
    )


def _unrelated(entries: list[tuple[Entry, tuple[str, ...]]]) -> list[str]:
    """Return the scripts in one folder that no other one imports: two of them may be two students'."""
    works = [(entry, parts) for entry, parts in entries if is_work(parts[-1])]
    depth = min((len(parts) for _, parts in works), default=1)
    loose = {parts[-1]: entry for entry, parts in works if len(parts) == depth and parts[-1].lower().endswith(".py")}
    if len(loose) < 2 or len({parts[:-1] for _, parts in works if len(parts) == depth}) > 1:
        return []
    texts = {name: _text_of(entry) for name, entry in loose.items()}
    return [
        name
        for name in loose
        if not any(
            re.search(rf"^\s*(from|import)\s[^#\n]*\b{re.escape(name[:-3])}\b", text, re.MULTILINE)
            for other, text in texts.items()
            if other != name
        )
    ]


def _text_of(entry: Entry) -> str:
    try:
        return entry.read(MOST_SCRIPT).decode("utf-8", "replace")
    except RefusedEntry:
        return ""


class Shelf:
    """Writes the submissions of one assignment, and knows which student has which folder."""

    def __init__(
        self, assignment: str, into: Path, shop: Path, record: dict[str, LedgerEntry], options: Options
    ) -> None:
        """Take a temporary folder, and the record, which is updated."""
        self._assignment, self._into, self._shop, self._record, self._options = assignment, into, shop, record, options
        self._folders: dict[str, str] = {one.identity: student for student, one in record.items()}
        self._namesakes: set[str] = set()
        self._made = 0
        self._bytes = 0
        there = [path.name for path in into.iterdir() if path.is_dir()] if into.is_dir() else []
        self._there = {alike(name): name for name in sorted(there) if not name.startswith(".")}

    def name_students(self, owners: Sequence[Owner]) -> None:
        """Assign a folder to each student; students with similar names get a tag."""
        taken = {alike(folder) for folder in self._folders.values()}
        fresh = [owner for owner in owners if owner.identity not in self._folders]
        wanted = [alike(folder_name(owner.name)) for owner in fresh]
        for owner, name in zip(fresh, wanted, strict=True):
            folder = folder_name(owner.name)
            if not self._options.student and (name in taken or wanted.count(name) > 1):
                whole = digest_of([(owner.identity, b"")])
                tags = (folder_name(owner.tag)[:40] if owner.tag else whole[:6], whole[:12], whole)
                folder = next(one for tag in tags if alike(one := f"{folder}_{tag}") not in taken)
                self._namesakes.add(owner.identity)
            taken.add(alike(folder))
            self._folders[owner.identity] = folder

    def put(self, owner: Owner, pieces: Sequence[PlacedEntry]) -> StudentOutcome:
        """Write one student's files, or say why the folder on disk stays."""
        student = self._folders[owner.identity]
        pieces, passed, doubt = _last_attempt(pieces)
        # The first of two files of one name is taken: the later one, if times are known.
        pieces = sorted(pieces, key=lambda piece: piece.when or 0.0, reverse=True)
        found = gather(pieces, self._path_limits())
        notes = (*passed, *_notes(found, pieces), *self._look_alikes(student, owner))
        doubts = [*doubt, *(f"{one} and {other}: which of them counts?" for one, other in found.rivals)]
        if doubts:
            todo = "take one of them away and collect again, or say --times if the later one counts"
            return StudentOutcome(student, "unclear", (), "", (*doubts, todo), tuple(found.refused))
        handed_in = self._handed_in(found, pieces)
        files = dict(sorted(found.files.items()))
        if handed_in is not None:
            files[RESERVED] = f"{handed_in.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC".encode()
        self._bytes += sum(map(len, files.values()))
        if self._bytes > self._options.limits.total_bytes:
            raise CourseError(
                f"{pieces[0].archive}: more than {self._options.limits.total_bytes >> 30} GiB in all. What was "
                "collected before stands; collect the rest in several commands."
            )
        stated = [piece.claim.when for piece in pieces if piece.claim.when is not None]
        newest = max(stated) if stated else found.newest
        when = "" if newest is None else _utc(newest, UTC).isoformat()  # in UTC, to be compared between archives
        before = self._record.get(student)
        fresh = LedgerEntry(before.identity if before else owner.identity, digest_of(sorted(files.items())), when)
        state, why = self._decide(student, files, fresh, before)
        if state in ("new", "replaced"):
            self._write(student, files)
        if state != "kept":
            self._record[student] = fresh
        shown = tuple(name for name in files if name != RESERVED)
        said = files.get(RESERVED, b"").decode()
        return StudentOutcome(student, state, shown, said, (*why, *notes), tuple(found.refused))

    def _path_limits(self) -> IntakeLimits:
        """Return the limits, with paths short enough for the folders above a student's files."""
        above = len(os.fsencode(self._into.absolute())) + 300
        limits = self._options.limits
        return msgspec.structs.replace(
            limits, name_bytes=min(limits.name_bytes, max(0, os.pathconf("/", "PC_PATH_MAX") - above))
        )

    def _look_alikes(self, student: str, owner: Owner) -> Iterator[str]:
        other = self._there.get(alike(student), student)
        if other != student:
            yield f"there is a folder {other} too: is this the same person?"
        elif owner.identity in self._namesakes:
            yield "somebody else has this name too: is this the same person?"

    def _handed_in(self, found: Gathered, pieces: Sequence[PlacedEntry]) -> datetime | None:
        stated = [piece.claim.when for piece in pieces if piece.claim.when is not None]
        if stated:
            return max(stated)
        if self._options.times and found.newest is not None:
            return _utc(found.newest, self._options.zone)
        return None

    def _decide(
        self, student: str, files: Mapping[str, bytes], fresh: LedgerEntry, before: LedgerEntry | None
    ) -> tuple[str, tuple[str, ...]]:
        """Compare with the folder on disk; return the state of the outcome, and why."""
        target = self._into / student / self._assignment
        for place in (target.parent, target):
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                return "kept", (f"{place} is not a folder: move it away",)
        if not target.exists():
            return "new", ()
        lying = folder_files(target)
        there = "" if lying is None else digest_of(sorted(lying.items()))
        if there == fresh.digest:
            return "unchanged", ()
        if before is not None and there == before.digest and _work(lying or {}) == _work(files):
            return "replaced", ("the same files: only the time of handing in is another one",)
        if self._options.replace:
            return "replaced", ("another submission was there: replaced, as --replace says",)
        if before is None:
            return "kept", ("another submission is there, which was not collected: move it away, or say --replace",)
        if there != before.digest:
            return "kept", ("what is there was changed after it was collected: move it away, or say --replace",)
        if before.when and fresh.when and before.when > fresh.when:
            return "kept", (
                f"what is there is newer ({before.when}, this is of {fresh.when}): to go back, say --replace",
            )
        return "replaced", ("a newer attempt: replaces the one that was there",)

    def _write(self, student: str, files: Mapping[str, bytes]) -> None:
        """Write a student's folder under a temporary name, then rename it."""
        if self._options.dry_run:
            return
        self._made += 1
        fresh, old = self._shop / f"{self._made}-new", self._shop / f"{self._made}-old"
        fresh.mkdir()
        for name, data in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # Each file is created without following anything, or the command stops.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
        target = self._into / student / self._assignment
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _last_attempt(pieces: Sequence[PlacedEntry]) -> tuple[list[PlacedEntry], list[str], list[str]]:
    """Return the pieces of the last attempt, a note on the others, and doubts about which is the last."""
    doubts = sorted({piece.claim.doubt for piece in pieces if piece.claim.doubt})
    attempts = {piece.claim.attempt.label: piece.claim.attempt.order for piece in pieces if piece.claim.attempt}
    orders = [order for order in attempts.values() if order is not None]
    if len(attempts) < 2:
        return list(pieces), [], doubts
    if len(orders) < len(attempts) or orders.count(max(orders)) > 1:
        return list(pieces), [], [*doubts, f"attempts {', '.join(sorted(attempts))}: which of them is the last?"]
    last = max(attempts, key=lambda label: attempts[label] or 0.0)
    older = sorted(label for label in attempts if label != last)
    kept = [piece for piece in pieces if piece.claim.attempt is None or piece.claim.attempt.label == last]
    return kept, [f"taken: {last}; passed over: {', '.join(older)}"], doubts


def _work(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name != RESERVED}


def _utc(when: datetime, zone: tzinfo) -> datetime:
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)


def _notes(found: Gathered, pieces: Sequence[PlacedEntry]) -> tuple[str, ...]:
    """Return notes for staff on a student's entries."""
    notes = ["the platform marked it as late"] * any(piece.claim.late for piece in pieces)
    notes += ["nothing was taken: the folder is empty"] * (not found.files)
    notes += [f"{found.junk} files of systems and editors passed over"] * bool(found.junk)
    notes += [f"passed over, an older file of the same name: {name}" for name in found.older]
    others = sorted({one.name for piece in pieces for one in (piece.claim.owner, *piece.claim.others)})
    notes += [f"handed in by {', '.join(others)} together"] * (len(others) > 1)
    notes += [f"{len(found.refused)} not taken"] * bool(found.refused)
    return tuple(notes)

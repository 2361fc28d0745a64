"""The verb: take archives apart, and put each student's files into ``submitted/<student>/<assignment>/``.

::

    archives, folders ──entries──▶ whose? ──pieces──▶ gather ──files──▶ a folder of its own ──rename──▶ submitted/
    (hostile bytes)                names.py           gather.py          (.collecting-...)

Everything is opened and listed before anything is written. A student's folder is written under another name and
renamed, so it is complete or absent.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import msgspec

from gradjudge.errors import CourseError
from gradjudge.intake.archives import LIMITS, Entry, IntakeLimits, is_archive, open_source, safe_parts
from gradjudge.intake.gather import RESERVED, Gathered, Piece, gather
from gradjudge.intake.names import (
    Layout,
    Owner,
    alike,
    by_pattern,
    folder_name,
    is_junk,
    layout_of,
    one_student,
    stem_of,
)
from gradjudge.intake.record import Collected, digest_of, folder_files, read_record, write_record
from gradjudge.intake.refusals import Refused, RefusedEntry, UnreadableArchive

RECORD = ".collected"
WORKSHOP = ".collecting-"


class Options(msgspec.Struct, frozen=True):
    """How to collect.

    Attributes:
        pattern: regular expression for names, see `gradjudge.intake.names.by_pattern`.
        student: whose everything is.
        times: write ``timestamp.txt`` from the entries' own times.
        zone: time zone of times that have none.
        replace: replace what a person has put or changed there, and newer attempts, too.
        dry_run: write nothing.
    """

    pattern: str = ""
    student: str = ""
    times: bool = False
    zone: tzinfo = UTC
    replace: bool = False
    dry_run: bool = False
    limits: IntakeLimits = LIMITS


class Outcome(msgspec.Struct, frozen=True):
    """What became of one student's submission.

    Attributes:
        state: ``"new"``, ``"unchanged"``, ``"replaced"``, or ``"kept"``: what was there was left as it is.
        files: what was taken, sorted.
        handed_in: what ``timestamp.txt`` says; empty without one.
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
    """What one command did: an outcome per student and archive, and entries that are nobody's."""

    outcomes: tuple[Outcome, ...]
    strays: tuple[Refused, ...]

    @property
    def clean(self) -> bool:
        """Whether there is nothing that staff should look at."""
        kept = any(one.state == "kept" or one.refused for one in self.outcomes)
        return not kept and not self.strays


def collect(assignment: str, sources: Sequence[Path], into: Path, options: Options) -> Collection:
    """Collect archives and folders, in their order, into ``<into>/<student>/<assignment>/``.

    Raises:
        CourseError: an archive cannot be read (then nothing is written), or a folder cannot be written.
    """
    record_file = into / RECORD / f"{assignment}.json"
    before = read_record(record_file)
    record = dict(before)
    outcomes: list[Outcome] = []
    strays: list[Refused] = []
    with ExitStack() as stack:
        batches = [_opened(source, assignment, options, strays, stack) for source in _expanded(sources)]
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
    """Return the sources; of a folder that holds archives, these first, each on its own."""
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
        archives = [path for path in inside if is_archive(path.name) and path.is_file() and not path.is_symlink()]
        found += archives
        if not archives or any(not is_archive(path.name) and not path.name.startswith(".") for path in inside):
            found.append(source)
    return found


def _opened(
    source: Path, assignment: str, options: Options, strays: list[Refused], stack: ExitStack
) -> dict[Owner, list[Piece]]:
    """Open a source and sort its entries by student."""
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
    if source.is_dir():  # its archives are sources of their own
        named = [one for one in named if one[0].problem is not None or len(one[1]) > 1 or not is_archive(one[1][0])]
    named = [(entry, parts) for entry, parts in named if not is_junk(parts)]
    if not entries:
        raise CourseError(f"{source}: there is no file in it. Nothing was collected.")
    layout = _layout(source, [parts for _, parts in named], assignment, options)
    found: dict[Owner, list[Piece]] = {}
    for entry, parts in named + [(entry, _told(entry)) for entry in unnamed]:
        claim = layout(parts) if parts else None
        if claim is not None:
            found.setdefault(claim.owner, []).append(Piece(source.name, entry, claim))
        elif entry.problem is not None:
            strays.append(Refused(source.name, entry.name, entry.problem.reason, entry.problem.detail))
        else:
            strays.append(Refused(source.name, entry.name, "owner", "nobody's"))
    return found


def _told(entry: Entry) -> tuple[str, ...]:
    """Return a path of a bad name's first part, which may tell whose it is; none if that part is bad itself."""
    try:
        return (*safe_parts(entry.name.split("/")[0]), "x")
    except RefusedEntry:
        return ()


def _layout(source: Path, paths: list[tuple[str, ...]], assignment: str, options: Options) -> Layout:
    if options.student:
        return one_student(options.student)
    if options.pattern:
        return by_pattern(options.pattern, options.zone)
    if not paths:
        return lambda _parts: None
    return layout_of(paths, assignment=assignment, stem=stem_of(source.resolve().name))


class Shelf:
    """Where submissions of one assignment are put, and who has which folder."""

    def __init__(self, assignment: str, into: Path, shop: Path, record: dict[str, Collected], options: Options) -> None:
        """Take a folder for unfinished work, and the record, which is kept up to date."""
        self._assignment, self._into, self._shop, self._record, self._options = assignment, into, shop, record, options
        self._folders: dict[str, str] = {one.identity: student for student, one in record.items()}
        self._made = 0
        self._bytes = 0
        there = [path.name for path in into.iterdir() if path.is_dir()] if into.is_dir() else []
        self._there = {alike(name): name for name in sorted(there) if not name.startswith(".")}

    def name_students(self, owners: Sequence[Owner]) -> None:
        """Give each student a folder; names that are alike, whoever has them, get what tells them apart."""
        taken = {alike(folder) for folder in self._folders.values()}
        fresh = [owner for owner in owners if owner.identity not in self._folders]
        wanted = [alike(folder_name(owner.name)) for owner in fresh]
        for owner, name in zip(fresh, wanted, strict=True):
            folder = folder_name(owner.name)
            if not self._options.student and (name in taken or wanted.count(name) > 1):
                whole = digest_of({owner.identity: b""})
                folders = (f"{folder}_{tag}" for tag in (owner.tag or whole[:6], whole[:12], whole))
                folder = next(one for one in folders if alike(one) not in taken)
            taken.add(alike(folder))
            self._folders[owner.identity] = folder

    def put(self, owner: Owner, pieces: Sequence[Piece]) -> Outcome:
        """Put one student's files where they belong, or say why what is there stays."""
        # Of two files of one name the first is taken: that of the later attempt, where names state times.
        pieces = sorted(
            pieces, key=lambda piece: piece.claim.when.timestamp() if piece.claim.when else 0.0, reverse=True
        )
        found = gather(pieces, self._room())
        student = self._folders[owner.identity]
        notes = _notes(found, pieces) + self._look_alikes(student)
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
        when = "" if newest is None else _utc(newest, UTC).isoformat()  # compared among archives, whatever --zone says
        before = self._record.get(student)
        fresh = Collected(before.identity if before else owner.identity, digest_of(files), when)
        state, why = self._decide(student, files, fresh, before)
        if state in ("new", "replaced"):
            self._write(student, files)
        if state != "kept":
            self._record[student] = fresh
        shown = tuple(name for name in files if name != RESERVED)
        said = files.get(RESERVED, b"").decode()
        return Outcome(student, state, shown, said, (*why, *notes), tuple(found.refused))

    def _room(self) -> IntakeLimits:
        """Return the limits, with room in a path for the folders above a student's files."""
        above = len(os.fsencode(self._into.absolute())) + 300
        limits = self._options.limits
        return msgspec.structs.replace(
            limits, name_bytes=min(limits.name_bytes, max(0, os.pathconf("/", "PC_PATH_MAX") - above))
        )

    def _look_alikes(self, student: str) -> tuple[str, ...]:
        other = self._there.get(alike(student), student)
        return () if other == student else (f"there is a folder {other} too: is this the same person?",)

    def _handed_in(self, found: Gathered, pieces: Sequence[Piece]) -> datetime | None:
        stated = [piece.claim.when for piece in pieces if piece.claim.when is not None]
        if stated:
            return max(stated)
        if self._options.times and found.newest is not None:
            return _utc(found.newest, self._options.zone)
        return None

    def _decide(
        self, student: str, files: Mapping[str, bytes], fresh: Collected, before: Collected | None
    ) -> tuple[str, tuple[str, ...]]:
        """Compare with what is there: is this new, the same, a newer attempt, or not to be put there?"""
        target = self._into / student / self._assignment
        for place in (target.parent, target):
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                return "kept", (f"{place} is not a folder: move it away",)
        if not target.exists():
            return "new", ()
        lying = folder_files(target)
        there = "" if lying is None else digest_of(lying)
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
        """Write a student's folder under another name, then put it into its place."""
        if self._options.dry_run:
            return
        self._made += 1
        fresh, old = self._shop / f"{self._made}-new", self._shop / f"{self._made}-old"
        fresh.mkdir()
        for name, data in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # Nothing is there, and nothing is followed: each file is made, or the command stops.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
        target = self._into / student / self._assignment
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _work(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name != RESERVED}


def _utc(when: datetime, zone: tzinfo) -> datetime:
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)


def _notes(found: Gathered, pieces: Sequence[Piece]) -> tuple[str, ...]:
    """Return what staff should know of a student's entries."""
    notes = ["the platform marked it as late"] * any(piece.claim.late for piece in pieces)
    notes += ["nothing was taken: the folder is empty"] * (not found.files)
    notes += [f"{found.junk} files of systems and editors passed over"] * bool(found.junk)
    notes += [f"{len(found.refused)} not taken"] * bool(found.refused)
    return tuple(notes)

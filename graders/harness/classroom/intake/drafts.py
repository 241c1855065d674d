"""What a layout finds: submissions before the roster is looked at, and strays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from graders.harness.classroom.entries import Entry, Member
from graders.harness.classroom.intake.files import HandedFiles
from graders.harness.classroom.intake.names import printable, some
from graders.harness.classroom.intake.tree import Kind, Node

_MOST_STRAYS = 200
# What ``grade.py class`` writes, where somebody has its results in the class's folder.
_RESULTS = ("journal.jsonl", "results", "reports")
_INSTANT = re.compile(
    r"\s*(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,6})?\d*\s*(Z|UTC|[+-]\d\d:?\d\d)?"
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """
    Who somebody is by what the export says, for the roster to confirm.

    Attributes:
        member: As the export has them.

        ids: What may be their id there; the first that is somebody's counts. So it is with
            logins, emails and names.

        keeps_id: Whether the export's id is what its gradebook asks for, whatever id the
            roster has.
    """

    member: Member
    ids: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    keeps_id: bool = False


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A submission with the claims of those who handed it in; see :class:`Entry`."""

    key: str
    claims: tuple[Claim, ...]
    handed: HandedFiles
    submitted: str = ""
    late: bool = False
    notes: tuple[str, ...] = ()

    def entry(self, members: tuple[Member, ...]) -> Entry:
        """Return the submission with those who the roster says handed it in."""
        return Entry(
            key=self.key,
            members=members,
            handed=self.handed,
            submitted=self.submitted,
            late=self.late,
            notes=self.notes,
        )


@dataclass
class Strays:
    """What belongs to no submission: the first of it by name, and how much there is."""

    texts: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, name: str, reason: str) -> None:
        """Take a file or folder and why it is none of a submission."""
        self.count += 1
        if self.count <= _MOST_STRAYS:
            self.texts.append(f"{printable(name)}: {reason}")

    def told(self) -> tuple[str, ...]:
        """Return them for the instructor."""
        left = self.count - len(self.texts)
        more = [f"and {left:,} more files and folders"] if left else []
        return (*self.texts, *more)


@dataclass
class Findings:
    """What a layout found in a folder."""

    drafts: list[Draft] = field(default_factory=list)
    strays: Strays = field(default_factory=Strays)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Upload:
    """
    A file or folder that a learner uploaded, as an export names it.

    Attributes:
        order: What is larger came later.

        place: The name under which a file counts.
    """

    node: Node
    order: tuple[int | str, ...] = ()
    place: str = ""


def oddity(node: Node) -> str:
    """Return why something can be no submission in any layout, or an empty string."""
    if node.name.startswith("."):
        return "it is hidden"
    if node.name == "__pycache__":
        return "Python left it there"
    if node.kind in (Kind.LINK, Kind.FILE_LINK):
        return "it is a link, which is not followed"
    if node.kind is Kind.SPECIAL:
        return "it is a pipe or a device"
    if node.kind is Kind.FOLDER and all(node.child(name) for name in _RESULTS):
        return "it holds the results of a grading"
    return ""


def unfit(nodes: Sequence[Node], strays: Strays) -> list[Node]:
    """Return the nodes that may be submissions, and tell the strays of the others."""
    fit = []
    for node in nodes:
        if reason := oddity(node):
            strays.add(node.name, reason)
        else:
            fit.append(node)
    return fit


def newest_of_each(uploads: Iterable[Upload]) -> tuple[list[Upload], list[str]]:
    """
    Return of each module the last upload, and all else; and sentences about the others.

    An older notebook stays, under the name that it has in the export: which of two answers
    an exercise is seen by what they hold. So does an older zip, whose files count where no
    later upload holds them.
    """
    last: dict[str, Upload] = {}
    kept, notes = [], []
    for upload in sorted(uploads, key=lambda u: u.order, reverse=True):
        newer = last.setdefault(upload.place, upload)
        if newer is upload or not upload.place:
            kept.append(upload)
            continue
        what = printable(upload.place)
        if upload.place.lower().endswith(".ipynb"):
            kept.append(Upload(upload.node, upload.order, upload.node.name))
        elif upload.place.lower().endswith(".zip"):
            kept.append(upload)
        notes.append(f"{what} was uploaded more than once: the last upload counts.")
    return kept[::-1], list(dict.fromkeys(notes))


def instant(text: str) -> str:
    """Return a platform's time in ISO 8601, or an empty string where it is none."""
    found = _INSTANT.match(text)
    if found is None:
        return ""
    day, clock, fraction, zone = found.groups()
    zone = {"Z": "+00:00", "UTC": "+00:00", None: ""}.get(zone, zone)
    try:
        return datetime.fromisoformat(
            f"{day}T{clock}{fraction or ''}{zone}"
        ).isoformat()
    except ValueError:
        return ""


def counted(count: int, one: str, several: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {one if count == 1 else several}"


__all__ = [
    "Claim",
    "Draft",
    "Findings",
    "Strays",
    "Upload",
    "counted",
    "instant",
    "newest_of_each",
    "oddity",
    "some",
    "unfit",
]

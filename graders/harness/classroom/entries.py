"""What a class handed in, and what became of it: the values that the rooms here share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class State(StrEnum):
    """What became of what a member of the class handed in."""

    #: There is a report, whatever it says.
    GRADED = "graded"
    #: It could not be read, or says no exercise: a damaged zip, a module called ada.py.
    UNREADABLE = "unreadable"
    #: The grader itself went down over it twice. Somebody has to look at it.
    SET_ASIDE = "set_aside"
    #: The roster names a member who handed in nothing.
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Member:
    """
    A member of the class, as an export or the roster names them.

    Attributes:
        id: What identifies them there: a platform's user id, or a folder's name.

        name: Their name, or an empty string.

        email: Their address, or an empty string.

        columns: The roster's row as it stands, for gradebooks that ask for it again.
    """

    id: str
    name: str = ""
    email: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


class Handed(Protocol):
    """Files that were handed in, read when they are needed."""

    def read(self) -> Mapping[str, bytes]:
        """
        Return modules and notebooks by their POSIX path within the submission.

        Raises:
            UsageError: They cannot be read, or are too many or too large.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Entry:
    """
    One submission of the class.

    Attributes:
        key: Unique in the class and the same tomorrow; names files and rows: 1 to 80
            characters among ASCII letters, digits, ``-``, ``_`` and ``.``.

        members: Who handed it in: one, or the members of a group.

        handed: The files.

        submitted: When, as an ISO 8601 time, or an empty string where that is not known.

        late: Whether the export calls it late.

        notes: Sentences for the instructor about this submission.
    """

    key: str
    members: tuple[Member, ...]
    handed: Handed
    submitted: str = ""
    late: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Classroom:
    """
    All that was handed in.

    Attributes:
        layout: The recognised layout, such as ``"canvas"``.

        entries: The submissions, in a stable order.

        missing: Members of the roster who handed in nothing.

        strays: What belongs to no submission, each with the reason.

        notes: Sentences for the instructor about the whole.
    """

    layout: str
    entries: tuple[Entry, ...]
    missing: tuple[Member, ...] = ()
    strays: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Result:
    """
    What became of one submission.

    Attributes:
        key: The entry's key.

        digest: SHA-256 over names and content of the files that were handed in.

        state: What became of it.

        report: The JSON report, whole, as ``Report.to_dict`` gives it; None where there is
            none.

        problem: Why it is unreadable or set aside, in a sentence.

        attempts: How often its grading was begun.

        seconds: How long its grading took.

        where: The host that graded it.
    """

    key: str
    digest: str
    state: State
    report: Mapping[str, Any] | None = None
    problem: str = ""
    attempts: int = 1
    seconds: float = 0.0
    where: str = ""


class Follower(Protocol):
    """Is told what happens while a class is graded: a live table, or lines."""

    def begin(self, total: int, done: int) -> None:
        """Take how many submissions there are, and how many are graded already."""
        ...

    def started(self, entry: Entry) -> None:
        """Take a submission whose grading has begun."""
        ...

    def finished(self, entry: Entry, result: Result) -> None:
        """Take a submission that is done."""
        ...

    def told(self, text: str) -> None:
        """Take a sentence for the instructor."""
        ...

    def end(self) -> None:
        """Leave the terminal as it should be left, however the grading ended."""
        ...

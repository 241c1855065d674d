"""The roster: a CSV file with the members of a class.

The header says which it is. Recognised are:

- Canvas, the gradebook's export: ``Student, ID, SIS User ID, SIS Login ID, Section``, with
  a row ``Points Possible`` (``GradebookExporter`` of
  https://github.com/instructure/canvas-lms);
- Moodle, participants or the grading worksheet: ``Identifier, Full name, Email address``,
  ``First name, Last name, ID number`` (``mod/assign/feedback/offline``
  of https://github.com/moodle/moodle);
- Gradescope: ``Name`` or ``First Name, Last Name``, ``Email, SID, Section``;
- nbgrader, ``nbgrader db student import``: ``id, first_name, last_name, email``
  (``nbgrader/apps/dbapp.py``);
- GitHub Classroom: ``identifier, github_username, github_id, name``;
- anything with columns such as ``id, name, email``.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.harness.classroom.entries import Member
from graders.harness.classroom.intake.drafts import counted
from graders.harness.classroom.intake.names import printable, some
from graders.harness.errors import UsageError
from graders.harness.submission.plain_file import NotPlain, read_plain

_MAX_BYTES = 20 * 2**20
_MAX_MEMBERS = 50_000
_DELIMITERS = (",", ";", "\t", "|")
_MOST_TOLD = 10
# A worksheet of Moodle's says so, and its export of submissions the number alone, which is
# the id of who handed in: who did not must not look like somebody of another kind.
_PARTICIPANT = re.compile(r"\AParticipant (\d+)\Z")
# What a column is, by its name in lower case; the first of a kind names a member.
_IDS = (
    "id", "identifier", "sid", "student id", "user id", "id number", "idnumber", "number",
    "sis user id", "student number", "matriculation number", "integration id", "github id",
    "lms user id",
)  # fmt: skip
_LOGINS = (
    "sis login id",
    "login",
    "login id",
    "username",
    "user name",
    "github username",
)
_EMAILS = ("email", "email address", "e-mail", "e-mail address", "mail")
_NAMES = ("name", "student", "full name", "fullname", "student name", "display name")
_FIRST = ("first name", "firstname", "given name", "first")
_LAST = ("last name", "lastname", "surname", "family name", "last")
_KNOWN = {*_IDS, *_LOGINS, *_EMAILS, *_NAMES, *_FIRST, *_LAST}


@dataclass(frozen=True, kw_only=True)
class Listed:
    """
    A member as the roster lists them, with all by which an export may know them.

    Attributes:
        names: Their name in each form that the roster has.
    """

    member: Member
    ids: tuple[str, ...]
    logins: tuple[str, ...]
    emails: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Roster:
    """
    The members of a class, in the file's order.

    Attributes:
        notes: Sentences for the instructor, such as about rows that name nobody.
    """

    listed: tuple[Listed, ...]
    notes: tuple[str, ...] = ()


def read_roster(path: Path) -> Roster:
    """
    Read a roster.

    Args:
        path: A CSV file in UTF-8, UTF-16 or Windows-1252, with commas, semicolons, tabs
            or bars.

    Raises:
        UsageError: It cannot be read, has no header that is known, or lists nobody.
    """
    shown = printable(str(path))
    try:
        content = read_plain(path.resolve(), _MAX_BYTES)
    except (NotPlain, OSError) as err:
        raise UsageError(f"The roster {shown} {err}.") from err  # noqa: EM102
    header, rows = _table(shown, _text(content))
    listed, notes = _members(shown, header, rows)
    if not listed:
        msg = f"The roster {shown} lists nobody: there is no row below its header."
        raise UsageError(msg)
    return Roster(tuple(listed), tuple(notes))


def _text(content: bytes) -> str:
    """Return the text in whichever encoding spreadsheets saved it."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", "replace")
    if content[:1] == b"\0":
        return content.decode("utf-16-be", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _table(shown: str, text: str) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows, by the delimiter that makes most of the header."""
    said = re.match(r"sep=(.)\r?\n", text)  # Excel's own line
    text = text[said.end() :] if said else text
    delimiters = (said.group(1),) if said else _DELIMITERS
    best: list[list[str]] = []
    for delimiter in delimiters:
        rows = _rows(shown, text, delimiter, most=1)
        if rows and _known_in(rows[0]) > (_known_in(best[0]) if best else 0):
            best = _rows(shown, text, delimiter, most=_MAX_MEMBERS + 3)
    if not best or not _names_people(best[0]):
        raise UsageError(_no_header(shown, text))
    if len(best) > _MAX_MEMBERS:
        msg = f"The roster {shown} has more than {_MAX_MEMBERS:,} rows."
        raise UsageError(msg)
    return best[0], best[1:]


def _rows(shown: str, text: str, delimiter: str, most: int) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
            if len(rows) >= most:
                break
    except csv.Error as err:
        msg = f"The roster {shown} is no CSV file: line {reader.line_num}, {err}."
        raise UsageError(msg) from err
    return rows


def _column(name: str) -> str:
    """Return a column's name as it is compared."""
    return " ".join(name.strip().casefold().replace("_", " ").split())


def _known_in(header: Sequence[str]) -> int:
    return sum(_column(name) in _KNOWN for name in header)


def _names_people(header: Sequence[str]) -> bool:
    return any(
        _column(n) in {*_IDS, *_LOGINS, *_EMAILS, *_NAMES} for n in header
    ) or all(any(_column(n) in kind for n in header) for kind in (_FIRST, _LAST))


def _no_header(shown: str, text: str) -> str:
    first = printable(text.lstrip().partition("\n")[0].strip())
    return (
        f"The roster {shown} begins with {first!r}, which is no header that is known. "
        "Expected were columns such as id, name and email, or a roster of Canvas, Moodle, "
        "Gradescope or nbgrader."
    )


def _members(
    shown: str, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[Listed], list[str]]:
    listed: list[Listed] = []
    nameless, twice = 0, []
    ids: set[str] = set()
    for row in rows:
        cells = dict(zip(header, row, strict=False))
        if _is_no_member(cells):
            continue
        one = _listed({h.strip(): c.strip() for h, c in cells.items()}, cells)
        if one is None:
            nameless += 1
        elif one.member.id.casefold() in ids:
            twice.append(one.member.id)
        else:
            ids.add(one.member.id.casefold())
            listed.append(one)
    notes = []
    if nameless:
        rows_told = counted(nameless, "row names", "rows name")
        notes.append(f"In the roster {shown} {rows_told} nobody.")
    if twice:
        told = some(twice, _MOST_TOLD)
        notes.append(f"The roster {shown} lists twice: {told}. The first row counts.")
    return listed, notes


def _is_no_member(cells: Mapping[str, str]) -> bool:
    """Return whether a row is one of those that Canvas has between header and members."""
    name = next((c for h, c in cells.items() if _column(h) == "student"), None)
    if name is None:
        return False
    ids = [c for h, c in cells.items() if _column(h) in {"id", "sis login id"}]
    return name.strip().casefold() in {"", "points possible"} and not any(
        c.strip() for c in ids
    )


def _listed(row: Mapping[str, str], cells: Mapping[str, str]) -> Listed | None:
    by_column = {_column(h): c for h, c in row.items() if c}

    def of(kind: Sequence[str]) -> tuple[str, ...]:
        return tuple(by_column[c] for c in kind if c in by_column)

    ids, logins, emails, names = of(_IDS), of(_LOGINS), of(_EMAILS), of(_NAMES)
    parts = [*of(_FIRST)[:1], *of(_LAST)[:1]]
    if parts:
        names = (*names, " ".join(parts))
    identity = next(iter((*ids, *logins, *emails, *names)), "")
    if not identity:
        return None
    member = Member(
        id=printable(_PARTICIPANT.sub(r"\1", identity)),
        name=printable(names[0]) if names else "",
        email=printable(emails[0]) if emails else "",
        columns={heading.strip(): cell for heading, cell in cells.items()},
    )
    return Listed(member=member, ids=ids, logins=logins, emails=emails, names=names)

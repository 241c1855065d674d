"""Cells of CSV files that a spreadsheet opens: text stays text, and files stay stable.

A cell that begins with ``=``, ``+``, ``-``, ``@`` or a tab is a formula to a spreadsheet,
and members choose the names that they go by. An apostrophe before it makes it text
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from graders.harness.classroom.entries import Member
from graders.harness.report.visible import on_one_line

# The last four are the first four at full width, which some spreadsheets take for them.
_FORMULAS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
# Without brackets, marks and spaces nothing can be called, nor another file be reached.
_INERT = re.compile(r"[+@-][\w.@+-]*")
_MOST = 500  # characters of a name
_FAMILY = ("last name", "last_name", "lastname", "surname", "family name")
_GIVEN = ("first name", "first_name", "firstname", "given name")


def text_cell(text: str) -> str:
    """Return a text that people read, such as a name, as no spreadsheet calculates it."""
    shown = on_one_line(text, _MOST)
    is_formula = text.startswith(_FORMULAS) or shown.startswith(_FORMULAS)
    return f"'{shown}" if is_formula else shown


def id_cell(text: str) -> str:
    """
    Return what identifies a member, as it stands wherever that is harmless.

    A platform finds the member by it when the file is imported, so ``-12`` and ``+a@b.c``
    stay as they are. Only what could be a working formula gets the apostrophe.
    """
    is_formula = text.lstrip().startswith(_FORMULAS)
    if _INERT.fullmatch(text) or (text.isprintable() and not is_formula):
        return text
    return text_cell(text)


def is_changed_id(text: str) -> bool:
    """Return whether :func:`id_cell` changes what a platform finds a member by."""
    return id_cell(text) != text


def as_csv(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return CSV as RFC 4180 has it, but with the line ends of this system."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return file.getvalue()


def family_and_given(member: Member) -> tuple[str, str]:
    """
    Return a member's last and first name.

    They are the roster's, or the two sides of a comma. A name without either is not taken
    apart: all of it is the last name.
    """
    family = column(member.columns, _FAMILY)
    given = column(member.columns, _GIVEN)
    if family or given:
        return family, given
    family, _, given = member.name.partition(",")
    return family.strip(), given.strip()


def column(columns: Mapping[str, str], names: Sequence[str]) -> str:
    """Return the first of a roster's columns that has one of some names, or nothing."""
    for heading, value in columns.items():
        if heading.strip().lower() in names:
            return value.strip()
    return ""

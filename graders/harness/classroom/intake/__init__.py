"""Take in what a class handed in: exports of platforms, folders, zips, and the roster.

Nothing is read here but names, Gradescope's metadata, nbgrader's time stamps and the
roster: each submission's files are read when it is graded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from graders.harness.classroom.entries import Classroom
from graders.harness.classroom.intake.drafts import Draft, Findings
from graders.harness.classroom.intake.keys import key_of
from graders.harness.classroom.intake.layouts import LAYOUTS, recognise
from graders.harness.classroom.intake.matching import Matched, match
from graders.harness.classroom.intake.names import printable
from graders.harness.classroom.intake.roster import read_roster
from graders.harness.classroom.intake.zip_tree import opened_tree
from graders.harness.errors import UsageError

__all__ = ["LAYOUTS", "read_class"]

_MAX_SUBMISSIONS = 20_000


def read_class(
    path: Path, *, roster: Path | None = None, layout: str = ""
) -> Classroom:
    """
    Return what a class handed in, its files unread.

    Args:
        path: A folder of submissions, an export of a platform, or a zip of either.

        roster: A CSV file with the members of the class, or None.

        layout: One of :data:`LAYOUTS`; by default it is recognised.

    Returns:
        The class; without submissions where the folder is empty.

    Raises:
        UsageError: Nothing in it is a submission, there is too much, or the roster cannot
            be read.
    """
    members = read_roster(roster) if roster is not None else None
    recognised = recognise(opened_tree(path), layout)
    found = recognised.layout.read(recognised.root, recognised.tops)
    drafts = _each_with_a_key(found.drafts)
    _expect_submissions(path, recognised.layout.name, found, drafts)
    matched = (
        match(drafts, members)
        if members is not None
        else Matched([d.entry(tuple(c.member for c in d.claims)) for d in drafts])
    )
    return Classroom(
        layout=recognised.layout.name,
        entries=tuple(matched.entries),
        missing=matched.missing,
        strays=found.strays.told(),
        notes=(
            *recognised.notes,
            *found.notes,
            *(members.notes if members is not None else ()),
            *matched.notes,
        ),
    )


def _each_with_a_key(drafts: Sequence[Draft]) -> list[Draft]:
    """
    Return submissions by key, each with one of its own.

    Names that look the same and are stored in two forms of Unicode have the same key. They
    are attempts of one member, and which one counts is for the instructor to say.
    """
    found: dict[str, list[Draft]] = {}
    for draft in drafts:
        found.setdefault(draft.key, []).append(draft)
    keyed = {}
    for key, several in found.items():
        for number, draft in enumerate(several, 1):
            # No name has a slash in it, so nobody has the key of one that has.
            own = key_of(f"{key}/{number}", f"{key} {number}") if number > 1 else key
            keyed[own] = draft
            if len(several) > 1:
                note = (
                    f"{draft.handed.shown} is there {len(several)} times, in names that "
                    f"look the same and are stored otherwise: this is number {number}. "
                    "Each is graded; which one counts is yours to say."
                )
                keyed[own] = replace(
                    draft,
                    key=own,
                    claims=several[0].claims,
                    notes=(*draft.notes, note),
                )
    return [keyed[key] for key in sorted(keyed)]


def _expect_submissions(
    path: Path, layout: str, found: Findings, drafts: list[Draft]
) -> None:
    shown = printable(str(path))
    if len(drafts) > _MAX_SUBMISSIONS:
        msg = (
            f"{shown} holds {len(drafts):,} submissions; at most {_MAX_SUBMISSIONS:,} are "
            "taken at once. Grade them in parts."
        )
        raise UsageError(msg)
    strays = found.strays
    if drafts or not strays.count:
        return
    what = strays.texts[0]
    what += f", and {strays.count - 1:,} more" if strays.count > 1 else ""
    msg = (
        f"{shown} holds no submissions in the layout {layout!r}. Expected was a folder, a "
        "zip, a notebook or a module for each learner, or an export of a platform. There "
        f"is {what}."
    )
    raise UsageError(msg)

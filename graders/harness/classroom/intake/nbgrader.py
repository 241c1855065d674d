"""nbgrader: ``submitted/STUDENT/ASSIGNMENT/``, its exchange, and what it collects of zips.

- A course folder, or its ``submitted``: notebooks in ``STUDENT/ASSIGNMENT/``, beside them
  ``timestamp.txt`` (``nbgrader/converters/base.py``, ``exchange/default/collect.py``).
- The exchange's ``inbound``: ``STUDENT+ASSIGNMENT+TIMESTAMP+RANDOM/``
  (``exchange/default/submit.py``).
- Flat files as ``nbgrader zip_collect`` takes them by its example, which is how Blackboard
  names them: ``ps1_bitdiddle_attempt_2016-01-30-15-00-00_problem1.ipynb``
  (``nbgrader/plugins/zipcollect.py``).

All of https://github.com/jupyter/nbgrader, release 0.9.6.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from graders.harness.classroom.entries import Member
from graders.harness.classroom.intake.drafts import (
    Claim,
    Draft,
    Findings,
    counted,
    instant,
    unfit,
)
from graders.harness.classroom.intake.files import HandedFiles, Part
from graders.harness.classroom.intake.keys import key_of
from graders.harness.classroom.intake.names import printable, some
from graders.harness.classroom.intake.tree import Kind, Node, folders
from graders.harness.errors import UsageError

_STAMP = "timestamp.txt"
_SUBMITTED = "submitted"
_OF_A_COURSE = ("nbgrader_config.py", "gradebook.db", "source", "release", "autograded")
_INBOUND = re.compile(
    r"(?P<user>[^+]+)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-[^+]+)(?:\+.*)?"
)
_ATTEMPT = re.compile(
    r"(?P<assignment>.+)_(?P<user>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})"
    r"(?:_(?P<original>.+)|\.txt)",
    re.DOTALL,
)
_PROBED = 50
_MOST_ASSIGNMENTS = 1_000
_MOST_OF_STAMP = 200


def nbgrader_evidence(root: Node, tops: Sequence[Node]) -> int:
    """Return how many folders are learners' as nbgrader has them."""
    students = list(folders(tops))
    if _course(root) is not None:
        return len(tops)
    inbound = sum(_INBOUND.fullmatch(node.name) is not None for node in students)
    if inbound:
        return inbound
    probed = students[:_PROBED]
    stamped = sum(_is_stamped(student) for student in probed)
    if root.name == _SUBMITTED or (stamped and stamped == len(probed)):
        return len(students)
    return stamped


def _course(root: Node) -> Node | None:
    """Return the folder ``submitted`` of a course, or None."""
    inside = root.child(_SUBMITTED)
    if inside is None or inside.kind is not Kind.FOLDER:
        return None
    return inside if any(root.child(name) for name in _OF_A_COURSE) else None


def _is_stamped(student: Node) -> bool:
    try:
        inside = folders(student.children(_MOST_ASSIGNMENTS))
        return any(folder.child(_STAMP) is not None for folder in inside)
    except UsageError:
        return False


def read_nbgrader(root: Node, tops: Sequence[Node]) -> Findings:
    """Return a submission for each learner and assignment."""
    found = Findings()
    if (course := _course(root)) is not None:
        for node in tops:
            if node.name != _SUBMITTED:
                found.strays.add(node.name, "of nbgrader's course, nobody handed it in")
        tops = course.children()
    fit = unfit(tops, found.strays)
    inbound = [n for n in fit if _INBOUND.fullmatch(n.name)]
    assignments = _add_inbound(found, inbound)
    for node in fit:
        if node in inbound:
            continue
        if node.kind is Kind.FOLDER:
            assignments |= _add_student(found, node)
        else:
            found.strays.add(node.name, "not in the folder of a learner")
    if len(assignments) > 1:
        found.notes.append(
            f"There are {counted(len(assignments), 'assignment', 'assignments')} "
            f"({some(sorted(assignments))}): each is a submission of its own."
        )
    return found


def _add_student(found: Findings, student: Node) -> set[str]:
    """Add a learner's submissions, and return the names of their assignments."""
    try:
        inside = student.children()
    except UsageError as err:
        found.drafts.append(_draft(student.name, "", student, problem=str(err)))
        return set()
    assignments = list(folders(unfit(inside, found.strays)))
    found.drafts += [_draft(student.name, a.name, a) for a in assignments]
    for node in inside:
        if node.kind is Kind.FILE:
            name = f"{student.name}/{node.name}"
            found.strays.add(name, "not in the folder of an assignment")
    if not assignments:
        found.strays.add(student.name, "there is no assignment's folder in it")
    return {a.name for a in assignments}


def _add_inbound(found: Findings, nodes: Sequence[Node]) -> set[str]:
    """Add what the exchange holds, and return the names of the assignments."""
    attempts: dict[tuple[str, str], list[Node]] = {}
    for node in nodes:
        name = _INBOUND.fullmatch(node.name)
        if name is not None:
            attempts.setdefault((name["user"], name["assignment"]), []).append(node)
    for (user, assignment), several in attempts.items():
        several.sort(key=lambda node: node.name.split("+")[2])
        notes = _earlier(len(several) - 1)
        found.drafts.append(_draft(user, assignment, several[-1], notes=notes))
    return {assignment for _, assignment in attempts}


def _earlier(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    what = counted(count, "earlier submission was", "earlier submissions were")
    return (f"{what} not read: the last one counts.",)


def _draft(
    user: str,
    assignment: str,
    node: Node,
    *,
    notes: tuple[str, ...] = (),
    problem: str = "",
) -> Draft:
    apart = "/" if "--" in user or "--" in assignment else "--"
    return Draft(
        key=key_of(f"{user}{apart}{assignment}"),
        claims=(_claim(user),),
        handed=HandedFiles((Part(node),), node.shown, problem=problem),
        submitted=_stamp(node),
        notes=notes,
    )


def _claim(user: str) -> Claim:
    return Claim(
        member=Member(id=printable(user)), ids=(user,), logins=(user,), emails=(user,)
    )


def _stamp(node: Node) -> str:
    stamp = node.child(_STAMP)
    if stamp is None or stamp.kind is not Kind.FILE:
        return ""
    try:
        return instant(stamp.read(_MOST_OF_STAMP).decode("ascii", "replace"))
    except UsageError:
        return ""


def blackboard_evidence(root: Node, tops: Sequence[Node]) -> int:
    """Return how many files have names with an attempt in them."""
    del root
    return sum(_attempt(node) is not None for node in tops)


def _attempt(node: Node) -> re.Match[str] | None:
    return _ATTEMPT.fullmatch(node.name) if node.kind is Kind.FILE else None


def read_blackboard(root: Node, tops: Sequence[Node]) -> Findings:
    """Return a submission for each learner: the last attempt."""
    found = Findings()
    users: dict[str, dict[str, list[Part]]] = {}
    for node in unfit(tops, found.strays):
        name = _attempt(node)
        if name is None:
            found.strays.add(node.name, "not named as an attempt is")
            continue
        parts = users.setdefault(name["user"], {}).setdefault(name["time"], [])
        if name["original"]:  # else it is the receipt
            parts.append(Part(node, name["original"]))
    for user, attempts in users.items():
        found.drafts.append(_attempted(root, user, attempts))
    return found


def _attempted(root: Node, user: str, attempts: dict[str, list[Part]]) -> Draft:
    last = max(attempts)
    shown = f"{root.shown}: {printable(user)}"
    day, clock = last[:10], last[11:].replace("-", ":")
    problem = (
        "" if attempts[last] else f"{shown} handed in no file at the last attempt."
    )
    return Draft(
        key=key_of(user),
        claims=(_claim(user),),
        handed=HandedFiles(tuple(attempts[last]), shown, problem=problem),
        submitted=instant(f"{day} {clock}"),
        notes=_earlier(len(attempts) - 1),
    )

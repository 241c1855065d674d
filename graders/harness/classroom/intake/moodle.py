"""Moodle: what "Download all submissions" gives.

Folders ``Full Name_123456_assignsubmission_file_`` or, where the teacher turned "Download
submissions in folders" off, flat files ``Full Name_123456_assignsubmission_file_ORIGINAL``;
newer versions leave out the underscore at the end. The number is the participant's, as in
the grading worksheet's column Identifier (``Participant 123456``). What was typed is
``..._assignsubmission_onlinetext_/onlinetext.html``. From ``download_submissions`` in
``mod/assign/locallib.php`` and ``mod/assign/classes/downloader.php`` of
https://github.com/moodle/moodle.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from graders.harness.classroom.entries import Member
from graders.harness.classroom.intake.drafts import Claim, Draft, Findings, unfit
from graders.harness.classroom.intake.files import HandedFiles, Part
from graders.harness.classroom.intake.keys import numbered_key
from graders.harness.classroom.intake.names import printable
from graders.harness.classroom.intake.tree import Kind, Node

_NAMED = re.compile(
    r"(?P<name>.+?)_(?P<id>\d{1,19})_assign(?P<area>submission|feedback)"
    r"_(?P<type>[a-z]+)(?:_(?P<original>.*))?",
    re.DOTALL,
)
_BLIND = re.compile(r"Participant \d+")


def _parsed(node: Node) -> re.Match[str] | None:
    name = _NAMED.fullmatch(node.name)
    is_file = node.kind is Kind.FILE
    fits = name is not None and (
        (is_file and name["original"]) or node.kind is Kind.FOLDER
    )
    return name if fits else None


def moodle_evidence(root: Node, tops: Sequence[Node]) -> int:
    """Return how many files and folders have names that Moodle gives."""
    del root
    return sum(_parsed(node) is not None for node in tops)


def read_moodle(root: Node, tops: Sequence[Node]) -> Findings:
    """Return a submission for each participant."""
    found = Findings()
    people: dict[str, list[tuple[re.Match[str], Node]]] = {}
    for node in unfit(tops, found.strays):
        name = _parsed(node)
        if name is None:
            found.strays.add(node.name, "not named as Moodle names what was handed in")
        elif name["area"] == "feedback":
            found.strays.add(node.name, "feedback, which nobody handed in")
        else:
            people.setdefault(name["id"], []).append((name, node))
    found.drafts = [_draft(root, number, parts) for number, parts in people.items()]
    return found


def _draft(
    root: Node, number: str, parts: Sequence[tuple[re.Match[str], Node]]
) -> Draft:
    called = parts[0][0]["name"]
    files = [(name, node) for name, node in parts if name["type"] != "onlinetext"]
    notes, problem = [], ""
    shown = f"{root.shown}: {printable(called)} ({number})"
    if not files:
        problem = f"{shown} handed in typed text, and no file."
    elif len(files) < len(parts):
        notes.append("Text that was typed beside the files was not read.")
    blind = _BLIND.fullmatch(called)
    claim = Claim(
        member=Member(id=number, name="" if blind else printable(called)),
        ids=(f"Participant {number}", number),
        names=() if blind else (called,),
        keeps_id=True,
    )
    return Draft(
        key=numbered_key(called, number),
        claims=(claim,),
        handed=HandedFiles(
            tuple(
                Part(node, name["original"] or "", uploads=True) for name, node in files
            ),
            shown,
            problem=problem,
        ),
        notes=tuple(notes),
    )

"""Canvas: what "Download Submissions" gives, a flat folder of files.

Names are ``lastnamefirstname_LATE_USERID_FILEID_ORIGINAL``; ``_LATE`` only where it was
late. What was typed is ``..._USERID_text.html``, a link ``..._link.html``. With anonymous
grading they are ``anon_ID_FILEID_ORIGINAL``. From ``app/models/content_zipper.rb`` of
https://github.com/instructure/canvas-lms. A file that is handed in again under its name
gets ``-1``, ``-2`` before the ending (``make_unique_filename`` in
``app/models/attachment.rb`` there).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from graders.harness.classroom.entries import Member
from graders.harness.classroom.intake.drafts import (
    Claim,
    Draft,
    Findings,
    Upload,
    newest_of_each,
    unfit,
)
from graders.harness.classroom.intake.files import HandedFiles, Part
from graders.harness.classroom.intake.keys import key_of, numbered_key
from graders.harness.classroom.intake.names import printable
from graders.harness.classroom.intake.tree import Kind, Node

_NAMED = re.compile(
    r"(?P<name>[^_].*?)(?P<late>_LATE)?_(?P<user>\d{1,19})"
    r"_(?:(?P<file>\d{1,19})_(?P<original>.+)|(?P<typed>(?:text|link)\.html))",
    re.DOTALL,
)
_ANONYMOUS = re.compile(
    r"anon(?P<late>_LATE)?_(?P<user>[0-9A-Za-z]{5})(?P<late2>_LATE)?"
    r"_(?:(?P<file>\d{1,19})_(?P<original>.+)|(?P<typed>(?:text|link)\.html))",
    re.DOTALL,
)
# What Canvas adds to a name that it has, and what browsers add to a download.
_AGAIN = re.compile(
    r"(?:-\d{1,3}|[ +]?\(\d{1,3}\))+(?=\.(?:py|ipynb|zip)$)", re.IGNORECASE
)


def _parsed(node: Node) -> re.Match[str] | None:
    if node.kind is not Kind.FILE:
        return None
    return _ANONYMOUS.fullmatch(node.name) or _NAMED.fullmatch(node.name)


def canvas_evidence(root: Node, tops: Sequence[Node]) -> int:
    """Return how many files have names that Canvas gives."""
    del root
    return sum(_parsed(node) is not None for node in tops)


def read_canvas(root: Node, tops: Sequence[Node]) -> Findings:
    """Return a submission for each user."""
    found = Findings()
    users: dict[str, list[tuple[re.Match[str], Node]]] = {}
    for node in unfit(tops, found.strays):
        name = _parsed(node)
        if name is None:
            found.strays.add(node.name, "not named as Canvas names what was handed in")
        else:
            users.setdefault(name["user"], []).append((name, node))
    found.drafts = [_draft(root, user, files) for user, files in users.items()]
    return found


def original_name(name: str) -> str:
    """Return the name that a file had before Canvas or a browser made it unique."""
    return _AGAIN.sub("", name) if not _AGAIN.match(name) else name


def _draft(root: Node, user: str, files: Sequence[tuple[re.Match[str], Node]]) -> Draft:
    typed = [name for name, _ in files if name["typed"]]
    uploads = [
        Upload(node, (int(name["file"]),), original_name(name["original"]))
        for name, node in files
        if not name["typed"]
    ]
    kept, notes = newest_of_each(uploads)
    first = files[0][0]
    anonymous = "name" not in first.groupdict()
    called = "anonymous" if anonymous else printable(first["name"])
    member = Member(id=user, name="" if anonymous else called)
    problem = ""
    if typed and not uploads:
        problem = f"{called} ({user}) handed in text or a link, and no file."
    elif typed:
        notes.append("Text or a link that was handed in beside the files was not read.")
    claim = Claim(
        member=member,
        ids=(user,),
        names=() if anonymous else (first["name"],),
        keeps_id=True,
    )
    return Draft(
        key=key_of(user, "anonymous") if anonymous else numbered_key(called, user),
        claims=(claim,),
        handed=HandedFiles(
            tuple(Part(u.node, u.place) for u in kept),
            f"{root.shown}: {called} ({user})",
            in_order=True,
            problem=problem,
        ),
        late=any(name["late"] or name.groupdict().get("late2") for name, _ in files),
        notes=tuple(notes),
    )

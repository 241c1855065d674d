"""Which layout a folder of submissions has: recognised by names, or told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graders.harness.classroom.intake.canvas import canvas_evidence, read_canvas
from graders.harness.classroom.intake.drafts import Findings, oddity
from graders.harness.classroom.intake.folders import (
    clone_evidence,
    may_be_submission,
    read_clones,
    read_plain_layout,
)
from graders.harness.classroom.intake.gradescope import (
    gradescope_evidence,
    read_gradescope,
)
from graders.harness.classroom.intake.moodle import moodle_evidence, read_moodle
from graders.harness.classroom.intake.nbgrader import (
    blackboard_evidence,
    nbgrader_evidence,
    read_blackboard,
    read_nbgrader,
)
from graders.harness.classroom.intake.tree import Kind, Node
from graders.harness.errors import UsageError


@dataclass(frozen=True)
class Layout:
    """
    A way in which submissions lie in a folder.

    Attributes:
        name: As it is named on the command line.

        evidence: Returns how much of what is at a folder's top speaks for it.

        read: Returns the submissions.
    """

    name: str
    evidence: Callable[[Node, Sequence[Node]], int]
    read: Callable[[Node, Sequence[Node]], Findings]


def _nothing(root: Node, tops: Sequence[Node]) -> int:
    del root, tops
    return 0


PLAIN = Layout("folders", _nothing, read_plain_layout)
#: Platforms' layouts, in the order in which they are preferred.
_EXPORTS = (
    Layout("gradescope", gradescope_evidence, read_gradescope),
    Layout("moodle", moodle_evidence, read_moodle),
    Layout("blackboard", blackboard_evidence, read_blackboard),
    Layout("canvas", canvas_evidence, read_canvas),
    Layout("nbgrader", nbgrader_evidence, read_nbgrader),
    Layout("github-classroom", clone_evidence, read_clones),
)
#: The names of all layouts.
LAYOUTS = tuple(layout.name for layout in (PLAIN, *_EXPORTS))


@dataclass(frozen=True)
class Recognised:
    """
    A layout with the folder that has it.

    Attributes:
        notes: Why, where something speaks against it.
    """

    layout: Layout
    root: Node
    tops: Sequence[Node]
    notes: tuple[str, ...] = ()


def recognise(root: Node, layout: str = "") -> Recognised:
    """
    Return the layout of a folder.

    Args:
        root: The folder. If there is but one folder in it, which is an export or has the
            same name, as zips are packed and opened, it is that.

        layout: The name of a layout; by default it is recognised.

    Raises:
        UsageError: There is no such layout, or the folder cannot be read.
    """
    tops = root.children()
    if layout:
        return Recognised(_named(layout), root, tops)
    here = _recognised(root, tops)
    candidates = _candidates(tops) if here.layout is PLAIN else []
    if len(candidates) == 1 and candidates[0].kind is Kind.FOLDER:
        (only,) = candidates
        try:
            inside = _recognised(only, only.children())
        except UsageError:  # said where the submission is read
            return here
        if inside.layout is not PLAIN or _is_same_name(only.name, root.name):
            return inside
    return here


def _is_same_name(folder: str, above: str) -> bool:
    """Return whether a folder is what was packed into a zip, or unpacked of it."""
    return re.fullmatch(re.escape(folder) + r"(?: ?\(\d+\)|-\d+)?", above) is not None


def _is_hidden(node: Node) -> bool:
    return bool(oddity(node))


def _named(name: str) -> Layout:
    for layout in (PLAIN, *_EXPORTS):
        if layout.name == name:
            return layout
    msg = f"There is no layout {name!r}. Choose one of {', '.join(LAYOUTS)}."
    raise UsageError(msg)


def _candidates(tops: Sequence[Node]) -> list[Node]:
    return [n for n in tops if may_be_submission(n) and not _is_hidden(n)]


def _recognised(root: Node, tops: Sequence[Node]) -> Recognised:
    evidence = {layout: layout.evidence(root, tops) for layout in _EXPORTS}
    best = max(_EXPORTS, key=lambda layout: evidence[layout])  # of equals the first
    count = evidence[best]
    total = max(len(_candidates(tops)), 1)
    if not count:
        return Recognised(PLAIN, root, tops)
    if 2 * count < total:
        note = (
            f"{count:,} of {total:,} names are those of {best.name}, too few: all are "
            f"taken as they stand. To read them so: --layout {best.name}."
        )
        return Recognised(PLAIN, root, tops, (note,))
    others = [e.name for e in _EXPORTS if e is not best and 2 * evidence[e] >= total]
    notes = []
    if count < total:
        notes.append(
            f"Read as {best.name}, by {count:,} of {total:,} names; the others are strays."
        )
    if others:
        notes.append(
            f"Read as {best.name}; it could be {' or '.join(others)} as well: choose with "
            "--layout."
        )
    return Recognised(best, root, tops, tuple(notes))

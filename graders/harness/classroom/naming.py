"""How a submission is called on a page and in a terminal: by the names of its members."""

from __future__ import annotations

from collections.abc import Sequence

from graders.harness.classroom.entries import Member
from graders.harness.report.visible import on_one_line

_FEW = 3  # members of a group that are named
_NOBODY = "(no name)"


def member_name(member: Member, most: int = 80) -> str:
    """
    Return a member's name on one line with all of it visible, or their id.

    Args:
        member: The member.

        most: Characters to keep; an ellipsis stands for the others.
    """
    name = member.name if member.name.strip() else member.id
    shown = on_one_line(name, 4 * most) or _NOBODY
    return shown if len(shown) <= most else f"{shown[: most - 1].rstrip()}…"


def group_name(members: Sequence[Member], most: int = 80) -> str:
    """Return the names of those who handed something in together."""
    names = ", ".join(member_name(member, most) for member in members[:_FEW])
    left = len(members) - _FEW
    return f"{names} and {left} more" if left > 0 else names or _NOBODY

"""Markdown for a bundle: links to what is not in it become plain text."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_OUTSIDE = re.compile(r"[a-z]+:", re.IGNORECASE)


def without_dead_links(path: str, text: str, present: Collection[str]) -> str:
    """
    Return a page whose links lead somewhere.

    Args:
        path: Where the page lies in the bundle.

        text: The page.

        present: The paths of the bundle's files.
    """
    folders = {posixpath.dirname(p) for p in present}

    def replaced(link: re.Match[str]) -> str:
        target = link[2].partition("#")[0]
        if not target or _OUTSIDE.match(target):
            return link[0]
        place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        return link[0] if place in present or place in folders else link[1]

    return _LINK.sub(replaced, text)


def section(text: str, heading: str) -> str:
    """
    Return a page's section of the second level, its heading included.

    Raises:
        KeyError: There is no such section.
    """
    for part in re.split(r"^(?=## )", text, flags=re.MULTILINE):
        if part.startswith(f"## {heading}\n"):
            return part.rstrip("\n") + "\n"
    raise KeyError(heading)


def table_rows(text: str) -> list[list[str]]:
    """Return the cells of a page's tables, row by row."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [re.split(r"(?<=\s)\|(?=\s)", line.strip("|")) for line in lines]
    return [[cell.strip() for cell in row] for row in rows]

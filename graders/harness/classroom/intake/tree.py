"""Folders and zips under one form: what lies in them, by name, without reading it.

Nothing here follows a link or waits for a pipe.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from graders.harness.classroom.intake.names import printable
from graders.harness.errors import UsageError
from graders.harness.submission.plain_file import NotPlain, read_plain

#: The most files and folders that are looked at in one folder, or in the zip of a class.
MOST_LISTED = 200_000
_JUNK = {"__macosx", ".ds_store", "desktop.ini", "thumbs.db", ".directory"}


class Kind(Enum):
    """What something in a folder is."""

    FOLDER = auto()
    FILE = auto()
    #: A link to a folder, or to nothing that can be found.
    LINK = auto()
    #: A link to a file.
    FILE_LINK = auto()
    #: A pipe, a device or a socket.
    SPECIAL = auto()


class Node(Protocol):
    """Something in a folder or a zip."""

    @property
    def name(self) -> str:
        """Its name, as the system has it."""
        ...

    @property
    def kind(self) -> Kind:
        """What it is."""
        ...

    @property
    def shown(self) -> str:
        """Its path for messages."""
        ...

    def child(self, name: str) -> Node | None:
        """Return what has a name in it, or None."""
        ...

    def children(self, most: int = MOST_LISTED) -> Sequence[Node]:
        """
        Return what lies in a folder, by name, without what systems leave there.

        Raises:
            UsageError: There is more than ``most``, or it may not be read.
        """
        ...

    def size(self) -> int:
        """
        Return a file's size in bytes, or how many it says that it has.

        Raises:
            UsageError: It is gone.
        """
        ...

    def read(self, most: int) -> bytes:
        """
        Return a file's bytes.

        Raises:
            UsageError: It has more than ``most`` bytes, or cannot be read.
        """
        ...


def is_junk(name: str) -> bool:
    """Return whether a file or folder is one that systems leave behind by themselves."""
    return name.casefold() in _JUNK or name.startswith("._")


@dataclass(frozen=True)
class DiskNode:
    """Something on the disk; a folder may hold very many, so it is made quickly."""

    place: str
    name: str
    kind: Kind
    above: str = ""
    said: str = ""

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self.place)

    @property
    def shown(self) -> str:
        """Its path for messages."""
        return self.said or f"{self.above}{printable(self.name)}"

    def child(self, name: str) -> DiskNode | None:
        """Return what has a name in it, or None."""
        path = self.path / name
        try:
            mode = path.lstat().st_mode
        except OSError:
            return None
        return DiskNode(str(path), name, _kind(path, mode), f"{self.shown}/")

    def children(self, most: int = MOST_LISTED) -> Sequence[DiskNode]:
        """Return what lies in it, by name; see :meth:`Node.children`."""
        found: list[os.DirEntry[str]] = []
        try:
            with os.scandir(self.place) as entries:
                for entry in entries:
                    if len(found) >= most:
                        raise too_many(self.shown, most)
                    found.append(entry)
            above = f"{self.shown}/"
            kept = sorted((e for e in found if not is_junk(e.name)), key=_by_name)
            return [DiskNode(e.path, e.name, _entry_kind(e), above) for e in kept]
        except OSError as err:
            msg = f"{self.shown} cannot be read: {err.strerror}."
            raise UsageError(msg) from err

    def size(self) -> int:
        """Return a file's size in bytes."""
        try:
            return self.path.lstat().st_size
        except OSError as err:
            msg = f"{self.shown} cannot be read: {err.strerror}."
            raise UsageError(msg) from err

    def read(self, most: int) -> bytes:
        """Return a file's bytes; see :meth:`Node.read`."""
        try:
            return read_plain(self.path, most)
        except NotPlain as err:
            raise UsageError(f"{self.shown} {err}.") from err  # noqa: EM102
        except OSError as err:
            msg = f"{self.shown} cannot be read: {err.strerror}."
            raise UsageError(msg) from err


def _by_name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _entry_kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_dir(follow_symlinks=False):
        return Kind.FOLDER
    if entry.is_file(follow_symlinks=False):
        return Kind.FILE
    return _kind(Path(entry.path), entry.stat(follow_symlinks=False).st_mode)


def _kind(path: Path, mode: int) -> Kind:
    if stat.S_ISLNK(mode):
        try:
            target = path.stat().st_mode
        except OSError:  # dangling, or in a circle
            return Kind.LINK
        return Kind.FILE_LINK if stat.S_ISREG(target) else Kind.LINK
    if stat.S_ISDIR(mode):
        return Kind.FOLDER
    return Kind.FILE if stat.S_ISREG(mode) else Kind.SPECIAL


def too_many(shown: str, most: int) -> UsageError:
    """Return the refusal of a folder that holds more than is looked at."""
    msg = f"{shown} holds more than {most:,} files and folders; no more are looked at."
    return UsageError(msg)


def folders(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield the folders among nodes."""
    return (node for node in nodes if node.kind is Kind.FOLDER)

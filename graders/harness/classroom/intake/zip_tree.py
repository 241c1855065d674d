"""Open a class's folder, or the zip of it as a platform gave it.

The zip is not unpacked: a learner's files are taken out of it when they are graded.
"""

from __future__ import annotations

import stat
import weakref
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from graders.harness.classroom.intake import tree
from graders.harness.classroom.intake.names import printable
from graders.harness.classroom.intake.tree import DiskNode, Kind, Node, is_junk
from graders.harness.errors import UsageError
from graders.harness.submission import archive

_UTF8_NAME = 0x800


def opened_tree(path: Path) -> Node:
    """
    Return a class's folder, or the zip of one.

    Raises:
        UsageError: There is nothing there, or something else.
    """
    shown = printable(str(path))
    try:
        whole = path.resolve(strict=True)
        if whole.is_dir():
            return DiskNode(str(whole), whole.name, Kind.FOLDER, said=shown)
    except FileNotFoundError as err:
        msg = f"{shown}: there is no such folder of submissions."
        raise UsageError(msg) from err
    except (OSError, RuntimeError) as err:  # no permission, too long, links in a circle
        msg = f"{shown} cannot be read: {getattr(err, 'strerror', None) or err}."
        raise UsageError(msg) from err
    if path.suffix.lower() == ".zip" and whole.is_file():
        return _opened_zip(whole, shown)
    msg = (
        f"{shown} is no folder of submissions, and no zip of one. For a single submission: "
        "python grade.py --submission PATH."
    )
    raise UsageError(msg)


@dataclass
class ZipNode:
    """Something in the zip of a class."""

    name: str
    kind: Kind
    shown: str
    opened: zipfile.ZipFile
    entry: zipfile.ZipInfo | None = None
    inside: dict[str, ZipNode] = field(default_factory=dict)

    def child(self, name: str) -> ZipNode | None:
        """Return what has a name in it, or None."""
        return self.inside.get(name)

    def children(self, most: int = tree.MOST_LISTED) -> Sequence[ZipNode]:
        """Return what lies in it, by name; see :meth:`Node.children`."""
        if len(self.inside) > most:
            raise tree.too_many(self.shown, most)
        return [node for name, node in sorted(self.inside.items()) if not is_junk(name)]

    def size(self) -> int:
        """Return how many bytes a file says that it has."""
        return self.entry.file_size if self.entry is not None else 0

    def read(self, most: int) -> bytes:
        """Return a file's bytes; see :meth:`Node.read`."""
        entry = self.entry
        if entry is None:
            msg = f"{self.shown} is a folder."
            raise UsageError(msg)
        if entry.file_size > most:
            size = f"{entry.file_size / 2**20:,.1f} MB"
            msg = f"{self.shown} has {size}, and at most {most // 2**20} MB are read."
            raise UsageError(msg)
        if not self.name.lower().endswith(archive.OTHER_ARCHIVES):
            archive.expect_harmless(self.shown, PurePosixPath(self.name), entry)
        try:
            with self.opened.open(entry) as file:
                return file.read(entry.file_size + 1)
        except (*archive.DAMAGES, RuntimeError, OSError) as err:
            msg = f"{self.shown} cannot be taken out of its zip ({err})."
            raise UsageError(msg) from err


def _opened_zip(path: Path, shown: str) -> ZipNode:
    try:
        file = path.open("rb")
    except OSError as err:
        msg = f"{shown} cannot be read: {err.strerror}."
        raise UsageError(msg) from err
    try:
        opened = zipfile.ZipFile(file)
        entries = opened.infolist()
    except archive.DAMAGES as err:
        file.close()
        msg = f"{shown} is no zip file, or a damaged one ({err}). Download it again."
        raise UsageError(msg) from err
    weakref.finalize(opened, file.close)
    if len(entries) > tree.MOST_LISTED:
        raise tree.too_many(shown, tree.MOST_LISTED)
    top = ZipNode(path.stem, Kind.FOLDER, shown, opened)
    for entry in entries:
        _add(top, entry)
    return top


def _add(top: ZipNode, entry: zipfile.ZipInfo) -> None:
    parts = PurePosixPath(_name(entry).replace("\\", "/")).parts
    # A path that leads out is only a name here: its first parts are told as strays.
    parts = tuple(p for p in parts if p not in ("/", "//"))
    folder = top
    for part in parts[:-1]:
        shown = f"{folder.shown}/{printable(part)}"
        node = ZipNode(part, Kind.FOLDER, shown, top.opened)
        folder = folder.inside.setdefault(part, node)
        if folder.kind is not Kind.FOLDER:
            return  # said to be a file and a folder: the file came first
    if parts:
        name = parts[-1]
        kind = Kind.FOLDER if entry.is_dir() else _zipped_kind(entry)
        node = ZipNode(
            name, kind, f"{folder.shown}/{printable(name)}", top.opened, entry
        )
        folder.inside.setdefault(name, node)


def _name(entry: zipfile.ZipInfo) -> str:
    """Return a name; macOS and Linux write UTF-8 and some of their tools do not say so."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _zipped_kind(entry: zipfile.ZipInfo) -> Kind:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind in (0, stat.S_IFREG):
        return Kind.FILE
    return Kind.FILE_LINK if kind == stat.S_IFLNK else Kind.SPECIAL

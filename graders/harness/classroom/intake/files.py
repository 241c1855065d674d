"""Read what somebody handed in: modules and notebooks, within limits.

The rules are those of a single zip (``submission/archive.py``), for folders as well: hidden
files and environments are passed over, a single folder at the top is entered, and what is
too much, or leads elsewhere, is refused as a whole with figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from graders.harness.classroom.intake.names import printable
from graders.harness.classroom.intake.tree import Kind, Node
from graders.harness.errors import UsageError
from graders.harness.submission import archive
from graders.harness.submission.notebook_file import MAX_FILE

_MB = 2**20
_MAX_DEPTH = 12
_MAX_ZIPS = 50
_ENVIRONMENT = "pyvenv.cfg"


@dataclass(frozen=True)
class Part:
    """
    Something that was handed in.

    Attributes:
        node: A folder, a zip, or a single file.

        place: The name under which a file counts; the default is its own.

        uploads: Of a folder, whether each file at its top was uploaded by itself, so that a
            zip counts beside a module. Else zips are opened where there is nothing else.
    """

    node: Node
    place: str = ""
    uploads: bool = False


@dataclass(frozen=True)
class HandedFiles:
    """
    What somebody handed in; read when it is needed.

    Attributes:
        parts: What it consists of, in the order in which it came.

        shown: What messages call it.

        in_order: Whether of two zips that hold the same file the later one counts. Else
            that is for the instructor to decide.

        problem: Why it cannot be read, where that is known at once.
    """

    parts: tuple[Part, ...]
    shown: str
    in_order: bool = False
    problem: str = ""

    def read(self) -> Mapping[str, bytes]:
        """
        Return modules and notebooks by their POSIX path within the submission.

        Raises:
            UsageError: They cannot be read, or are too many or too large.
        """
        if self.problem:
            raise UsageError(self.problem)
        listed = _Listed(self.shown)
        for part in self.parts:
            listed.add(part)
        loose = archive.without_top_folder(listed.read())
        zipped = self._zipped(listed, beside=bool(loose))
        files = zipped | loose
        if not files:
            raise UsageError(listed.holds_nothing())
        _expect_within_limits(self.shown, files)
        return {str(place): files[place] for place in sorted(files)}

    def _zipped(self, listed: _Listed, *, beside: bool) -> dict[PurePosixPath, bytes]:
        """Return what is in the zips that count."""
        chosen = listed.uploads if beside else [*listed.uploads, *listed.packed]
        if len(chosen) > _MAX_ZIPS:
            count = len(chosen)
            msg = f"{self.shown} holds {count:,} zips; at most {_MAX_ZIPS} are opened."
            raise UsageError(msg)
        archive.expect_size(self.shown, sum(node.size() for node in chosen))
        found: dict[PurePosixPath, bytes] = {}
        for node in chosen:
            content = node.read(archive.MAX_ARCHIVE)
            try:
                inside = archive.files_in(node.shown, content)
            except archive.HoldsNothing:
                if beside or len(chosen) > 1:
                    continue
                raise
            self._merge(found, archive.without_top_folder(inside), node)
            _expect_within_limits(self.shown, found)
        return found

    def _merge(
        self,
        found: dict[PurePosixPath, bytes],
        inside: Mapping[PurePosixPath, bytes],
        node: Node,
    ) -> None:
        for place, content in inside.items():
            if not self.in_order and found.get(place, content) != content:
                msg = (
                    f"{node.shown} and another zip both hold {str(place)!r}, which is not "
                    "the same in both. Keep the one that counts."
                )
                raise UsageError(msg)
            found[place] = content


@dataclass
class _Listed:
    """The files of a submission, listed and not read yet."""

    shown: str
    loose: dict[PurePosixPath, Node] = field(default_factory=dict)
    uploads: list[Node] = field(default_factory=list)
    packed: list[Node] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    seen: int = 0

    def add(self, part: Part) -> None:
        """Take a part: list what is in a folder, or the file itself."""
        if part.node.kind is not Kind.FOLDER:
            name = part.place or part.node.name
            self._take(part.node, PurePosixPath(name), self.uploads)
            return
        for node, place in self._walk(part.node):
            at_top = len(place.parts) == 1
            zips = self.uploads if part.uploads and at_top else self.packed
            self._take(node, place, zips)

    def _take(self, node: Node, place: PurePosixPath, zips: list[Node]) -> None:
        if place.suffix.lower() == ".zip" and node.kind is Kind.FILE:
            zips.append(node)
        elif not archive.is_wanted(place):
            self._pass_over(node)
        elif node.kind is not Kind.FILE:
            raise UsageError(_no_file(node))
        elif place in self.loose:
            msg = f"{self.shown} holds {str(place)!r} twice. Keep the one that counts."
            raise UsageError(msg)
        else:
            _expect_plain_name(self.shown, place)
            self.loose[place] = node

    def _pass_over(self, node: Node) -> None:
        if node.kind is Kind.LINK:
            raise UsageError(_no_file(node))
        self.others.append(node.name)

    def _walk(self, top: Node) -> Iterator[tuple[Node, PurePosixPath]]:
        """Yield all in a folder but folders and what is hidden; no link is followed."""
        waiting = [(top, PurePosixPath())]
        while waiting:
            folder, where = waiting.pop()
            if len(where.parts) > _MAX_DEPTH:
                msg = f"{folder.shown} lies deeper than {_MAX_DEPTH} folders."
                raise UsageError(msg)
            if folder.child(_ENVIRONMENT) is not None:
                continue  # a virtual environment
            for node in self._children(folder):
                if node.name.startswith(".") or node.name in archive.NOT_HANDED_IN:
                    continue
                place = where / node.name
                if node.kind is Kind.FOLDER:
                    waiting.append((node, place))
                else:
                    yield node, place

    def _children(self, folder: Node) -> Sequence[Node]:
        nodes = folder.children(archive.MAX_ENTRIES)
        self.seen += len(nodes)
        if self.seen > archive.MAX_ENTRIES:
            msg = (
                f"{self.shown} holds more than {archive.MAX_ENTRIES:,} files and folders; "
                "no more are looked at."
            )
            raise UsageError(msg)
        return nodes

    def read(self) -> dict[PurePosixPath, bytes]:
        """Return the content of the files that are not in a zip."""
        if len(self.loose) > archive.MAX_FILES:
            raise _too_many_files(self.shown, len(self.loose))
        total = sum(node.size() for node in self.loose.values())
        if total > archive.MAX_TOTAL:
            raise _too_large(self.shown, total)
        return {place: node.read(MAX_FILE) for place, node in self.loose.items()}

    def holds_nothing(self) -> str:
        """Say that there is nothing to grade, and what there is."""
        text = f"{self.shown} holds no module (.py) and no notebook (.ipynb)"
        endings = archive.OTHER_ARCHIVES
        packed = [n for n in self.others if n.lower().endswith(endings)]
        if packed:
            return f"{text}, but {printable(packed[0])!r}. Only zips are opened."
        if self.others:
            return f"{text}, but {printable(self.others[0])!r}."
        return f"{text}: there is nothing in it."


def _no_file(node: Node) -> str:
    what = (
        "a link" if "LINK" in node.kind.name else "a pipe or a device, no ordinary file"
    )
    return f"{node.shown} is {what}. It was not followed: the file itself is needed."


def _expect_plain_name(shown: str, place: PurePosixPath) -> None:
    if not str(place).isprintable():
        name = printable(str(place))
        msg = f"{shown}: {name!r} is a name that is not taken. Rename the file."
        raise UsageError(msg)


def _too_many_files(shown: str, count: int) -> UsageError:
    msg = (
        f"{shown} holds {count:,} modules and notebooks; at most {archive.MAX_FILES:,} "
        "are read."
    )
    return UsageError(msg)


def _too_large(shown: str, size: int) -> UsageError:
    msg = (
        f"{shown} holds {size / _MB:,.0f} MB of modules and notebooks; at most "
        f"{archive.MAX_TOTAL // _MB} MB are read."
    )
    return UsageError(msg)


def _expect_within_limits(shown: str, files: Mapping[PurePosixPath, bytes]) -> None:
    if len(files) > archive.MAX_FILES:
        raise _too_many_files(shown, len(files))
    total = sum(len(content) for content in files.values())
    if total > archive.MAX_TOTAL:
        raise _too_large(shown, total)

"""Open a zip that somebody handed in: modules and notebooks of it, and nothing else.

Nothing is unpacked by name alone: each file is written by us, at a path that was looked at,
as an ordinary file, up to its limit.
"""

from __future__ import annotations

import io
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from graders.harness.errors import EnvironmentUnavailable, UsageError
from graders.harness.submission.notebook_file import MAX_FILE, SUFFIX
from graders.harness.submission.plain_file import NotPlain, read_plain

_MB = 2**20
MAX_ARCHIVE = 100 * _MB
MAX_ENTRIES = 20_000
MAX_FILES = 1_000
MAX_TOTAL = 100 * _MB
_MAX_RATIO = 200
_SMALL = _MB  # below it a great ratio does no harm: a file of blanks
_MAX_DEPTH = 12
_WANTED = (".py", SUFFIX)
OTHER_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
# What systems and tools leave in archives; names that begin with a dot are left out too.
NOT_HANDED_IN = {"__MACOSX", "__pycache__", "site-packages", "node_modules"}
DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,
    IndexError,  # of zipfile's own, for an entry without a name
    struct.error,
)
_PACK_AGAIN = "Pack the files again, as an ordinary zip."


class HoldsNothing(UsageError):
    """A zip holds no module and no notebook."""


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """
    Yield what is to be graded: the path as it is, or the folder that a zip was opened into.

    The folder is removed afterwards. A single folder at a zip's top is entered.

    Args:
        path: What was handed in.

    Raises:
        UsageError: A zip is damaged, encrypted, too large, or leads out of its folder.

        EnvironmentUnavailable: There is no room for what is in it.
    """
    if path.suffix.lower() != ".zip" or path.is_dir() or not path.exists():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="gpu-exercise-upload-") as name:
        folder = Path(name)
        _unpack(path, folder)
        yield _without_top_folder(folder)


def files_in(shown: str, content: bytes) -> dict[PurePosixPath, bytes]:
    """
    Return the modules and notebooks of a zip, by their path in it.

    They are those that :func:`opened` writes; a single folder at the top is still there.

    Args:
        shown: What messages call the zip.

        content: Its bytes.

    Raises:
        UsageError: As for :func:`opened`.
    """
    expect_size(shown, len(content))
    found: dict[PurePosixPath, bytes] = {}
    for place, data in _files(shown, content):
        if any(parent in found for parent in place.parents):
            raise _both(shown, place)
        found[place] = data
    for place in found:
        if any(parent in found for parent in place.parents):
            raise _both(shown, place)
    return found


def expect_size(shown: str, size: int) -> None:
    """
    Refuse a zip of more bytes than are read.

    Raises:
        UsageError: There are more.
    """
    if size > MAX_ARCHIVE:
        msg = (
            f"{shown} has {size / _MB:,.1f} MB, and at most {MAX_ARCHIVE // _MB} MB are "
            "read. Pack modules and notebooks only."
        )
        raise UsageError(msg)


def without_top_folder(
    files: Mapping[PurePosixPath, bytes],
) -> dict[PurePosixPath, bytes]:
    """Return files by their path in the folder in which there is more than a folder."""
    inside = dict(files)
    while inside and all(len(place.parts) > 1 for place in inside):
        if len({place.parts[0] for place in inside}) > 1:
            break
        inside = {PurePosixPath(*p.parts[1:]): data for p, data in inside.items()}
    return inside


def _unpack(path: Path, folder: Path) -> None:
    try:
        content = read_plain(path.resolve(), MAX_ARCHIVE)
    except NotPlain as err:
        raise UsageError(f"{path} {err}.") from err  # noqa: EM102
    for place, data in _files(str(path), content):
        _write(path, folder / place, data)


def _files(shown: str, content: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield what is wanted of a zip, after all of it was looked at."""
    # Each entry begins with this mark. To count them is quick, to read them is not.
    marks = content.count(b"PK\x01\x02")
    if marks > MAX_ENTRIES:
        msg = f"{shown} holds {marks:,} files; at most {MAX_ENTRIES:,} are looked at."
        raise UsageError(msg)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for place, entry in _expected(shown, archive).items():
                with archive.open(entry) as file:
                    # A size that is named is a claim: without it, all would be
                    # inflated at once.
                    data = file.read(entry.file_size + 1)
                yield place, data
    except DAMAGES as err:
        msg = f"{shown} is no zip file, or a damaged one ({err}). {_PACK_AGAIN}"
        raise UsageError(msg) from err


def _expected(
    path: str, archive: zipfile.ZipFile
) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Return the entries that are read, within all limits."""
    entries = archive.infolist()
    places = {_place(path, entry.filename): entry for entry in entries}
    wanted = {p: e for p, e in places.items() if is_wanted(p) and not e.is_dir()}
    if not wanted:
        raise HoldsNothing(_nothing_in(path, list(places)))
    if len(wanted) > MAX_FILES:
        msg = (
            f"{path} holds {len(wanted):,} modules and notebooks; at most {MAX_FILES:,} "
            "are read. Pack your own files only."
        )
        raise UsageError(msg)
    named = Counter(_place(path, e.filename) for e in entries if not e.is_dir())
    total = 0
    for place, entry in wanted.items():
        if named[place] > 1:
            msg = f"{path} holds {str(place)!r} twice. {_PACK_AGAIN}"
            raise UsageError(msg)
        expect_harmless(path, place, entry)
        total += entry.file_size
    if total > MAX_TOTAL:
        msg = (
            f"{path} holds {total / _MB:,.0f} MB of modules and notebooks; at most "
            f"{MAX_TOTAL // _MB} MB are read. Clear the outputs of the notebooks."
        )
        raise UsageError(msg)
    return wanted


def _place(path: str, name: str) -> PurePosixPath:
    """Return where in the folder an entry belongs."""
    place = PurePosixPath(name.replace("\\", "/"))  # Windows writes such names
    drive = bool(place.parts) and place.parts[0].endswith(":")
    if place.is_absolute() or ".." in place.parts or drive:
        msg = (
            f"{path} holds {name[:200]!r}, a path that leads out of the folder where it is "
            f"opened. Nothing of it was read. {_PACK_AGAIN}"
        )
        raise UsageError(msg)
    return place


def is_wanted(place: PurePosixPath) -> bool:
    """Return whether a path is that of a module or notebook that was handed in."""
    odd = any(p.startswith(".") or p in NOT_HANDED_IN for p in place.parts)
    return place.suffix.lower() in _WANTED and not odd


def _nothing_in(path: str, places: Sequence[PurePosixPath]) -> str:
    inner = [p for p in places if p.suffix.lower() in OTHER_ARCHIVES]
    text = f"{path} holds no module (.py) and no notebook ({SUFFIX})"
    if inner:
        return f"{text}, but {str(inner[0])!r}. Archives in archives are not opened."
    return f"{text}. Expected were those of the exercises."


def expect_harmless(path: str, place: PurePosixPath, entry: zipfile.ZipInfo) -> None:
    """
    Refuse an entry that is no ordinary file, or not as large as it may be.

    Raises:
        UsageError: It is refused; the message says why.
    """
    where = f"{path}: {str(place)[:200]!r}"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        what = "a link" if kind == stat.S_IFLNK else "no ordinary file"
        msg = f"{where} is {what}. Hand in the file itself."
        raise UsageError(msg)
    if entry.flag_bits & 0x41:
        msg = f"{where} is encrypted. Pack it without a password."
        raise UsageError(msg)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        msg = f"{where} is compressed in a way that is not read. {_PACK_AGAIN}"
        raise UsageError(msg)
    size, packed = entry.file_size, max(1, entry.compress_size)
    if size > MAX_FILE:
        msg = (
            f"{where} has {size / _MB:,.1f} MB; at most {MAX_FILE // _MB} MB are read. If "
            "it is a notebook, clear its outputs."
        )
        raise UsageError(msg)
    if size > _SMALL and size > _MAX_RATIO * packed:
        msg = (
            f"{where} grows {size / packed:,.0f}-fold when it is opened; no program or "
            f"notebook does more than {_MAX_RATIO}-fold. It was not opened."
        )
        raise UsageError(msg)
    longest = max(len(part.encode("utf-8", "replace")) for part in place.parts)
    if len(place.parts) > _MAX_DEPTH or longest > 255 or not str(place).isprintable():
        msg = f"{where} has a name that is not taken. Use letters, digits and hyphens."
        raise UsageError(msg)


def _write(path: Path, target: Path, content: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    except (FileExistsError, NotADirectoryError) as err:
        raise _both(str(path), PurePosixPath(target.name)) from err
    except OSError as err:
        msg = f"{path} cannot be opened: {target.parent}: {err.strerror}. Make room there."
        raise EnvironmentUnavailable(msg) from err


def _both(path: str, place: PurePosixPath) -> UsageError:
    msg = f"{path}: {place.name!r} is both a file and a folder. {_PACK_AGAIN}"
    return UsageError(msg)


def _without_top_folder(folder: Path) -> Path:
    """Return the folder in which there is more than a single folder."""
    while True:
        entries = list(folder.iterdir())
        if len(entries) != 1 or not entries[0].is_dir():
            return folder
        folder = entries[0]

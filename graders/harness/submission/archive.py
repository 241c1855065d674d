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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from graders.harness.errors import EnvironmentUnavailable, UsageError
from graders.harness.submission.notebook_file import MAX_FILE, SUFFIX
from graders.harness.submission.plain_file import NotPlain, read_plain

_MB = 2**20
_MAX_ARCHIVE = 100 * _MB
_MAX_ENTRIES = 20_000
_MAX_FILES = 1_000
_MAX_TOTAL = 100 * _MB
_MAX_RATIO = 200
_SMALL = _MB  # below it a great ratio does no harm: a file of blanks
_MAX_DEPTH = 12
_WANTED = (".py", SUFFIX)
_OTHER_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
# What systems and tools leave in archives; names that begin with a dot are left out too.
_NOT_HANDED_IN = {"__MACOSX", "__pycache__", "site-packages", "node_modules"}
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,
    struct.error,
)
_PACK_AGAIN = "Pack the files again, as an ordinary zip."


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


def _unpack(path: Path, folder: Path) -> None:
    try:
        content = read_plain(path.resolve(), _MAX_ARCHIVE)
    except NotPlain as err:
        raise UsageError(f"{path} {err}.") from err  # noqa: EM102
    # Each entry begins with this mark. To count them is quick, to read them is not.
    marks = content.count(b"PK\x01\x02")
    if marks > _MAX_ENTRIES:
        msg = f"{path} holds {marks:,} files; at most {_MAX_ENTRIES:,} are looked at."
        raise UsageError(msg)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _write_files(path, archive, folder)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
    ) as err:
        msg = f"{path} is no zip file, or a damaged one ({err}). {_PACK_AGAIN}"
        raise UsageError(msg) from err


def _write_files(path: Path, archive: zipfile.ZipFile, folder: Path) -> None:
    entries = archive.infolist()
    places = {_place(path, entry.filename): entry for entry in entries}
    wanted = {p: e for p, e in places.items() if _is_wanted(p) and not e.is_dir()}
    if not wanted:
        raise UsageError(_nothing_in(path, list(places)))
    if len(wanted) > _MAX_FILES:
        msg = (
            f"{path} holds {len(wanted):,} modules and notebooks; at most {_MAX_FILES:,} "
            "are read. Pack your own files only."
        )
        raise UsageError(msg)
    named = Counter(_place(path, e.filename) for e in entries if not e.is_dir())
    total = 0
    for place, entry in wanted.items():
        if named[place] > 1:
            msg = f"{path} holds {str(place)!r} twice. {_PACK_AGAIN}"
            raise UsageError(msg)
        _expect_harmless(path, place, entry)
        total += entry.file_size
    if total > _MAX_TOTAL:
        msg = (
            f"{path} holds {total / _MB:,.0f} MB of modules and notebooks; at most "
            f"{_MAX_TOTAL // _MB} MB are read. Clear the outputs of the notebooks."
        )
        raise UsageError(msg)
    for place, entry in wanted.items():
        with archive.open(entry) as file:
            # A size that is named is a claim: without it, all would be inflated at once.
            content = file.read(entry.file_size + 1)
        _write(path, folder / place, content)


def _place(path: Path, name: str) -> PurePosixPath:
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


def _is_wanted(place: PurePosixPath) -> bool:
    odd = any(p.startswith(".") or p in _NOT_HANDED_IN for p in place.parts)
    return place.suffix.lower() in _WANTED and not odd


def _nothing_in(path: Path, places: Sequence[PurePosixPath]) -> str:
    inner = [p for p in places if p.suffix.lower() in _OTHER_ARCHIVES]
    text = f"{path} holds no module (.py) and no notebook ({SUFFIX})"
    if inner:
        return f"{text}, but {str(inner[0])!r}. Archives in archives are not opened."
    return f"{text}. Expected were those of the exercises."


def _expect_harmless(path: Path, place: PurePosixPath, entry: zipfile.ZipInfo) -> None:
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
        msg = f"{path}: {target.name!r} is both a file and a folder. {_PACK_AGAIN}"
        raise UsageError(msg) from err
    except OSError as err:
        msg = f"{path} cannot be opened: {target.parent}: {err.strerror}. Make room there."
        raise EnvironmentUnavailable(msg) from err


def _without_top_folder(folder: Path) -> Path:
    """Return the folder in which there is more than a single folder."""
    while True:
        entries = list(folder.iterdir())
        if len(entries) != 1 or not entries[0].is_dir():
            return folder
        folder = entries[0]

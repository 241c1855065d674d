"""The files of a bundle: read from the repository, written as a folder or a zip."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from graders.harness.errors import CatalogError, UsageError
from graders.harness.release.manifest import NAME, read_manifest, sha256

# What programs leave behind, and nobody hands out.
_LEFT_BEHIND = ("__pycache__", "build", "dist")
_LEFT_BEHIND_SUFFIXES = (".pyc", ".egg-info")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can tell
_UNIX = 3  # of zip's systems: external attributes are a file's mode


@dataclass(frozen=True)
class BundleFile:
    """
    One file of a bundle.

    Attributes:
        path: Where it lies in the bundle, with slashes.

        content: Its bytes.

        executable: Whether it may be run.
    """

    path: str
    content: bytes
    executable: bool = False

    @property
    def mode(self) -> int:
        """Its permissions."""
        return 0o755 if self.executable else 0o644


def text_file(path: str, text: str, *, executable: bool = False) -> BundleFile:
    """Return a file of this text, in UTF-8."""
    return BundleFile(path, text.encode(), executable)


def read_tree(root: Path, folder: str) -> Iterator[BundleFile]:
    """
    Yield the files of a folder of the repository, without what programs leave behind.

    Args:
        root: The repository.

        folder: The folder, or a file, relative to it.

    Raises:
        CatalogError: One of them is a link: what it leads to would be handed out.
    """
    start = root / folder
    for path in [start] if start.is_file() else sorted(start.rglob("*")):
        relative = path.relative_to(root)
        if any(_is_left_behind(part) for part in path.relative_to(start).parts):
            continue
        if path.is_symlink():
            msg = f"{relative}: is a link. Put the file itself in its place."
            raise CatalogError(msg)
        if path.is_file():
            yield BundleFile(relative.as_posix(), path.read_bytes())


def _is_left_behind(part: str) -> bool:
    hidden = part.startswith(".")
    return hidden or part in _LEFT_BEHIND or part.endswith(_LEFT_BEHIND_SUFFIXES)


def below(folder: str, files: Iterable[BundleFile]) -> list[BundleFile]:
    """Return files as they lie in a folder of the bundle."""
    return [
        BundleFile(str(PurePosixPath(folder, f.path)), f.content, f.executable)
        for f in files
    ]


def digests(files: Iterable[BundleFile]) -> dict[str, str]:
    """Return each file's digest by its path, as the manifest has them."""
    return {file.path: sha256(file.content) for file in files}


# ---------------------------------------------------------------------------- as a zip


def zip_bytes(files: Iterable[BundleFile]) -> bytes:
    """Return a zip of the files: the same files give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(files, key=lambda f: f.path):
            entry = zipfile.ZipInfo(file.path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = (0o100000 | file.mode) << 16
            archive.writestr(entry, file.content)
    return target.getvalue()


def write_zip(path: Path, files: Iterable[BundleFile]) -> None:
    """
    Write a bundle as a zip, whole or not at all; only an earlier one is replaced.

    Raises:
        UsageError: Something else is there.
    """
    if path.exists() and not _is_bundle(path):
        msg = f"{path}: is there already, and is no bundle. Name a new file."
        raise UsageError(msg)
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(zip_bytes(files))
            os.fchmod(number, 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _is_bundle(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.split("/")[-1] == NAME for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


# ------------------------------------------------------------------------- as a folder


def write_folder(folder: Path, files: Sequence[BundleFile]) -> None:
    """
    Write a bundle into a folder; in one that holds a bundle, in that bundle's place.

    Raises:
        UsageError: The folder holds something that no bundle put there.
    """
    earlier = _earlier_files(folder)
    new = {file.path for file in files}
    for file in files:
        target = folder / file.path
        if file.path not in earlier and file.path != NAME and _is_there(target):
            raise UsageError(_not_ours(folder, file.path))
    for path in sorted(set(earlier) - new):
        (folder / path).unlink(missing_ok=True)
        _remove_empty(folder, (folder / path).parent)
    for file in files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(file.mode)


def _earlier_files(folder: Path) -> Mapping[str, str]:
    """Return the files of the bundle that is there, none of which anybody changed."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        msg = f"{folder}: is no folder. Name a new one, or a file that ends in .zip."
        raise UsageError(msg)
    if not folder.exists() or not any(folder.iterdir()):
        return {}
    manifest = read_manifest(folder)
    if manifest is None:
        msg = (
            f"{folder}: is not empty, and holds no bundle ({NAME} is not there). Nothing "
            "was written. Name a new folder, or empty this one yourself."
        )
        raise UsageError(msg)
    for path, known in manifest.files.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise UsageError(_not_ours(folder, path))
        if target.is_file() and sha256(target.read_bytes()) != known:
            raise UsageError(_not_ours(folder, path))
    return manifest.files


def _not_ours(folder: Path, path: str) -> str:
    return (
        f"{folder}: {path} is not as a bundle left it, and may be somebody's work. "
        "Nothing was written. Name a new folder, or move the file away."
    )


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _remove_empty(root: Path, folder: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent

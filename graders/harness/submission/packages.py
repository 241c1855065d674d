"""Find the packages beside a program that it imports: folders with an ``__init__.py``.

Only what the program names is looked for, so that what else lies there stays there; and
never what is installed under the same name, nor our own folders, which hold the solutions.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from graders.harness.submission.notebook_file import is_notebook
from graders.harness.submission.plain_file import entries_of
from graders.harness.worker.loading import RESERVED

#: Modules that are taken along of all packages, and bytes.
MAX_FILES = 64
MAX_BYTES = 8 * 2**20
_MAX_DEPTH = 4  # of folders, the package's own counted
_MOST_LOOKED_AT = 1_000
_MOST_READ = 4 * 2**20
# Reads each character once, whatever the text: nothing that matched is given back.
_IMPORT = re.compile(
    r"^[ \t]*+(?:from[ \t]++(\w++)[\w.]*+[ \t]++import\b|import[ \t]++(\w[^#;\n]*+))",
    re.MULTILINE,
)
_NEVER = (*RESERVED, "assignments", "__pycache__")


def modules_of_packages(
    program: Path, beside: Sequence[Path], folder: Path | None = None
) -> list[Path]:
    """
    Return the modules of the packages that a program imports, within all limits.

    Args:
        program: The module; or a notebook, whose cells may import any of them.

        beside: The Python files beside it, which may import packages in its stead.

        folder: Where the packages are looked for, if not beside the program.
    """
    folder = folder or program.parent
    places = _packages_in(folder)
    if not places:
        return []
    by_name = {path.stem: path for path in beside if path != program}
    found: list[Path] = []
    wanted = sorted(places) if is_notebook(program) else [*_imported_by([program])]
    seen: set[str] = set()
    left = MAX_BYTES
    while wanted:
        name = wanted.pop(0)
        if name in seen:
            continue
        seen.add(name)
        modules = [by_name[name]] if name in by_name else []
        if name in places and not _is_installed(name, folder):
            modules += _modules_below(places[name])
        for path in modules:
            if path not in beside:
                left -= path.lstat().st_size
                if left < 0 or len(found) == MAX_FILES:
                    return found
                found.append(path)
        wanted += _imported_by(modules)
    return found


def _packages_in(folder: Path) -> dict[str, Path]:
    """Return the folders that say themselves that they are packages, and are no links."""
    return {
        path.name: path
        for path in entries_of(folder, _MOST_LOOKED_AT)
        if path.name.isidentifier()
        and path.name not in _NEVER
        and not path.is_symlink()
        and (path / "__init__.py").is_file()
    }


def _modules_below(package: Path) -> Iterator[Path]:
    """Yield the modules of a package and of the packages in it."""
    waiting = [(package, 1)]
    while waiting:
        folder, depth = waiting.pop()
        for path in entries_of(folder, _MOST_LOOKED_AT):
            if path.suffix == ".py" and path.is_file() and not path.is_symlink():
                yield path
        if depth < _MAX_DEPTH:
            inner = _packages_in(folder).values()
            waiting += [(place, depth + 1) for place in reversed([*inner])]


def _imported_by(modules: Iterable[Path]) -> list[str]:
    """Return the names that modules import, as far as their texts say so."""
    names: dict[str, None] = {}
    for path in modules:
        try:
            text = path.read_bytes()[:_MOST_READ].decode("utf-8", "replace")
        except OSError:
            continue
        for one, several in _IMPORT.findall(text):
            parts = [one] if one else several.split(",")
            names |= dict.fromkeys(part.strip().partition(".")[0] for part in parts)
    return [name.split()[0] for name in names if name.strip()]


def _is_installed(name: str, folder: Path) -> bool:
    """Return whether a name is a library's: no folder may stand in a library's way."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    origin = spec.origin if spec is not None else None
    if origin is None:
        return False
    return Path(origin).parent.parent.resolve() != folder.resolve()

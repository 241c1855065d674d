"""Knows which lines tell a solution, and finds them in what is about to be handed out."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graders.harness.catalog import Catalog
from graders.harness.release import sources
from graders.harness.release.files import BundleFile

_SHORTEST = 16
# Lines that any two programs share: imports, headers, parameters, extents, a name that is
# returned, numbers that the contract gives.
_SAYS_NOTHING = re.compile(
    r"""(?:import|from)\b.*
    | (?:class\b|def\b|@functools\.|\)\s*->).*
    | return\ [\w\[\], .]+
    | [\w, ]+=\ \w+(?:\[\w+\])?\.shape
    | \w+:\ [\w\[\]., |]+
    | [\d\s.,\[\]()-]+
    | raise\ .*
    """,
    re.VERBOSE,
)


def telling_lines(catalog: Catalog) -> dict[str, str]:
    """
    Return the lines that tell a solution, each with the reference that it is in.

    They are the lines of code and of text that no file under ``assignments/`` has, which
    learners get as it is, and that say more than an import, a header or a number does.
    """
    public = {
        line.strip()
        for path in (catalog.root / "assignments").rglob("*")
        if path.suffix in (".py", ".md") and path.is_file()
        for line in path.read_text("utf-8").splitlines()
    }
    found: dict[str, str] = {}
    for exercise in catalog.select(()):
        for line in exercise.reference.read_text("utf-8").splitlines():
            if tells(line) and line.strip() not in public:
                found.setdefault(line.strip(), f"reference/{exercise.name}.py")
    return found


def tells(line: str) -> bool:
    """Return whether a line of a solution says something of it."""
    text = line.strip()
    return len(text) >= _SHORTEST and not _SAYS_NOTHING.fullmatch(text)


def leaks(files: Iterable[BundleFile], secret: Mapping[str, str]) -> Iterator[str]:
    """
    Yield where a secret line stands in a file, a notebook's cell or a file of a zip.

    Args:
        files: The files.

        secret: The lines, each with where it is from.
    """
    for file in files:
        for where, text in _texts(file.path, file.content):
            for number, line in enumerate(text.splitlines(), 1):
                if origin := secret.get(line.strip()):
                    yield f"{where}, line {number}, is a line of {origin}: {line.strip()}"


def _texts(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    if path.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from _texts(f"{path}/{name}", archive.read(name))
        return
    text = content.decode("utf-8", "replace")
    yield path, text
    if path.endswith((".ipynb", ".json")):
        try:
            yield path, "\n".join(_strings(json.loads(text)))
        except ValueError:
            return


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            for key, item in value.items():
                yield from (key, *_strings(item))


def without_solutions(
    oracles: str, baselines: str, graders: Iterable[str], secret: Mapping[str, str]
) -> tuple[str, str]:
    """
    Return an assignment's oracles and baselines as learners may have them.

    What no check mentions is left out. So is a baseline that is a solution, but for a line
    or two: the check that compares with it then says that it cannot be made.

    Args:
        oracles: The source of ``oracles.py``.

        baselines: The source of ``baselines.py``.

        graders: The sources of the assignment's checks.

        secret: The lines that tell a solution.

    Returns:
        Both sources; an empty one where nothing is left.
    """
    mentions = [
        sources.mentioned(part.node)
        for source in graders
        for part in sources.parts_of(source)
    ]
    compared = set().union(*(names for names in mentions if "baseline" in names))
    kept = sources.without(baselines, lambda part: _tells(baselines, part, secret))
    return _needed(oracles, set().union(*mentions)), _needed(kept, compared)


def _tells(source: str, part: sources.Part, secret: Mapping[str, str]) -> bool:
    lines = source.splitlines()[part.first - 1 : part.last]
    return any(line.strip() in secret for line in lines)


def _needed(source: str, wanted: set[str]) -> str:
    everything = {
        name for p in sources.parts_of(source) for name in (*p.names, *_of(p))
    }
    return sources.prune({"": source}, everything, wanted).get("", "")


def _of(part: sources.Part) -> set[str]:
    return sources.mentioned(part.node)

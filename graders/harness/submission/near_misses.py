"""Say what lies where a module was looked for that may be meant to be it.

What is said goes to whoever runs the command, and into nobody's result: the results of
modules that are missing are the same for a whole class (``classroom.known_results``).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from graders.harness.catalog import Exercise
from graders.harness.submission.archive import OTHER_ARCHIVES
from graders.harness.submission.plain_file import entries_of

_MOST_LOOKED_AT = 200
_MOST_FOLDERS = 50
_MOST_SHOWN = 3
_MOST_CHARACTERS = 80
_ALIKE = 0.85
# What browsers, file managers and people add to the name of a second copy, once.
_COPY = re.compile(
    r"(?:[ _-]*\(\d+\)|[ _-]+(?:copy|kopie|final|new|solution|v?\d+)|\d)$",
    re.IGNORECASE,
)
_MOST_COPIES = 20  # copies of copies, each with a suffix of its own


def near_misses(
    folder: Path, missing: Sequence[Exercise], every: Sequence[Exercise]
) -> Iterator[tuple[Exercise | None, str]]:
    """
    Yield sentences about files that may be meant to be modules that are missing.

    Args:
        folder: What was handed in.

        missing: Exercises without a file.

        every: All exercises: what is named after one of them is meant to be that.

    Yields:
        The exercise, None where it is about all of them, and the sentence.
    """
    if not missing:
        return
    slugs = {exercise.slug for exercise in every}
    top = entries_of(folder, _MOST_LOOKED_AT)
    folders = [p for p in top if p.is_dir() and not p.is_symlink()]
    inside = {
        place: entries_of(place, _MOST_LOOKED_AT) for place in folders[:_MOST_FOLDERS]
    }
    at_top = {path: meant_by(path, slugs) for path in top if not path.is_dir()}
    for exercise in missing:
        places = [
            folder / exercise.assignment,
            folder / "assignments" / exercise.assignment,
        ]
        below = [
            path
            for place in places
            if not place.is_symlink()
            for path in entries_of(place, _MOST_LOOKED_AT)
            if not path.is_dir()
        ]
        meant = {**at_top, **{path: meant_by(path, slugs) for path in below}}
        files = [path for path, slug in meant.items() if slug == exercise.slug]
        for path in files[:_MOST_SHOWN]:
            name = _shown(path.relative_to(folder))
            yield exercise, f"there is {name}: rename it to {exercise.slug}.py."
        elsewhere = [
            p
            for place, entries in inside.items()
            for p in entries
            if place not in places and p.name == f"{exercise.slug}.py" and p.is_file()
        ]
        for path in [] if files else elsewhere[:_MOST_SHOWN]:
            shown = _shown(path.relative_to(folder))
            yield (
                exercise,
                f"there is {shown}, in a folder where it is not looked for: name the "
                f"folder {exercise.assignment}, or move the file to the top.",
            )
    archives = [p for p in top if p.suffix.lower() in OTHER_ARCHIVES and p.is_file()]
    for path in archives[:_MOST_SHOWN]:
        what = "unpack it"
        if path.suffix.lower() == ".zip":
            what += ", or name it itself after --submission"
        yield None, f"There is {_shown(path.relative_to(folder))}: {what}."


def meant_by(path: Path, slugs: Collection[str]) -> str:
    """
    Return the exercise whose module a file may be meant to be, or nothing.

    Args:
        path: The file, by its name alone.

        slugs: The names of all exercises; the nearest of them counts.
    """
    stem, ending = path.stem, path.suffix
    if len(stem) > _MOST_CHARACTERS or (ending == ".py" and stem in slugs):
        return ""
    if ending.lower() == ".txt" and stem.lower().endswith(".py"):
        stem = stem[: -len(".py")]
    elif ending.lower() not in (".py", ".txt", ""):
        return ""
    for _ in range(_MOST_COPIES):
        stem = _COPY.sub("", stem)
    plain = re.sub(r"[ .-]+", "_", stem).strip("_").lower()
    if plain in slugs:
        return plain
    return next(iter(difflib.get_close_matches(plain, sorted(slugs), 1, _ALIKE)), "")


def _shown(path: Path) -> str:
    text = str(path)
    cut = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."
    return repr(cut)

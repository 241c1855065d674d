"""Takes hidden checks out of an assignment's rubric and graders.

What only a hidden check used goes with it: its limits, helpers and imports.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import CatalogError
from graders.harness.release import sources
from graders.harness.rubric import ExerciseRubric

_HEADER = re.compile(r"^\[([^\[\]]+)\]\s*(?:#.*)?$")


@dataclass(frozen=True)
class HiddenCheck:
    """
    A hidden check's place.

    Attributes:
        table: The keys of its exercise's checks in the rubric.

        grader: The name of the file with its function.

        name: Its name.
    """

    table: tuple[str, ...]
    grader: str
    name: str


def hidden_checks(exercises: Iterable[Exercise]) -> list[HiddenCheck]:
    """
    Return the hidden checks of some exercises, those of tutorials' notebooks included.

    Raises:
        CatalogError: An exercise has no other checks, or its two forms would differ in
            points.
    """
    found = []
    for exercise in exercises:
        forms = [exercise]
        if exercise.rubric.tutorial is not None:
            forms.append(exercise.as_tutorial())
        points = set()
        for form in forms:
            own = list(_hidden(form.rubric))
            if len(own) == len(form.rubric.checks):
                msg = (
                    f"{form.name}: all checks are hidden, so that learners could check "
                    "nothing. Make at least one public."
                )
                raise CatalogError(msg)
            kind = ("tutorial", "checks") if form.is_tutorial else ("checks",)
            table = ("exercises", exercise.slug, *kind)
            found += [HiddenCheck(table, form.grader.name, name) for name in own]
            points.add(round(sum(form.rubric.checks[n].points for n in own), 6))
        if len(points) > 1:
            msg = (
                f"{exercise.name}: the checks that are hidden are worth "
                f"{' and '.join(f'{p:g}' for p in sorted(points))} points in its module's "
                "form and its tutorial's. Hide as many points in both."
            )
            raise CatalogError(msg)
    return found


def _hidden(rubric: ExerciseRubric) -> Iterator[str]:
    for name, check in rubric.checks.items():
        if check.visibility == "hidden":
            yield name


def public_graders(catalog: Catalog, assignment: str) -> dict[str, str]:
    """
    Return an assignment's grader files and rubric as learners may have them, by name.

    Raises:
        CatalogError: Something of a hidden check would be left.
    """
    folder = catalog.root / "graders" / assignment
    hidden = hidden_checks(catalog.exercises(assignment))
    modules = {p.name: p.read_text("utf-8") for p in sorted(folder.glob("*.py"))}
    rubric = (folder / "rubric.toml").read_text("utf-8")
    if not hidden:
        return {**modules, "rubric.toml": rubric}
    suspects: set[str] = set()
    for name in {check.grader for check in hidden}:
        functions = {f"test_{check.name}" for check in hidden if check.grader == name}
        for part in sources.parts_of(modules[name]):
            if part.names & functions:
                suspects |= sources.mentioned(part.node)
        modules[name] = sources.without(
            modules[name],
            lambda part: bool(part.names & functions),  # noqa: B023 - called at once
        )
    used_elsewhere = _used_elsewhere(catalog, assignment)
    left = sources.prune(modules, suspects, used_elsewhere)
    left = {n: sources.without_unused_imports(s, suspects) for n, s in left.items()}
    limits = {
        s for s in suspects if not any(_says(s, source) for source in left.values())
    }
    return {
        **left,
        "rubric.toml": public_rubric(rubric, hidden, limits, folder / "rubric.toml"),
    }


def _says(word: str, source: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", source) is not None


def _used_elsewhere(catalog: Catalog, assignment: str) -> set[str]:
    """Return the names that other assignments' graders mention together with this one."""
    texts = [
        path.read_text("utf-8")
        for other in catalog.assignments
        if other != assignment
        for path in sorted((catalog.root / "graders" / other).glob("*.py"))
    ]
    users = [text for text in texts if f"graders.{assignment}" in text]
    return {name for text in users for name in re.findall(r"\w+", text)}


# -------------------------------------------------------------------------- the rubric


def public_rubric(
    text: str, hidden: Iterable[HiddenCheck], limits: Iterable[str], path: Path
) -> str:
    """
    Return a rubric without hidden checks.

    Args:
        text: The rubric.

        hidden: The checks.

        limits: Limits that no other check reads: they go as well.

        path: The rubric's file, for messages.

    Raises:
        CatalogError: What is left would not be the same rubric without these checks.
    """
    checks, unused = list(hidden), set(limits)
    blocks = [
        block
        for table, block in _blocks(text)
        if not any(table[: len(c.table) + 1] == (*c.table, c.name) for c in checks)
    ]
    kept = "".join(_with_used_limits(block, unused) for block in blocks)
    if _loaded(kept) != _expected(tomllib.loads(text), checks, unused):
        msg = (
            f"{path}: the hidden checks could not be taken out. Write each check, and each "
            "table of limits, under a header of its own, and each limit on one line."
        )
        raise CatalogError(msg)
    return kept.rstrip("\n") + "\n"


def _loaded(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _blocks(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield a TOML file's tables, each with its keys and the comments right above it."""
    lines = text.splitlines(keepends=True)
    starts: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    for number, line in enumerate(lines):
        header = _HEADER.match(line)
        if header:
            first = number
            while first > 0 and lines[first - 1].startswith("#"):
                first -= 1
            keys = tuple(key.strip().strip("\"'") for key in header[1].split("."))
            starts.append((first, keys))
    ends = [start for start, _ in starts[1:]] + [len(lines)]
    for (start, keys), end in zip(starts, ends, strict=True):
        yield keys, "".join(lines[start:end])


def _with_used_limits(block: str, unused: set[str]) -> str:
    header = next(
        (m for line in block.splitlines() if (m := _HEADER.match(line))), None
    )
    if header is None or not header[1].endswith(".limits"):
        return block
    for name in unused:
        pattern = rf"^(?:#[^\n]*\n)*{re.escape(name)} = [^\n]*\n"
        block = re.sub(pattern, "", block, flags=re.MULTILINE)
    return block


def _expected(
    rubric: Mapping[str, Any], hidden: Iterable[HiddenCheck], unused: set[str]
) -> dict[str, Any]:
    """Return what a rubric's data are without these checks and limits."""
    data: dict[str, Any] = copy.deepcopy(dict(rubric))
    for check in hidden:
        form: Any = data
        for key in check.table[:-1]:
            form = form[key]
        del form["checks"][check.name]
    for exercise in data["exercises"].values():
        for form in (exercise, exercise.get("tutorial", {})):
            for name in unused & set(form.get("limits", {})):
                del form["limits"][name]
    return data

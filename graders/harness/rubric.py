"""Read ``graders/<assignment>/rubric.toml``: points, limits and needs of each check."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graders.harness.device.cupy_code import GROUPS
from graders.harness.errors import RubricError
from graders.harness.models import Visibility

_DEFAULT_TIMEOUT = 60.0
_ASSIGNMENT_KEYS = {"title", "order", "exercises"}
_EXERCISE_KEYS = {
    "title", "functions", "timeout", "limits", "checks", "tutorial", "library_code",
}  # fmt: skip
_LIBRARY_CODE_KEYS = {"cupy", "random", "transforms"}
_TUTORIAL_KEYS = {"title", "marks", "timeout", "limits", "checks"}
_CHECK_KEYS = {"points", "needs", "requires", "hint", "visibility", "leaderboard"}


@dataclass(frozen=True, kw_only=True)
class CheckRubric:
    """
    One check's place in the rubric.

    Attributes:
        needs: ``"cuda"`` where only a GPU can tell, else an empty string.

        requires: Checks that must have passed before this one is run.

        hint: Shown where the check fails and has no hint of its own.

        visibility: Who may see what it looks at. Hidden checks come after all others: by
            then nothing that the program learns from their inputs can show in a message.

        leaderboard: The column of a platform's leaderboard that shows the time ratio
            which the check measures; empty for none.
    """

    name: str
    points: float
    needs: str = ""
    requires: tuple[str, ...] = ()
    hint: str = ""
    visibility: Visibility = Visibility.PUBLIC
    leaderboard: str = ""


@dataclass(frozen=True, kw_only=True)
class ExerciseRubric:
    """
    One exercise's part of the rubric; ``checks`` in the order in which they run.

    Attributes:
        functions: What a submission must define. A copy of a tutorial's notebook need
            define none: this is then empty.

        timeout: Seconds that a call, or a notebook's cell, may take.

        marks: Of a tutorial: regular expressions, each of which is found in one cell or
            another of a copy of the tutorial's notebook.

        library_code: What of libraries' own code most programs need on a GPU, to be
            compiled ahead: ``("random",)``, ``("fft", size, precision)`` and
            ``("cupy", group)``.

        tutorial: How a copy of a tutorial's own notebook is graded, which may be handed in
            for the exercise; None where there is no such notebook.
    """

    name: str
    title: str
    functions: tuple[str, ...]
    timeout: float
    limits: Mapping[str, Any]
    checks: Mapping[str, CheckRubric]
    marks: tuple[str, ...] = ()
    library_code: tuple[tuple[Any, ...], ...] = ()
    tutorial: ExerciseRubric | None = None

    @property
    def points(self) -> float:
        """The points of all checks together."""
        return math.fsum(check.points for check in self.checks.values())


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """One assignment's rubric; ``exercises`` in order."""

    title: str
    exercises: Mapping[str, ExerciseRubric]


def load_rubric(path: Path) -> Rubric:
    """
    Read and check a rubric.

    Args:
        path: The ``rubric.toml``.

    Raises:
        RubricError: It is missing, is not TOML, or a key or value is not as it should be.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as err:
        msg = f"{path}: the rubric cannot be read ({err.strerror})."
        raise RubricError(msg) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        msg = f"{path}: not valid TOML: {err}."
        raise RubricError(msg) from err
    read = _Reader(path)
    read.keys(data, _ASSIGNMENT_KEYS, "the rubric")
    order = read.strings(data, "order", "the rubric")
    tables = read.table(data, "exercises", "the rubric")
    if sorted(order) != sorted(tables):
        read.fail("order", f"{order} does not name the exercises {sorted(tables)}")
    exercises = {name: read.exercise(name, tables[name]) for name in order}
    return Rubric(title=read.text(data, "title", "the rubric"), exercises=exercises)


class _Reader:
    """Takes values out of TOML tables and says file, key and value where one is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fail(self, key: str, problem: str) -> Any:
        msg = f"{self._path}: {key}: {problem}."
        raise RubricError(msg)

    def keys(self, table: Mapping[str, Any], allowed: set[str], where: str) -> None:
        for key in table:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, 1)
                guess = f" (did you mean {near[0]!r}?)" if near else ""
                self.fail(
                    where, f"unknown key {key!r}{guess}; allowed are {sorted(allowed)}"
                )

    def table(self, table: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
        value = table.get(key)
        if not isinstance(value, dict) or not value:
            self.fail(f"{where}.{key}", "must be a table that is not empty")
        return dict(value or {})

    def text(
        self, table: Mapping[str, Any], key: str, where: str, default: str = ""
    ) -> str:
        value = table.get(key, default)
        if not isinstance(value, str) or (not value and not default and key == "title"):
            self.fail(f"{where}.{key}", f"must be a text (got {value!r})")
        return str(value)

    def strings(self, table: Mapping[str, Any], key: str, where: str) -> list[str]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.fail(f"{where}.{key}", f"must be a list of names (got {value!r})")
        return list(value)

    def number(
        self, table: Mapping[str, Any], key: str, where: str, default: Any = None
    ) -> float:
        value = table.get(key, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value < math.inf:
            self.fail(
                f"{where}.{key}", f"must be a number of 0 or more (got {value!r})"
            )
        return float(value)

    def exercise(self, name: str, table: Any) -> ExerciseRubric:
        where = f"exercises.{name}"
        self._table_with(table, _EXERCISE_KEYS, where)
        functions = self.strings(table, "functions", where)
        if not functions:
            self.fail(f"{where}.functions", "must name at least one function")
        rubric = replace(
            self._graded(name, table, where, functions=tuple(functions)),
            library_code=self._library_code(table, f"{where}.library_code"),
        )
        if "tutorial" not in table:
            return rubric
        tutorial = self._tutorial(name, table["tutorial"], f"{where}.tutorial")
        if not math.isclose(tutorial.points, rubric.points):
            self.fail(
                f"{where}.tutorial.checks",
                f"the points sum up to {tutorial.points:g}, those of the exercise to "
                f"{rubric.points:g}",
            )
        return replace(rubric, tutorial=tutorial)

    def _library_code(
        self, table: Mapping[str, Any], where: str
    ) -> tuple[tuple[Any, ...], ...]:
        wanted = table.get("library_code", {})
        self._table_with(wanted, _LIBRARY_CODE_KEYS, where)
        transforms = wanted.get("transforms", [])
        for item in transforms:
            match item:
                case [int(), "float32" | "float64"]:
                    continue
            problem = f'must be pairs such as [128, "float32"] (got {item!r})'
            self.fail(f"{where}.transforms", problem)
        code: list[tuple[Any, ...]] = [("fft", *item) for item in transforms]
        for group in self.strings(wanted, "cupy", where):
            if group not in GROUPS:
                problem = f"must be of {', '.join(GROUPS)} (got {group!r})"
                self.fail(f"{where}.cupy", problem)
            code.append(("cupy", group))
        return tuple([*code, ("random",)] if wanted.get("random") else code)

    def _tutorial(self, name: str, table: Any, where: str) -> ExerciseRubric:
        self._table_with(table, _TUTORIAL_KEYS, where)
        marks = self.strings(table, "marks", where)
        if not marks:
            self.fail(f"{where}.marks", "must have at least one regular expression")
        for mark in marks:
            try:
                re.compile(mark)
            except re.error as err:
                self.fail(f"{where}.marks", f"{mark!r} is no regular expression: {err}")
        return self._graded(name, table, where, marks=tuple(marks))

    def _table_with(self, table: Any, keys: set[str], where: str) -> None:
        if not isinstance(table, dict):
            self.fail(where, f"must be a table (got {table!r})")
        self.keys(table, keys, where)

    def _graded(
        self,
        name: str,
        table: Mapping[str, Any],
        where: str,
        *,
        functions: tuple[str, ...] = (),
        marks: tuple[str, ...] = (),
    ) -> ExerciseRubric:
        checks = {
            key: self.check(key, value, f"{where}.checks.{key}")
            for key, value in self.table(table, "checks", where).items()
        }
        self._requirements(checks, where)
        self._hidden_last(checks, where)
        timeout = self.number(table, "timeout", where, _DEFAULT_TIMEOUT)
        if not timeout:
            self.fail(f"{where}.timeout", "must be more than 0 seconds")
        limits = table.get("limits", {})
        if not isinstance(limits, dict):
            self.fail(f"{where}.limits", f"must be a table (got {limits!r})")
        return ExerciseRubric(
            name=name,
            title=self.text(table, "title", where),
            functions=functions,
            timeout=timeout,
            limits=limits,
            checks=checks,
            marks=marks,
        )

    def _requirements(self, checks: Mapping[str, CheckRubric], where: str) -> None:
        for check in checks.values():
            for other in check.requires:
                key = f"{where}.checks.{check.name}.requires"
                if other not in checks or other == check.name:
                    self.fail(key, f"no check {other!r}")
                if (
                    checks[other].visibility is Visibility.HIDDEN
                    and check.visibility is Visibility.PUBLIC
                ):
                    self.fail(
                        key, f"a public check cannot build on the hidden {other!r}"
                    )

    def _hidden_last(self, checks: Mapping[str, CheckRubric], where: str) -> None:
        hidden = ""
        for check in checks.values():
            if check.visibility is Visibility.HIDDEN:
                hidden = check.name
            elif hidden:
                self.fail(
                    f"{where}.checks.{check.name}",
                    f"must come before the hidden check {hidden!r}: hidden ones run last",
                )

    def check(self, name: str, table: Any, where: str) -> CheckRubric:
        self._table_with(table, _CHECK_KEYS, where)
        needs = self.text(table, "needs", where)
        if needs not in ("", "cuda"):
            self.fail(f"{where}.needs", f"must be 'cuda' (got {needs!r})")
        visibility = self.text(table, "visibility", where, "public")
        if visibility not in ("public", "hidden"):
            self.fail(
                f"{where}.visibility",
                f"must be 'public' or 'hidden' (got {visibility!r})",
            )
        return CheckRubric(
            name=name,
            points=self.number(table, "points", where),
            needs=needs,
            requires=tuple(self.strings(table, "requires", where)),
            hint=self.text(table, "hint", where),
            visibility=Visibility(visibility),
            leaderboard=self.text(table, "leaderboard", where),
        )

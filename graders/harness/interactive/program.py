"""A session's functions as a module, and the way back from its lines to the learner's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graders.harness.interactive.statements import Statement
from graders.harness.models import CheckResult, ExerciseResult

_HEAD = "# What {names} depends on in this session, in the order in which it was run."
# A module beside the notebook with the exercise's own name, which the program takes.
_BESIDE = "{slug}_beside"
_MAKE_WAY = "import sys, {beside}; sys.modules['{slug}'] = {beside}; del sys, {beside}"

_LINE = re.compile(r"\b([Ll]ine) (\d+)(?! column)(?: of ([^\s:,;()]+\.py))?")
_FILE = re.compile(r"""File ["']([^\s"']+\.py)["'], line (\d+)""")


@dataclass(frozen=True, kw_only=True)
class Program:
    """
    What is handed in for an exercise.

    Attributes:
        slug: The exercise's name.

        text: The module.

        places: For each of its lines where the learner wrote it: a label such as
            ``"In [4]"`` and the line there. The label is empty where we wrote it.
    """

    slug: str
    text: str
    places: tuple[tuple[str, int], ...]


def write_program(
    slug: str, names: Sequence[str], statements: Iterable[Statement], *, beside: bool
) -> Program:
    """
    Put statements together to a module.

    Args:
        slug: The exercise's name.

        names: The exercise's functions.

        statements: What they depend on, in order.

        beside: Whether there is a file of the learner's with the exercise's name, which
            is then staged as :func:`name_beside` says.
    """
    statements = list(statements)
    future = [s for s in statements if s.facts.is_future]
    lines = [(_HEAD.format(names=", ".join(names)), "", 0)]
    lines += _lines(future)
    if beside:
        make_way = _MAKE_WAY.format(slug=slug, beside=name_beside(slug))
        lines.append((make_way, "", 0))
    label = ""
    for statement in statements:
        if statement.facts.is_future:
            continue
        if statement.label != label:
            label = statement.label
            lines += [("", "", 0), (f"# {label}", "", 0)]
        lines += _lines([statement])
    return Program(
        slug=slug,
        text="".join(f"{text}\n" for text, _, _ in lines),
        places=tuple((label, line) for _, label, line in lines),
    )


def name_beside(slug: str) -> str:
    """Return the module name under which a file named like the exercise is staged."""
    return _BESIDE.format(slug=slug)


def _lines(statements: Iterable[Statement]) -> list[tuple[str, str, int]]:
    return [
        (text, statement.label, statement.line + offset)
        for statement in statements
        for offset, text in enumerate(statement.text.split("\n"))
    ]


def in_session_words(result: ExerciseResult, program: Program) -> ExerciseResult:
    """Return a result whose messages name the learner's cells instead of our module."""
    words = _Words(program)
    return replace(result, checks=tuple(words.of_check(c) for c in result.checks))


class _Words:
    """Rewrites messages about the module as messages about the session."""

    def __init__(self, program: Program) -> None:
        self._file = f"{program.slug}.py"
        self._file_beside = f"{name_beside(program.slug)}.py"
        self._places = program.places
        file = re.escape(self._file)
        self._phrases = (
            (re.compile(rf"\bImporting {file}"), "running your definitions again"),
            (
                re.compile(rf"\b{file} raises (\S+) when it is imported"),
                r"running your definitions again raises \1",
            ),
            (
                re.compile(rf"\b{file} ends the program when it is imported"),
                "running your definitions again ends the program",
            ),
            (re.compile(rf"\b{file}(?!\w)"), "your session"),
            (re.compile(re.escape(self._file_beside)), self._file),
            (
                re.compile(r"Run the file by itself to see"),
                "Restart the session and run all of it again to see",
            ),
        )

    def of_check(self, check: CheckResult) -> CheckResult:
        details = dict(check.details)
        if found := details.pop("location", None):
            details |= self._of_location(found)
        return replace(
            check,
            message=self._of_text(check.message),
            hint=self._of_text(check.hint),
            details=details,
        )

    def _of_location(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return a location as the learner's cell has it; nothing for lines of ours."""
        if found["file"] == self._file_beside:
            return {"location": {**found, "file": self._file}}
        if found["file"] != self._file:
            return {"location": found}
        label, line = self._place(found["line"])
        if not label:
            return {}
        source = [[self._place(n), text] for n, text in found["source"]]
        shown = [[there, text] for (cell, there), text in source if cell == label]
        return {"location": {"file": label, "line": line, "source": shown}}

    def _place(self, number: int) -> tuple[str, int]:
        """Return the cell and the line there of a line of the module."""
        known = 0 < number <= len(self._places)
        return self._places[number - 1] if known else ("", 0)

    def _of_text(self, text: str) -> str:
        text = _FILE.sub(r"line \2 of \1", text)
        text = _LINE.sub(self._of_line, text)
        for pattern, words in self._phrases:
            text = pattern.sub(words, text)
        ours = text.startswith(("running your", "your session"))
        return text[:1].upper() + text[1:] if ours else text

    def _of_line(self, found: re.Match[str]) -> str:
        word, number, file = found[1], int(found[2]), found[3]
        own = file in (None, self._file)
        label, line = self._place(number) if own else ("", 0)
        return f"{word} {line} of {label}" if label else found[0]

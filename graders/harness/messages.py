"""One page of all messages that learners get: ``selfcheck --full --messages PATH``.

The messages are those of the corpus' programs and of the stubs, drawn with one seed. What
is the machine's or the moment's is replaced, so that the same tree makes the same page.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.harness.corpus import Program
from graders.harness.models import CheckResult, ExerciseResult, Reason, Status

#: Draws the inputs of every program on the page.
SEED = "00000000000000000000000000000000"
_WIDTH = 100
# What changes from run to run or from machine to machine, and what stands for it.
_CHANGING = (
    (re.compile(r"\b0x[0-9a-f]{6,}\b"), "0x..."),
    (re.compile(r"\b\d+\.\d+ GB\b"), "... GB"),
    (re.compile(r"\b(after|took|in|for|than) \d+\.\d+ (s|ms|us)\b"), r"\1 ... \2"),
)
_INTRODUCTION = """\
# Failure messages

What learners read where a check does not pass: the messages for the stubs and for every
wrong program in `tests/submissions/`, in the simulator. Read them as a learner would: is it
said what was seen, what was expected, and what to look at next? Where the same is said of
several checks of a program, it stands under the first of them.

This page is made, not written, by
`python grade.py selfcheck --full --messages docs/messages.md`. Make it again where a
message or the corpus has changed. `...` stands for figures of the machine.
"""


@dataclass(frozen=True, kw_only=True)
class Message:
    """
    One message of one program.

    Attributes:
        program: The program's file name without suffix, or ``stub``.

        summary: What it does wrong, in its own words.

        checks: The names of the checks that say so, the first one's place first.
    """

    program: str
    summary: str
    checks: tuple[str, ...]
    reason: Reason | None
    message: str
    hint: str


def program_name(path: Path) -> str:
    """Return a program's name on the page: its file's, where that is no module in full."""
    return path.stem if path.suffix == ".py" else path.name


def messages_of(program: str, summary: str, result: ExerciseResult) -> list[Message]:
    """Return what a program's failed checks say, what is said twice only once."""
    said: dict[tuple[str, str, Reason | None], list[str]] = {}
    for check in result.checks:
        if check.status is Status.FAILED:
            key = steady(check.message), steady(check.hint), check.reason
            said.setdefault(key, []).append(check.name)
    return [
        Message(
            program=program,
            summary=summary,
            checks=tuple(checks),
            reason=reason,
            message=message,
            hint=hint,
        )
        for (message, hint, reason), checks in said.items()
    ]


def steady(text: str) -> str:
    """Return a text without what changes from run to run."""
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return text


def make_page(
    stubs: Iterable[ExerciseResult],
    graded: Iterable[tuple[Program, ExerciseResult]],
    elsewhere: Iterable[Program] = (),
) -> str:
    """
    Return the page.

    Args:
        stubs: The stubs' results, in the order of the page.

        graded: The corpus' programs, each with its result.

        elsewhere: Programs that only another device can grade.
    """
    results: dict[str, list[ExerciseResult]] = {}
    found: dict[str, list[Message]] = {}
    for stub in stubs:
        results[stub.name] = [stub]
        found[stub.name] = messages_of("stub", "As the learner gets it.", stub)
    pairs = sorted(graded, key=lambda pair: program_name(pair[0].path))
    for program, result in pairs:
        results.setdefault(result.name, []).append(result)
        if not program.right:
            name = program_name(program.path)
            messages = messages_of(name, program.summary, result)
            found.setdefault(result.name, []).extend(messages)
    parts = [_INTRODUCTION, _reasons(found)]
    for exercise, messages in found.items():
        parts.append(_exercise(exercise, results[exercise], messages))
    parts.append(_not_run(result for many in results.values() for result in many))
    parts.append(_elsewhere(elsewhere))
    return "\n".join(part for part in parts if part)


def _reasons(found: Mapping[str, Sequence[Message]]) -> str:
    counts = Counter(
        m.reason.value for many in found.values() for m in many if m.reason
    )
    rows = [f"| `{reason}` | {counts[reason]} |" for reason in sorted(counts)]
    total = f"{sum(counts.values())} messages, by their reason:"
    return "\n".join([total, "", "| Reason | Messages |", "| --- | --- |", *rows, ""])


def _exercise(
    name: str, results: Sequence[ExerciseResult], messages: Sequence[Message]
) -> str:
    parts = [f"## {name}\n"]
    for check in _checks(results):
        entries = [m for m in messages if m.checks[0] == check.name]
        if entries:
            shown = "\n\n".join(_entry(message) for message in entries)
            parts.append(f"### {check.name}: {check.title}\n\n```text\n{shown}\n```\n")
    return "\n".join(parts)


def _checks(results: Iterable[ExerciseResult]) -> Iterator[CheckResult]:
    """Yield each check once; a tutorial's own come after the exercise's."""
    seen = set()
    for check in (check for result in results for check in result.checks):
        if check.name not in seen:
            seen.add(check.name)
            yield check


def _entry(message: Message) -> str:
    names = ", ".join(name.replace("_", " ") for name in message.checks)
    lines = _wrapped(f"{message.program}: {message.summary}", "")
    lines.append(f"    {names} [{message.reason}]")
    lines += _wrapped(message.message, " " * 6)
    if message.hint:
        lines += _wrapped(f"Next: {message.hint}", " " * 6)
    return "\n".join(lines)


def _wrapped(text: str, indent: str) -> list[str]:
    return [
        line
        for paragraph in text.replace("```", "'''").splitlines()
        for line in textwrap.wrap(
            paragraph,
            _WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
    ]


def _not_run(results: Iterable[ExerciseResult]) -> str:
    """Return what is said of checks that were not run, each text once."""
    said = {
        (str(check.reason), steady(check.message))
        for result in results
        for check in result.checks
        if check.status is Status.SKIPPED
    }
    if not said:
        return ""
    entries = [
        "\n".join([f"    [{reason}]", *_wrapped(text, " " * 6)])
        for reason, text in sorted(said)
    ]
    shown = "\n\n".join(entries)
    return f"## Checks that are not run\n\n```text\n{shown}\n```\n"


def _elsewhere(programs: Iterable[Program]) -> str:
    names = sorted(f"{p.exercise.name}/{program_name(p.path)}" for p in programs)
    if not names:
        return ""
    shown = "\n".join(names)
    return f"## Programs for another device\n\n```text\n{shown}\n```\n"

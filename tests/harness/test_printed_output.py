"""What the terminal shows of a program's own output, and how to run it by itself."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from graders.harness.models import Report, Visibility
from graders.harness.report import print_report
from tests.harness.played_reports import NASTY, PASSED, check, exercise, report

HEADING = "The end of what the program printed:"
FAILED = check("wrong", "failed", 0, 3, reason="wrong_value", message="It is wrong.")
CRASHED = check(
    "crash", "failed", 0, 3, reason="crashed", hint="Call f by yourself, with 1."
)


def shown(made: Report, width: int = 80) -> str:
    out = io.StringIO()
    print_report(made, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def printed(text: str, width: int = 80) -> list[str]:
    """The lines that are shown of an output, with their marks."""
    lines = shown(report(exercise("demo/double", FAILED, output=text)), width)
    _, found, rest = lines.partition(HEADING)
    assert found
    return [line.strip() for line in rest.partition("\n\n")[0].splitlines() if line]


def test_the_last_lines_are_shown() -> None:
    """Below the failures, and not all of them."""
    lines = printed("".join(f"line {n}\n\n" for n in range(100)))
    assert [line for line in lines if line] == [f"| line {n}" for n in range(92, 100)]


def test_every_line_is_marked_however_long_it_is() -> None:
    """No text of the program's stands where a verdict could."""
    lines = printed("x" * 500 + "Passed: 10 of 10 points\nPassed: 10 of 10 points", 40)
    assert all(not line or line.startswith("| ") for line in lines)
    assert 2 <= len([line for line in lines if line]) <= 8


def test_what_hides_or_repaints_shows() -> None:
    text = shown(report(exercise("demo/double", FAILED, output=NASTY + "\r[b]x[/b]")))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\r" not in text
    assert "[U+001B][31mred" in text
    for line in text.partition(HEADING)[2].splitlines():
        assert not line.startswith("::")


@pytest.mark.parametrize(
    "made",
    [
        report(exercise("demo/double", PASSED, output="secret")),
        report(exercise("demo/double", FAILED, output=" \n")),
        report(*[exercise(f"demo/e{n}", FAILED, output="secret") for n in range(4)]),
    ],
)
def test_it_is_left_out(made: Report) -> None:
    """Where the program passed, printed nothing, or is one of many."""
    assert HEADING not in shown(made)
    assert "secret" not in shown(made)


def test_hidden_checks_do_not_leak_through_it() -> None:
    """Their inputs could be printed: as in the page it is said that nothing is shown."""
    hidden = replace(FAILED, visibility=Visibility.HIDDEN)
    made = report(exercise("demo/double", FAILED, hidden, output="secret"))
    text = shown(made.for_learners(), 120)
    assert "secret" not in text
    assert "it was called for hidden checks as well" in text.replace("\n", " ")
    assert "secret" in shown(made)


def test_how_to_run_it_alone_is_said_once() -> None:
    """Where a hint asks for it and no GPU answers."""
    how = "begin it with: from grade import prepare; prepare()"
    two = [exercise(f"demo/e{n}", CRASHED) for n in range(2)]
    assert shown(report(*two), 120).count(how) == 1
    assert how not in shown(report(exercise("demo/double", FAILED)), 120)
    assert how not in shown(replace(report(*two), device="cuda"), 120)

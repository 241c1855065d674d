"""Words that are neither a name nor a command, and near to one; and the version."""

from __future__ import annotations

import tomllib

import pytest

from graders.harness import cli
from graders.harness.catalog import ROOT

NO_COMMAND = "There is no assignment, exercise or command "


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "hints",
            "'hints'. Did you mean the command 'hint'? Try: grade.py hint --help",
        ),
        ("hints sepia_blur", "'hints'. Did you mean the command 'hint'?"),
        ("notebok", "'notebok'. Did you mean the command 'notebook'?"),
        ("watch", "'watch'. Did you mean the option --watch?"),
        ("save-outputs", "'save-outputs'. Did you mean the option --save-output?"),
        ("help", "'help'. Did you mean the option --help?"),
        (
            "sepia_blur hint",
            "'hint' in this place. A command comes first: grade.py hint",
        ),
    ],
)
def test_a_near_miss_of_a_command_is_told(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words.split()) == 4
    assert NO_COMMAND + said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sepia_blurr", "'sepia_blurr'. Did you mean 'sepia_blur'?"),
        ("names", "'names'. There are: "),
        ("zzz", "'zzz'. There are: "),
    ],
)
def test_what_is_nearer_to_an_exercise_or_to_nothing_is_told_as_before(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words.split()) == 4
    assert f"There is no assignment or exercise {said}" in capsys.readouterr().err


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"grade.py {project['version']}\n"


@pytest.mark.parametrize("command", ["", *cli._COMMANDS])
def test_no_help_shows_marks_of_documents(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*command.split(), "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: grade.py")
    assert "`" not in said


@pytest.mark.parametrize("command", cli._COMMANDS)
def test_a_wrong_command_line_exits_with_4_in_every_command(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in those that leave it to argparse, whose own code means interrupted here."""
    assert cli.main([command, "--no-such-option"]) == 4
    assert "usage: grade.py" in capsys.readouterr().err

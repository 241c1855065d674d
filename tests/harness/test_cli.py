"""The command line: what it says and how it exits, over toys and over the real trees."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest

from graders.harness import cli
from graders.harness.catalog import ROOT, Catalog
from graders.harness.report.json_report import SCHEMA
from graders.harness.run import Grader

Run = Callable[..., tuple[int, str, str]]
RIGHT = {"scale": "def scale(image, factor):\n    return image * factor\n"}


@pytest.fixture
def run(
    toys: Catalog,
    toy_grader: Grader,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """A function that runs the command line over the toys, with the warm grader."""
    monkeypatch.setattr(cli, "Catalog", lambda: toys)
    monkeypatch.setattr(cli, "Grader", lambda *_: nullcontext(toy_grader))
    monkeypatch.delenv("COLUMNS", raising=False)

    def by_arguments(*arguments: str) -> tuple[int, str, str]:
        code = cli.main([*arguments, "--device", "simulator"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return by_arguments


@pytest.fixture
def reference(toys: Catalog) -> str:
    """The folder of the toys' references."""
    return str(toys.root / "reference")


def _report(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(
        path.read_text("utf-8"),
        parse_constant=lambda name: pytest.fail(f"{name} in the report"),
    )
    jsonschema.validate(report, json.loads(SCHEMA.read_text("utf-8")))
    return report


# ------------------------------------------------------------------------- exit codes


def test_references_exit_with_0(run: Run, reference: str) -> None:
    """All that ran passed: exit code 0, and what needs a GPU is said."""
    code, out, err = run("--submission", reference)
    assert (code, err) == (0, "")
    assert "Passed: 8 of 10 points (2 could not be checked on this machine)" in out
    assert "Only a GPU can tell" in out


def test_stubs_exit_with_1(run: Run) -> None:
    """Failed checks: exit code 1, and the next step is said once for each exercise."""
    code, out, _ = run()
    assert code == 1
    assert "Failed: 0 of 10 points" in out
    assert out.count("is not written yet: line 15 of") == 3
    assert "Next: Read the assignment's README.md" in out


def test_exit_zero_is_for_any_report(run: Run) -> None:
    """With --exit-zero a failing submission exits with 0."""
    assert run("--exit-zero")[0] == 0


def test_nothing_gradable_exits_with_5(
    run: Run,
    toys: Catalog,
    toy_grader: Grader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where every check needs a GPU nothing was graded: exit code 5, verdict ungraded."""
    root = _copy(toys, tmp_path)
    rubric = root / "graders" / "toys" / "rubric.toml"
    text = re.sub(
        r"points = (\d)\n(requires.*\n)?",
        r'points = \1\nneeds = "cuda"\n',
        rubric.read_text(),
    )
    rubric.write_text(text.replace('needs = "cuda"\nneeds', "needs"))
    catalog = Catalog(root)
    monkeypatch.setattr(cli, "Catalog", lambda: catalog)
    monkeypatch.setattr(toy_grader, "_catalog", catalog)
    report = tmp_path / "report.json"
    code, out, _ = run(
        "--submission", str(root / "reference"), "--report", f"json:{report}"
    )
    assert code == 5
    assert "Ungraded: 0 of 10 points (10 could not be checked" in out
    assert _report(report)["verdict"] == "ungraded"


def test_interruption_exits_with_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C: exit code 2 and no traceback."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "find", interrupted)
    code, _, err = run()
    assert (code, err.strip()) == (2, "Stopped.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scal"], "There is no assignment or exercise 'scal'. Did you mean 'scale'?"),
        (["toys/totle"], "Did you mean 'toys/total'?"),
        (["zzz"], "There are: toys/scale, toys/total, toys/apply."),
        (
            ["--submission", "nowhere"],
            "nowhere: there is no such file or folder to grade.",
        ),
        (["--submission", "pyproject.toml"], "grade a folder or a Python module"),
        (
            ["--submission", "grade.py"],
            "the file's name says no exercise. Name the exercise",
        ),
        (["--report", "xml:out"], "must be FORMAT:PATH with a format among json"),
        (["--report", "json"], "must be FORMAT:PATH"),
        (["--jobs", "0"], "must be a whole number from 1"),
        (["--device", "tpu"], "invalid choice"),
        (["--no-such-option"], "unrecognized arguments"),
    ],
)
def test_wrong_commands_exit_with_4(
    arguments: list[str], said: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong command line: exit code 4 and a sentence that says what would be right."""
    monkeypatch.chdir(ROOT)
    code, _, err = run(*arguments)
    assert code == 4
    assert said in err
    assert "Traceback" not in err


def test_unwritable_report_is_said(run: Run, reference: str, tmp_path: Path) -> None:
    """A report that cannot be written is the command's fault, and names the path."""
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "report.json"
    code, _, err = run("--submission", reference, "total", "--report", f"json:{target}")
    assert code == 4
    assert f"--report: {target} cannot be written" in err


def test_cuda_without_a_gpu(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--device cuda where no GPU answers: exit code 3 and what to do instead."""
    monkeypatch.setattr(
        "graders.harness.session._cuda_problem", lambda: "no driver was found"
    )
    code = cli.main(["--device", "cuda"])
    assert code == 3
    err = capsys.readouterr().err
    assert "no driver was found. Grade with --device simulator" in err


def test_auto_says_why_it_takes_the_simulator(
    run: Run,
    reference: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--device auto without a GPU takes the simulator and says why in its first line."""
    monkeypatch.setattr(
        "graders.harness.session._cuda_problem", lambda: "no driver was found"
    )
    assert cli.main(["total", "--submission", reference]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.endswith("on the simulator: no driver was found.")


def test_help_exits_with_0(run: Run) -> None:
    """--help explains and exits with 0."""
    code, out, _ = run("--help")
    assert code == 0
    assert "--submission PATH" in out


# ------------------------------------------------------------------------- submissions


def test_flat_folder(run: Run, tmp_path: Path) -> None:
    """Modules may lie flat in a folder; what is missing fails, the rest is graded."""
    (tmp_path / "scale.py").write_text(RIGHT["scale"])
    code, out, _ = run("--submission", str(tmp_path))
    assert code == 1
    assert "scale  A scaled array  4 of 6 points" in out
    said = (
        "total.py is missing: it was looked for at the top of what was handed in, and"
    )
    assert said in " ".join(out.split())


def test_folder_around_assignments(run: Run, toys: Catalog, tmp_path: Path) -> None:
    """A copy of the whole repository may be handed in."""
    shutil.copytree(toys.root / "reference", tmp_path / "assignments")
    assert run("--submission", str(tmp_path))[0] == 0


def test_single_module_by_its_name(run: Run, tmp_path: Path) -> None:
    """A module is graded as the exercise that it is named after."""
    (tmp_path / "scale.py").write_text(RIGHT["scale"])
    code, out, _ = run("--submission", str(tmp_path / "scale.py"))
    assert code == 0
    assert "toys/total" not in out


def test_single_module_by_the_named_exercise(run: Run, tmp_path: Path) -> None:
    """A module of any name is graded as the exercise that the command names."""
    (tmp_path / "my answer.py").write_text(RIGHT["scale"])
    assert run("--submission", str(tmp_path / "my answer.py"), "toys/scale")[0] == 0


def test_learner_files_beside_are_importable(run: Run, tmp_path: Path) -> None:
    """A module may import another that was handed in beside it."""
    (tmp_path / "scale.py").write_text("from helper import scale\n")
    (tmp_path / "helper.py").write_text(RIGHT["scale"])
    assert run("--submission", str(tmp_path), "scale")[0] == 0


# ------------------------------------------------------------------------------ output


def test_plain_output_elsewhere_than_on_a_terminal(run: Run, reference: str) -> None:
    """Not on a terminal: no escape codes, no progress, no line of pytest's."""
    _, out, err = run("--submission", reference)
    assert "\x1b" not in out + err
    assert "checks -" not in out
    assert "=====" not in out


@pytest.mark.parametrize("no_color", [True, False])
def test_colour_on_a_terminal_only_without_no_color(
    *, no_color: bool, reference: str
) -> None:
    """On a terminal there is colour, unless NO_COLOR is set."""
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    environment |= {"TERM": "xterm-256color"} | ({"NO_COLOR": "1"} if no_color else {})
    code = (
        "import pty, sys; from graders.harness.report.terminal import make_console; "
        "make_console().print('[red]word[/red]')"
    )
    script = f"import pty, sys; pty.spawn([sys.executable, '-c', {code!r}])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        cwd=ROOT,
        env=environment,
        check=True,
    )
    assert b"word" in done.stdout
    assert (b"\x1b[31m" in done.stdout) is not no_color


def test_seed_gives_the_same_inputs(run: Run, tmp_path: Path) -> None:
    """--seed draws the same inputs again; the report tells the seed."""
    (tmp_path / "scale.py").write_text(
        "def scale(image, factor):\n    raise ValueError(repr(image.get().tobytes()))\n"
    )
    said: list[tuple[str, list[tuple[str, str]]]] = []
    for name in ("one", "two", "again"):
        target = tmp_path / f"{name}.json"
        more = ["--seed", said[0][0]] if name == "again" else []
        run("--submission", str(tmp_path), "scale", "--report", f"json:{target}", *more)
        report = _report(target)
        checks = report["exercises"][0]["checks"]
        said.append(
            (
                report["environment"]["seed"],
                [(c["status"], c["message"]) for c in checks],
            )
        )
    assert said[0][0] != said[1][0]
    assert said[0][1] != said[1][1]
    assert said[0] == said[2]


# ---------------------------------------------------------------------------- the report


def test_report_of_passed_failed_and_skipped(
    run: Run, tmp_path: Path, reference: str
) -> None:
    """The report has every field that platforms rely on, for each status."""
    shutil.copytree(Path(reference) / "toys", tmp_path / "toys")
    (tmp_path / "toys" / "total.py").write_text("def total(values):\n    return 8.0\n")
    target = tmp_path / "new folder" / "report.json"
    run("--submission", str(tmp_path), "--report", f"json:{target}")
    report = _report(target)
    assert [p.name for p in target.parent.iterdir()] == ["report.json"]
    head = {
        k: v
        for k, v in report.items()
        if k not in ("environment", "exercises", "seconds")
    }
    assert head == {
        "format_version": 1,
        "verdict": "failed",
        "score": 7,
        "max_score": 10,
        "not_run_points": 2,
        "device": "simulator",
    }
    scale, total, _ = report["exercises"]
    keys = ("name", "verdict", "score", "max_score", "not_run_points")
    assert [scale[k] for k in keys] == ["toys/scale", "passed", 4, 6, 2]
    assert [total[k] for k in keys] == ["toys/total", "failed", 1, 2, 0]
    keys_of_check = ("name", "title", "status", "reason", "points", "max_points")
    assert [[c[k] for k in keys_of_check] for c in scale["checks"]] == [
        ["values", "Each element is scaled.", "passed", None, 3, 3],
        [
            "later",
            "The array is the same after the call as before.",
            "passed",
            None,
            1,
            1,
        ],
        [
            "faster",
            "The scaling is as fast as the memory.",
            "skipped",
            "needs_gpu",
            0,
            2,
        ],
    ]
    assert [total["checks"][0][k] for k in keys_of_check[2:]] == [
        "failed",
        "wrong_value",
        1,
        2,
    ]
    assert total["checks"][0]["message"] == "The result is 8.0. Expected was 7.0."
    assert re.fullmatch("[0-9a-f]{64}", report["environment"]["digests"]["toys/scale"])
    assert "own session" in report["environment"]["layers"]


# ----------------------------------------------------------------- the harness's own faults


def _copy(toys: Catalog, tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    shutil.copytree(toys.root, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("rubric.toml", "points = 3", "points = ", "not valid TOML"),
        ("rubric.toml", "points = 3", "ponits = 3", "did you mean 'points'?"),
        (
            "rubric.toml",
            "points = 3",
            "points = -3",
            "must be a number of 0 or more (got -3)",
        ),
        ("rubric.toml", "points = 3", "points = '3'", "must be a number"),
        ("rubric.toml", "points = 3", "points = nan", "must be a number"),
        ("rubric.toml", "points = 3", "points = inf", "must be a number"),
        ("rubric.toml", '["values"]', '["vaules"]', "no check 'vaules'"),
        (
            "rubric.toml",
            'order = ["scale", ',
            "order = [",
            "does not name the exercises",
        ),
        (
            "rubric.toml",
            'needs = "cuda"',
            'needs = "gpu"',
            "must be 'cuda' (got 'gpu')",
        ),
        ("rubric.toml", "timeout = 5", "timeout = true", "must be a number"),
        ("rubric.toml", "timeout = 5", "timeout = 0", "timeout"),
    ],
)
def test_a_broken_rubric_stops_the_grading(  # noqa: PLR0913 - a table's columns
    file: str,
    old: str,
    new: str,
    said: str,
    run: Run,
    toys: Catalog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A broken rubric: exit code 3, a message with file, key and value, and no points."""
    root = _copy(toys, tmp_path)
    broken = root / "graders" / "toys" / file
    text = broken.read_text("utf-8")
    assert old in text
    broken.write_text(text.replace(old, new, 1), "utf-8")
    catalog = Catalog(root)
    monkeypatch.setattr(cli, "Catalog", lambda: catalog)
    code, out, err = run("--submission", str(root / "reference"))
    assert code == 3
    assert str(broken) in err
    assert said in err
    assert "Traceback" not in err
    assert "points" not in out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def test_value(", "def test_other(", "do not name the same checks"),
        ("def test_value(", "def value(", "do not name the same checks"),
        ("from __future__", "import no_such_module\nfrom __future__", "Error"),
        ("def test_value(", "def test_value(:", "SyntaxError"),
        ("learner: Learner)", "learner: Learner, nothing: int)", "nothing"),
        (
            "    value = expect_number",
            "    1 / 0\n    value = expect_number",
            "ZeroDivisionError",
        ),
        (
            "    value = expect_number",
            "    import os; os._exit(0)\n    value = expect_number",
            "ended",
        ),
    ],
)
def test_a_broken_grader_is_ungraded(  # noqa: PLR0913 - a table's columns
    old: str,
    new: str,
    said: str,
    run: Run,
    toys: Catalog,
    toy_grader: Grader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A broken grader: exit code 3, its exercise ungraded, the others graded as ever."""
    root = _copy(toys, tmp_path)
    broken = root / "graders" / "toys" / "test_total.py"
    broken.write_text(broken.read_text("utf-8").replace(old, new, 1), "utf-8")
    catalog = Catalog(root)
    monkeypatch.setattr(cli, "Catalog", lambda: catalog)
    monkeypatch.setattr(toy_grader, "_catalog", catalog)
    target = tmp_path / "report.json"
    code, out, _ = run(
        "--submission", str(root / "reference"), "--report", f"json:{target}"
    )
    report = _report(target)
    assert code == 3
    assert "ungraded" in out
    assert [e["verdict"] for e in report["exercises"]] == [
        "passed",
        "ungraded",
        "passed",
    ]
    (check,) = report["exercises"][1]["checks"]
    assert (check["status"], check["reason"]) == ("error", "harness")
    assert said in check["message"]
    assert report["exercises"][1]["not_run_points"] == 2

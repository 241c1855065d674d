"""Hidden checks: what learners are told of them, and what instructors are."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest

from graders.harness import cli
from graders.harness.catalog import Catalog
from graders.harness.errors import RubricError
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    Visibility,
)
from graders.harness.report import Progress
from graders.harness.report.json_report import SCHEMA
from graders.harness.rubric import load_rubric
from graders.harness.run import Grader, Request
from graders.harness.submission import find

RUBRIC = """
title = "A"
order = ["e"]
[exercises.e]
title = "E"
functions = ["f"]
[exercises.e.checks.values]
points = 1
[exercises.e.checks.large]
points = 2
visibility = "hidden"
"""
# It keeps what it is called with, and tells it wherever a program can.
TELLS = """
import sys
seen = []
def scale(image, factor):
    seen.append("canary-%d" % len(seen))
    print("canary-printed", seen)
    print("canary-printed", seen, file=sys.stderr)
    image *= factor
    return image
"""


def _check(name: str, status: str, reason: str | None, **more: float) -> CheckResult:
    return CheckResult(
        name=name,
        title=f"The {name} is a canary.",
        status=Status(status),
        reason=Reason(reason) if reason else None,
        points=more.get("points", 0.0),
        max_points=more.get("max_points", 1.0),
        message="It is 3.5, expected was canary.",
        hint="canary",
        details={"canary": 1},
        visibility=Visibility.HIDDEN,
    )


PUBLIC = replace(
    _check("values", "passed", None, points=1),
    title="Right.", message="", hint="", details={}, visibility=Visibility.PUBLIC,
)  # fmt: skip
HIDDEN = (
    _check("one", "passed", None, points=2, max_points=2),
    _check("two", "failed", "wrong_value", points=0.5, max_points=3),
    _check("three", "skipped", "prerequisite", max_points=4),
    _check("four", "skipped", "needs_gpu", max_points=5),
    _check("five", "error", "harness", max_points=6),
)


def _report(*checks: CheckResult) -> Report:
    exercise = ExerciseResult(name="a/e", title="E", checks=checks, output="canary")
    environment = {"seed": "canary", "digests": {}, "layers": []}
    return Report(device="simulator", exercises=(exercise,), environment=environment)


def test_learners_see_counts_and_points() -> None:
    """Of hidden checks a learner sees how many there are, and what they earn."""
    report = _report(PUBLIC, *HIDDEN)
    shown = report.for_learners()
    assert "canary" not in json.dumps(shown.to_dict())
    jsonschema.validate(shown.to_dict(), json.loads(SCHEMA.read_text("utf-8")))
    ran, not_run, ungraded = shown.exercises[0].checks[1:]
    assert (ran.points, ran.max_points, ran.reason) == (2.5, 9, Reason.HIDDEN)
    assert (ran.title, ran.message) == ("Hidden checks pass (3).", "1 of 3 passed.")
    assert (not_run.max_points, not_run.reason) == (5, Reason.NEEDS_GPU)
    assert (ungraded.max_points, ungraded.status) == (6, Status.ERROR)


@pytest.mark.parametrize("checks", [HIDDEN, HIDDEN[:1], HIDDEN[3:4], HIDDEN[4:]])
def test_sums_and_verdict_stay(checks: tuple[CheckResult, ...]) -> None:
    """What learners see comes to the same points and the same verdict."""
    report = _report(*checks)
    shown = report.for_learners()
    for name in ("score", "max_score", "not_run_points", "verdict", "harness_failed"):
        assert getattr(shown, name) == getattr(report, name)


def test_a_report_without_hidden_checks_is_shown_whole() -> None:
    """Nothing is taken out of a report that hides nothing, its seed included."""
    report = _report(PUBLIC)
    assert report.for_learners() is report


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[exercises.e.checks.late]\npoints = 1", "must come before the hidden check"),
        (
            '[exercises.e.checks.late]\npoints = 1\nrequires = ["large"]',
            "a public check cannot build on the hidden 'large'",
        ),
    ],
)
def test_public_checks_know_nothing_of_hidden_ones(
    more: str, said: str, tmp_path: Path
) -> None:
    """A public check neither comes after a hidden one nor builds on it."""
    path = tmp_path / "rubric.toml"
    path.write_text(RUBRIC)
    assert load_rubric(path).exercises["e"].checks["large"].visibility == "hidden"
    path.write_text(RUBRIC + more)
    with pytest.raises(RubricError, match=said):
        load_rubric(path)


@pytest.fixture
def hiding(toys: Catalog, tmp_path: Path) -> Catalog:
    """The toys, of whose first exercise two checks are hidden."""
    root = tmp_path / "toys"
    shutil.copytree(toys.root, root)
    path = root / "graders" / "toys" / "rubric.toml"
    text = path.read_text("utf-8")
    for name in ("later", "faster"):
        head = f"[exercises.scale.checks.{name}]"
        assert head in text
        text = text.replace(head, f'{head}\nvisibility = "hidden"')
    path.write_text(text)
    return Catalog(root)


def test_the_command_line_hides(
    hiding: Catalog,
    toy_grader: Grader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Terminal and reports tell of hidden checks with --show-hidden alone."""
    (tmp_path / "scale.py").write_text(TELLS)
    module = str(tmp_path / "scale.py")
    found = find(Path(module), hiding.select(["toys/scale"]), named=True)
    request = Request(work=found.work, device="simulator", seed="5eed" * 8)
    monkeypatch.setattr(toy_grader, "_catalog", hiding)
    report = toy_grader.grade(request)
    graded = nullcontext(_Played(report))
    monkeypatch.setattr(cli, "Catalog", lambda: hiding)
    monkeypatch.setattr(cli, "Grader", lambda *_: graded)

    def said(*options: str) -> str:
        target = tmp_path / "report.json"
        asked = ["--submission", module, "--device", "simulator", "toys/scale"]
        cli.main([*asked, "--report", f"json:{target}", *options])
        seen = capsys.readouterr()
        assert seen.err == ""
        return seen.out + target.read_text("utf-8")

    for secret in ("later", "faster", "canary", "the same after the call", "5eed"):
        assert secret not in said()
        assert secret in said("--show-hidden")
    assert "Hidden checks pass (1)." in said()
    assert "0 of 1 passed." in said()


def test_pictures_of_hidden_checks_are_not_saved(
    hiding: Catalog,
    toy_grader: Grader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """--save-output keeps what public checks look at, and nothing else."""
    path = hiding.root / "graders" / "toys" / "test_scale.py"
    text = path.read_text("utf-8")
    for name in ("values", "later"):
        head = f"def test_{name}(learner: Learner, draw: Draw"
        assert head in text
        saves = f'pictures.save("{name}", source=BLACK, result=BLACK, expected=BLACK)'
        before, after = text.split(head)
        signature, body = after.split('."""\n', 1)
        signature = f"{head}, pictures: Pictures{signature}"
        text = f'{before}{signature}."""\n    {saves}\n{body}'
    text = text.replace("    Observation,\n", "    Observation,\n    Pictures,\n", 1)
    path.write_text(text.replace("\nDraw =", "\nBLACK = np.zeros((2, 3))\nDraw =", 1))
    (tmp_path / "scale.py").write_text(TELLS)
    found = find(tmp_path / "scale.py", hiding.select(["toys/scale"]), named=True)
    monkeypatch.setattr(toy_grader, "_catalog", hiding)
    output = tmp_path / "pictures"
    request = Request(work=found.work, device="simulator", output=output)
    (result,) = toy_grader.grade(request).exercises
    assert [c.status for c in result.checks[:2]] == [Status.PASSED, Status.FAILED]
    saved = {p.name.partition("-")[0] for p in output.rglob("*.png")}
    assert saved == {"values"}


class _Played:
    """A grader that has graded already."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def grade(
        self, _request: Request, progress: Progress, _follow: object = None
    ) -> Report:
        for exercise in self._report.exercises:
            for check in exercise.checks:
                progress(exercise.name, check)
        return self._report

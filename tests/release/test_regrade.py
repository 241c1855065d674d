"""``grade.py regrade``: the same seed and the same file come to the same verdict."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graders.harness import cli, regrade
from graders.harness.catalog import Catalog
from graders.harness.errors import UsageError
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    Submission,
    Visibility,
)
from graders.harness.regrade import (
    Earlier,
    differences,
    other_circumstances,
    read_report,
)
from graders.harness.report import render_json
from graders.harness.submission import digest
from tests.release.conftest import ROOT

EXERCISE = "kernel_fusion/matmul_validation"
CORPUS = ROOT / "tests" / "submissions" / EXERCISE

Said = Callable[..., tuple[int, str]]


def check(name: str, status: Status, reason: Reason | None = None, **more: Any) -> Any:
    points = 2.0 if status is Status.PASSED else 0.0
    return CheckResult(
        name=name, title=name, status=status, reason=reason, points=points,
        max_points=2.0, **more,
    )  # fmt: skip


PASSED = check("values", Status.PASSED)
FAILED = check("fused", Status.FAILED, Reason.NOT_FUSED, message="Three kernels ran.")
ON_GPU = check("faster", Status.SKIPPED, Reason.NEEDS_GPU)


def report(
    *checks: CheckResult, device: str = "simulator", **environment: Any
) -> Report:
    facts = {
        "seed": "ab", "digests": {EXERCISE: "d1"}, "layers": [],
        "versions": {"numpy": "2.4"}, "judged_by": {"engine": "1", "kernel_fusion": "2"},
        "host": {"python": "3.11.7", "cores": 2}, **environment,
    }  # fmt: skip
    result = ExerciseResult(name=EXERCISE, title="T", checks=checks)
    return Report(device=device, exercises=(result,), environment=facts)


def earlier(tmp_path: Path, played: Report) -> Earlier:
    path = tmp_path / "report.json"
    path.write_text(render_json(played))
    return read_report(path)


# --------------------------------------------------------------------------- comparing


def test_the_same_outcome_is_no_difference(tmp_path: Path) -> None:
    """Messages and times may differ; outcome and points may not."""
    before = earlier(tmp_path, report(PASSED, FAILED))
    told = replace(FAILED, message="Four kernels ran.", seconds=3.0)
    now = report(PASSED, told, host={"python": "3.11.7", "cores": 64})
    assert list(differences(before, now.exercises, "simulator")) == []
    assert list(other_circumstances(before, now)) == []


def test_each_other_outcome_is_told(tmp_path: Path) -> None:
    before = earlier(tmp_path, report(PASSED, FAILED))
    now = report(replace(PASSED, points=1.0), check("other", Status.PASSED))
    assert list(differences(before, now.exercises, "simulator")) == [
        f"{EXERCISE}: values was passed, 2 of 2 points, and is passed, 1 of 2 points now.",
        f"{EXERCISE}: fused was failed [not_fused], 0 of 2 points; there is no such check.",
    ]
    (told,) = differences(before, report(PASSED, check("fused", Status.PASSED)).exercises,
                          "simulator")  # fmt: skip
    assert "is passed, 2 of 2 points now." in told


def test_other_circumstances_are_told(tmp_path: Path) -> None:
    """Device, versions, Python and the checks themselves, by name."""
    before = earlier(tmp_path, report(PASSED, ON_GPU))
    now = report(
        PASSED, check("faster", Status.PASSED), device="cuda",
        versions={"numpy": "2.5", "cupy": "14"}, judged_by={"engine": "1"},
        host={"python": "3.12.1", "cores": 2},
    )  # fmt: skip
    assert list(other_circumstances(before, now)) == [
        "The device was simulator and is cuda now: what only one of them can check is not "
        "compared.",
        "host python was 3.11.7, and is 3.12.1 now.",
        "versions cupy was unknown, and is 14 now.",
        "versions numpy was 2.4, and is 2.5 now.",
        "The checks of kernel_fusion are not the same as then.",
    ]
    assert list(differences(before, now.exercises, "cuda")) == []
    assert list(differences(before, now.exercises, "simulator"))


def test_another_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    before = earlier(tmp_path, report(PASSED))
    (exercise,) = Catalog().select([EXERCISE])
    same = Submission(exercise=EXERCISE, path=Path("a.py"), digest="d1")
    regrade.expect_same_files(before, [(exercise, same)])
    with pytest.raises(
        UsageError, match=r"a\.py has the SHA-256 d2, the report has d1"
    ):
        regrade.expect_same_files(before, [(exercise, replace(same, digest="d2"))])
    with pytest.raises(UsageError, match="SHA-256 of no file, the report has d1"):
        regrade.expect_same_files(before, [(exercise, replace(same, digest=""))])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no JSON report"),
        ("[]", "is no JSON report"),
        ('{"format_version": 1}', "is no JSON report"),
        ('{"format_version": 99}', "format version 99"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_report_is_refused(
    text: str | None, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=problem):
        read_report(path)


def test_a_learners_report_has_no_seed(tmp_path: Path) -> None:
    """With hidden checks the seed is the instructor's: that report is asked for."""
    secret = check("secret", Status.FAILED, Reason.WRONG_VALUE)
    secret = replace(secret, visibility=Visibility.HIDDEN)
    with pytest.raises(UsageError, match="--show-hidden makes"):
        earlier(tmp_path, report(PASSED, secret).for_learners())
    assert earlier(tmp_path, report(PASSED, secret)).environment["seed"] == "ab"


def test_a_report_without_digests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no exercise, seed or digest"):
        earlier(tmp_path, report(PASSED, digests={}))


# ----------------------------------------------------------------------------- grading


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Said:
    def run(*words: str | Path) -> tuple[int, str]:
        code = cli.main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, " ".join(f"{out} {err}".split())

    return run


@pytest.mark.parametrize(
    ("now", "code", "told"),
    [
        ((PASSED, FAILED), 0, "The same verdicts: all 2 checks end as they did."),
        ((PASSED, check("fused", Status.PASSED)), 1, "Other verdicts: 1 of 2 checks."),
        (
            (PASSED, check("fused", Status.ERROR, Reason.ENVIRONMENT)),
            3,
            "Not all could be judged",
        ),
    ],
    ids=["same", "other", "ungraded"],
)
def test_it_ends_with_what_it_found(
    now: tuple[CheckResult, ...], code: int, told: str, command: Said, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    class Played:
        def __init__(self, *_: object) -> None: ...

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None: ...

        def grade(self, request: Any) -> Report:
            assert request.seed == "ab"
            return report(*now)

    monkeypatch.setattr(regrade, "Grader", Played)
    program = ROOT / "reference" / f"{EXERCISE}.py"
    path = tmp_path / "report.json"
    played = report(PASSED, FAILED, digests={EXERCISE: digest(program)})
    path.write_text(render_json(played))
    ended, said = command("regrade", path, "--submission", program)
    assert (ended, told in said) == (code, True), said


@pytest.mark.slow
def test_the_same_seed_gives_the_same_verdict(command: Said, tmp_path: Path) -> None:
    """For a right program and a wrong one; a file that changed since is refused."""
    wrong = min(CORPUS.glob("wrong_*.py"))
    right = ROOT / "reference" / f"{EXERCISE}.py"
    program = tmp_path / "matmul_validation.py"
    path = tmp_path / "report.json"
    for source, code in ((right, 0), (wrong, 1)):
        shutil.copy(source, program)
        words = ("--submission", program, "--device", "simulator")
        assert command(*words, "--report", f"json:{path}")[0] == code
        ended, said = command("regrade", path, "--submission", program)
        assert (ended, "The same verdicts: all" in said) == (0, True), said
        assert "was" not in said
    before = digest(program)
    program.write_text(program.read_text() + "\n")
    ended, said = command("regrade", path, "--submission", program)
    assert ended == 4
    assert before in said
    assert digest(program) in said

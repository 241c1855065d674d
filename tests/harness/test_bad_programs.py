"""Programs of every bad kind, each graded beside the others: what is said of them.

The programs lie in ``programs/<toy exercise>/``. Beside the corpus' header lines they
may have ``# says: TEXT``, which the messages must contain, and ``# output: TEXT``
likewise.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog, Exercise
from graders.harness.corpus import disagreement, read_program
from graders.harness.models import ExerciseResult, Status, Submission, Verdict
from graders.harness.run import Grader, Request
from graders.harness.submission import digest

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*/*.py"))
IDS = [f"{p.parent.name}/{p.stem}" for p in PROGRAMS]
# A message never holds a path of this machine, our own modules, or a traceback.
FOREIGN = re.compile(r"Traceback|site-packages|graders/|(?<![\w.])/\w+/")
_WRITTEN_BY_TEST = {
    "wrong_bytes": b'# -*- nothing -*-\nscale = "\xff"\n',
    "wrong_sum_too_long": b"scale = " + b"+".join([b"1"] * 20_000) + b"\n",
    "wrong_signs_too_many": b"scale = " + b"-" * 20_000 + b"1\n",
}


@pytest.fixture(scope="module")
def results(
    toys: Catalog, toy_grader: Grader, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ExerciseResult]:
    """Every program's result, graded in one request with right programs among them."""
    exercises = {e.slug: e for e in toys.select(())}
    folder = tmp_path_factory.mktemp("written")
    work: list[tuple[Exercise, Submission]] = []
    for path in PROGRAMS:
        exercise = exercises[path.parent.name]
        handed_in = path
        if path.stem in _WRITTEN_BY_TEST:
            handed_in = folder / path.name
            handed_in.write_bytes(_WRITTEN_BY_TEST[path.stem])
        # Alone in its folder, as files beside it would be staged with it.
        alone = folder / exercise.slug / path.stem / f"{exercise.slug}.py"
        alone.parent.mkdir(parents=True)
        alone.write_bytes(handed_in.read_bytes())
        work.append((exercise, _submission(exercise, alone)))
    # Some wait for their deadline: more at once than there are cores.
    found = toy_grader.results(Request(work=work, device="simulator", jobs=4))
    return dict(zip(IDS, found, strict=True))


def _submission(exercise: Exercise, path: Path) -> Submission:
    return Submission(exercise=exercise.name, path=path, digest=digest(path))


def _lines(path: Path, key: str) -> list[str]:
    return re.findall(rf"^# {key}: (.+)$", path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", PROGRAMS, ids=IDS)
def test_is_judged_as_it_says(
    path: Path, toys: Catalog, results: dict[str, ExerciseResult]
) -> None:
    """Exactly the checks fail that the program names, each for the reason that it names."""
    (exercise,) = toys.select([path.parent.name])
    program = read_program(exercise, path)
    result = results[f"{path.parent.name}/{path.stem}"]
    assert disagreement(program, result) == ""
    assert program.right == path.stem.startswith("right_")
    assert result.verdict is (Verdict.PASSED if program.right else Verdict.FAILED)


@pytest.mark.parametrize("path", PROGRAMS, ids=IDS)
def test_message_is_the_learners(
    path: Path, results: dict[str, ExerciseResult]
) -> None:
    """A message is short, says what it must, and holds nothing of ours."""
    result = results[f"{path.parent.name}/{path.stem}"]
    failed = [c for c in result.checks if c.status is Status.FAILED]
    said = " ".join(c.message for c in failed)
    for wanted in _lines(path, "says"):
        assert wanted in said
    for wanted in _lines(path, "output"):
        assert wanted in result.output
    for check in failed:
        assert 10 < len(check.message) < 700
        assert check.message.isprintable()
        assert check.message.encode("utf-8")
        assert not FOREIGN.search(check.message), check.message
        assert not FOREIGN.search(check.hint), check.hint
    assert "graders/harness" not in result.output
    assert len(result.output) < 10_000


def test_a_missing_file_is_the_learners(
    toys: Catalog, toy_grader: Grader, tmp_path: Path
) -> None:
    """A missing file fails with its name, its folder's name and what to hand in."""
    (exercise,) = toys.select(["scale"])
    work = [(exercise, _submission(exercise, tmp_path / "homework" / "scale.py"))]
    (result,) = toy_grader.results(Request(work=work, device="simulator"))
    assert [(c.status.value, c.reason) for c in result.checks] == [
        ("failed", "import_failed"),
        ("skipped", "prerequisite"),
        ("skipped", "needs_gpu"),
    ]
    assert result.checks[0].message == (
        "scale.py is missing: it was looked for at the top of what was handed in, and in a "
        "folder 'homework' there."
    )
    assert "scale.py" in result.checks[0].hint


def test_others_are_graded(toys: Catalog, toy_grader: Grader, tmp_path: Path) -> None:
    """The worst programs leave the other exercises of the same grading untouched."""
    bad = [
        p
        for p in PROGRAMS
        if p.stem in ("wrong_segfault", "wrong_killed", "wrong_writes_junk")
    ]
    (scale, total) = toys.select(["scale", "total"])
    good = _submission(total, total.reference)
    work = [
        pair for p in bad for pair in ((scale, _submission(scale, p)), (total, good))
    ]
    found = toy_grader.results(Request(work=work, device="simulator", jobs=2))
    assert [r.verdict.value for r in found] == ["failed", "passed"] * 3


def test_references_of_the_toys_pass(toys: Catalog, toy_grader: Grader) -> None:
    """The toys are right themselves: their references earn all, their stubs nothing."""
    for tree, verdict in (("reference", "passed"), ("stub", "failed")):
        work = [(e, _submission(e, getattr(e, tree))) for e in toys.select(())]
        found = toy_grader.results(Request(work=work, device="simulator"))
        assert {r.verdict.value for r in found} == {verdict}, found

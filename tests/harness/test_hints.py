"""Hints: their files, the command that shows them, and that nothing else does."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from graders.harness import cli, hints, notes
from graders.harness.catalog import ROOT, Catalog, Exercise
from graders.harness.corpus import read_corpus
from graders.harness.hints import Hints, read_hints
from graders.harness.models import Submission, Verdict
from graders.harness.notes import LastGrading, Notes
from graders.harness.report import print_report, render_json
from graders.harness.run import Grader, Request

EXERCISES = Catalog().select(())
BY_EXERCISE = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.slug)
BY_ASSIGNMENT = pytest.mark.parametrize("assignment", Catalog().assignments)
LONG = 25

Run = Callable[..., tuple[int, str, str]]


def plain(text: str) -> str:
    return " ".join(text.split())


def sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.?!]) ", plain(text)) if len(s) > LONG]


def solution_lines(exercise: Exercise) -> set[str]:
    """Return the reference's own lines of code: not those that the stub shows anyway."""
    stub = {plain(x) for x in exercise.stub.read_text("utf-8").splitlines()}
    source = exercise.reference.read_text("utf-8")
    without = ast.unparse(_without_docstrings(ast.parse(source)))
    lines = {plain(x) for x in [*source.splitlines(), *without.splitlines()]}
    prose = {plain(x) for text in _docstrings(source) for x in text.splitlines()}
    return {x for x in lines - stub - prose if len(x) > LONG}


def _docstrings(source: str) -> list[str]:
    nodes = ast.walk(ast.parse(source))
    kinds = (ast.Module, ast.FunctionDef, ast.ClassDef)
    return [
        ast.get_docstring(n, clean=False) or "" for n in nodes if isinstance(n, kinds)
    ]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        kinds = (ast.Module, ast.FunctionDef, ast.ClassDef)
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree


# ------------------------------------------------------------------------- the files


@BY_ASSIGNMENT
def test_hints_are_numbered_in_sections(assignment: str) -> None:
    """A section for each exercise and no other, numbered from 1 without a gap."""
    path = ROOT / "assignments" / assignment / "hints.md"
    text = path.read_text("utf-8")
    slugs = [e.slug for e in EXERCISES if e.assignment == assignment]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == slugs
    for slug, section in zip(
        slugs, re.split(r"^## .+$", text, flags=re.M)[1:], strict=True
    ):
        numbers = [int(n) for n in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
        assert numbers == list(range(1, len(numbers) + 1)), slug
        for line in section.splitlines():
            assert re.match(r"$|\d+\. \S|   \S", line), f"{slug}: {line}"


@BY_EXERCISE
def test_hints_ask_first(exercise: Exercise) -> None:
    """At least three, the first of which asks, as most of them do."""
    texts = read_hints(exercise)
    assert len(texts) >= 3
    assert "?" in texts[0]
    assert sum("?" in text for text in texts) >= len(texts) / 2
    assert all(len(text) > LONG and "\n" not in text for text in texts)


@BY_EXERCISE
def test_hints_hold_no_line_of_the_solution(exercise: Exercise) -> None:
    whole = plain(" ".join(read_hints(exercise)))
    assert [x for x in solution_lines(exercise) if x in whole] == []


def test_lines_of_a_solution_would_be_found() -> None:
    """The search above finds something to look for in each reference."""
    assert all(len(solution_lines(e)) >= 3 for e in EXERCISES)


# ------------------------------------------------------------------ nothing unasked


def _strings(path: Path) -> Iterator[str]:
    if path.suffix == ".toml":
        yield path.read_text("utf-8")
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@BY_ASSIGNMENT
def test_graders_say_neither_hints_nor_solutions(assignment: str) -> None:
    """No text of a grader, from which messages are made, is a hint or solves anything."""
    folder = ROOT / "graders" / assignment
    files = [*folder.glob("*.py"), *folder.glob("*.toml")]
    said = plain(" ".join(text for path in files for text in _strings(path)))
    for exercise in EXERCISES:
        if exercise.assignment == assignment:
            hinted = [s for text in read_hints(exercise) for s in sentences(text)]
            assert [s for s in hinted if s in said] == []
            assert [x for x in solution_lines(exercise) if x in said] == []


def test_reports_show_neither_hints_nor_solutions(
    grader: Grader, catalog: Catalog, tmp_path: Path
) -> None:
    """On the screen and in the JSON report, of a stub and of wrong programs."""
    programs = read_corpus(catalog, ROOT / "tests" / "submissions")
    named = {"stateful_api/inplace_fft", "fft_callbacks/gaussian_blur"}
    wrong = {p.exercise.name: p for p in programs if not p.right}
    work = [
        (p.exercise, Submission(exercise=name, path=p.path))
        for name, p in wrong.items()
        if name in named
    ]
    stub = catalog.select(["sepia_blur"])[0]
    work.append((stub, Submission(exercise=stub.name, path=stub.stub)))
    report = grader.grade(Request(work=work, device="simulator"))
    assert report.verdict is Verdict.FAILED
    console = Console(width=500, file=(tmp_path / "out").open("w+"))
    print_report(report, console)
    console.file.seek(0)
    data = json.loads(render_json(report))
    for check in (c for e in data["exercises"] for c in e["checks"]):
        check["details"].pop("location", None)  # the program's own lines
    said = plain(console.file.read() + json.dumps(data))
    console.file.close()
    for exercise, _ in work:
        hinted = [s for text in read_hints(exercise) for s in sentences(text)]
        assert [s for s in hinted if s in said] == []
        assert [x for x in solution_lines(exercise) if x in said] == []


# ----------------------------------------------------------------------- the command


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """A function that runs ``grade.py hint`` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)

    def by_arguments(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["hint", *arguments])
        said = capsys.readouterr()
        return code, plain(said.out), plain(said.err)

    return by_arguments


def test_one_hint_at_a_call(run: Run) -> None:
    """Each call shows the next hint and no other; then it is said that these were all."""
    exercise = Catalog().select(["inplace_fft"])[0]
    texts = read_hints(exercise)
    for number, text in enumerate(texts, 1):
        code, out, err = run("stateful_api/inplace_fft")
        assert (code, err) == (0, "")
        assert f"Hint {number} of {len(texts)} {text}" in out
        assert not any(other in out for other in texts if other != text)
        last = number == len(texts)
        assert ("That was the last hint." in out) is last
        assert ("For the next one: python grade.py hint" in out) is not last
    code, out, _ = run("inplace_fft")
    assert code == 0
    assert f"you have seen all {len(texts)}. Grade your program" in out
    assert "README.md" in out


def test_hints_again_and_from_the_beginning(run: Run) -> None:
    """--again shows what was seen and counts nothing; --reset begins anew."""
    assert (
        "You have seen no hint for fft_callbacks/sepia_blur yet"
        in run("sepia_blur", "--again")[1]
    )
    run("sepia_blur")
    run("sepia_blur")
    out = run("sepia_blur", "--again")[1]
    assert re.findall(r"Hint \d of 9", out) == ["Hint 1 of 9", "Hint 2 of 9"]
    assert "Hint 3 of 9" in run("sepia_blur")[1]
    assert "is the first one again" in run("sepia_blur", "--reset")[1]
    assert "Hint 1 of 9" in run("sepia_blur")[1]


def test_hints_of_exercises_are_counted_apart(run: Run) -> None:
    run("sepia_blur")
    assert "Hint 1 of 8" in run("gaussian_blur")[1]
    assert "Hint 2 of 9" in run("sepia_blur")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sepia_blurr"], "Did you mean 'sepia_blur'?"),
        (["fft_callbacks"], "fft_callbacks/gaussian_blur, fft_callbacks/sepia_blur"),
        ([], "required: NAME"),
        (["sepia_blur", "--again", "--reset"], "not allowed with argument"),
    ],
)
def test_wrong_commands(arguments: list[str], said: str, run: Run) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (4, "")
    assert said in err


def test_exercise_without_hints(
    toys: Catalog, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instructor's exercise may have none: that is said, and where the lesson is."""
    root = tmp_path / "toys"
    shutil.copytree(toys.root, root)
    (root / "assignments" / "toys" / "hints.md").unlink()
    monkeypatch.setattr(hints, "Catalog", lambda: Catalog(root))
    code, out, _ = run("scale")
    assert code == 0
    assert "There are no hints for toys/scale. Its lesson is" in out


def test_fewer_hints_than_were_shown(toys: Catalog, tmp_path: Path) -> None:
    """Hints that were taken out of the file do no harm."""
    state = Notes(tmp_path)
    state.set_hints_shown("toys/scale", 9)
    left = Hints(toys.select(["scale"])[0], state)
    assert [hint.number for hint in left.shown] == [1, 2]
    assert left.next() is None


# ------------------------------------------------------------------------- the state


def test_state_is_one_readable_file(run: Run, tmp_path: Path) -> None:
    """It says what it is, is indented JSON, and nothing else is left beside it."""
    run("sepia_blur")
    assert [path.name for path in tmp_path.iterdir()] == [".grade.json"]
    text = (tmp_path / ".grade.json").read_text("utf-8")
    data = json.loads(text)
    assert list(data) == ["about", "hints_shown"]
    assert "Delete this file" in data["about"]
    assert '\n    "fft_callbacks/sepia_blur": 1\n' in text
    assert ".grade.json" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    "text",
    ["{", "", "[]", "nul", "\xff\xfe", "[" * 100_000, '{"hints_shown": {', "x" * 2**21],
    ids=["cut", "empty", "list", "word", "bytes", "deep", "half", "large"],
)
def test_broken_state_is_kept_and_said(text: str, run: Run, tmp_path: Path) -> None:
    """What somebody wrote there is not overwritten; the hint is shown all the same."""
    path = tmp_path / ".grade.json"
    path.write_text(text, "latin-1")
    code, out, err = run("sepia_blur")
    assert (code, err) == (0, "")
    assert "Hint 1 of 9" in out
    assert ".grade.json" in out
    assert "nothing is remembered" in out
    assert "assignments/fft_callbacks/hints.md" in out
    assert path.read_text("latin-1") == text


@pytest.mark.parametrize(
    ("entry", "number"),
    [("2", 3), ("-4", 1), ('"2"', 1), ("null", 1), ("true", 1), ("1e9", 1), ("[]", 1)],
)
def test_edited_state(entry: str, number: int, run: Run, tmp_path: Path) -> None:
    """A number that was edited counts; what is none counts as no hint. The rest stays."""
    path = tmp_path / ".grade.json"
    path.write_text(
        f'{{"mine": 1, "hints_shown": {{"fft_callbacks/sepia_blur": {entry}}}}}'
    )
    assert f"Hint {number} of 9" in run("sepia_blur")[1]
    data = json.loads(path.read_text())
    assert data["mine"] == 1
    assert data["hints_shown"] == {"fft_callbacks/sepia_blur": number}


def test_table_that_is_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".grade.json").write_text('{"hints_shown": 3, "last_gradings": []}')
    assert "Hint 1 of 9" in run("sepia_blur")[1]
    assert "Hint 2 of 9" in run("sepia_blur")[1]


def test_large_number_is_all_hints(run: Run, tmp_path: Path) -> None:
    """A number beyond the hints that there are means that all of them were shown."""
    (tmp_path / ".grade.json").write_text(
        json.dumps({"hints_shown": {"fft_callbacks/sepia_blur": 10**30}})
    )
    assert "you have seen all 9" in run("sepia_blur")[1]


def test_read_only_state_is_left_alone(run: Run, tmp_path: Path) -> None:
    """A read-only file is not replaced: it is said that nothing is remembered."""
    run("sepia_blur")
    path = tmp_path / ".grade.json"
    before = path.read_text()
    path.chmod(0o444)
    code, out, _ = run("sepia_blur")
    assert code == 0
    assert "Hint 2 of 9" in out
    assert "cannot be written (it is read-only): this is not remembered" in out
    assert path.read_text() == before


def test_folder_that_cannot_be_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder in which nobody can write, hints are shown and that is said."""
    monkeypatch.chdir("/proc")
    code, out, err = run("sepia_blur")
    assert (code, err) == (0, "")
    assert "Hint 1 of 9" in out
    assert ".grade.json cannot be written" in out


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_something_else_in_the_way(kind: str, run: Run, tmp_path: Path) -> None:
    """What is no file is neither opened nor replaced."""
    path = tmp_path / ".grade.json"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    code, out, _ = run("sepia_blur")
    assert code == 0
    assert "Hint 1 of 9" in out
    assert "is no ordinary file" in out
    assert path.exists()
    assert not path.is_file()


def test_last_gradings(tmp_path: Path) -> None:
    """They come back as they were put in; what was edited to nonsense does not."""
    state = Notes(tmp_path)
    grading = LastGrading(verdict=Verdict.PASSED, score=12, max_score=13, digest="abc")
    state.set_last_grading("fft_callbacks/sepia_blur", grading)
    state.set_hints_shown("fft_callbacks/sepia_blur", 1)
    assert Notes(tmp_path).last_grading("fft_callbacks/sepia_blur") == grading
    assert state.last_grading("fft_callbacks/gaussian_blur") is None
    path = tmp_path / notes.NAME
    good = json.loads(path.read_text())
    for key, value in [
        ("verdict", "great"), ("score", -1), ("score", 14), ("score", "many"),
        ("max_score", None), ("max_score", float("inf")), ("score", float("nan")),
    ]:  # fmt: skip
        entry = {**good["last_gradings"]["fft_callbacks/sepia_blur"], key: value}
        data = {**good, "last_gradings": {"fft_callbacks/sepia_blur": entry}}
        path.write_text(json.dumps(data))
        assert state.last_grading("fft_callbacks/sepia_blur") is None, (key, value)

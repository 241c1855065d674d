"""The rubric, the catalog, submissions and the mirror rule, over copies of the toys."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.corpus import disagreement, read_corpus, read_program
from graders.harness.errors import CatalogError, ImportFailed, RubricError, UsageError
from graders.harness.mirror import tree_problems
from graders.harness.models import CheckResult, ExerciseResult, Reason, Status
from graders.harness.rubric import load_rubric
from graders.harness.submission import digest, locate, stage

MINIMAL = """
title = "A"
order = ["e"]
[exercises.e]
title = "E"
functions = ["f"]
[exercises.e.checks.values]
points = 2.5
"""


@pytest.fixture
def root(toys: Catalog, tmp_path: Path) -> Path:
    """A copy of the toys, to be spoilt."""
    copy = tmp_path / "repository"
    shutil.copytree(toys.root, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


# -------------------------------------------------------------------------------- rubric


def _rubric(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rubric.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_small_rubric_has_defaults(tmp_path: Path) -> None:
    """What a rubric leaves out has its default."""
    rubric = load_rubric(_rubric(tmp_path, MINIMAL))
    exercise = rubric.exercises["e"]
    assert (rubric.title, exercise.title, exercise.functions) == ("A", "E", ("f",))
    assert (exercise.timeout, dict(exercise.limits)) == (60, {})
    check = exercise.checks["values"]
    assert (check.points, check.needs, check.requires, check.hint) == (2.5, "", (), "")
    assert check.visibility == "public"


def test_exercises_and_checks_keep_their_order(toys: Catalog) -> None:
    """Exercises come in the order of ``order``, checks in the order of the file."""
    assert [e.slug for e in toys.exercises("toys")] == ["scale", "total", "apply"]
    checks = toys.exercises("toys")[0].rubric.checks
    assert list(checks) == ["values", "later", "faster"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "A"', "", "the rubric.title: must be a text"),
        ('title = "A"', "title = 3", "the rubric.title: must be a text (got 3)"),
        ('title = "A"', 'title = "A"\nspeed = 1', "unknown key 'speed'; allowed are"),
        ('functions = ["f"]', "functions = []", "must name at least one function"),
        ('functions = ["f"]', 'functions = "f"', "must be a list of names (got 'f')"),
        (
            'functions = ["f"]',
            'functions = ["f"]\nlimits = 3',
            "limits: must be a table",
        ),
        (
            'functions = ["f"]',
            'functions = ["f"]\nlibrary_code = { cupy = ["dense"] }',
            "library_code.cupy: must be of sparse (got 'dense')",
        ),
        (
            'functions = ["f"]',
            'functions = ["f"]\nlibrary_code = { transforms = [[8, "half"]] }',
            "must be pairs such as",
        ),
        ("points = 2.5", "points = true", "points: must be a number of 0 or more"),
        ("points = 2.5", "", "exercises.e.checks.values.points: must be a number"),
        (
            "points = 2.5",
            'points = 1\nvisibility = "secret"',
            "must be 'public' or 'hidden'",
        ),
        ("points = 2.5", 'points = 1\nrequires = ["values"]', "no check 'values'"),
        (
            "[exercises.e.checks.values]\npoints = 2.5",
            "",
            "exercises.e.checks: must be a table",
        ),
        ('order = ["e"]', 'order = ["e", "e"]', "does not name the exercises"),
        ('order = ["e"]', "", "does not name the exercises"),
    ],
)
def test_mistakes_in_a_rubric_are_named(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    """The message names the file, the key and what is wrong."""
    assert old in MINIMAL
    path = _rubric(tmp_path, MINIMAL.replace(old, new))
    with pytest.raises(RubricError) as caught:
        load_rubric(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a = ", b"order = 3", b"exercises = 3"])
def test_what_is_no_rubric_is_refused(data: bytes, tmp_path: Path) -> None:
    """Bytes, broken TOML and values of another type give a RubricError."""
    path = tmp_path / "rubric.toml"
    path.write_bytes(data)
    with pytest.raises(RubricError):
        load_rubric(path)


def test_a_missing_rubric_is_named(tmp_path: Path) -> None:
    """A rubric that cannot be read is named."""
    with pytest.raises(RubricError, match="cannot be read"):
        load_rubric(tmp_path / "none.toml")


# ------------------------------------------------------------------------------- catalog


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([], ["scale", "total", "apply"]),
        (["toys"], ["scale", "total", "apply"]),
        (["toys/"], ["scale", "total", "apply"]),
        (["toys/apply"], ["apply"]),
        (["apply", "scale"], ["apply", "scale"]),
        (["scale", "toys"], ["scale", "total", "apply"]),
    ],
    ids=str,
)
def test_names_choose_exercises(
    names: list[str], chosen: list[str], toys: Catalog
) -> None:
    """An assignment, an exercise with or without it, several, each only once."""
    assert [e.slug for e in toys.select(names)] == chosen


def test_an_unknown_name_suggests_the_nearest(toys: Catalog) -> None:
    """A name that is nearly right is suggested, any other answered with the list."""
    with pytest.raises(UsageError, match=r"'tols'\. Did you mean 'toys'\?$"):
        toys.select(["tols"])
    with pytest.raises(UsageError, match=r"'quantum'\. There are: toys/"):
        toys.select(["quantum"])


def test_a_repository_without_graders_is_refused(tmp_path: Path) -> None:
    """A folder that holds no rubric is no repository."""
    with pytest.raises(CatalogError, match=r"no assignment with a rubric\.toml"):
        Catalog(tmp_path)


# --------------------------------------------------------------------- locate and stage


def test_a_module_is_found_in_each_layout(toys: Catalog, tmp_path: Path) -> None:
    """Tidy before flat before a whole repository; the tidy place where there is none."""
    exercises = toys.select(["scale"])

    def found() -> str:
        ((_, submission),) = locate(tmp_path, exercises, named=False)
        return submission.path.relative_to(tmp_path).as_posix()

    assert found() == "toys/scale.py"
    for place in ("assignments/toys/scale.py", "scale.py", "toys/scale.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(place)
        assert found() == place


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    """The digest tells programs apart; where there is no file it is empty."""
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    assert len({digest(tmp_path / n) for n in "ab"}) == 2
    assert digest(tmp_path / "c") == ""


def _scratch(tmp_path: Path) -> Path:
    scratch = tmp_path / "scratch"
    (scratch / "submission").mkdir(parents=True)
    (scratch / "work").mkdir()
    return scratch


def test_staging_copies_modules_and_data(tmp_path: Path) -> None:
    """The module under the exercise's name, those beside it, and our data."""
    handed_in, data = tmp_path / "in", tmp_path / "data"
    handed_in.mkdir()
    data.mkdir()
    for name in ("mine.py", "helper.py", "scale.py", "notes.txt", "secret.env"):
        (handed_in / name).write_text(name)
    (data / "numbers.txt").write_text("1")
    scratch = _scratch(tmp_path)
    module = stage(handed_in / "mine.py", "scale", scratch, data)
    assert module.read_text() == "mine.py"
    staged = sorted(p.name for p in (scratch / "submission").iterdir())
    assert staged == ["helper.py", "mine.py", "scale.py"] or staged == [
        "helper.py",
        "scale.py",
    ]
    assert (scratch / "work" / "data" / "numbers.txt").read_text() == "1"


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link could lead anywhere: as the module it fails, beside it it is left out."""
    secret = tmp_path / "secret.py"
    secret.write_text("SECRET = 1")
    handed_in = tmp_path / "in"
    handed_in.mkdir()
    (handed_in / "scale.py").symlink_to(secret)
    scratch = _scratch(tmp_path)
    with pytest.raises(ImportFailed, match=r"scale\.py is a link"):
        stage(handed_in / "scale.py", "scale", scratch)
    (handed_in / "total.py").write_text("")
    stage(handed_in / "total.py", "total", scratch)
    assert [p.name for p in (scratch / "submission").iterdir()] == ["total.py"]


def test_huge_files_are_not_read(tmp_path: Path) -> None:
    """A module of many megabytes is refused, and left out beside another."""
    with (tmp_path / "scale.py").open("wb") as file:
        file.truncate(64 * 2**20)
    scratch = _scratch(tmp_path)
    with pytest.raises(ImportFailed, match=r"scale\.py has 64\.0 MB, and at most 4 MB"):
        stage(tmp_path / "scale.py", "scale", scratch)
    (tmp_path / "total.py").write_text("")
    stage(tmp_path / "total.py", "total", scratch)
    assert [p.name for p in (scratch / "submission").iterdir()] == ["total.py"]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Path.mkdir, r"^scale\.py is a folder\.$"),
        (os.mkfifo, r"^scale\.py is a pipe or a device, no ordinary file\.$"),
    ],
)
@pytest.mark.parametrize("place", ["", "toys"])
def test_what_is_no_file_is_said(
    make: Callable[[Path], None],
    told: str,
    place: str,
    tmp_path: Path,
    toys: Catalog,
) -> None:
    """It is found where the module would be, tidy or not."""
    (tmp_path / "in" / place).mkdir(parents=True)
    make(tmp_path / "in" / place / "scale.py")
    exercise = next(e for e in toys.select(()) if e.slug == "scale")
    ((_, submission),) = locate(tmp_path / "in", [exercise], named=True)
    with pytest.raises(ImportFailed, match=told):
        stage(submission.path, "scale", _scratch(tmp_path))


def test_a_missing_module_is_named(tmp_path: Path) -> None:
    """A missing module fails with its name and folder, and no path of the machine."""
    with pytest.raises(ImportFailed) as caught:
        stage(tmp_path / "week" / "scale.py", "scale", tmp_path)
    assert caught.value.message == (
        "scale.py is missing: it was looked for at the top of what was handed in, and in a "
        "folder 'week' there."
    )


# ---------------------------------------------------------------------------- the mirror


def test_the_toys_mirror(root: Path) -> None:
    """Whole trees have no problem."""
    assert list(tree_problems(Catalog(root))) == []


def test_this_repository_mirrors(catalog: Catalog) -> None:
    """The exercises of this repository are whole in all three trees."""
    assert list(tree_problems(catalog)) == []


def _delete(path: Path) -> None:
    path.unlink()


def _edit(old: str, new: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return change


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


@pytest.mark.parametrize(
    ("file", "spoil", "problem"),
    [
        *(
            (f, _delete, f"{f}: is missing.")
            for f in (
                "assignments/toys/scale.py",
                "assignments/toys/README.md",
                "assignments/toys/hints.md",
                "reference/toys/total.py",
                "reference/toys/oracles.py",
                "reference/toys/baselines.py",
                "graders/toys/test_apply.py",
            )
        ),
        *(
            (f, _create, f"{f}: belongs to no exercise of the rubric.")
            for f in (
                "assignments/toys/stray.py",
                "reference/toys/stray.py",
                "graders/toys/test_stray.py",
            )
        ),
        (
            "assignments/other/x.py",
            _create,
            "assignments/other: graders/ has no such folder",
        ),
        (
            "reference/other/x.py",
            _create,
            "reference/other: graders/ has no such folder",
        ),
        ("assignments/toys/scale.py", _edit("# TODO: ", "# "), "has no TODO"),
        (
            "assignments/toys/scale.py",
            _edit("raise NotImplementedError", "return None"),
            "scale does not end in 'raise NotImplementedError'.",
        ),
        (
            "assignments/toys/scale.py",
            _edit("def scale(", "def scaled("),
            "has no function 'scale', which the rubric names.",
        ),
        (
            "assignments/toys/scale.py",
            _edit("\n    Args:\n        image: The operand.\n", ""),
            "scale's docstring is too short to be a contract.",
        ),
        (
            "reference/toys/scale.py",
            _edit("image, factor", "picture, factor"),
            "scale has other parameters than ['image', 'factor'].",
        ),
        (
            "reference/toys/scale.py",
            _edit("def scale(", "def other("),
            "has no function 'scale'.",
        ),
        ("assignments/toys/hints.md", _edit("## scale", "## scaling"), "'## scale'"),
        (
            "assignments/toys/hints.md",
            _edit("2. Two.", ""),
            "at least 2 numbered hints",
        ),
    ],
    ids=lambda p: p if isinstance(p, str) else "",
)
def test_broken_trees_are_found(
    file: str, spoil: Callable[[Path], None], problem: str, root: Path
) -> None:
    """Each way of breaking the trees is found and named with its file."""
    spoil(root / file)
    problems = list(tree_problems(Catalog(root)))
    assert any(problem in p for p in problems), problems
    assert all(
        p.startswith(("assignments/", "reference/", "graders/")) for p in problems
    )


# ---------------------------------------------------------------------------- the corpus


def _program(toys: Catalog, tmp_path: Path, text: str) -> Path:
    path = tmp_path / "wrong_it.py"
    path.write_text(text, "utf-8")
    return path


def test_a_header_is_read(toys: Catalog, tmp_path: Path) -> None:
    """Summary, expected failures and devices come from the first lines."""
    (scale,) = toys.select(["scale"])
    expected = "failed values wrong_value; faster too_slow"
    text = f"# Halves it.\n# expect: {expected}\n# devices: cuda\n"
    program = read_program(scale, _program(toys, tmp_path, text))
    assert program.summary == "Halves it."
    assert program.expected == {"values": Reason.WRONG_VALUE, "faster": Reason.TOO_SLOW}
    assert program.devices == {"cuda"}
    assert not program.right
    right = read_program(
        scale, _program(toys, tmp_path, "# Right.\n# expect: passed\n")
    )
    assert right.right
    assert right.devices == {"simulator", "cuda"}


def test_a_gpu_may_find_more(toys: Catalog, tmp_path: Path) -> None:
    """Speed is looked at there alone: a right program may be too slow."""
    (scale,) = toys.select(["scale"])
    text = "# Slow.\n# expect: passed\n# expect on cuda: failed faster too_slow\n"
    program = read_program(scale, _program(toys, tmp_path, text))
    assert program.right
    assert program.expected_on("simulator") == {}
    assert program.expected_on("cuda") == {"faster": Reason.TOO_SLOW}
    plain = read_program(
        scale,
        _program(toys, tmp_path, "# Halves.\n# expect: failed values wrong_value\n"),
    )
    assert plain.expected_on("cuda") == plain.expected_on("simulator") != {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# S.\n# expect: passed\n# expect on cuda: perhaps\n",
        "def scale(): ...\n",
        "# Only a summary.\n",
        "import os\n# expect: passed\n",
        "# S.\n# expect: failed\n",
        "# S.\n# expect: failed vaules wrong_value\n",
        "# S.\n# expect: failed values wrong\n",
        "# S.\n# expect: failed values\n",
        "# S.\n# expect: maybe\n",
    ],
)
def test_a_wrong_header_is_refused(text: str, toys: Catalog, tmp_path: Path) -> None:
    """A program that does not say what is expected of it is the author's error."""
    (scale,) = toys.select(["scale"])
    with pytest.raises(CatalogError):
        read_program(scale, _program(toys, tmp_path, text))


def test_a_disagreement_is_told(toys: Catalog, tmp_path: Path) -> None:
    """Another reason, another check and an error of ours all disagree; skips do not."""
    (scale,) = toys.select(["scale"])
    text = "# Halves it.\n# expect: failed values wrong_value\n"
    program = read_program(scale, _program(toys, tmp_path, text))

    def result(status: str, reason: str, name: str = "values") -> ExerciseResult:
        check = CheckResult(
            name=name,
            title="",
            status=Status(status),
            reason=Reason(reason),
            points=0,
            max_points=1,
        )
        return ExerciseResult(name="toys/scale", title="", checks=(check,))

    assert disagreement(program, result("failed", "wrong_value")) == ""
    slow = replace(program, expected_on_cuda={"faster": Reason.TOO_SLOW})
    assert disagreement(slow, result("failed", "too_slow", "faster"), "cuda") == ""
    assert disagreement(slow, result("failed", "too_slow", "faster")) != ""
    assert "wrong_shape" in disagreement(program, result("failed", "wrong_shape"))
    assert "later" in disagreement(program, result("failed", "wrong_value", "later"))
    assert "could not be graded" in disagreement(program, result("error", "harness"))
    assert disagreement(program, result("skipped", "needs_gpu")) != ""


def test_the_corpus_reads(catalog: Catalog) -> None:
    """Every program of the corpus has a header, and its name says its kind."""
    programs = list(read_corpus(catalog, catalog.root / "tests" / "submissions"))
    assert programs
    for program in programs:
        assert program.right == program.path.name.startswith("right_"), program.name
        assert program.summary.endswith("."), program.name
        assert program.devices <= {"simulator", "cuda"}, program.name

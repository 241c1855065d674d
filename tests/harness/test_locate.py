"""Finding what is graded, where modules and notebooks are handed in side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import ImportFailed, UsageError
from graders.harness.submission import Found, definitions, digest, find, holdings, stage
from graders.harness.submission.definitions import (
    Definition,
    definitions_in,
    definitions_in_strangers,
)
from tests.harness.notebook_files import SCALE, STUB, TOTAL, markdown, write

Finder = Callable[..., Found]


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A folder to hand in."""
    folder = tmp_path / "upload"
    (folder / "toys").mkdir(parents=True)
    return folder


@pytest.fixture
def found(toys: Catalog, upload: Path) -> Finder:
    """Find what a path of the upload gives for some exercises, all of them by default."""

    def finder(path: str = "", *names: str) -> Found:
        return find(upload / path, toys.select(names), named=bool(names))

    return finder


def pairs(found: Found) -> dict[str, str]:
    """Return the name of the file that each exercise was found in."""
    return {e.slug: s.path.name for e, s in found.work}


# ---------------------------------------------------------------- what cells define


@pytest.mark.parametrize(
    "source",
    [
        SCALE,
        "%matplotlib inline\n!pip install numpy\n" + SCALE,
        "%%time\n" + SCALE,
        "scale??\n" + SCALE,
        "async def scale(image, factor):\n    return 1",
        "@jit\ndef scale(image, factor):\n    return 1",
        "try:\n    import cupy\nexcept ImportError:\n" + indent(SCALE, "    "),
        "try:\n    import cupy\nfinally:\n" + indent(SCALE, "    "),
        "if True:\n    def scale(image, factor): return 1",
        "scale = lambda image, factor: image",
        "scale = jit(my_scale)",
        "scale = my_scale",
        STUB + SCALE,
    ],
)
def test_definitions_are_found(source: str) -> None:
    """However a function comes about at the top level, magics beside it or not."""
    found = definitions_in(["x = ", source, "%%bash\nls", "1 +"])
    assert found["scale"].is_stub is False
    assert found["scale"].parameters in ((), ("image", "factor"))


@pytest.mark.parametrize(
    "source",
    [
        "",
        "def scale(",
        "scale = 3",
        "scale: int",
        "class A:\n" + indent(SCALE, "    "),
        "def f():\n    def scale(): return 1",
        "%%bash\n" + SCALE,
        "%%timeit\n" + SCALE,
        "%%writefile scale.py\n" + SCALE,
        "from library import scale",
        "# " + SCALE.splitlines()[0],
        "scale(1, 2)",
        "\0" + SCALE,
        "def scale(): return " + "(" * 5000,
    ],
)
def test_other_cells_define_nothing(source: str) -> None:
    """What is no definition, or is one somewhere else."""
    assert "scale" not in definitions_in([source])


@pytest.mark.parametrize(
    ("source", "is_stub"),
    [
        (STUB, True),
        (
            "def scale(x):\n    '''Text.'''\n    raise NotImplementedError('later')",
            True,
        ),
        ("def scale(x):\n    y = x\n    raise NotImplementedError", True),
        ("def scale(x):\n    return x\n    raise NotImplementedError", False),
        ("def scale(x):\n    if x: return 1\n    raise NotImplementedError", False),
        ("def scale(x):\n    raise ValueError", False),
        ("def scale(x):\n    pass", False),
    ],
)
def test_stubs_are_told_from_answers(source: str, *, is_stub: bool) -> None:
    """A stub ends in NotImplementedError and returns nothing."""
    assert definitions_in([source])["scale"].is_stub is is_stub


def test_the_last_definition_counts() -> None:
    """As it does when the cells are run."""
    assert definitions_in([SCALE, STUB])["scale"] == Definition(
        ("image", "factor"), is_stub=True
    )


def test_parsing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these lines has IPython read the whole cell again, and it is stopped."""
    monkeypatch.setattr(definitions, "_PROCESSOR_SECONDS", 1)
    with pytest.raises(definitions.TooHard, match="takes too long"):
        definitions_in_strangers([SCALE, "a = !ls\n" * 50_000])
    deep = [
        "x = " + "-" * 200_000 + "1",
        "x = " + "(" * 100_000,
        "+".join("1" * 200_000),
    ]
    assert "scale" in definitions_in_strangers([*deep, SCALE])


# ---------------------------------------------------------------- a single notebook


def test_a_notebook_is_graded_for_what_it_holds(upload: Path, found: Finder) -> None:
    """All of it, in the catalog's order, and nothing else."""
    path = write(upload / "work.ipynb", markdown("Mine"), TOTAL, "x = 1", SCALE)
    assert pairs(found("work.ipynb")) == {"scale": "work.ipynb", "total": "work.ipynb"}
    (_, submission), _ = found("work.ipynb").work
    assert submission.digest == digest(path) != ""
    assert submission.exercise == "toys/scale"
    assert not found("work.ipynb").notes


def test_the_metadata_name_exercises(upload: Path, found: Finder) -> None:
    """A generated notebook is for its exercises, even where a cell was deleted."""
    entry: dict[str, Any] = {"assignment": "toys"}
    write(upload / "all.ipynb", "1", gpu_exercise_grader=entry)
    assert list(pairs(found("all.ipynb"))) == ["scale", "total", "apply"]
    some = {**entry, "exercises": ["toys/total", "toys/gone", 3]}
    write(upload / "some.ipynb", "1", gpu_exercise_grader=some)
    assert list(pairs(found("some.ipynb"))) == ["total"]
    write(upload / "other.ipynb", "1", gpu_exercise_grader={"assignment": "other"})
    with pytest.raises(UsageError):
        found("other.ipynb")


@pytest.mark.parametrize(
    ("cell", "there"),
    [
        ("x = 1", "It defines no function."),
        ("def scales(): ...", "It defines scales: did you mean scale?"),
        ("def blur(): ...\ndef plot(): ...", "It defines blur, plot."),
        (
            "\n".join(f"def f{n}(): ..." for n in range(10)),
            "It defines f0, f1, f2, f3, f4, f5, f6, f7 and 2 more.",
        ),
    ],
)
def test_a_notebook_that_holds_nothing(
    cell: str, there: str, upload: Path, found: Finder
) -> None:
    """It is said what was looked for, and what is there."""
    write(upload / "work.ipynb", cell, markdown(SCALE))
    with pytest.raises(UsageError) as error:
        found("work.ipynb")
    assert "the functions of the 3 stubs, such as scale" in str(error.value)
    assert str(error.value).endswith(there)


def test_an_exercise_that_was_named_is_graded(
    upload: Path, found: Finder, tmp_path: Path
) -> None:
    """It is the exercise's failure that the notebook does not define it."""
    path = write(upload / "work.ipynb", TOTAL)
    assert pairs(found("work.ipynb", "scale")) == {"scale": "work.ipynb"}
    assert pairs(found("work.ipynb", "toys/total")) == {"total": "work.ipynb"}
    with pytest.raises(ImportFailed, match=r"work\.ipynb defines no scale\."):
        stage(path, "scale", tmp_path, functions=["scale"])
    with pytest.raises(ImportFailed, match=r"defines none of a, b\."):
        stage(path, "scale", tmp_path, functions=["a", "b"])


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("a.zip", "not a zip here: unpack it."),
        ("a.txt", "not .txt."),
        ("a", "not this."),
    ],
)
def test_other_files_are_refused(
    name: str, what: str, upload: Path, found: Finder
) -> None:
    """It is said what can be graded; zips are opened by the command line alone."""
    (upload / name).touch()
    with pytest.raises(UsageError, match=r"a notebook \(\.ipynb\)") as error:
        found(name)
    assert str(error.value).endswith(what)


def test_what_is_no_notebook_is_said_once(upload: Path, found: Finder) -> None:
    """By the command where no exercise is named, else by the exercise's result."""
    (upload / "work.ipynb").write_text("{")
    with pytest.raises(UsageError, match="no valid JSON"):
        found("work.ipynb")
    assert pairs(found("work.ipynb", "scale")) == {"scale": "work.ipynb"}


def _with_tutorial(exercises: tuple[Exercise, ...]) -> list[Exercise]:
    """Return the exercises, the first with a tutorial's notebook."""
    first, *rest = exercises
    tutorial = replace(
        first.rubric, title="Tutorial", functions=(), marks=("# Lesson 1", "imread")
    )
    return [replace(first, rubric=replace(first.rubric, tutorial=tutorial)), *rest]


def test_a_tutorials_notebook_is_recognised(toys: Catalog, upload: Path) -> None:
    """By all of its marks; its own functions do not count, unless one has the contract."""
    exercises = _with_tutorial(toys.select(()))
    marks = [markdown("# Lesson 1\n\ntext"), "image = imread('dog.jpg')"]
    helper = "def total(data_out, offset): return 1"

    def held(*cells: Any) -> Mapping[str, holdings.Holding]:
        path = write(upload / "copy.ipynb", *cells)
        return holdings.contents(path, exercises).held

    assert list(held(*marks, helper)) == ["toys/scale"]
    copy = held(*marks, helper)["toys/scale"]
    assert copy.answer is holdings.Answer.TUTORIAL
    assert copy.exercise.is_tutorial
    assert copy.exercise.rubric.title == "Tutorial"
    assert not held(marks[0])
    written = held(*marks, SCALE)["toys/scale"]
    assert not written.exercise.is_tutorial
    assert held(*marks, STUB)["toys/scale"].exercise.is_tutorial
    assert list(held(helper)) == ["toys/total"]


# ---------------------------------------------------------------- folders


@pytest.mark.parametrize(
    "place",
    ["a.ipynb", "toys/a.ipynb", "assignments/toys/a.ipynb", "assignments/a.ipynb"],
)
def test_notebooks_lie_where_modules_do(
    place: str, upload: Path, found: Finder
) -> None:
    """In the folder, or laid out like assignments/."""
    write(upload / place, SCALE)
    assert pairs(found()) == {"scale": "a.ipynb"}
    assert "name other exercises" in found().notes[0]
    assert pairs(found("", "scale")) == {"scale": "a.ipynb"}


@pytest.mark.parametrize(
    "place",
    [
        ".ipynb_checkpoints/a-checkpoint.ipynb",
        "toys/.ipynb_checkpoints/a.ipynb",
        "._a.ipynb",
        "a.executed.ipynb",
        "elsewhere/a.ipynb",
    ],
)
def test_what_tools_leave_is_passed_over(
    place: str, upload: Path, found: Finder
) -> None:
    """Checkpoints, companions of other systems, and feedback of an earlier grading."""
    write(upload / place, SCALE)
    assert pairs(found()) == {s: f"{s}.py" for s in ("scale", "total", "apply")}
    assert not found().notes


def test_modules_and_notebooks_go_together(upload: Path, found: Finder) -> None:
    """Each exercise is found where it is."""
    (upload / "toys" / "total.py").write_text(TOTAL)
    write(upload / "work.ipynb", SCALE)
    assert pairs(found()) == {
        "scale": "work.ipynb",
        "total": "total.py",
        "apply": "apply.py",
    }
    assert not found().notes


@pytest.mark.parametrize("module", [SCALE, "def scale(", "", "x = 1"])
def test_a_module_comes_before_a_notebook(
    module: str, upload: Path, found: Finder
) -> None:
    """And it is said, since both may be answers."""
    (upload / "toys" / "scale.py").write_text(module)
    write(upload / "work.ipynb", SCALE)
    assert pairs(found("", "scale")) == {"scale": "scale.py"}
    assert found("", "scale").notes == [
        "toys/scale: graded is the module, not work.ipynb; modules come before notebooks."
    ]


def test_a_notebook_comes_before_the_untouched_stub(
    upload: Path, found: Finder, toys: Catalog
) -> None:
    """Who fills in a notebook leaves the stubs as they are, and hands in the folder."""
    for exercise in toys.select(()):
        (upload / "toys" / exercise.stub.name).write_text(exercise.stub.read_text())
    write(upload / "toys" / "work.ipynb", TOTAL, SCALE)
    assert pairs(found()) == {
        "scale": "work.ipynb",
        "total": "work.ipynb",
        "apply": "apply.py",
    }
    assert found().notes == [
        "toys/scale, toys/total: graded is toys/work.ipynb; the module is still the stub."
    ]


def test_a_notebook_of_stubs_changes_nothing(upload: Path, found: Finder) -> None:
    """A generated notebook beside the modules that the learner wrote."""
    (upload / "scale.py").write_text(SCALE)
    write(upload / "work.ipynb", STUB)
    assert pairs(found("", "scale")) == {"scale": "scale.py"}
    assert not found("", "scale").notes


@pytest.mark.parametrize(
    ("others", "taken", "why"),
    [
        (
            {"a.ipynb": STUB, "b.ipynb": SCALE},
            "b.ipynb",
            "not a.ipynb; the functions of the other are still stubs.",
        ),
        (
            {"a.ipynb": SCALE, "scale.ipynb": SCALE},
            "scale.ipynb",
            "not a.ipynb; it is named after the exercise.",
        ),
        (
            {"a.ipynb": SCALE, "toys.ipynb": SCALE},
            "toys.ipynb",
            "not a.ipynb; it is named after the assignment.",
        ),
        (
            {"b.ipynb": SCALE, "a.ipynb": SCALE, "c.ipynb": SCALE},
            "a.ipynb",
            "not b.ipynb, c.ipynb; it comes first by folder and name. Keep one of them "
            "to be sure.",
        ),
    ],
)
def test_of_two_notebooks_one_is_taken_and_said(
    others: dict[str, str], taken: str, why: str, upload: Path, found: Finder
) -> None:
    """Never silently."""
    for name, source in others.items():
        write(upload / name, source)
    assert pairs(found("", "scale")) == {"scale": taken}
    (note,) = found("", "scale").notes
    assert note == f"toys/scale: graded is {taken}, {why}"


def test_a_tidy_place_comes_first(upload: Path, found: Finder) -> None:
    """The assignment's folder before the upload's, as for modules."""
    write(upload / "a.ipynb", SCALE)
    write(upload / "toys" / "b.ipynb", SCALE)
    assert pairs(found("", "scale")) == {"scale": "b.ipynb"}


def test_a_broken_notebook_is_left_out_and_said(upload: Path, found: Finder) -> None:
    """The others are graded."""
    (upload / "toys" / "broken.ipynb").write_text("{")
    (upload / "link.ipynb").symlink_to("toys/broken.ipynb")
    write(upload / "work.ipynb", SCALE)
    assert pairs(found()) == {"scale": "work.ipynb"}
    broken, link, _ = found().notes
    assert broken.startswith("toys/broken.ipynb is not a notebook: it is no valid JSON")
    assert link.startswith("link.ipynb is a link.")


def test_a_broken_notebook_alone_is_the_result(upload: Path, found: Finder) -> None:
    """What is wrong with it stands at the exercises, not that a module is missing."""
    (upload / "work.ipynb").write_text("{")
    assert set(pairs(found()).values()) == {"work.ipynb"}
    assert pairs(found("", "total")) == {"total": "work.ipynb"}


def test_a_missing_module_mentions_notebooks(
    upload: Path, found: Finder, tmp_path: Path
) -> None:
    """Where there are some, and none of them defines it."""
    write(upload / "toys" / "a.ipynb", SCALE)
    write(upload / "toys" / "b.ipynb", TOTAL)
    ((_, submission),) = found("", "apply").work
    with pytest.raises(ImportFailed, match="The notebooks there do not define"):
        stage(submission.path, "apply", tmp_path)


def test_links_to_folders_are_not_followed(
    upload: Path, found: Finder, tmp_path: Path
) -> None:
    """They could lead to anybody's solution."""
    write(tmp_path / "other" / "a.ipynb", SCALE)
    (upload / "toys").rmdir()
    (upload / "toys").symlink_to(tmp_path / "other")
    assert "a.ipynb" not in pairs(found()).values()


def test_many_notebooks_are_bounded(upload: Path, found: Finder) -> None:
    """The first fifty are read, and it is said."""
    for number in range(52):
        write(upload / f"{number:02}.ipynb", SCALE if number > 49 else TOTAL)
    assert pairs(found()) == {"total": "00.ipynb"}
    assert "Of 52 notebooks only the first 50 were read." in found().notes


# ---------------------------------------------------------------- staging


def test_a_notebook_is_staged_with_its_neighbours(upload: Path, tmp_path: Path) -> None:
    """Under its own name, beside the modules that it may import."""
    path = write(upload / "work.ipynb", "import helper", SCALE)
    (upload / "helper.py").write_text("x = 1")
    write(upload / "other.ipynb", TOTAL)
    (tmp_path / "submission").mkdir()
    staged = stage(path, "scale", tmp_path, functions=["scale"])
    assert staged.name == "work.ipynb"
    assert staged.read_bytes() == path.read_bytes()
    names = sorted(p.name for p in staged.parent.iterdir())
    assert names == ["helper.py", "work.ipynb"]


def test_a_name_that_is_bound_otherwise_is_enough(upload: Path, tmp_path: Path) -> None:
    """Whether it is a function shows when the notebook has run."""
    path = write(upload / "work.ipynb", "from helper import scale")
    (tmp_path / "submission").mkdir()
    assert stage(path, "scale", tmp_path, functions=["scale"]).is_file()


def test_the_digest_is_of_the_whole_file(upload: Path) -> None:
    """A notebook may be larger than a module, and one that is changed is another."""
    path = write(upload / "work.ipynb", SCALE)
    before = digest(path)
    assert before == digest(path)
    write(path, SCALE, TOTAL)
    assert digest(path) != before
    path.write_bytes(b" " * 6 * 2**20)
    assert digest(path)
    assert not digest(upload)

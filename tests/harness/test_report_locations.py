"""What a failure points at: the learner's file and line, with the lines around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import Catalog
from graders.harness.checks.failures import raise_for_call, raise_for_load
from graders.harness.checks.locations import Sources
from graders.harness.errors import Failure, ImportFailed, NotRun, WrongValue
from graders.harness.grading import NOT_MODELLED, judge
from graders.harness.interactive.program import in_session_words, write_program
from graders.harness.interactive.statements import read_statements
from graders.harness.models import ExerciseResult, Status, Submission
from graders.harness.report.tally import checkable_points
from graders.harness.rubric import CheckRubric
from graders.harness.run import Grader, Request
from graders.harness.supervisor.notebook import CellRun
from tests.harness import notebook_files
from tests.harness.played_reports import check, exercise

MODULE = (
    "import cupy\r\n\r\n\r\ndef helper(x):\r\n    return x\r\n\r\n"
    "async def scale(x): pass\r\n\r\ndef scale(x):\r\n    return helper(x)\r\n\r\n\r\n"
)
PROGRAMS = {
    "stub": notebook_files.STUB,
    "raises": "def scale(image, factor):\n    return inner(image)\n\n\ndef inner(x):\n"
    "    raise ValueError('no')\n",
    "value": "import cupy\n\n\ndef scale(image, factor):\n    return image * 3\n",
    "syntax": "def scale(image, factor):\n    return (image\n",
    "nothing": "import cupy\n",
    "beside": "from beside import scale\n",
    "passes": "def scale(image, factor):\n    pass\n",
    "exits": "import os\n\n\ndef scale(image, factor):\n    os._exit(0)\n",
    "not modelled": "import cupy\n\n\ndef scale(image, factor):\n"
    "    return cupy.poly1d(image)\n",
}
BESIDE = "def scale(image, factor):\n    return image / 0 * undefined\n"


def sources(path: Path, *cells: str) -> Sources:
    runs = [CellRun(number=i, source=text) for i, text in enumerate(cells, 1)]
    return Sources(path, "scale", lambda: runs)


def at(file: str, line: int) -> Failure:
    return WrongValue("It is wrong.", place=(file, line))


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module under a name of its own, with a helper and a link beside it."""
    (tmp_path / "helper.py").write_text("one\ntwo\nthree\n" + "x" * 500)
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    path = tmp_path / "my answer.py"
    path.write_bytes(MODULE.encode() + b"last = '\xff'")
    return path


def test_a_line_of_the_module_and_those_around_it(module: Path) -> None:
    found = sources(module).location(at("scale.py", 5), "")
    assert found == {
        "file": "my answer.py",  # the learner's name, not the one that we gave it
        "line": 5,
        "source": [[3, ""], [4, "def helper(x):"], [5, "    return x"], [6, ""],
                   [7, "async def scale(x): pass"]],
    }  # fmt: skip
    last = sources(module).location(at("", 13), "")
    assert last is not None
    assert last["source"][-1] == [13, "last = '\N{REPLACEMENT CHARACTER}'"]


def test_a_line_of_a_file_beside_it_is_cut(module: Path) -> None:
    found = sources(module).location(at("helper.py", 3), "")
    assert found == {
        "file": "helper.py",
        "line": 3,
        "source": [[1, "one"], [2, "two"], [3, "three"], [4, "x" * 200]],
    }


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("scale.py", 0),
        ("scale.py", 14),
        ("scale.py", -3),
        ("../helper.py", 1),
        ("/etc/passwd", 1),
        ("link.py", 1),
        ("none.py", 1),
        ("code cell 1", 1),
    ],
)
def test_a_place_that_is_not_there_is_none(module: Path, file: str, line: int) -> None:
    """Only files that were handed in are read, whatever a worker says."""
    assert sources(module).location(at(file, line), "scale") is None


def test_without_a_line_the_function_is_pointed_at(module: Path) -> None:
    """The last definition of the name; nothing where there was no call."""
    found = sources(module).location(WrongValue("It is 3."), "scale")
    assert found is not None
    assert (found["line"], found["source"][2][1]) == (9, "def scale(x):")
    assert sources(module).location(WrongValue("It is 3."), "other") is None
    assert sources(module).location(WrongValue("It is 3."), "") is None
    assert sources(module).location(ImportFailed("It is missing."), "scale") is None
    assert sources(module).location(NotRun("It needs a GPU."), "scale") is None
    gone = sources(module.with_name("gone.py"))
    assert gone.location(WrongValue("It is 3."), "scale") is None


def test_a_cell_of_a_notebook(tmp_path: Path) -> None:
    cells = ("import cupy", "x = 1\n1 / 0", "def scale(x):\n    return 3", "scale(1)")
    found = sources(tmp_path / "a.ipynb", *cells)
    assert found.location(at("code cell 2", 2), "") == {
        "file": "a.ipynb",
        "cell": 2,
        "line": 2,
        "source": [[1, "x = 1"], [2, "1 / 0"]],
    }
    defined = found.location(WrongValue("It is 3."), "scale")
    assert defined is not None
    assert (defined["cell"], defined["line"]) == (3, 1)
    assert found.location(at("code cell 9", 1), "") is None
    assert found.location(at("", 1), "") is None


def problem(message: str, kind: str, *bases: str) -> dict[str, Any]:
    frame = {"file": "scale.py", "line": 9, "function": "scale", "source": "compile(f)"}
    types = [kind, *bases]
    return {
        "type": kind.rpartition(".")[2],
        "types": types,
        "message": message,
        "frames": [frame],
        "innermost": True,
    }


@pytest.mark.parametrize(
    ("raised", "place"),
    [
        (problem("no", "builtins.ValueError"), ("scale.py", 9)),
        (problem("no", "builtins.NotImplementedError"), ("scale.py", 9)),
        (
            problem(
                'Failed\nFile "/site-packages/numba/x.py", line 7:\n'
                'File "../submission/scale.py", line 4:\ndef f(\n'
                'File "../submission/scale.py", line 5:',
                "numba.core.errors.TypingError",
            ),
            ("scale.py", 4),
        ),
        (problem("No place.", "numba.core.errors.TypingError"), ("scale.py", 9)),
        ({**problem("no", "builtins.ValueError"), "frames": []}, None),
    ],
)
def test_exceptions_point_at_their_line(
    raised: dict[str, Any], place: tuple[str, int] | None
) -> None:
    """A compiler's text names the callback's line, which no frame has."""
    for tell in (raise_for_call, raise_for_load):
        with pytest.raises(Failure) as caught:
            tell(raised, "scale")
        assert caught.value.place == place


def test_points_that_a_program_keeps_from_being_checked_stay_in_the_total() -> None:
    """What the simulator does not model is the program's choice; a GPU is not."""
    rubric = CheckRubric(name="values", points=2.0)
    unmodelled = judge(rubric, "It.", NotRun("It is not modelled.", not_modelled=True))
    assert unmodelled.details == {NOT_MODELLED: 2.0}
    assert checkable_points(unmodelled) == 2.0
    assert checkable_points(judge(rubric, "It.", NotRun("It needs a GPU."))) == 0.0


# --------------------------------------------------------------- in a grading


@pytest.fixture(scope="module")
def graded(
    toys: Catalog, toy_grader: Grader, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ExerciseResult]:
    """Wrong programs, and a notebook, graded at once."""
    folder = tmp_path_factory.mktemp("located")
    (scale,) = toys.select(["scale"])
    paths = {}
    for name, text in PROGRAMS.items():
        paths[name] = folder / name / "scale.py"
        paths[name].parent.mkdir()
        paths[name].write_text(text)
    (folder / "beside" / "beside.py").write_text(BESIDE)
    cells = ("import cupy", "def scale(image, factor):\n    return image.undefined")
    paths["notebook"] = notebook_files.write(folder / "a.ipynb", *cells)
    work = [(scale, Submission(exercise=scale.name, path=p)) for p in paths.values()]
    results = toy_grader.results(Request(work=work, device="simulator"))
    return dict(zip(paths, results, strict=True))


@pytest.mark.parametrize(
    ("name", "file", "line", "text"),
    [
        ("stub", "scale.py", 3, "    raise NotImplementedError"),
        ("raises", "scale.py", 6, "    raise ValueError('no')"),
        ("value", "scale.py", 4, "def scale(image, factor):"),
        ("syntax", "scale.py", 2, "    return (image"),
        ("beside", "beside.py", 2, "    return image / 0 * undefined"),
        ("passes", "scale.py", 1, "def scale(image, factor):"),
        ("exits", "scale.py", 4, "def scale(image, factor):"),
        ("not modelled", "scale.py", 5, "    return cupy.poly1d(image)"),
        ("notebook", "a.ipynb", 2, "    return image.undefined"),
    ],
)
def test_a_graded_failure_points_at_its_line(
    graded: dict[str, ExerciseResult], name: str, file: str, line: int, text: str
) -> None:
    values = graded[name].checks[0]
    assert values.status is not Status.PASSED
    found = values.details["location"]
    assert (found["file"], found["line"]) == (file, line)
    assert [line, text] in found["source"]
    assert found.get("cell") == (2 if name == "notebook" else None)


def test_what_needs_no_line_has_none(graded: dict[str, ExerciseResult]) -> None:
    assert "location" not in graded["nothing"].checks[0].details
    for result in graded.values():
        assert "location" not in result.checks[2].details  # it needs a GPU


def test_a_program_that_is_not_modelled_loses_no_points_and_gains_none(
    graded: dict[str, ExerciseResult],
) -> None:
    """Also the check that builds on the first is kept from being run by the program."""
    values, later, faster = graded["not modelled"].checks
    assert (values.details[NOT_MODELLED], later.details[NOT_MODELLED]) == (3, 1)
    assert NOT_MODELLED not in faster.details
    assert graded["not modelled"].not_run_points == 6
    assert [checkable_points(c) for c in (values, later, faster)] == [3, 1, 0]


def test_in_a_session_the_line_is_the_cells() -> None:
    """``check()`` grades a module of our making: its lines become the learner's."""
    cells = read_statements("In [7]", "def blur(x):\n    return x")
    program = write_program("soft", ["blur"], cells, beside=False)
    source = [[n, text] for n, text in enumerate(program.text.splitlines(), 1)]

    def told(file: str, line: int) -> dict[str, Any]:
        place = {"file": file, "line": line, "source": source}
        failed = check("a", "failed", 0, 1, details={"location": place, "ratio": 3})
        return in_session_words(exercise("a/soft", failed), program).checks[0].details

    shown = [[1, "def blur(x):"], [2, "    return x"]]
    own = {"file": "In [7]", "line": 2, "source": shown}
    assert told("soft.py", 5) == {"ratio": 3, "location": own}
    assert told("soft.py", 1) == {"ratio": 3}  # a line of ours
    assert told("soft_beside.py", 1)["location"]["file"] == "soft.py"
    assert told("helper.py", 1)["location"]["file"] == "helper.py"

"""Stand-ins for missing modules: they take everything, and are worth nothing."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import NotebookRun, Opaque
from graders.harness.supervisor import ForkServer
from graders.harness.worker import stand_ins
from tests.harness import notebook_runs as notebooks


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What a finder says that takes this very file for the program's."""
    texts: list[str] = []
    finder = stand_ins.Finder(lambda name: name == __file__, texts.append)
    sys.meta_path.append(finder)
    before = set(sys.modules)
    yield texts
    sys.meta_path.remove(finder)
    # Only what it made: a library that is imported here for the first time cannot be twice.
    for name in set(sys.modules) - before:
        if isinstance(sys.modules[name], stand_ins._Module):
            del sys.modules[name]


@pytest.fixture
def plt(said: list[str]) -> Any:
    """A plotting module that is missing."""
    import missing_plots.pyplot as plt  # type: ignore[import-not-found]

    assert len(said) == 1
    return plt


def test_attributes_calls_and_operators(plt: Any) -> None:
    axis = plt.figure(figsize=(3, 4)).add_subplot(1, 1, 1, projection="3d")
    axis.set_title("x").set(color="red").lines[0].value = 3
    axis[1:2, ...] = axis @ 3 - 2 / axis
    del axis[0], axis.title
    axis += 1
    assert not axis
    assert not (axis > 3)
    assert "x" not in axis
    assert "missing_plots is not installed" in f"{axis:>20} {axis!s}"
    with plt.style.context("dark"):
        pass


def test_unpacking_takes_as_many_as_there_are_names(plt: Any) -> None:
    figure, axis = plt.subplots()
    other, (a, b) = plt.make_two()
    sixth, ((c, d), (e, f), (g, h)) = plt.make_six()
    first, *middle, last = plt.hist([1, 2, 3])
    start, *rest = plt.hist([1, 2, 3])
    (i, j, k), (m, n, o) = plt.subplots(2, 3)[1]
    single = [figure, axis, other, sixth, first, last, start, a, b, c, d, e, f, g, h]
    found = [*single, *middle, *rest, i, j, k, m, n, o]
    assert all(isinstance(x, stand_ins.StandIn) for x in found)


def test_loops_run_as_often_as_they_would(plt: Any) -> None:
    """A computation in a loop over axes is done; nothing runs for ever."""
    axes = plt.subplots(2, 3)[1]
    assert [len(row) for row in axes] == [3, 3]
    for flat in (axes.flat, axes.ravel(), axes.flatten()):
        assert len(list(zip(flat, range(100), strict=False))) == 6
    assert len([*enumerate(plt.subplots(1, 4)[1])]) == 4
    assert len([*plt.subplots(1, 1, squeeze=False)[1]]) == 1
    colours = plt.cm.viridis(np.linspace(0, 1, 5))
    assert len([*zip(colours, range(9), strict=False)]) == 5
    assert [*plt.nothing_known] == []


def test_progress_bars_hand_on_what_they_get(said: list[str]) -> None:
    from tqdm import tqdm, trange  # type: ignore[import-not-found, import-untyped]

    assert [*tqdm(range(3), desc="x")] == [0, 1, 2]
    assert [*trange(2)] == [0, 1]


def test_decorators_leave_functions_alone(plt: Any) -> None:
    @plt.profile
    def one() -> int:
        return 1

    @plt.interact(x=(0, 10))
    def two() -> int:
        return 2

    assert (one(), two()) == (1, 2)


def test_classes_and_checks_of_types(plt: Any) -> None:
    class Mine(plt.Base):  # type: ignore[misc, name-defined]
        value = 3

    assert Mine().value == 3
    assert not isinstance(3, plt.Base)


@pytest.mark.parametrize("take", [float, int, math.sqrt, np.asarray, range])
def test_it_has_no_value(take: Any, plt: Any) -> None:
    """What is computed from it fails, and says why."""
    with pytest.raises(TypeError, match="missing_plots is not installed here, so"):
        take(plt.limits()[0])


@pytest.mark.parametrize(
    "name",
    [
        "numpyy", "cuppy", "cupyy", "nvmaths", "nvmth", "scpiy", "nubma", "PILL", "np",
        "jsno", "PIL.missing", "numpy.missing", "_private", "maths", "colections",
    ],
)  # fmt: skip
def test_what_is_needed_is_missed(name: str, said: list[str]) -> None:
    """Near spellings of what the exercises need, and their parts, have no stand-in."""
    with pytest.raises(ModuleNotFoundError):
        __import__(name)
    assert said == []


@pytest.mark.parametrize(
    "name", ["seaborn_x", "plotly_x", "nb_theme", "mpl_toolkits_x.mplot3d", "cv2_x"]
)
def test_what_is_for_looks_is_replaced(name: str, said: list[str]) -> None:
    module = __import__(name)
    assert "is not installed here" in repr(module.anything())


def test_libraries_are_told_the_truth(said: list[str]) -> None:
    """Only the program's own imports get a stand-in, not those of what it imports."""
    space: dict[str, Any] = {}
    text = "def look():\n    import missing_for_a_library"
    exec(compile(text, "/usr/lib/library.py", "exec"), space)
    with pytest.raises(ModuleNotFoundError):
        space["look"]()
    assert said == []


def test_letters_that_differ() -> None:
    near = [
        ("numpy", "nunpy"),
        ("numpy", "nmpy"),
        ("numpy", "numppy"),
        ("numpy", "nupmy"),
    ]
    far = [("cupy", "cudf_"), ("numpy", "sympy"), ("re", "rx"), ("numpy", "pnumpyy")]
    assert all(stand_ins.is_near(a, b) for a, b in near)
    assert not any(stand_ins.is_near(a, b) for a, b in far)


CELLS = (
    "import plotting_x.pyplot as plt\nfrom nb_theme_x import *\nimport fancy_x.deep as d\n"
    "done = 1\nplt.show()",
    "fig, axes = plt.subplots(1, 2)\nfor ax, n in zip(axes, (1, 2)):\n    done += n\n"
    "    ax.imshow([n])\nfig",
    "import numpyy",
    "try:\n    import reference\nexcept ImportError:\n    hidden = True",
    "def f(a):\n    return fig",
    "import importlib\nother = importlib.import_module('other_x')\nimport nvmath.nothing",
)


@pytest.fixture(scope="module")
def found(
    kernel_server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[NotebookRun, Any]]:
    """What cells did that import what is missing, and the program."""
    folder = tmp_path_factory.mktemp("stand_ins")
    with notebooks.learner(kernel_server, folder, *CELLS) as opened:
        yield opened.notebook(), opened


def test_the_run_names_what_was_missing(found: tuple[NotebookRun, Any]) -> None:
    run, _ = found
    names = ("plotting_x", "nb_theme_x", "fancy_x", "other_x")
    assert run.stand_ins == names
    assert run.cell(1).exception is None
    assert run.cell(1).log.splitlines() == [
        f"[{name} is not installed here: what it shows is left out.]"
        for name in names[:3]
    ]
    assert [run.cell(n).text for n in (1, 2)] == ["", ""]


def test_what_was_computed_beside_stays(found: tuple[NotebookRun, Any]) -> None:
    assert found[1].variable("done").value == 4
    assert found[1].variable("hidden").value is True


def test_misspelt_packages_are_said(found: tuple[NotebookRun, Any]) -> None:
    for number, name in ((3, "numpyy"), (6, "nvmath.nothing")):
        exception = found[0].cell(number).exception
        assert exception is not None
        assert exception["message"] == f"No module named {name!r}"


def test_a_stand_in_is_no_result(found: tuple[NotebookRun, Any]) -> None:
    """It crosses as the name of its type, which says what was missing."""
    value = found[1].call("f", 1).value
    assert value == Opaque("plotting_x.stand_in")


def test_endless_counts_are_not_made(plt: Any) -> None:
    """A million axes are none; a stream of images beside axes is not read to its end."""
    assert len([*plt.subplots(10**9, 10**9)[1]]) == 0
    assert len([*zip(plt.subplots(2)[1], itertools.count(), strict=False)]) == 2

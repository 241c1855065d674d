"""In which notebooks a function is found, by whatever statement its name is bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.submission import find
from graders.harness.submission.definitions import definitions_in_strangers
from graders.harness.submission.holdings import mentions
from tests.harness.notebook_files import write


@pytest.mark.parametrize(
    "source",
    [
        "[scale, other] = go, 1",
        "scale, other = 1, go\nscale, *rest = pair()",
        "(a, (scale, b)) = 1, (go, 2)",
        "scale: object = go",
        "print(scale := go)",
        "if (scale := go): pass",
        "[scale := f for f in functions]",
        "for scale in [go]: pass",
        "for name, scale in functions.items(): pass",
        "async for scale in functions: pass",
        "with made() as scale: pass",
        "async with made() as (scale, other): pass",
        "while True:\n    scale = go\n    break",
        "for _ in range(1):\n    def scale(): return 1",
        "match go:\n    case scale: pass",
        "match go:\n    case [1, *scale]: pass",
        "match go:\n    case {'f': 1, **scale}: pass",
        "match go:\n    case 1:\n        scale = go",
        "try:\n    scale = go\nexcept* ValueError:\n    pass",
        "class scale: pass",
        "def make():\n    global scale\n    scale = go\nmake()",
        "from mypipe import scale",
        "from mypipe import inner as scale",
        "from .mypipe import scale",
        "%time scale = go",
        "if True:\n    %time scale = go",
        "scale = functions['scale']",
        "scale = await made()",
        "scale = go if fast else slow",
        "scale = fast or slow",
        "x = " + "+".join("1" * 950) + "\nscale = go",
        "(" + "+".join("1" * 950) + ") + (scale := go)",
    ],
)
def test_a_name_is_bound(source: str) -> None:
    assert "scale" in definitions_in_strangers([source])


@pytest.mark.parametrize(
    "source",
    [
        "scale, other = 1, go",
        "scale: int = 3",
        "print(scale := 3)",
        "for scale in range(3): pass",
        "for scale in [1, 2]: pass",
        "f = lambda: (scale := go)",
        "def f():\n    return (scale := go)",
        "def f():\n    for scale in functions: pass",
        "class A:\n    scale = go",
        "from scipy.linalg import solve as scale",
        "from operator import mul as scale",
        "from mypipe import *",
        "import mypipe",
        "%timeit scale = go",
        "other.scale = go",
        "scale[0] = go",
    ],
)
def test_no_function_is_bound(source: str) -> None:
    assert "scale" not in definitions_in_strangers([source])


def test_a_notebook_that_imports_its_function_is_graded(
    toys: Catalog, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "hw.ipynb", "from mypipe import scale", "import numpy as np"
    )
    ((exercise, _),) = find(path, toys.select([]), named=False).work
    assert exercise.slug == "scale"


@pytest.mark.parametrize("cell", ["from mypipe import *", "%run mypipe.py"])
def test_what_may_bind_any_name_is_run(cell: str, tmp_path: Path) -> None:
    assert mentions(write(tmp_path / "a.ipynb", cell), ["scale"])
    assert not mentions(write(tmp_path / "b.ipynb", "import mypipe"), ["scale"])

"""What becomes of files that are called like no exercise that was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.classroom.handed_in import find_work
from graders.harness.errors import UsageError

TOYS = Catalog(Path(__file__).parents[1] / "harness" / "toys")
BOTH = TOYS.select(["toys/scale", "toys/total"])
SCALE = BOTH[:1]


def handed_in(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("def scale(): ...")
    return folder


def said(folder: Path, exercises: tuple[object, ...] = BOTH, named: bool = True) -> str:
    with pytest.raises(UsageError) as refused:
        find_work(folder, exercises, named=named)  # type: ignore[arg-type]
    return str(refused.value)


@pytest.mark.parametrize("named", [True, False])
def test_a_module_named_after_its_author_is_no_zero(
    tmp_path: Path, named: bool
) -> None:
    assert said(handed_in(tmp_path, "ada.py"), named=named) == (
        "ada.py: the file's name says no exercise, and 2 were asked for. Give it the name "
        "of the one that it is, such as scale.py, in a folder named after the learner, "
        "and run the same command again."
    )


def test_of_a_name_that_has_one_exercise_in_it_that_one_is_told(tmp_path: Path) -> None:
    """It is not guessed: the plain command does not either."""
    assert "such as total.py, in" in said(handed_in(tmp_path, "fay_total.py"))


def test_several_files_of_no_exercise_are_named(tmp_path: Path) -> None:
    names = ("main.py", "lib/a.py", "lib/b.py", "lib/c.py")
    told = said(handed_in(tmp_path, *names), SCALE)
    assert told.startswith(
        "lib/a.py, lib/b.py, lib/c.py and 1 more: no module has the name of an exercise "
        "that was asked for, and no notebook defines its functions. Name each module"
    )
    assert str(tmp_path) not in told


def test_so_are_notebooks_that_hold_none(tmp_path: Path) -> None:
    cells = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "dan.ipynb").write_text(json.dumps(cells))
    assert said(tmp_path, named=False).startswith("dan.ipynb: no module has the name")


def test_one_exercise_takes_a_file_of_any_name(tmp_path: Path) -> None:
    work = find_work(handed_in(tmp_path, "ada.py"), SCALE, named=True)
    assert [(e.slug, s.path.name) for e, s in work] == [("scale", "ada.py")]


def test_what_is_missing_beside_a_module_fails(tmp_path: Path) -> None:
    """One that was found says that names are meant: the others are not there."""
    work = find_work(handed_in(tmp_path, "toys/scale.py"), BOTH, named=True)
    assert [(e.slug, s.path.is_file()) for e, s in work] == [
        ("scale", True),
        ("total", False),
    ]

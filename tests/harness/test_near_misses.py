"""What is said of files that may be meant to be modules that are missing."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.errors import UsageError
from graders.harness.submission import find
from tests.harness.notebook_files import SCALE

Notes = Callable[..., list[str]]


@pytest.fixture
def notes(toys: Catalog, tmp_path: Path) -> Notes:
    """What is said of a folder with one file, where the exercise named is missing."""

    def said(place: str, *names: str) -> list[str]:
        path = tmp_path / "in" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SCALE)
        exercises = toys.select(names or ["scale"])
        return [*find(tmp_path / "in", exercises, named=True).notes]

    return said


@pytest.mark.parametrize(
    "place",
    [
        "scal.py",
        "Scale.py",
        "scale (1).py",
        "scale_final.py",
        "scale - Copy.py",
        "scale2.py",
        "scale.PY",
        "scale.py.txt",
        "scale",
        "toys/scale (1).py",
        "assignments/toys/Scale.py",
    ],
)
def test_what_is_named_nearly_so_is_named(place: str, notes: Notes) -> None:
    assert notes(place) == [f"toys/scale: there is {place!r}: rename it to scale.py."]


def test_a_name_made_to_be_read_for_hours_is_read_at_once(notes: Notes) -> None:
    """As ``_111`` can be two suffixes, the last digits of one or of three others."""
    started = time.perf_counter()
    assert notes("_111" * 60 + "x.py") == []
    assert notes("scale" + " (1)_2-copy" * 6 + ".py") != []
    assert time.perf_counter() - started < 2.0


def test_a_folder_of_another_name_is_named(notes: Notes) -> None:
    assert notes("Toys/scale.py") == [
        "toys/scale: there is 'Toys/scale.py', in a folder where it is not looked for: "
        "name the folder toys, or move the file to the top."
    ]


def test_an_archive_is_to_be_unpacked(notes: Notes) -> None:
    assert notes("hw.zip") == [
        "There is 'hw.zip': unpack it, or name it itself after --submission."
    ]


def test_other_archives_cannot_be_named_themselves(notes: Notes) -> None:
    assert notes("hw.7z") == ["There is 'hw.7z': unpack it."]


@pytest.mark.parametrize("place", ["notes.py", "scale.txt.pdf", "toys/readme.md"])
def test_of_other_files_nothing_is_said(place: str, notes: Notes) -> None:
    assert notes(place) == []


def test_another_exercises_module_is_no_near_miss(notes: Notes) -> None:
    """It is what it is named after, also where that is near the missing one's name."""
    assert notes("total.py", "total", "scale") == []


def test_nothing_is_said_where_the_module_is_there(notes: Notes) -> None:
    notes("scale.py")
    assert notes("scale (1).py") == []


def test_links_are_not_looked_into(toys: Catalog, tmp_path: Path) -> None:
    """A linked folder could be anybody's."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "scale.py").write_text(SCALE)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Toys").symlink_to(tmp_path / "theirs")
    assert find(tmp_path / "in", toys.select(["scale"]), named=True).notes == []


@pytest.mark.parametrize(
    ("name", "exercise"),
    [("scale (1).py", "toys/scale"), ("notes.py", "ASSIGNMENT/EXERCISE")],
)
def test_the_command_that_is_suggested_can_be_pasted(
    name: str, exercise: str, toys: Catalog, tmp_path: Path
) -> None:
    """It has the path as it was given, quoted, and the exercise where that is known."""
    path = tmp_path / name
    path.write_text(SCALE)
    with pytest.raises(UsageError) as caught:
        find(path, toys.select([]), named=False)
    command = str(caught.value).partition("(python grade.py ")[2]
    wanted = f"--submission {shlex.quote(str(path))} {exercise}), or name the file"
    assert command.startswith(wanted)

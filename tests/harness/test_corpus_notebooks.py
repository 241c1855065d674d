"""Notebooks in the corpus of right and wrong programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.corpus import read_corpus, read_program
from graders.harness.errors import CatalogError
from graders.harness.models import Reason
from tests.harness.notebook_files import SCALE, write


def _corpus_notebook(tmp_path: Path, source: str, **notes: str) -> Path:
    entry = {"summary": "Halves it.", "expect": "failed values wrong_value", **notes}
    return write(tmp_path / "wrong_it.ipynb", source, gpu_exercise_grader=entry)


def test_a_notebook_of_the_corpus_says_it_in_its_metadata(
    toys: Catalog, tmp_path: Path
) -> None:
    """The same as the header of a module, under our own key."""
    (scale,) = toys.select(["scale"])
    program = read_program(scale, _corpus_notebook(tmp_path, SCALE))
    assert program.summary == "Halves it."
    assert program.expected == {"values": Reason.WRONG_VALUE}
    assert program.devices == {"simulator", "cuda"}
    assert program.name == "toys/scale/wrong_it"
    path = _corpus_notebook(tmp_path, SCALE, expect="passed", devices="cuda")
    assert read_program(scale, path).right
    assert read_program(scale, path).devices == {"cuda"}


@pytest.mark.parametrize(
    ("source", "notes"),
    [
        ("x = 1", {}),
        (SCALE, {"expect": ""}),
        (SCALE, {"summary": ""}),
        (SCALE, {"expect": "failed"}),
        (SCALE, {"expect": "failed values wrong"}),
        (SCALE, {"expect": "maybe"}),
    ],
)
def test_wrong_notes_of_a_notebook_are_refused(
    source: str, notes: dict[str, str], toys: Catalog, tmp_path: Path
) -> None:
    """And so is a notebook that holds nothing of the exercise."""
    (scale,) = toys.select(["scale"])
    with pytest.raises(CatalogError, match=r"wrong_it\.ipynb"):
        read_program(scale, _corpus_notebook(tmp_path, source, **notes))


def test_notebooks_are_found_in_the_corpus(toys: Catalog, tmp_path: Path) -> None:
    """Beside modules, by the beginning of their names."""
    folder = tmp_path / "toys" / "scale"
    folder.mkdir(parents=True)
    _corpus_notebook(folder, SCALE)
    write(folder / "notes.ipynb", SCALE)
    (folder / "right_it.py").write_text("# Right.\n# expect: passed\n")
    programs = [p.path.name for p in read_corpus(toys, tmp_path)]
    assert programs == ["right_it.py", "wrong_it.ipynb"]

"""Reading notebooks: of every age and tool, and what is no notebook at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from graders.harness.errors import ImportFailed
from graders.harness.submission import notebook_file
from graders.harness.submission.notebook_file import METADATA_KEY, read
from tests.harness.notebook_files import SCALE, code, markdown, notebook, write

PYTHON3 = {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the notebook goes."""
    return tmp_path / "work.ipynb"


def test_cells_are_read(file: Path) -> None:
    """Sources, as text or as lines, their order, kinds and tags."""
    tags = {"tags": ["raises-exception", 3, "", "a,b", "raises-exception"]}
    cells = [markdown("# Title"), code(["a = 1\n", "b = 2"]), code("c", metadata=tags)]
    found = read(write(file, *cells, **PYTHON3))
    assert [(c.kind, c.source) for c in found.cells] == [
        ("markdown", "# Title"),
        ("code", "a = 1\nb = 2"),
        ("code", "c"),
    ]
    assert [c.source for c in found.code_cells] == ["a = 1\nb = 2", "c"]
    assert found.cells[2].tags == ("raises-exception",)


def test_the_node_is_a_valid_notebook_without_outputs(file: Path) -> None:
    """What is executed is a notebook of nbformat 4, whatever was in the one handed in."""
    shown = {"output_type": "stream", "name": "stdout", "text": "claimed"}
    odd = code("1", outputs=[shown, 7], execution_count="three", metadata=[])
    notes = {METADATA_KEY: {"assignment": "toys", "more": 3}}
    pictures = {
        "a.png": {"image/png": "iVBO", "text/html": "<b>", "image/gif": 3},
        "b": 1,
    }
    text = {**markdown("text"), "attachments": pictures}
    write(file, odd, text, "2", widgets={"state": 1}, **notes)
    found = read(file)
    node = found.node
    nbformat.validate(node)
    assert [cell.source for cell in node.cells] == ["1", "text", "2"]
    assert node.cells[0].outputs == []
    assert node.cells[1].attachments == {"a.png": {"image/png": "iVBO"}}
    assert "claimed" not in nbformat.writes(node)
    assert node.metadata[METADATA_KEY] == {"assignment": "toys"}
    assert found.node is not node  # whoever executes it may write into it
    assert len({cell.id for cell in node.cells}) == 3


@pytest.mark.parametrize("version", [1, 2, 3])
def test_older_formats_are_brought_up(version: int, file: Path) -> None:
    """nbformat 3 and before keep cells in worksheets, and code under another name."""
    output = {"output_type": "stream", "text": ["4"], "stream": "stdout"}
    cell: dict[str, Any] = {
        "cell_type": "code",
        "input": SCALE.splitlines(keepends=True),
        "outputs": [output, "broken"],
        "language": "python",
        "collapsed": False,
    }
    heading = {"cell_type": "heading", "level": 2, "source": "Title"}
    data: dict[str, Any] = {"nbformat": version, "nbformat_minor": 0, "metadata": {}}
    if version == 1:
        data = {"nbformat": 1, "cells": [{"cell_type": "code", "code": SCALE}]}
    else:
        text = heading if version == 3 else {"cell_type": "markdown", "source": "x"}
        data["worksheets"] = [{"cells": [cell]}, {"cells": [text]}]
        data["metadata"]["name"] = "old"
    if version == 2:  # it joins lines in another way
        cell["input"] = SCALE
    file.write_text(json.dumps(data))
    found = read(file)
    assert [c.source for c in found.code_cells] == [SCALE]
    nbformat.validate(found.node)
    if version == 3:
        assert found.cells[1].source == "## Title"


@pytest.mark.parametrize("level", [10**30, 2**62, 3 * 10**9, -1, "x", None, [2]])
def test_a_heading_of_a_made_up_level_is_a_heading(level: Any, file: Path) -> None:
    """nbformat writes so many # as it says."""
    heading = {"cell_type": "heading", "level": level, "source": "Title"}
    code = {"cell_type": "code", "input": SCALE, "language": "python", "outputs": []}
    data = {"nbformat": 3, "nbformat_minor": "x", "metadata": {"name": "old"}}
    file.write_text(json.dumps({**data, "worksheets": [{"cells": [code, heading]}]}))
    assert read(file).cells[1].source == "# Title"


def test_whatever_nbformat_stumbles_over_is_told(file: Path) -> None:
    cells = [{"cell_type": "unknown", "source": "x"}]
    file.write_text(json.dumps({"nbformat": 2, "worksheets": [{"cells": cells}]}))
    with pytest.raises(ImportFailed, match="no valid notebook of nbformat 2"):
        read(file)


def test_a_byte_order_mark_and_half_a_character_do_no_harm(file: Path) -> None:
    """Windows writes the one, a cut emoji leaves the other."""
    text = json.dumps(notebook([r"x = '\ud83d'", "\ud83d"]))
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    found = read(file)
    assert found.cells[1].source == "?"
    assert nbformat.writes(found.node).encode()


def _of(data: Any) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        text = data if isinstance(data, str | bytes) else json.dumps(data)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    return make


def _hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**34)


def _link(path: Path) -> None:
    path.symlink_to(write(path.with_name("other.ipynb"), SCALE))


MANY = {**notebook([]), "cells": [code("1")] * 100_000}
BIG_CELL = notebook(["# " + "x" * 5 * 2**20])
OLD = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code"}, 3]}]}
JULIA = notebook(["1"], kernelspec={"name": "j", "language": "julia"})


NO_NOTEBOOKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _: None, "is missing"),
    "folder": (lambda p: p.mkdir(), "is a folder"),
    "pipe": (os.mkfifo, "is a pipe or a device"),
    "link": (_link, "is a link"),
    "device": (lambda p: p.symlink_to("/dev/zero"), "is a link"),
    "hole": (_hole, "has 16,384.0 MB, and at most 20 MB"),
    "empty": (_of(""), "is empty"),
    "blank": (_of(b" \n"), "is empty"),
    "bytes": (_of(b"\x80\x81"), "is not UTF-8 text"),
    "cut": (_of(json.dumps(notebook(["1"]))[:60]), "no valid JSON (line 1, column"),
    "web_page": (_of("<!DOCTYPE html><html>"), "a web page"),
    "conflict": (_of('{\n<<<<<<< HEAD\n"a": 1'), "a merge conflict in line 2"),
    "huge_number": (_of('{"cells": ' + "9" * 5000 + "}"), "no valid JSON"),
    "deep_lists": (_of("[" * 100_000), "too deep"),
    "deep_tables": (_of('{"a":' * 50_000), "too deep"),
    "list": (_of([]), "no notebook"),
    "table": (_of({}), "no notebook"),
    "cells_as_table": (_of({"cells": {}}), "no list of cells"),
    "no_cells": (_of({"nbformat": 4, "cells": None}), "no list of cells"),
    "version_as_text": (_of({"nbformat": "4", "cells": []}), "no notebook"),
    "version_5": (_of({"nbformat": 5, "cells": []}), "nbformat 5; 1 to 4 are read"),
    "cell_as_number": (
        _of({"nbformat": 4, "cells": [3]}),
        "cell 1 is of no known type",
    ),
    "cell_of_no_type": (
        _of(notebook([{"cell_type": "widget"}])),
        "cell 1 is of no known type",
    ),
    "source_as_number": (_of(notebook(["", code(3)])), "source of cell 2 is no text"),
    "lines_of_numbers": (
        _of(notebook([code(["a", 3])])),
        "source of cell 1 is no text",
    ),
    "many_cells": (_of(MANY), "has 100,000 cells; at most 5,000"),
    "many_old_cells": (_of({**OLD, "worksheets": [MANY]}), "has 100,000 cells"),
    "big_cell": (_of(BIG_CELL), "has 5.0 million characters"),
    "broken_3": (_of(OLD), "no valid notebook of nbformat 3"),
    "broken_2": (
        _of({"nbformat": 2, "worksheets": 3}),
        "no valid notebook of nbformat 2",
    ),
    "broken_1": (_of({"nbformat": 1}), "no valid notebook of nbformat 1"),
    "julia": (_of(JULIA), "a notebook of 'julia'"),
    "r": (_of(notebook([], language_info={"name": "R"})), "a notebook of 'R'"),
}


@pytest.mark.parametrize("name", NO_NOTEBOOKS)
def test_what_is_no_notebook_is_said(name: str, file: Path) -> None:
    """Each is the learner's to mend: the file's name, what is wrong with it, what to do."""
    make, said = NO_NOTEBOOKS[name]
    make(file)
    with pytest.raises(ImportFailed) as failure:
        read(file)
    assert str(failure.value).startswith("work.ipynb ")
    assert said in str(failure.value)
    assert failure.value.hint.endswith(".")


def test_a_notebook_without_metadata_is_read(file: Path) -> None:
    """Tools leave out what they do not need; what is of a wrong type is left behind."""
    file.write_text(json.dumps({"cells": [{"cell_type": "code"}], "metadata": 3}))
    assert [c.source for c in read(file).cells] == [""]
    write(file, code("1", metadata={"tags": "x"}), kernelspec=[], language_info=7)
    assert read(file).cells[0].tags == ()


def test_plain_gradings_do_not_import_nbformat() -> None:
    """It takes half a second, which only notebooks are to pay."""
    text = (
        "import sys; import graders.harness.cli; "
        "sys.exit(bool({'nbformat', 'nbclient', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", text], check=False)
    assert done.returncode == 0


def test_names_of_notebooks() -> None:
    """Windows and cameras write suffixes in capitals."""
    assert notebook_file.is_notebook(Path("WORK.IPYNB"))
    assert not notebook_file.is_notebook(Path("work.py"))

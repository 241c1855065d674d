"""Modules that a notebook writes, or that lie beside it: imported and run as in Jupyter."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.harness.checks import NotebookRun
from graders.harness.supervisor import ForkServer
from tests.harness import notebook_runs as notebooks

CELLS = (
    "%%writefile first.py\ndef go():\n    return 'first'",
    "import first\nfirst.go()",
    "with open('second.py', 'w') as f:\n    f.write('x = 1\\nraise ValueError(x)')",
    "import second",
    "import os\nos.mkdir('pack')\nopen('pack/__init__.py', 'w').write('y = 2')",
    "import pack\npack.y",
    "import absent_x\nabsent_x.nothing",
    "%%writefile beside.py\nx = 'written'",
    "import beside\nbeside.x",
    "%run other.py\nz",
    "%%writefile later.py\nlate = 4",
    "%run later.py\nlate",
    "%run nowhere.py",
    "%%writefile timing.py\nimport time\ndef now():\n    return time.perf_counter()",
    "import timing, inspect\n"
    "folders = {os.path.dirname(f.__code__.co_filename)\n"
    "           for f in (timing.now, lambda: 0)}\nlen(folders) == 1",
    "print(inspect.getsource(first.go), first.__file__ == os.path.abspath('first.py'))",
)


@pytest.fixture(scope="module")
def found(
    kernel_server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> NotebookRun:
    """What the cells did, with two modules beside the notebook."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "beside.py").write_text("x = 'handed in'")
    (folder / "other.py").write_text("z = 'run'")
    return notebooks.run(kernel_server, folder, *CELLS)


def test_a_module_of_an_earlier_cell_is_imported(found: NotebookRun) -> None:
    assert "first" in found.cell(2).text
    assert "2" in found.cell(6).text


def test_what_such_a_module_raises_is_at_its_line(found: NotebookRun) -> None:
    """Its frames are the program's, under the name that it has in the folder."""
    exception = found.cell(4).exception
    assert exception is not None
    last = exception["frames"][-1]
    assert (last["file"], last["line"]) == ("second.py", 2)
    assert last["source"] == "raise ValueError(x)"


def test_only_what_is_missing_gets_a_stand_in(found: NotebookRun) -> None:
    assert found.stand_ins == ("absent_x",)


def test_what_is_written_replaces_what_was_handed_in(found: NotebookRun) -> None:
    assert "'written'" in found.cell(9).text


def test_a_file_is_run_where_import_finds_it(found: NotebookRun) -> None:
    assert "'run'" in found.cell(10).text
    assert "4" in found.cell(12).text


def test_a_file_that_is_nowhere_is_said(found: NotebookRun) -> None:
    exception = found.cell(13).exception
    assert exception is not None
    assert exception["message"] == (
        "nowhere.py is not there: it was looked for in the working folder, and among the "
        "Python files beside the notebook."
    )


def test_its_clocks_are_the_programs(found: NotebookRun) -> None:
    """They are told by the folder of the file's name, which is that of the cells."""
    assert "True" in found.cell(15).text


def test_it_is_a_module_like_others(found: NotebookRun) -> None:
    """Its source can be read, and its file is where it was written."""
    assert "return 'first'" in found.cell(16).text
    assert found.cell(16).text.rstrip().endswith("True")


def test_caches_do_not_outlive_a_cell(
    kernel_server: ForkServer, tmp_path: Path
) -> None:
    """A module is found where the folder's time says that nothing came since."""
    look = (
        "import os, sys\nfrom importlib.machinery import PathFinder\n"
        "print(PathFinder.find_spec('late'))"
    )
    write = (
        "open('late.py', 'w').write('x = 5')\n"  # and a file system's clock is coarse
        "sys.path_importer_cache[os.getcwd()]._path_mtime = os.stat('.').st_mtime"
    )
    run = notebooks.run(kernel_server, tmp_path, look, write, "import late\nlate.x")
    assert run.cell(1).text.strip() == "None"
    assert run.cell(3).text.strip() == "5"
    assert run.stand_ins == ()

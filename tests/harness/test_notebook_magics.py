"""Magics and shell commands: what works as in Jupyter, what is passed over, and said."""

from __future__ import annotations

import pytest

from graders.harness.checks import NotebookRun
from graders.harness.supervisor import ForkServer
from tests.harness import notebook_runs as notebooks
from tests.harness.notebook_runs import raised

CELLS = (
    "%%time\n\n# the second line\nx = 1\ndef in_time():\n    return x",  # 1
    "%time y = x + 1\nprint(y)",  # 2
    "%timeit -n 3 -r 2 y + 1\nt = %timeit -q y",  # 3
    "%%timeit -n 1 -r 2 z = 5\nz += 1",  # 4
    "%%capture caught\n\nprint('hidden')\nw = 3\nw / 0",  # 5
    "print(caught.stdout, end='')\nw",  # 6
    "%%time\nfor n in range(3):\n    1 / (n - 1)",  # 7
    "!pip install numpy\n!nvidia-smi\nfiles = !ls\nfiles, len(files), _exit_code",  # 8
    "%pip install torch\n%conda install -y x\nimport sys\n"
    "!{sys.executable} -m pip install y",  # 9
    "%%bash\nset -e\nexit 1",  # 10
    "%%script python3 --no-raise-error\nprint(1)",  # 11
    "%matplotlib inline\n%matplotlib widget\nprint('drawn')",  # 12
    "%load_ext line_profiler\n%load_ext autoreload\n%autoreload 2\nprint('loaded')",  # 13
    "%%writefile made.py\nvalue = 7",  # 14
    "%run made.py\nvalue",  # 15
    "%env MADE=8\nimport os\nos.environ['MADE']",  # 16
    "x?\nprint('asked')",  # 17
    "%whos\n%lsmagic\n%cd .\n%pwd",  # 18
    "import time\na = time.perf_counter()\ntime.sleep(100)\n"
    "print(round(time.perf_counter() - a))\n%time time.sleep(50)",  # 19
    "%%time\n%%capture inner\nprint('nested')\nq = 1",  # 20
    "inner.stdout, q, in_time()",  # 21
    "%history",  # 22
)


@pytest.fixture(scope="module")
def found(
    kernel_server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> NotebookRun:
    """What the cells did."""
    return notebooks.run(kernel_server, tmp_path_factory.mktemp("magics"), *CELLS)


def test_what_works_or_is_passed_over_raises_nothing(found: NotebookRun) -> None:
    failed = {c.number: c.exception for c in found.cells if c.exception}
    assert [*failed] == [5, 7], failed
    assert not any(c.not_run for c in found.cells)


def test_time_prints_and_binds(found: NotebookRun) -> None:
    assert found.cell(1).text.startswith("Wall time: ")
    assert found.cell(1).bound == ("in_time", "x")
    assert found.cell(2).text.splitlines()[1] == "2"


def test_timeit_measures(found: NotebookRun) -> None:
    assert "per loop (mean ± std. dev. of 2 runs, 3 loops each)" in found.cell(3).text
    assert found.cell(3).text.count("per loop") == 1
    assert "2 runs, 1 loop each" in found.cell(4).text


def test_capture_keeps_what_is_printed(found: NotebookRun) -> None:
    assert found.cell(5).text == ""
    assert found.cell(6).text == "hidden\n3\n"


def test_lines_below_a_magic_are_those_of_the_cell(found: NotebookRun) -> None:
    """An exception below ``%%capture`` or ``%%time`` is the cell's."""
    assert raised(found.cell(5)) == ("ZeroDivisionError", 5)
    assert raised(found.cell(7)) == ("ZeroDivisionError", 3)


def test_shell_commands_are_passed_over(found: NotebookRun) -> None:
    """One plain line for each; the rest of the cell runs."""
    assert found.cell(8).text == "([], 0, 0)\n"
    assert found.cell(8).log.splitlines() == [
        "[Nothing is installed while a notebook is graded: !pip install numpy was passed "
        "over.]",
        "[There is no shell while a notebook is graded: !nvidia-smi was passed over.]",
        "[There is no shell while a notebook is graded: !ls was passed over.]",
    ]


def test_installing_is_passed_over(found: NotebookRun) -> None:
    lines = found.cell(9).log.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("[Nothing is installed") for line in lines)


@pytest.mark.parametrize("number", [10, 11])
def test_scripts_are_passed_over(number: int, found: NotebookRun) -> None:
    assert found.cell(number).log.startswith("[There is no shell")
    assert found.cell(number).text == ""


def test_extensions_that_are_missing_are_passed_over(found: NotebookRun) -> None:
    assert found.cell(13).text == "loaded\n"
    assert found.cell(13).log == (
        "[line_profiler is not installed here: it was passed over.]\n"
    )


def test_other_magics_are_ipythons(found: NotebookRun) -> None:
    assert found.cell(12).text == "drawn\n"
    assert found.cell(15).text == "7\n"
    assert found.cell(16).text.endswith("'8'\n")
    assert found.cell(17).text.endswith("asked\n")


def test_clocks_of_cells_are_the_simulated_ones(found: NotebookRun) -> None:
    """A cell that sleeps for minutes takes no time, and measures minutes."""
    assert found.cell(19).text == "100\nWall time: 50 s\n"
    assert found.cell(19).seconds < 10


def test_magics_in_magics(found: NotebookRun) -> None:
    assert found.cell(21).text == "('nested\\n', 1, 1)\n"

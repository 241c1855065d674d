"""The cells of a notebook: what each prints, raises, binds and does on the device."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from graders.harness.checks import ArrayValue, Learner, NotebookRun, Opaque, gpu
from graders.harness.errors import Crashed, ImportFailed, Unimplemented
from graders.harness.supervisor import ForkServer
from tests.harness import notebook_runs as notebooks
from tests.harness.notebook_runs import code, raised

CELLS = (
    {"cell_type": "markdown", "metadata": {}, "source": "# Überschrift"},
    'import cupy as cp\nprint("héllo 🐕")\n1 + 1',  # 1
    "\n\n# two empty lines above\nx = 1\nx / 0\ny = 2",  # 2
    "def broken(:\n    pass",  # 3
    "def double(a):\n    return a * 2\n\ndouble",  # 4
    {"cell_type": "raw", "metadata": {}, "source": "this is ((( no Python"},
    "",  # 5
    code("raise RuntimeError('not run')", "skip-execution"),  # 6
    code("raise KeyError('on purpose')", "raises-exception"),  # 7
    "a = cp.arange(6.0)\nb = cp.asnumpy(a)\nx = x",  # 8
    "import logging\nlogging.basicConfig(level=logging.INFO, force=True)\n"
    "logging.info('told')\nprint('said')",  # 9
    "logging.warning('told again')\na = a + 1",  # 10
    "In = Out = _ = exit = 5\nexec('later = 6')",  # 11
    "later",  # 12
    "import helper\nhelper.inner()",  # 13
    "import asyncio\nawait asyncio.sleep(0)\nawait asyncio.sleep(0, 'awaited')",  # 14
    "from grade import check, prepare\nprepare()\ncheck('some/thing')",  # 15
    "%no_such_magic x",  # 16
    "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\n"
    "def deeper():\n    raise Odd\ndeeper()",  # 17
    "__name__, open is not None",  # 18
)
HELPER = "def inner():\n    raise ValueError('from the helper')\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebook lies, with a module beside it."""
    found = tmp_path_factory.mktemp("cells")
    (found / "helper.py").write_text(HELPER)
    return found


@pytest.fixture(scope="module")
def found(kernel_server: ForkServer, folder: Path) -> NotebookRun:
    """What all the cells did."""
    return notebooks.run(kernel_server, folder, *CELLS)


def test_all_code_cells_are_numbered_from_one(found: NotebookRun) -> None:
    """Text cells do not count; what is executed bears the same numbers."""
    assert [c.number for c in found.cells] == [*range(1, 19)]
    shown = [c for c in notebooks.outputs_of(found).cells if c.cell_type == "code"]
    counts = [c.execution_count for c in shown]
    assert counts == [n if n not in (5, 6) else None for n in range(1, 19)]
    assert (found.problem, found.stand_ins) == ("", ())


def test_text_holds_what_was_printed_and_shown(found: NotebookRun) -> None:
    assert found.cell(1).text == "héllo 🐕\n2\n"
    assert found.cell(4).text.startswith("<function __main__.double(a)>")


def test_an_exception_names_cell_and_line(found: NotebookRun) -> None:
    """Also below empty lines, which IPython drops; what follows in the cell is not run."""
    assert raised(found.cell(2)) == ("ZeroDivisionError", 5)
    assert found.cell(2).bound == ("x",)


def test_a_cell_that_is_no_python_names_its_line(found: NotebookRun) -> None:
    assert raised(found.cell(3)) == ("SyntaxError", 1)


def test_later_cells_run(found: NotebookRun) -> None:
    assert found.cell(4).bound == ("double",)
    assert found.cell(4).not_run == ""


def test_empty_and_tagged_cells_are_not_run(found: NotebookRun) -> None:
    assert found.cell(5).not_run == "it is empty"
    assert found.cell(6).not_run == "it has the tag skip-execution"
    assert not found.cell(6).evidence.available
    assert raised(found.cell(7)) == ("KeyError", 1)


def test_evidence_is_the_cells_own(found: NotebookRun) -> None:
    """Each cell has its kernels and copies; logging that an earlier cell set up is none."""
    copies = [(c.direction, c.nbytes) for c in found.cell(8).evidence.copies]
    assert copies == [("device_to_host", 48)]
    assert len(found.cell(8).evidence.kernels) == 1
    assert len(found.cell(10).evidence.kernels) == 1
    assert found.cell(9).evidence.kernels == ()


def test_bound_are_names_of_other_objects_than_before(found: NotebookRun) -> None:
    """Binding a name to what it already refers to binds nothing."""
    assert found.cell(8).bound == ("a", "b")
    assert found.cell(10).bound == ("a",)


def test_logging_is_kept_apart(found: NotebookRun) -> None:
    """A handler goes to the cell that logs, not to the one that made it."""
    assert (found.cell(9).text, found.cell(9).log) == ("said\n", "INFO:root:told\n")
    assert found.cell(10).log == "WARNING:root:told again\n"


def test_ipythons_names_may_be_taken(found: NotebookRun) -> None:
    assert found.cell(11).exception is None
    assert set(found.cell(11).bound) >= {"In", "Out", "later"}
    assert found.cell(12).text == "6\n"


def test_a_module_beside_the_notebook_is_imported(found: NotebookRun) -> None:
    exception = found.cell(13).exception
    assert exception is not None
    frames = [(f["file"], f["line"]) for f in exception["frames"]]
    assert frames == [("code cell 13", 2), ("helper.py", 2)]


def test_await_at_the_top_level(found: NotebookRun) -> None:
    assert found.cell(14).text == "'awaited'\n"


def test_check_and_prepare_do_nothing(found: NotebookRun) -> None:
    assert found.cell(15).exception is None
    assert found.cell(15).text == ""


def test_an_unknown_magic_is_that_cells_exception(found: NotebookRun) -> None:
    exception = found.cell(16).exception
    assert exception is not None
    assert exception["type"] == "UsageError"
    assert "no_such_magic" in exception["message"]
    assert raised(found.cell(16)) == ("UsageError", 1)


def test_an_exception_that_cannot_be_read(found: NotebookRun) -> None:
    assert raised(found.cell(17)) == ("Odd", 5)


def test_the_namespace_is_that_of_a_program(found: NotebookRun) -> None:
    assert found.cell(18).text == "('__main__', True)\n"


def test_the_executed_notebook_tells_what_happened(found: NotebookRun) -> None:
    """It shows what Jupyter would, and of a traceback the learner's lines alone."""
    cells = [c for c in notebooks.outputs_of(found).cells if c.cell_type == "code"]
    kinds = [o.output_type for o in cells[0].outputs]
    assert kinds == ["stream", "execute_result"]
    error = cells[1].outputs[0]
    assert error.ename == "ZeroDivisionError"
    assert error.traceback == [
        "  code cell 2, line 5", "    x / 0", "ZeroDivisionError: division by zero",
    ]  # fmt: skip
    assert "worker-" not in found.executed.decode()


def test_no_cells_at_all(kernel_server: ForkServer, tmp_path: Path) -> None:
    text = {"cell_type": "markdown", "metadata": {}, "source": "Nothing yet."}
    assert notebooks.run(kernel_server, tmp_path).cells == ()
    assert notebooks.run(kernel_server, tmp_path, text).cells == ()


FUNCTIONS = (
    "import cupy as cp\nscale = cp.ones(3)",
    "def times(a):\n    return a * scale * 2",
    "def unwritten(a):\n    # TODO\n\n    raise NotImplementedError",
    "%%capture\n\ndef passes(a):\n    '''Do something.'''\n    pass",
    "def two(a, b):\n    return a",
    "import math\ndef lost(a):\n    return math.sqrt(-1)\nnothing.here\ndef gone(a):\n"
    "    return a",
    "def lines(a):\n\n\n    return lost(a)",
)


@pytest.fixture(scope="module")
def program(kernel_server: ForkServer, folder: Path) -> Iterator[Learner]:
    """A notebook with functions, right and wrong ones."""
    with notebooks.learner(kernel_server, folder, *FUNCTIONS) as opened:
        yield opened


def test_a_function_is_called_in_the_namespace(program: Learner) -> None:
    value = program.call("times", gpu(np.arange(3.0))).value
    assert isinstance(value, ArrayValue)
    assert value.memory_space == "cuda"
    assert value.array.tolist() == [0.0, 2.0, 4.0]


def test_an_unwritten_function_names_cell_and_line(program: Learner) -> None:
    with pytest.raises(Unimplemented, match="line 4 of code cell 3 still raises NotI"):
        program.call("unwritten", 1)


def test_a_function_that_passes_is_unwritten(program: Learner) -> None:
    with pytest.raises(Unimplemented, match="from line 3 of code cell 4 on"):
        program.call("passes", 1)


def test_a_wrong_signature_is_said(program: Learner) -> None:
    with pytest.raises(
        ImportFailed, match=r"two takes \(a, b\), but it is called with 1"
    ):
        program.call("two", 1)


def test_a_function_that_a_failing_cell_defines(program: Learner) -> None:
    """The message names the cell that was to define it and what went wrong there."""
    said = "code cell 6, which defines it, raised NameError on line 4 of code cell 6"
    with pytest.raises(ImportFailed, match=said) as caught:
        program.call("gone", 1)
    assert caught.value.message.startswith("work.ipynb has no function 'gone'")
    assert caught.value.hint == "Mend code cell 6 first."


def test_a_function_that_nobody_defines(program: Learner) -> None:
    with pytest.raises(ImportFailed, match="There is a 'times': rename it"):
        program.call("time_s", 1)


def test_an_exception_in_a_call_names_cell_and_line(program: Learner) -> None:
    said = (
        r"lines raised ValueError on line 3 of code cell 6 \(return math.sqrt\(-1\)\)"
    )
    with pytest.raises(Crashed, match=said):
        program.call("lines", 1)


def test_variables_are_told(program: Learner) -> None:
    scale = program.variable("scale").value
    assert isinstance(scale, ArrayValue)
    assert (scale.memory_space, scale.array.tolist()) == ("cuda", [1.0, 1.0, 1.0])
    assert isinstance(program.variable("times").value, Opaque)


@pytest.mark.parametrize("name", ["missing", "In", "exit", "_", "__name__", "scale.x"])
def test_what_the_program_did_not_bind_is_missing(program: Learner, name: str) -> None:
    """IPython's own names are not the program's."""
    assert program.variable(name).problem == "missing"


def test_files_are_laid_into_the_working_folder(
    kernel_server: ForkServer, tmp_path: Path
) -> None:
    """Those of the first call; the cells are run once."""
    cells = (
        "import os\nruns = int(os.path.exists('ran')) + 1\nopen('ran', 'w').close()",
        "text = open('./images/a/dog.txt').read(), sorted(os.listdir('images'))",
    )
    with notebooks.learner(kernel_server, tmp_path, *cells) as opened:
        first = opened.notebook({"images/a/dog.txt": b"wau"})
        assert opened.notebook({"images/a/dog.txt": b"miau"}) is first
        assert opened.variable("text").value == ("wau", ["a"])
        assert opened.variable("runs").value == 1


def test_it_works_inside_a_running_event_loop(
    kernel_server: ForkServer, tmp_path: Path
) -> None:
    """As check() in Jupyter calls it; the loop there stays as it was."""
    import asyncio

    async def inside() -> tuple[NotebookRun, bool]:
        loop = asyncio.get_running_loop()
        found = notebooks.run(kernel_server, tmp_path, "1 + 1")
        await asyncio.sleep(0)
        return found, asyncio.get_running_loop() is loop

    found, same = asyncio.run(inside())
    assert found.cell(1).text == "2\n"
    assert same


def test_results_are_plain_json(found: NotebookRun) -> None:
    """The executed notebook holds no widget, comm or state of ours."""
    data = json.loads(found.executed)
    assert set(data["metadata"]) == {"kernelspec", "language_info"}

"""Cells on the device: their callbacks compile, lines and evidence are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from graders.harness.checks import Learner, NotebookRun, gpu, phases_of
from graders.harness.errors import CompileFailed
from graders.harness.supervisor import ForkServer
from tests.harness import notebook_runs as notebooks

CELLS = (
    "import cupy as cp\nimport numpy as np\nimport nvmath\n"
    "from nvmath.fft import compile_prolog, fft",  # 1
    "import logging\nlogging.basicConfig(level=logging.INFO, force=True)\n"
    "logging.disable(logging.NOTSET)",  # 2
    "\n%%time\n\ndef halved(data_in, offset, info, unused):\n"
    "    return data_in[offset] / 2\n\n"
    "a = cp.ones((4, 8), dtype=cp.complex64)\n"
    "code = compile_prolog(halved, 'complex64', 'complex64')\n"
    "b = fft(a, axes=[1], prolog={'ltoir': code})",  # 3
    "def outside(data_in, offset, info, unused):\n"
    "    n = offset + 40\n"
    "    return data_in[n]\n"
    "code = compile_prolog(outside, 'complex64', 'complex64')\n"
    "b = fft(a, axes=[1], prolog={'ltoir': code})",  # 4
    "def wrong(data_in, offset, info, unused):\n"
    "    return data_in[offset].missing\n\n"
    "def compiled(a):\n"
    "    code = compile_prolog(wrong, 'complex64', 'complex64')\n"
    "    return fft(a, prolog={'ltoir': code})",  # 5
    "with nvmath.fft.FFT(a, axes=[1]) as plan:\n    plan.plan()\n"
    "    for _ in range(3):\n        plan.execute()",  # 6
    "b = a",  # 7
    "cp.asnumpy(cp.empty(3))",  # 8
    "import inspect\nprint(inspect.getsource(halved))",  # 9
    "from cupyx.profiler import benchmark\nt = benchmark(lambda: a + 1, n_repeat=5)\n"
    "t.gpu_times.shape",  # 10
    "for _ in range(41_000):\n    a + 1",  # 11
    "b = a + 1",  # 12
)


@pytest.fixture(scope="module")
def program(
    kernel_server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Learner]:
    """The notebook."""
    folder = tmp_path_factory.mktemp("device")
    with notebooks.learner(kernel_server, folder, *CELLS, timeout=60) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(program: Learner) -> NotebookRun:
    """What its cells did."""
    return program.notebook()


def test_no_cell_failed(found: NotebookRun) -> None:
    assert {c.number: c.exception for c in found.cells if c.exception} == {}


def test_a_callback_of_a_cell_is_compiled_and_run(found: NotebookRun) -> None:
    seen = found.cell(3).evidence
    steps = [(o.library, o.phase) for o in seen.operations]
    assert ("callback", "compile") in steps
    assert [o.prolog for o in seen.operations if o.phase == "execute"] == [True]
    assert seen.faults == ()


def test_a_fault_names_the_cells_line(found: NotebookRun) -> None:
    faults = found.cell(4).evidence.faults
    assert {(f.kind, f.line) for f in faults} == {("out_of_bounds_read", 3)}


def test_logging_does_not_disturb_evidence(found: NotebookRun) -> None:
    """An earlier cell turned nvmath's log on: the steps are counted all the same."""
    seen = phases_of(found.cell(6).evidence, "fft")
    assert (seen.plans, seen.executions, seen.frees) == (1, 3, 1)
    assert "The FFT type is C2C." in found.cell(6).log
    assert found.cell(6).text == ""


def test_what_does_not_compile_names_cell_and_line(program: Learner) -> None:
    """Numba shows the cell's lines; no path of this machine is in the text."""
    with pytest.raises(CompileFailed, match=r"on line 5 of code cell 5") as caught:
        program.call("compiled", gpu(np.ones(8, dtype=np.complex64)))
    assert "code cell 5" in caught.value.message
    assert "source missing" not in caught.value.message
    assert "submission" not in caught.value.message


def test_fresh_memory_is_poisoned(found: NotebookRun) -> None:
    assert found.cell(8).text == "array([nan, nan, nan])\n"


def test_functions_have_their_source(found: NotebookRun) -> None:
    assert found.cell(9).text.startswith("def halved(data_in, offset, info, unused):\n")


def test_benchmarks_run(found: NotebookRun) -> None:
    assert found.cell(10).text == "(1, 5)\n"
    assert len(found.cell(10).evidence.kernels) >= 5


def test_too_much_evidence_is_none(found: NotebookRun) -> None:
    """What is too much to send is said not to be known, rather than sent in part."""
    assert not found.cell(11).evidence.available
    assert "41,000 steps on the device" in found.cell(11).evidence.unavailable_because
    assert found.cell(12).evidence.available
    assert len(found.cell(12).evidence.kernels) == 1


def test_fonts_are_at_hand(
    kernel_server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """matplotlib need not look for fonts again in each kernel."""
    place = tmp_path / "cache" / "matplotlib"
    place.mkdir(parents=True)
    (place / "fontlist-v1.json").write_text("{}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    look = "import os\nos.listdir('.cache/matplotlib')"
    seen = notebooks.run(kernel_server, tmp_path, look)
    assert seen.cell(1).text == "['fontlist-v1.json']\n"

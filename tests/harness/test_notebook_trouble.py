"""Cells that do not end, end the kernel, ask questions: the rest is graded all the same."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from graders.harness.checks import NotebookRun
from graders.harness.errors import Crashed, TimedOut
from graders.harness.supervisor import ForkServer
from graders.harness.supervisor import worker as worker_module
from tests.harness import notebook_runs as notebooks
from tests.harness.notebook_runs import code, raised

ENDLESS = "before = 1\n\nwhile True:\n    pass"
STUBBORN = (
    "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
)


def test_an_endless_cell_is_interrupted(
    kernel_server: ForkServer, tmp_path: Path
) -> None:
    """The next cells run in the same kernel; what it bound stays bound."""
    found = notebooks.run(
        kernel_server, tmp_path, "import os\nfirst = os.getpid()", ENDLESS,
        "print(before, first == os.getpid())", timeout=0.7,
    )  # fmt: skip
    assert 0.7 <= found.cell(2).seconds < 2.7
    kind, line = raised(found.cell(2))
    assert kind == "KeyboardInterrupt"
    assert line in (3, 4)
    exception = found.cell(2).exception
    assert exception is not None
    assert exception["message"] == "it did not end within 0.7 s and was interrupted"
    assert found.cell(3).text == "1 True\n"


def test_a_cell_that_resists_is_left_out(
    kernel_server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel is killed, and the notebook run again without that cell."""
    monkeypatch.setattr(worker_module, "_INTERRUPT_SECONDS", 0.3)
    with notebooks.learner(
        kernel_server, tmp_path, "x = 1", STUBBORN, "def f(a):\n    return a + x",
        timeout=0.7,
    ) as opened:  # fmt: skip
        found = opened.notebook()
        assert "did not return within 0.7 s" in found.cell(2).not_run
        assert found.cell(3).not_run == ""
        assert found.problem == ""
        assert opened.call("f", 2).value == 3


@pytest.mark.parametrize(
    ("source", "because"),
    [
        ("import os\nos._exit(3)", "exit status 3"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
    ids=["exits", "signals", "follows a null pointer", "kills itself"],
)
def test_a_cell_that_ends_the_kernel_is_left_out(
    source: str, because: str, kernel_server: ForkServer, tmp_path: Path
) -> None:
    found = notebooks.run(kernel_server, tmp_path, "x = 1", source, "x + 1")
    assert because in found.cell(2).not_run
    assert [c.not_run for c in (found.cell(1), found.cell(3))] == ["", ""]
    assert found.cell(3).text == "2\n"
    shown = notebooks.outputs_of(found).cells[1]
    assert shown.execution_count is None
    assert because in shown.outputs[0].traceback[0]


def test_a_cell_that_takes_all_memory_is_left_out(tmp_path: Path) -> None:
    hungry = "kept = []\nwhile True:\n    kept.append(bytearray(b'x') * 2**26)"
    with ForkServer("simulator", memory=2**29) as server:
        found = notebooks.run(server, tmp_path, hungry, "1 + 1")
    assert "memory: " in found.cell(1).not_run
    assert found.cell(2).text == "2\n"


def test_a_third_cell_that_ends_the_kernel_is_the_last(
    kernel_server: ForkServer, tmp_path: Path
) -> None:
    """Two are left out; what was run before the third one is still told."""
    dies = "import os\nos._exit(3)"
    with notebooks.learner(
        kernel_server, tmp_path, "1", dies, dies, "2", dies, "3"
    ) as opened:
        found = opened.notebook()
        assert "exit status 3" in found.problem
        assert "code cell 5" in found.problem
        texts = [c.text for c in found.cells]
        assert texts == ["1\n", "", "", "2\n", "", ""]
        assert all(found.cell(n).not_run for n in (2, 3, 5, 6))
        for look in (lambda: opened.call("f", 1), lambda: opened.variable("x")):
            with pytest.raises(Crashed, match="code cells 2, 3, 5 ended the kernel"):
                look()


def test_the_whole_notebook_has_a_deadline(
    kernel_server: ForkServer, tmp_path: Path
) -> None:
    """Four times what a cell may take; its kernel lives on, with what there is."""
    waits = "while True:\n    pass"
    cells = ("def f(a):\n    return a", waits, waits, waits, waits, "late = 1")
    with notebooks.learner(kernel_server, tmp_path, *cells, timeout=0.4) as opened:
        found = opened.notebook()
        assert found.problem == "the time for the whole notebook was over, 1.6 s"
        assert found.cell(6).not_run == "the time for the whole notebook was over"
        assert opened.call("f", 2).value == 2
        assert opened.variable("late").problem == "missing"


def test_a_call_that_ends_the_kernel(kernel_server: ForkServer, tmp_path: Path) -> None:
    """The next call meets a kernel in which the notebook was run again."""
    cells = (
        "import os\nos._exit(1)",
        "def die(a):\n    os._exit(2)",
        "import os\ndef f(a):\n    return a",
    )
    with notebooks.learner(kernel_server, tmp_path, *cells) as opened:
        with pytest.raises(Crashed, match="die took its process down"):
            opened.call("die", 1)
        assert opened.call("f", 2).value == 2
        assert len(opened.notebook().cells) == 3


def test_running_it_again_has_an_end(kernel_server: ForkServer, tmp_path: Path) -> None:
    """A notebook whose calls end the kernel is not run again and again for ever."""
    cells = (
        "try:\n    while True: pass\nexcept KeyboardInterrupt: pass",
        "import os\ndef die(a):\n    os._exit(2)",
    )
    said = ""
    with notebooks.learner(kernel_server, tmp_path, *cells, timeout=0.2) as opened:
        for number in range(8):
            try:
                opened.call("die", number)
            except (Crashed, TimedOut) as err:
                said = err.message
    assert "it had to be run again and again" in said


CELLS = (
    "import sys\nexit()",
    "quit",
    "sys.exit(3)",
    "name = input('Your name? ')",
    "import getpass\n\ngetpass.getpass()",
    "import time, threading\ndef later():\n    time.sleep(0)\n    print('late')\n"
    "t = threading.Thread(target=later)\nt.start()",
    "t.join()\nprint('joined')",
    "import io\nreal, sys.stdout = sys.stdout, io.StringIO()\nprint('nowhere')\n5",
    "sys.stdout = None\nprint('nowhere')",
    "sys.stdout = real\nprint('here')",
    "get_ipython = None\nimport IPython\nIPython.get_ipython().run_cell = None",
    "6",
    "import builtins\nbuiltins.len = builtins.isinstance = builtins.open = None\n"
    "builtins.ValueError = 3",
    "builtins.print('still here')\nsys.modules.clear()",
    "7\n8",
    code("%debug", "raises-exception"),
)


@pytest.fixture(scope="module")
def found(
    kernel_server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> NotebookRun:
    """What cells did that ask, leave, or saw at the branch that they sit on."""
    return notebooks.run(kernel_server, tmp_path_factory.mktemp("odd"), *CELLS)


@pytest.mark.parametrize(("number", "line"), [(1, 2), (2, 1), (3, 1)])
def test_leaving_ends_the_cell_alone(
    number: int, line: int, found: NotebookRun
) -> None:
    assert raised(found.cell(number)) == ("SystemExit", line)
    assert found.cell(number).log == ""


@pytest.mark.parametrize(("number", "line"), [(4, 1), (5, 3)])
def test_a_question_is_not_answered(number: int, line: int, found: NotebookRun) -> None:
    """One plain message at the line that asks."""
    assert raised(found.cell(number)) == ("UnansweredError", line)
    exception = found.cell(number).exception
    assert exception is not None
    assert exception["message"].startswith("nobody can answer")


def test_what_a_thread_prints_is_kept(found: NotebookRun) -> None:
    assert "late\n" in found.cell(6).text + found.cell(7).text
    assert "joined\n" in found.cell(7).text


def test_another_standard_output_is_the_programs_own_affair(found: NotebookRun) -> None:
    assert "nowhere" not in found.executed.decode().replace("print('nowhere')", "")
    assert found.cell(8).text == "5\n"
    assert found.cell(10).text == "here\n"


def test_shell_and_builtins_may_be_spoilt(found: NotebookRun) -> None:
    """A cell with which nothing can go on ends the kernel, and is left out."""
    assert [c.number for c in found.cells if c.not_run] == [13]
    assert "exit status 1" in found.cell(13).not_run
    assert found.cell(12).text == "6\n"
    assert found.cell(15).text == "8\n"
    assert found.problem == ""


def test_no_process_is_left(kernel_server: ForkServer, tmp_path: Path) -> None:
    """A killed kernel is gone, with what it started."""
    source = "import os\nopen('pid', 'w').write(str(os.getpid()))\nprint(os.getpid())"
    with notebooks.learner(kernel_server, tmp_path, source) as opened:
        pid = int(opened.notebook().cell(1).text)
        assert _is_there(pid)
    deadline = time.monotonic() + 3
    while _is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_there(pid)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

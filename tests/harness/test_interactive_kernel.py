"""``from grade import check, prepare`` in a real kernel, as a notebook has it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from graders.harness.catalog import ROOT

pytest.importorskip("ipykernel")

REFERENCE = (ROOT / "reference/fft_callbacks/sepia_blur.py").read_text("utf-8")
START = "from grade import check, prepare\nprepare(device='simulator')"


class Kernel:
    """A kernel, and what its cells showed."""

    def __init__(self, folder: Path) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": path, "IPYTHONDIR": str(folder)}
        self._manager, self._client = start_new_kernel(
            kernel_name="python3", cwd=str(folder), env=environment
        )

    def run(self, source: str, cell: str = "") -> dict[str, Any]:
        """Run a cell; return its text, the HTML it showed and the error's name."""
        content = {
            "code": source, "silent": False, "store_history": True,
            "user_expressions": {}, "allow_stdin": False, "stop_on_error": True,
        }  # fmt: skip
        message = self._client.session.msg("execute_request", content)
        message["metadata"] |= {"cellId": cell} if cell else {}
        self._client.shell_channel.send(message)
        seen: dict[str, Any] = {"text": "", "html": "", "error": ""}
        while True:
            reply = self._client.get_iopub_msg(timeout=60)
            if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            told = reply["content"]
            if reply["msg_type"] == "stream":
                seen["text"] += told["text"]
            elif reply["msg_type"] in ("execute_result", "display_data"):
                seen["text"] += told["data"].get("text/plain", "")
                seen["html"] += told["data"].get("text/html", "")
            elif reply["msg_type"] == "error":
                seen["error"] = told["ename"]
            elif told.get("execution_state") == "idle":
                return seen

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    running = Kernel(tmp_path_factory.mktemp("notebook"))
    running.run(START)
    yield running
    running.close()


def test_prepare_says_one_line_and_may_be_called_again(kernel: Kernel) -> None:
    """The simulator takes its place once, and the session says so in one line."""
    again = kernel.run("prepare()")
    assert again["text"] == "This session is on the simulator already.\n"
    seen = kernel.run("import cupy, nvmath; print(cupy.ones(2), nvmath.fft.fft)")
    assert "[1. 1.]" in seen["text"]


def test_clocks_in_cells_show_the_simulated_time(kernel: Kernel) -> None:
    """What a cell measures fits the simulated device; the kernel's own clocks are real."""
    seen = kernel.run(
        "import time\nstart = time.perf_counter()\ntime.sleep(30)\n"
        "print(round(time.perf_counter() - start))"
    )
    assert seen["text"] == "30\n"


def test_a_right_program_passes_and_a_wrong_one_names_its_cell(kernel: Kernel) -> None:
    """Functions are graded as they are now, with the cell and the line that is wrong."""
    kernel.run(REFERENCE, cell="answer")
    right = kernel.run("check('fft_callbacks/sepia_blur')")
    assert "Passed: 12 of 13 points" in right["text"]
    assert "<strong>Passed</strong>: 12 of 13 points" in right["html"]
    assert right["html"].count("data:image/png") == 1
    wrong = REFERENCE.replace("image[pixel + 2]", "image[pixel + 3]")
    kernel.run("# changed\n" + wrong, cell="answer")
    number = kernel.run("len(In) - 2")["text"]
    line = 1 + next(n for n, x in enumerate(wrong.splitlines(), 1) if "pixel + 3" in x)
    seen = kernel.run("answer = check()\nanswer")
    assert f"(line {line} of In [{number}])" in seen["text"]
    assert "# changed" not in seen["text"]
    assert 0 < len(seen["html"]) < 250_000
    assert kernel.run("answer.report['score']")["text"] == "7.0"
    assert "# In [" in kernel.run("answer.programs['fft_callbacks/sepia_blur']")["text"]


def test_an_unwritten_function_is_said(kernel: Kernel) -> None:
    """A stub earns nothing, and the answer says where it still raises."""
    kernel.run(
        "def sepia_blur(image, sigma):\n    # TODO\n    raise NotImplementedError"
    )
    number = kernel.run("len(In) - 2")["text"]
    seen = kernel.run("check('sepia_blur')")
    assert "Failed: 0 of 13 points" in seen["text"]
    assert f"line 3 of In [{number}] still raises" in seen["text"]


def test_no_exception_comes_out_of_it(kernel: Kernel) -> None:
    """A name that is not there is an answer, not a traceback."""
    seen = kernel.run("check('sepia_blurr')")
    assert "Did you mean 'sepia_blur'?" in seen["text"]
    assert "Did you mean &#x27;sepia_blur&#x27;?" in seen["html"]
    assert seen["error"] == ""


def test_the_session_stays_free_of_the_graders_packages(kernel: Kernel) -> None:
    """What grades is imported in its own process alone."""
    seen = kernel.run(
        "import sys\nprint([m for m in ('pytest', 'rich', 'graders.harness.run') "
        "if m in sys.modules])"
    )
    assert seen["text"] == "[]\n"


def test_prepare_after_cupy_says_what_to_do(tmp_path: Path) -> None:
    """Where the packages were imported before, the session is told to begin again."""
    (tmp_path / "cupy.py").write_text("")
    kernel = Kernel(tmp_path)
    try:
        seen = kernel.run(
            "import cupy\nfrom grade import prepare\nprepare('simulator')"
        )
    finally:
        kernel.close()
    assert seen["text"].startswith(
        "Not prepared: cupy came before it. Restart the session"
    )
    assert seen["error"] == ""

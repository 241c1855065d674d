"""Execute a notebook, cell by cell, with nbclient and a kernel inside the sandbox.

nbclient has the loop over the cells, their tags, and what becomes of outputs; our worker
is its kernel. No process of Jupyter's runs, no socket is opened and no file is written.
nbclient and asyncio are imported when a notebook is executed: modules need neither.
"""

from __future__ import annotations

import platform
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from graders.harness import jupyter_packages
from graders.harness.device.evidence import Evidence
from graders.harness.errors import WorkerError
from graders.harness.supervisor import cell_outputs
from graders.harness.supervisor.cell_outputs import Output
from graders.harness.supervisor.kernel import Answer, NotebookKernel

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: What all cells may take, in cells that take as long as they may.
CELLS_IN_ALL = 4
# Characters of outputs that an executed notebook holds.
_MOST_SHOWN = 40 * 2**20
_FILTERED = "[Not kept: the notebook's outputs are more than {limit} MB in all.]\n"
_SKIPPED = "it has the tag skip-execution"
_EMPTY = "it is empty"
_OUT_OF_TIME = "the time for the whole notebook was over"
_LEFT_OUT = "LeftOut"
_NOTHING_SEEN = Evidence(
    available=False, unavailable_because="The code cell was not run."
)

_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class CellRun:
    """
    What one code cell did.

    Attributes:
        number: Its place among the code cells, from 1.

        source: Its text.

        text: What it printed and the plain texts of what it showed, without colours; at
            most 1 MB.

        log: What went to the standard error stream, such as logging; at most 1 MB.

        exception: What it raised, as an observation's, or None.

        evidence: What it did on the device.

        seconds: How long it took, by the grading process's clock.

        bound: The names that refer to another object after the cell than before.

        not_run: Why it was not run; empty where it was.
    """

    number: int
    source: str
    text: str = ""
    log: str = ""
    exception: dict[str, Any] | None = None
    evidence: Evidence = field(default_factory=lambda: _NOTHING_SEEN)
    seconds: float = 0.0
    bound: tuple[str, ...] = ()
    not_run: str = ""


@dataclass(frozen=True, kw_only=True)
class NotebookRun:
    """
    What a notebook did.

    Attributes:
        cells: The code cells, from the top.

        executed: The executed notebook, nbformat 4, as JSON.

        stand_ins: The missing modules that were replaced by one that swallows everything.

        problem: Why it ended early; empty where it did not.
    """

    cells: tuple[CellRun, ...]
    executed: bytes
    stand_ins: tuple[str, ...] = ()
    problem: str = ""

    def cell(self, number: int) -> CellRun:
        """Return a code cell by its number."""
        return self.cells[number - 1]


class KernelDied(Exception):  # noqa: N818 - an outcome, for whoever can start another kernel
    """
    A cell took the kernel with it.

    Attributes:
        number: The code cell.

        error: How the worker ended.

        run: What was done until then.
    """

    def __init__(self, number: int, error: WorkerError, run: NotebookRun) -> None:
        super().__init__(f"code cell {number}: {error}")
        self.number = number
        self.error = error
        self.run = run


def execute(
    kernel: NotebookKernel,
    node: NotebookNode,
    *,
    timeout: float,
    whole: float,
    left_out: Mapping[int, str] | None = None,
) -> NotebookRun:
    """
    Execute a notebook's code cells; an exception in one does not end it.

    It may be called where an event loop runs: nbclient gets a thread and a loop of its own.

    Args:
        kernel: Fresh.

        node: The notebook, of nbformat 4 and valid; it is changed.

        timeout: Seconds that a cell may take.

        whole: Seconds that all of them may take.

        left_out: Code cells that are not run, and why.

    Raises:
        KernelDied: A cell ended its process, or did not let itself be interrupted.
    """
    client = _Client(kernel, node, timeout, time.monotonic() + whole, left_out or {})
    import asyncio  # noqa: PLC0415 - see the module's docstring

    problem = ""
    try:
        _in_thread(lambda: asyncio.run(_executed(client, node)))
    except WorkerError as err:
        problem = f"code cell {client.number} ended the kernel: {err}"
        raise KernelDied(client.number, err, client.finished(problem)) from err
    if client.out_of_time:
        problem = f"{_OUT_OF_TIME}, {whole:g} s"
    return client.finished(problem)


async def _executed(client: _Client, node: NotebookNode) -> None:
    runner: Any = jupyter_packages.load("nbclient").NotebookClient(
        node,
        km=_Manager(client),
        allow_errors=True,
        timeout=None,  # the worker's requests have deadlines
        store_widget_state=False,
        record_timing=False,
        on_cell_start=client.begin_cell,
    )
    await runner.async_execute()


def _in_thread(function: Callable[[], _Result]) -> _Result:
    """Call a function in a thread of its own; what it raises is raised here."""
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as err:  # noqa: BLE001 - raised again, in the other thread
            errors.append(err)

    thread = threading.Thread(target=run, name="notebook", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


class _Channel:
    """Messages that nbclient has not read yet."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def put(self, kind: str, number: str, **content: Any) -> None:
        self._waiting.put(
            {
                "msg_type": kind,
                "header": {"msg_type": kind},
                "parent_header": {"msg_id": number},
                "metadata": {},
                "content": content,
            }
        )

    def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        del timeout  # what comes has come when it is asked for
        return self._waiting.get_nowait()


class _Manager:
    """What nbclient starts, interrupts and ends: ours lives elsewhere."""

    has_kernel = True

    def __init__(self, client: _Client) -> None:
        self._client = client

    def client(self) -> _Client:
        return self._client


class _Client:
    """What nbclient talks to: it runs a cell while it is asked to, and answers at once."""

    allow_stdin = False

    def __init__(
        self,
        kernel: NotebookKernel,
        node: NotebookNode,
        timeout: float,
        deadline: float,
        left_out: Mapping[int, str],
    ) -> None:
        self.shell_channel = _Channel()
        self.iopub_channel = _Channel()
        self.number = 0
        self.out_of_time = False
        self._kernel = kernel
        self._node = node
        self._timeout = timeout
        self._deadline = deadline
        self._left_out = left_out
        self._room = _MOST_SHOWN
        self._stand_ins: tuple[str, ...] = ()
        self._code_cells = [c for c in node.cells if c.cell_type == "code"]
        self._runs: dict[int, CellRun] = {}

    # ------------------------------------------------------ what nbclient calls

    def start_channels(self) -> None:
        """Nothing is to be started."""

    def wait_for_ready(self, timeout: float | None = None) -> None:
        """It is."""

    def is_alive(self) -> bool:
        return True

    def kernel_info(self) -> str:
        info = {
            "name": "python",
            "version": platform.python_version(),
            "mimetype": "text/x-python",
            "file_extension": ".py",
        }
        self.shell_channel.put("kernel_info_reply", "info", language_info=info)
        return "info"

    def begin_cell(self, cell: NotebookNode, cell_index: int) -> None:
        del cell_index
        if cell.cell_type == "code":
            self.number += 1
            why = _EMPTY if not cell.source.strip() else _SKIPPED
            self._note(not_run=why)  # unless it is executed

    def execute(self, source: str, **options: Any) -> str:
        del options
        message = str(self.number)
        left = self._deadline - time.monotonic()
        why = self._left_out.get(self.number, "" if left > 0 else _OUT_OF_TIME)
        if why:
            self.out_of_time = self.out_of_time or left <= 0
            self._note(not_run=why)
            self._fail(message, _LEFT_OUT, f"This cell was not run: {why}.", [])
        else:
            self._note(not_run="it ended the kernel")  # until it has answered
            limit = min(self._timeout, left)
            self._answered(message, self._kernel.run(self.number, source, limit), limit)
        self.iopub_channel.put("status", message, execution_state="idle")
        return message

    # ------------------------------------------------------------ what came of it

    def finished(self, problem: str) -> NotebookRun:
        """Return the run; what has not been reached is said to be so."""
        nbformat = jupyter_packages.load("nbformat")
        cells = []
        for number, cell in enumerate(self._code_cells, 1):
            run = self._runs.get(number)
            if run is None:
                run = CellRun(number=number, source=cell.source, not_run=problem)
            cell.execution_count = None if run.not_run else number
            cells.append(run)
        nbformat.validate(self._node)
        return NotebookRun(
            cells=tuple(cells),
            executed=nbformat.writes(self._node).encode("utf-8", "replace"),
            stand_ins=self._stand_ins,
            problem=problem,
        )

    def _note(self, **fields: Any) -> None:
        source = self._code_cells[self.number - 1].source
        run = CellRun(number=self.number, source=source, **fields)
        self._runs[self.number] = run

    def _answered(self, message: str, answer: Answer, limit: float) -> None:
        self._stand_ins = answer.stand_ins
        exception = answer.exception
        stopped = exception is not None and exception["type"] == "KeyboardInterrupt"
        if exception is not None and stopped and answer.interrupted:
            said = f"it did not end within {limit:.3g} s and was interrupted"
            exception = {**exception, "message": said}
        self._note(
            text=cell_outputs.printed(answer.outputs, "stdout"),
            log=cell_outputs.printed(answer.outputs, "stderr"),
            exception=exception,
            evidence=answer.evidence,
            seconds=answer.seconds,
            bound=answer.bound,
        )
        for output in answer.outputs:
            self._publish(message, output)
        if exception is None:
            reply = {"status": "ok", "execution_count": self.number}
            self.shell_channel.put("execute_reply", message, **reply)
        else:
            text = cell_outputs.plain(exception["message"])
            self._fail(message, exception["type"], text, _lines(exception))

    def _fail(self, message: str, name: str, text: str, lines: list[str]) -> None:
        lines = [*lines, f"{name}: {text}" if name != _LEFT_OUT else text]
        error = {"ename": name, "evalue": text, "traceback": lines}
        self.iopub_channel.put("error", message, **error)
        self.shell_channel.put("execute_reply", message, status="error", **error)

    def _publish(self, message: str, output: Output) -> None:
        put = self.iopub_channel.put
        if output["kind"] == "clear":
            put("clear_output", message, wait=output["wait"])
            return
        size = sum(map(len, output.get("data", {}).values()))
        full, self._room = self._room < 0, self._room - size
        self._room -= len(output.get("text", ""))
        if full:
            return
        if self._room < 0:
            note = _FILTERED.format(limit=_MOST_SHOWN // 2**20)
            put("stream", message, name="stderr", text=note)
        elif output["kind"] == "stream":
            put("stream", message, name=output["name"], text=output["text"])
        elif output["kind"] == "result":
            shown = {"data": output["data"], "metadata": {}}
            put("execute_result", message, execution_count=self.number, **shown)
        else:
            kind = (
                "update_display_data" if output["kind"] == "update" else "display_data"
            )
            known = {"display_id": output["id"]} if output["id"] else {}
            shown = {"data": output["data"], "metadata": {}, "transient": known}
            put(kind, message, **shown)


def _lines(exception: Mapping[str, Any]) -> list[str]:
    """Return an exception's frames as a notebook shows them, the learner's alone."""
    lines = []
    for frame in exception["frames"]:
        lines.append(f"  {frame['file']}, line {frame['line']}")
        if frame["source"]:
            lines.append(f"    {frame['source']}")
    return [cell_outputs.plain(line) for line in lines]

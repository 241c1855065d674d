"""The interactive shell that runs a notebook's cells: IPython's, in this process.

IPython is imported when the first notebook begins, since modules need none of it. Imports
nothing of the engine but ``outputs``.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from graders.harness.worker.outputs import Outputs

_INLINE = "module://matplotlib_inline.backend_inline"
_NOT_INSTALLED = (
    "[Nothing is installed while a notebook is graded: {what} was passed over.]\n"
)
_NOT_RUN = "[There is no shell while a notebook is graded: {what} was passed over.]\n"
_INSTALLERS = ("pip", "conda", "mamba", "micromamba", "uv")
_SHELLS = (
    "bash",
    "sh",
    "script",
    "system",
    "sx",
    "!",
    "cmd",
    "perl",
    "ruby",
    "bigquery",
)
_MOST_SHOWN = 80


class UnansweredError(EOFError, RuntimeError):
    """The program asks its user a question, and there is no user."""


def make_shell(
    outputs: Outputs,
    compiled_as: Callable[[str], tuple[str, int]],
    failed: Callable[[BaseException], None],
    folder: str = "",
) -> Any:
    """
    Return the shell; its namespace is a new module ``__main__``.

    Args:
        outputs: Takes what is shown.

        compiled_as: Returns a file name for a piece of code, and how many lines of the cell
            come before it.

        failed: Gets each exception that ends a piece of code.

        folder: Where ``%run`` looks as well: there are the learner's other files.
    """
    from IPython.core.displayhook import DisplayHook  # noqa: PLC0415 - see the module
    from IPython.core.displaypub import DisplayPublisher  # noqa: PLC0415
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415
    from IPython.core.profiledir import ProfileDir  # noqa: PLC0415
    from traitlets.config import Config  # noqa: PLC0415

    class Publisher(DisplayPublisher):
        def publish(
            self,
            data: Any,
            metadata: Any = None,
            *args: Any,
            transient: Any = None,
            update: bool = False,
            **kwargs: Any,
        ) -> None:
            del metadata, args, kwargs
            known = transient.get("display_id") if type(transient) is dict else None
            outputs.show("update" if update else "display", data, known)

        def clear_output(self, wait: bool = False) -> None:
            outputs.clear(wait=bool(wait))

    class Hook(DisplayHook):
        def write_output_prompt(self) -> None:
            """The number is the cell's."""

        def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
            del md_dict
            outputs.show("result", format_dict)

        def finish_displayhook(self) -> None:
            self._is_active = False

    class Shell(InteractiveShell):
        def init_virtualenv(self) -> None:
            """The packages are where they are."""

        def transform_cell(self, raw_cell: str) -> str:
            # IPython drops empty lines at the top; lines are to be those of the cell.
            parent: Any = super()
            text: str = parent.transform_cell(raw_cell)
            return "\n" * (_empty_lines(raw_cell) + compiled_as(raw_cell)[1]) + text

        def run_cell(self, raw_cell: str, *args: Any, **kwargs: Any) -> Any:
            parent: Any = super()
            result = parent.run_cell(raw_cell, *args, **kwargs)
            error = result and (result.error_before_exec or result.error_in_exec)
            if error:
                failed(error)
            return result

        def showtraceback(self, *args: Any, **kwargs: Any) -> None:
            """The grading process says what went wrong, in fewer words."""

        def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
            """As above."""

        def showindentationerror(self) -> None:
            """As above."""

        def _tee(self, channel: str) -> Any:
            """IPython need not keep what is printed as well."""
            del channel
            return contextlib.nullcontext()

        def _format_exception_for_storage(self, *args: Any, **kwargs: Any) -> Any:
            return {}

        def ask_exit(self) -> None:
            raise SystemExit

        def system(self, cmd: str) -> None:
            self.user_ns["_exit_code"] = 0
            _pass_over(cmd)

        system_piped = system_raw = system

        def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
            from IPython.utils.text import SList  # noqa: PLC0415 - see the module

            del depth
            _pass_over(cmd)
            return SList() if split else ""

        def enable_gui(self, gui: Any = None) -> None:
            """Pictures are shown in line, whatever was asked for."""

    config: Any = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.warn_venv = False
    module = ModuleType("__main__", "A notebook's own namespace.")
    traits = {"display_pub_class": Publisher, "displayhook_class": Hook}
    shell: Any = Shell.instance(
        config=config,
        ipython_dir="",
        profile_dir=ProfileDir(),  # in no folder
        user_module=module,
        user_ns=module.__dict__,
        **traits,
    )
    _name_code(shell, compiled_as)
    _add_magics(shell)
    _run_from(shell, folder)
    return shell


def _run_from(shell: Any, folder: str) -> None:
    """Let ``%run`` find what was handed in beside the notebook, as ``import`` does."""
    from IPython.utils import path as paths  # noqa: PLC0415 - see the module

    get_py_filename: Callable[[str], str] = paths.get_py_filename

    def found(name: str) -> str:
        for place in (name, f"{folder}/{name}"):
            with contextlib.suppress(OSError):
                return get_py_filename(place)
        msg = (
            f"{name} is not there: it was looked for in the working folder, and among the "
            "Python files beside the notebook."
        )
        raise OSError(msg)

    def run_file(line: str = "") -> Any:
        magics = shell.magics_manager.registry["ExecutionMagics"]
        return magics.run(line, file_finder=found)

    shell.register_magic_function(run_file, "line", "run")


def _name_code(shell: Any, compiled_as: Callable[[str], tuple[str, int]]) -> None:
    """Give code the names of the program's files; Numba looks for them from here."""
    real = shell.compile.cache

    def cache(*args: Any, **kwargs: Any) -> Any:
        name = real(*args, **kwargs)
        linecache.cache[os.path.relpath(name)] = linecache.cache[name]
        return name

    shell.compile.get_code_name = lambda raw, *args: compiled_as(raw)[0]
    shell.compile.cache = cache


def _empty_lines(text: str) -> int:
    lines = text.splitlines()
    return next((n for n, line in enumerate(lines) if line and not line.isspace()), 0)


def _pass_over(command: str) -> None:
    command = " ".join(str(command).split())
    words = command.split()[:6]
    installs = any(name in words for name in _INSTALLERS) and "install" in words
    shown = command[:_MOST_SHOWN]
    _say(_NOT_INSTALLED if installs else _NOT_RUN, f"!{shown}")


def _say(text: str, what: str) -> None:
    stream: Any = sys.stderr
    stream.write(text.format(what=what))


def _add_magics(shell: Any) -> None:
    def add(names: tuple[str, ...], function: Callable[..., Any], kind: str) -> None:
        for name in names:
            shell.register_magic_function(function, kind, name)

    def install(line: str = "") -> None:
        _say(_NOT_INSTALLED, f"%pip {line}"[:_MOST_SHOWN])

    def script(line: str = "", cell: str = "") -> None:
        first = (cell or line).strip().splitlines()[:1]
        _say(_NOT_RUN, " ".join(first)[:_MOST_SHOWN] or "a script")

    def matplotlib(line: str = "") -> None:
        del line
        if "matplotlib" in sys.modules or _is_installed("matplotlib"):
            shell.enable_matplotlib("inline")

    def extension(line: str = "") -> None:
        if line.strip() in ("autoreload", "IPython.extensions.autoreload"):
            return
        try:
            shell.extension_manager.load_extension(line.strip())
        except ModuleNotFoundError:
            _say("[{what} is not installed here: it was passed over.]\n", line.strip())

    def nothing(line: str = "") -> None:
        """No file changes while a notebook is graded."""

    def take_time(line: str = "", cell: str | None = None) -> None:
        _timed(shell, cell if cell is not None else line)

    def take_times(line: str = "", cell: str | None = None) -> None:
        _timed_often(shell, line, cell)

    add(_INSTALLERS, install, "line")
    add(_SHELLS, script, "line_cell")
    add(("matplotlib",), matplotlib, "line")
    add(("load_ext", "reload_ext"), extension, "line")
    add(("autoreload", "aimport"), nothing, "line")
    add(("time",), take_time, "line_cell")
    add(("timeit",), take_times, "line_cell")


def _is_installed(name: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415 - rarely used

    return find_spec(name) is not None


def _timed(shell: Any, code: str) -> None:
    """Run code and print how long it took, by the program's own clock."""
    clock = _program_clock(shell)
    started = clock()
    shell.run_cell(code)
    _print(f"Wall time: {_in_words(clock() - started)}")


def _timed_often(shell: Any, line: str, cell: str | None) -> None:
    """Run code a few times and print the mean: fewer times than elsewhere."""
    options, rest = shell.magics_manager.registry["ExecutionMagics"].parse_options(
        line, "n:r:tcp:qov:", posix=False, strict=False, preserve_non_opts=True
    )
    repeats = _count(options, "r", 7)
    loops = _count(options, "n", 1)
    if cell is not None and rest.strip():
        shell.run_cell(rest)
    clock = _program_clock(shell)
    means = []
    body = shell.transform_cell(cell if cell is not None else rest)
    name = shell.compile.cache(body, raw_code=cell if cell is not None else rest)
    code = compile(body, name, "exec")
    for _ in range(repeats):
        started = clock()
        for _ in range(loops):
            exec(code, shell.user_ns)
        means.append((clock() - started) / loops)
    mean = sum(means) / len(means)
    spread = (sum((m - mean) ** 2 for m in means) / len(means)) ** 0.5
    if "q" not in options:
        _print(
            f"{_in_words(mean)} ± {_in_words(spread)} per loop (mean ± std. dev. of "
            f"{repeats} runs, {loops} loop{'' if loops == 1 else 's'} each)"
        )


def _count(options: Any, name: str, usual: int) -> int:
    try:
        return max(1, min(100, int(getattr(options, name, usual))))
    except ValueError:
        return usual


def _program_clock(shell: Any) -> Callable[[], float]:
    """Return a clock that reads time as the program's own lines do."""
    name = shell.compile.get_code_name("")
    space: dict[str, Any] = {}
    text = "import time\ndef clock():\n    return time.perf_counter()\n"
    exec(compile(text, name, "exec"), space)
    clock: Callable[[], float] = space["clock"]
    return clock


def _in_words(seconds: float) -> str:
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _print(text: str) -> None:
    stream: Any = sys.stdout
    stream.write(f"{text}\n")


def refuse_questions(what: str = "notebook") -> None:
    """Let ``input`` and ``getpass`` say that nobody answers: ``what`` is being graded."""
    import builtins  # noqa: PLC0415 - only here
    import getpass  # noqa: PLC0415

    where = "cell" if what == "notebook" else what

    def unanswered(prompt: object = "", *args: Any, **kwargs: Any) -> str:
        del args, kwargs
        asked = f" {str(prompt)[:_MOST_SHOWN]!r}" if prompt else ""
        msg = (
            f"nobody can answer{asked} while the {what} is graded: write the answer "
            f"into the {where}"
        )
        raise UnansweredError(msg)

    builtins.input = unanswered
    getpass.getpass = unanswered
    getpass.getuser = lambda: "learner"


def show_in_line() -> None:
    """Let matplotlib, where it is installed, show its pictures below the cell."""
    os.environ["MPLBACKEND"] = _INLINE

"""Say what went wrong in a learner's program, in the learner's terms and with its line."""

from __future__ import annotations

import difflib
import re
import signal
from collections.abc import Sequence
from typing import Any, NoReturn

from graders.harness.checks import compilers
from graders.harness.checks.arguments import call_hint
from graders.harness.errors import (
    CompileFailed,
    Crashed,
    Failure,
    ImportFailed,
    NotRun,
    OutOfMemory,
    ProtocolError,
    TimedOut,
    Unimplemented,
    WorkerCrashed,
    WorkerTimedOut,
)

_INSTALLED = ("/site-packages/", "/dist-packages/")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_WORD = re.compile(r"[^\s\"':]+")
_NO_FUNCTION = "is not a function"
_WORKERS_FOLDER = "/worker-"
_STAGED = ("/submission/", "/work/")
_BESIDE = "../submission/"  # as Numba names the learner's files
_MAX_TEXT = 420
_MAX_KIND = 80
_MOST_READ = 20_000  # of a text that a stranger sent
_MOST_NAMES = 200
# What Python's compiler raises of a program that it cannot take in.
_UNREADABLE = {"builtins.MemoryError", "builtins.RecursionError"}
_NOT_MODELLED = "graders.harness.device.simulator.not_modelled.NotModelled"
_COMPILED_AT = re.compile(r'File "(?:[^"\n]*/)?([^"/\n]+)", line (\d{1,7})')
# How libraries say that the GPU's memory does not suffice; some say something else. With
# less than so many bytes left neither a context nor a plan can be made.
_OUT_OF_MEMORY = re.compile(
    r"OUT_OF_MEMORY|out of memory|_ALLOC_FAILED|MemoryAllocation"
)
_HARDLY_ANY = 64 * 2**20
_GPU_LIBRARIES = ("nvmath.", "cupy.", "cupy_backends.", "cuda.")
# What the text of an exception means that a library raised, the first that fits.
_RAISED_HINTS = (
    (
        r"list\(\w+\) names all",
        "Look at that list: is the one that you want there under another name?",
    ),
    (
        r"nobody can answer",
        "Leave out input: what a function needs comes in its arguments.",
    ),
    (
        r"Of the files beside your program only Python's",
        "Is there a way without the file? What an exercise needs comes in its arguments.",
    ),
    (
        r"\(curandStates\w+\*?, <",
        "A kernel takes a generator's states where cuda.jit was given the extension of the "
        "Compile object.",
    ),
    (
        r"Kernel launch configuration was not specified",
        "kernel[blocks, threads](...) launches a kernel.",
    ),
    (
        r"CUDA_ERROR_INVALID_VALUE",
        "How many blocks and threads does the launch ask for, and how much shared memory? "
        "A block has at most 1,024 threads.",
    ),
    (
        r"^name '\w+' is not defined",
        "Is it imported, and spelled as it is there?",
    ),
    (
        r"of the new operand must match|new operand's traits|must match the original one",
        "A plan serves operands of the shape, memory order and dtype that it was made for. "
        "Which earlier call is this one from, and what are plans kept by?",
    ),
)


def raise_for_load(
    problem: dict[str, Any], module: str, *, simulated: bool = True
) -> NoReturn:
    """
    Raise the failure for an exception at import.

    Args:
        problem: The exception, as the worker described it.

        module: The file's name, such as ``"sepia_blur.py"``.

        simulated: Whether the device is the simulator, which does not model everything.
    """
    try:
        _raise_for_load(problem, module, simulated=simulated)
    except (Failure, NotRun) as outcome:
        outcome.place = _pointed_at(problem, outcome)
        raise


def _raise_for_load(
    problem: dict[str, Any], module: str, *, simulated: bool
) -> NoReturn:
    types, kind, text = problem["types"], _kind(problem), _clean(problem["message"])
    if not problem["frames"] and not _UNREADABLE.isdisjoint(types):
        msg = (
            f"{module} is nested too deeply for Python, or too large: reading it ended "
            f"with {kind}, before any line of it ran."
        )
        raise ImportFailed(
            msg, hint="Divide the longest expression into several statements."
        )
    _raise_if_common(problem, f"Importing {module}", simulated=simulated)
    at = _place(problem)
    if "builtins.SyntaxError" in types:
        msg = f"{module} is not valid Python{at}: {text}."
        raise ImportFailed(
            msg, hint="Correct that line; the rest has not been read yet."
        )
    if "builtins.ImportError" in types:
        msg = f"{module} imports what is not there{at}: {text}."
        hint = "Use the packages that the stub imports."
        if "is a name of the grader's own" in text:
            hint = "Give that file of yours another name, and import it by that."
        elif "cannot import name" in text:
            hint = "The package is there, the name is not: has it another one by now?"
        elif "beside your program" in text:
            hint = (
                "If it is yours: is its file beside the module, or a folder of that name "
                "with an __init__.py? Else use the packages that the stub imports."
            )
        raise ImportFailed(msg, hint=hint)
    if "builtins.SystemExit" in types:
        msg = f"{module} ends the program when it is imported{at}."
        raise ImportFailed(
            msg, hint="Leave out sys.exit and exit; only define functions."
        )
    msg = f"{module} raises {kind} when it is imported{at}: {text}"
    hint = _raised_hint(text) or "Run the file by itself to see the whole traceback."
    raise ImportFailed(msg, hint=hint)


def raise_for_call(
    problem: dict[str, Any],
    function: str,
    *,
    simulated: bool = True,
    args: Sequence[Any] = (),
) -> NoReturn:
    """
    Raise the failure for an exception that a call of ``function`` raised.

    Args:
        problem: The exception, as the worker described it.

        function: The function's name.

        simulated: Whether the device is the simulator, which does not model everything.

        args: What it was called with, for the hint.
    """
    try:
        _raise_for_call(problem, function, args, simulated=simulated)
    except (Failure, NotRun) as outcome:
        outcome.place = _pointed_at(problem, outcome)
        raise


def _raise_for_call(
    problem: dict[str, Any], function: str, args: Sequence[Any], *, simulated: bool
) -> NoReturn:
    types, kind, text = problem["types"], _kind(problem), _clean(problem["message"])
    at = _place(problem)
    unwritten = "builtins.NotImplementedError" in types and problem["innermost"]
    if unwritten and problem["frames"]:
        last = problem["frames"][-1]
        msg = (
            f"{function} is not written yet: line {last['line']} of {last['file']} "
            "still raises NotImplementedError."
        )
        raise Unimplemented(
            msg,
            hint="Read the assignment's README.md, then replace the line under the TODO.",
        )
    _raise_if_common(problem, function, simulated=simulated)
    if "builtins.SystemExit" in types:
        msg = f"{function} ended the program{at} with sys.exit instead of returning."
        raise Crashed(msg, hint="Return the result.")
    msg = f"{function} raised {kind}{at}: {text}"
    raise Crashed(msg, hint=_raised_hint(text) or call_hint(function, args))


def _raised_hint(text: str) -> str:
    known = (hint for pattern, hint in _RAISED_HINTS if re.search(pattern, text))
    return next(known, "")


def raise_for_missing(
    function: str,
    names: Sequence[str],
    module: str,
    unbound: tuple[int, str] | None = None,
) -> NoReturn:
    """
    Raise the failure for a function that the module does not have.

    Args:
        function: The function's name.

        names: What the module has.

        module: The file's name.

        unbound: The last line that binds the name to something else, and its text.
    """
    if unbound is not None:
        line, text = unbound
        msg = (
            f"{module} has no function {function!r} in the end: line {line} is the last "
            f"that binds the name ({_clean(text)})."
        )
        hint = "Leave that line out, or give what it binds another name."
        raise ImportFailed(msg, hint=hint, place=(module, line))
    near = difflib.get_close_matches(function, names[:_MOST_NAMES], 1)
    guess = f" There is a {near[0]!r}: rename it." if near else ""
    msg = f"{module} has no function {function!r}.{guess}"
    raise ImportFailed(msg, hint="Keep the names of the stub.")


def raise_for_unwritten(function: str, file: str, line: int) -> NoReturn:
    """Raise the failure for a function that does nothing: its body is ``pass``."""
    msg = (
        f"{function} is not written yet: from line {line} of {file} on it does nothing."
    )
    hint = "Replace its pass by what the TODO asks for."
    raise Unimplemented(msg, hint=hint, place=(file, line))


def described(problem: dict[str, Any]) -> str:
    """Return an exception in a few words: its type, where it was raised, its text."""
    return f"{_kind(problem)}{_place(problem)}: {_clean(problem['message'])}"


def raise_for_signature(function: str, problem: str, count: int) -> NoReturn:
    """Raise the failure for a function that does not take what it is given, or is none."""
    if problem.startswith(_NO_FUNCTION):
        msg = f"{function} {problem}. Expected was the function of the stub."
        hint = (
            f"Is there a 'def {function}', and which later line binds the name again?"
        )
        raise ImportFailed(msg, hint=hint)
    msg = f"{function} {problem}, but it is called with {count} positional arguments."
    raise ImportFailed(msg, hint="Keep the parameters of the stub.")


def lacked_memory(seen: Any) -> bool:
    """
    Return whether a call was not recorded because the GPU had no memory left.

    CUPTI calls itself not initialized then, as it does beside a driver that is too old.
    """
    evidence = getattr(seen, "evidence", None)
    because = evidence.unavailable_because if evidence is not None else ""
    return bool(_OUT_OF_MEMORY.search(because) or "ERROR_NOT_INITIALIZED" in because)


def crash_failure(error: WorkerCrashed, what: str) -> Failure:
    """Return the failure for a worker that ended before it answered."""
    if error.because:
        return _excess(error.because, what)
    if error.signal == signal.SIGKILL:
        hint = (
            "The system ends programs that take too much memory: look for arrays larger "
            "than the task needs."
        )
    elif error.signal is not None:
        hint = (
            "Look for a pointer that outlives its array, or an index beyond the data."
        )
    else:
        hint = "Leave out os._exit and the like; return the result."
    msg = f"{what} took its process down: {error}. It was expected to return."
    return Crashed(msg, hint=hint)


def worker_failure(
    error: WorkerCrashed | WorkerTimedOut | ProtocolError, what: str
) -> Failure:
    """Return the failure for a call that the worker did not answer as it should."""
    if isinstance(error, WorkerCrashed):
        return crash_failure(error, what)
    if isinstance(error, WorkerTimedOut):
        msg = f"{what} took too long: {error}."
        return TimedOut(msg, hint="Look for a loop that does not end.")
    msg = f"{what} disturbed the grader: what arrived instead of its result cannot be read."
    return Crashed(msg, hint="Return the result; leave file descriptors alone.")


def _excess(because: str, what: str) -> Failure:
    msg = f"{what} was stopped for what it used, {because}."
    if because.startswith("memory"):
        return OutOfMemory(msg, hint="Look for arrays larger than the task needs.")
    if because.startswith("threads"):
        return Crashed(msg, hint="Look for a loop that starts threads.")
    if because.startswith("disk"):
        return Crashed(msg, hint="The task needs no files; look for what writes them.")
    return Crashed(msg, hint="Look for a loop that starts processes.")


def _raise_if_common(problem: dict[str, Any], what: str, *, simulated: bool) -> None:
    """Raise for the causes that mean the same at import and in a call."""
    types, kind, text = problem["types"], _kind(problem), _clean(problem["message"])
    at = _place(problem)
    if simulated and _NOT_MODELLED in types:
        msg = f"{what} uses what the simulator does not model{at}: {text}"
        raise NotRun(msg, not_modelled=True)
    out_of_memory = "builtins.MemoryError" in types or kind == "OutOfMemoryError"
    if out_of_memory or _OUT_OF_MEMORY.search(text):
        msg = f"{what} ran out of memory{at}{f': {text}' if text else '.'}"
        raise OutOfMemory(msg, hint="Look for arrays larger than the task needs.")
    left = problem.get("memory_left")
    of_a_library = any(name.startswith(_GPU_LIBRARIES) for name in types)
    if left is not None and left < _HARDLY_ANY and of_a_library:
        msg = (
            f"{what} raised {kind}{at} when the GPU had {left / 2**20:,.0f} MB of memory "
            f"left: {text}"
        )
        raise OutOfMemory(msg, hint="Look for arrays larger than the task needs.")
    if compilers.refuse(types, text):
        where = at or f" ({what})"
        text = compilers.without_candidates(text)
        msg = f"A callback or kernel does not compile{where}: {kind}: {text}"
        raise CompileFailed(msg, hint=compilers.hint(problem["message"][:_MOST_READ]))


def _pointed_at(
    problem: dict[str, Any], outcome: Failure | NotRun
) -> tuple[str, int] | None:
    """Return the file and line that an exception is about, where one is known."""
    frames = problem["frames"]
    if isinstance(outcome, CompileFailed):
        # A compiler names the line of the callback; the frame is only of who compiles it.
        own = {frame["file"] for frame in frames}
        for named in _COMPILED_AT.finditer(problem["message"][:_MOST_READ]):
            if named[1] in own:
                return named[1], int(named[2])
    return (frames[-1]["file"], frames[-1]["line"]) if frames else None


def _place(problem: dict[str, Any]) -> str:
    frames = problem["frames"]
    if not frames:
        return ""
    last = frames[-1]
    source = f" ({_clean(last['source'])})" if last["source"] else ""
    if not last["line"]:
        return ""  # the whole file is meant
    return f" on line {last['line']} of {_clean(last['file'])}{source}"


def without_installation(text: str) -> str:
    """Return a text without where this machine keeps installed packages."""
    return _WORD.sub(_without_packages, text)


def _without_packages(word: re.Match[str]) -> str:
    text = word[0]
    start = text.find("/")
    for name in _INSTALLED:
        end = text.rfind(name)
        if -1 < start <= end:
            return text[:start] + text[end + len(name) :]
    return text


def _kind(problem: dict[str, Any]) -> str:
    """Return an exception's type, whose name its author chose."""
    return _clean(problem["type"])[:_MAX_KIND]


def _clean(text: str) -> str:
    text = without_installation(text[:_MOST_READ]).replace(_BESIDE, "")
    text = _WORD.sub(_without_folder, _ANSI.sub("", text[:_MOST_READ]))
    text = " ".join(text.split())
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]} ..."


def _without_folder(word: re.Match[str]) -> str:
    """Return a word without the worker's own folders in it, where there are any."""
    text = word[0]
    start = text.find("/")
    for name in _STAGED:
        end = text.rfind(name)
        ours = name == _STAGED[0] or _WORKERS_FOLDER in text[:end]
        if -1 < start < end - 1 and ours:
            return text[:start] + text[end + len(name) :]
    return text

"""Load a learner's module and describe what goes wrong in it, as plain data.

Imports nothing of the engine but its neighbours.
"""

from __future__ import annotations

import contextlib
import difflib
import enum
import importlib.util
import inspect
import linecache
import sys
import traceback
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from graders.harness.worker.shell import refuse_questions
from graders.harness.worker.stand_ins import is_needed

_MAX_MESSAGE = 6000
_MAX_FRAMES = 20
#: Names of modules that are the harness's own: no file of a learner's is imported by them.
RESERVED = ("grade", "graders", "reference", "tests")
# Where a compiler raises of code that it cannot take what Python raises of anything, its
# own name among the types says so.
_COMPILER = "numba.cuda.compiler"
_COMPILERS_FILES = ("/numba_cuda/", "/numba/cuda/")
# What compiles instead of a function of NumPy's that is called otherwise in Python.
_INSTEAD = {
    "absolute": "abs",
    "maximum": "max",
    "minimum": "min",
    "power": "**",
    "square": "x * x",
    "conjugate": "x.conjugate()",
    "rint": "round",
    **{
        name: f"math.{name}"
        for name in (
            "sqrt", "exp", "expm1", "log1p", "floor", "ceil", "trunc", "fabs", "fmod",
            "copysign", "isnan", "isinf", "isfinite",
        )
    },
}  # fmt: skip


def load_module(path: Path) -> ModuleType:
    """
    Import the file as a top-level module named after it.

    Args:
        path: The staged file.

    Returns:
        What importing it by name gives: the module, or what it put in its own place.
    """
    refuse_questions("program")
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        msg = f"{path.name} is not a Python module"
        raise ImportError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    found: Any = sys.modules.get(path.stem)  # it may have put something in its place
    return module if found is None else found


def signature_problem(function: Any, count: int) -> str | None:
    """
    Return what keeps ``function`` from being called with ``count`` positional arguments.

    None where nothing does, or where Python cannot tell.
    """
    if not callable(function):
        return f"is not a function but {type(function).__name__!r}"
    try:
        # Of what is called: a decorator may hand over arguments of its own.
        signature = inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*range(count))
    except TypeError:
        return f"takes {signature}"
    return None


def describe_exception(exc: BaseException, folder: str) -> dict[str, Any]:
    """
    Return an exception as plain data: its types, its text and the learner's frames.

    Args:
        exc: What was raised.

        folder: Where the learner's files are staged; frames elsewhere are left out.

    Returns:
        ``type``, ``types`` (the class and its bases, with modules, and the compiler where
        it refuses code by an exception of Python's), ``message`` (with what the exception
        leaves unsaid), ``frames`` (file, line, function, source text; outermost first),
        ``innermost`` (whether the learner's own frame raised it), ``errno``-free and
        JSON-ready.
    """
    prefix = folder.rstrip("/") + "/"
    frames = []
    innermost = False
    raised_in = ""
    for summary in traceback.extract_tb(exc.__traceback__):
        raised_in = summary.filename
        innermost = summary.filename.startswith(prefix)
        if innermost:
            frames.append(
                _frame(summary.filename, prefix, summary.lineno or 0, summary.name)
            )
    if isinstance(exc, SyntaxError) and (exc.filename or "").startswith(prefix):
        frames.append(_frame(str(exc.filename), prefix, exc.lineno or 0, ""))
    types, text = _type_names(exc), _text(exc)
    with contextlib.suppress(BaseException):  # the learner's class may raise anything
        if compiled := _uncompiled(exc, raised_in):
            types, text = [*types, _COMPILER], compiled
        elif isinstance(exc, AttributeError) and isinstance(exc.obj, enum.EnumMeta):
            text = _of_enum(exc.obj, str(exc.name), _known_as(exc.obj, exc))
        elif more := _explained(exc, prefix):
            text = f"{text}. {more}"
    return {
        "type": types[0].rpartition(".")[2],
        "types": types,
        "message": text[:_MAX_MESSAGE],
        "frames": frames[-_MAX_FRAMES:],
        "innermost": innermost,
    }


def _type_names(exc: BaseException) -> list[str]:
    try:
        return [f"{c.__module__}.{c.__qualname__}" for c in type(exc).__mro__][:30]
    except BaseException:  # noqa: BLE001 - the learner's class may raise when it is looked at
        return ["builtins.BaseException"]


def _text(exc: BaseException) -> str:
    try:
        text = exc.msg if isinstance(exc, SyntaxError) else str(exc)
    except Exception:  # noqa: BLE001 - the learner's __str__ may raise anything
        return "(its text could not be read)"
    return str(text)[:_MAX_MESSAGE]


def _uncompiled(exc: BaseException, raised_in: str) -> str:
    """Return what Numba means by the KeyError of a ufunc that it has no code for."""
    if type(exc) is not KeyError or not any(f in raised_in for f in _COMPILERS_FILES):
        return ""
    name = exc.args[0].__name__ if isinstance(exc.args[0], np.ufunc) else ""
    if not name:
        return ""
    instead = _INSTEAD.get(name, "")
    start = f"np.{name} does not compile in a kernel or a callback"
    if instead.startswith("math.") and hasattr(_cmath(), name):
        return f"{start}. Use {instead}, or c{instead} for complex numbers"
    if instead:
        return f"{start}. Use {instead}"
    return f"{start}. Use the functions of the module math, or operators"


def _cmath() -> ModuleType:
    import cmath  # noqa: PLC0415 - for names alone

    return cmath


def _explained(exc: BaseException, prefix: str) -> str:
    """Return what a learner cannot know of an exception: what is there, and what is not."""
    if isinstance(exc, ImportError):
        return _of_import(exc)
    if isinstance(exc, FileNotFoundError):
        return _of_file(exc, prefix)
    return ""


def _of_import(exc: ImportError) -> str:
    root = str(exc.name or "").partition(".")[0]
    if root in RESERVED:
        return (
            f"{root} is a name of the grader's own, so that no file of yours is found by "
            f"it. Rename {root}.py and its imports"
        )
    found_out = isinstance(exc, ModuleNotFoundError) and root == exc.name
    if found_out and root and not is_needed(root):
        return (
            "It is not installed here, and no Python file or package of that name was "
            "taken along from beside your program"
        )
    return ""


def _of_file(exc: FileNotFoundError, prefix: str) -> str:
    name = exc.filename if isinstance(exc.filename, str) else ""
    if not name or (name.startswith("/") and not name.startswith(prefix)):
        return ""
    return (
        "Of the files beside your program only Python's and the assignment's own data are "
        "taken along to be graded: write a small table into a module"
    )


def _known_as(item: enum.EnumMeta, exc: BaseException) -> str:
    """Return the name of an object where an exception was raised; libraries use others."""
    names: dict[str, Any] = {}
    for frame, _ in traceback.walk_tb(exc.__traceback__):
        if frame.f_code.co_filename != enum.__file__:
            names = {**frame.f_globals, **frame.f_locals}
    return next((n for n, value in names.items() if value is item), item.__name__)


def _of_enum(kind: enum.EnumMeta, name: str, known_as: str) -> str:
    members = list(kind.__members__)
    words = sorted(name.upper().split("_"))
    near = [m for m in members if sorted(m.upper().split("_")) == words]
    near = near or difflib.get_close_matches(name, members, 1)
    guess = f"did you mean {near[0]}? " if near else ""
    text = f"{known_as} has no {name}: {guess}list({known_as}) names all "
    return f"{text}{len(members)} that there are"


class _WrittenLoader(SourceFileLoader):
    """Loads a module that the program wrote, as if it had been handed in."""

    places: tuple[str, str] = "", ""

    def source_to_code(  # type: ignore[override]
        self, data: Any, path: Any, **options: Any
    ) -> CodeType:
        """
        Compile it under the name that it would have beside the learner's other files.

        So its frames, its clocks and its lines count as theirs do.
        """
        work, folder = self.places
        name = f"{folder}/{str(path).removeprefix(work).lstrip('/')}"
        lines = bytes(data).decode("utf-8", "replace").splitlines(keepends=True)
        linecache.cache[name] = len(data), None, lines, name
        return super().source_to_code(data, name, **options)


def import_written(work: str, folder: str) -> None:
    """
    Let the program import what it writes into its working folder, as Jupyter does.

    Args:
        work: The working folder. It comes first: what is written replaces what was handed
            in under the same name.

        folder: Where the learner's files are staged.
    """
    loader = type("_WrittenLoader", (_WrittenLoader,), {"places": (work, folder)})

    def hook(path: str) -> FileFinder:
        if path != work and not path.startswith(f"{work}/"):
            raise ImportError(path)
        return FileFinder(path, (loader, [".py"]))

    sys.path_hooks.insert(0, hook)
    sys.path.insert(0, work)


def _frame(filename: str, prefix: str, line: int, function: str) -> dict[str, Any]:
    source = ""
    with contextlib.suppress(Exception):  # the file may name an unknown encoding
        source = linecache.getline(filename, line).strip()[:200]
    return {
        "file": filename.removeprefix(prefix),
        "line": line,
        "function": function,
        "source": source,
    }

"""Load a learner's module and describe what goes wrong in it, as plain data.

Imports nothing of the engine.
"""

from __future__ import annotations

import importlib.util
import inspect
import linecache
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

_MAX_MESSAGE = 6000
_MAX_FRAMES = 20


def load_module(path: Path) -> ModuleType:
    """
    Import the file as a top-level module named after it.

    Args:
        path: The staged file.
    """
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
    return module


def signature_problem(function: Any, count: int) -> str | None:
    """
    Return what keeps ``function`` from being called with ``count`` positional arguments.

    None where nothing does, or where Python cannot tell.
    """
    if not callable(function):
        return f"is not a function but {type(function).__name__!r}"
    try:
        signature = inspect.signature(function)
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
        ``type``, ``types`` (the class and its bases, with modules), ``message``, ``frames``
        (file, line, function, source text; outermost first), ``innermost`` (whether the
        learner's own frame raised it), ``errno``-free and JSON-ready.
    """
    prefix = folder.rstrip("/") + "/"
    frames = []
    innermost = False
    for summary in traceback.extract_tb(exc.__traceback__):
        innermost = summary.filename.startswith(prefix)
        if innermost:
            frames.append(
                _frame(summary.filename, prefix, summary.lineno or 0, summary.name)
            )
    if isinstance(exc, SyntaxError) and (exc.filename or "").startswith(prefix):
        frames.append(_frame(str(exc.filename), prefix, exc.lineno or 0, ""))
    return {
        "type": _type_names(exc)[0].rpartition(".")[2],
        "types": _type_names(exc),
        "message": _text(exc),
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


def _frame(filename: str, prefix: str, line: int, function: str) -> dict[str, Any]:
    return {
        "file": filename.removeprefix(prefix),
        "line": line,
        "function": function,
        "source": linecache.getline(filename, line).strip()[:200],
    }

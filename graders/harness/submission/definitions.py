"""Find the functions that cells or modules define, without running them.

The texts are a stranger's, and a parser can be made to work for minutes or to end its
process. So they are parsed in a process of their own, which sends names, and which is ended
if it takes too long.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import resource
import select
import signal
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_PROCESSOR_SECONDS = 4
_SECONDS = 30.0  # on a machine that does much else
_MEMORY = 2**30
_TOO_LONG = "to find what its cells define takes too long, or too much memory"
_MOST_ANSWERED = 2**20
_MOST_NAMES = 2_000
# The common case, which needs no IPython: to import it takes longer than all the rest.
_LINE_MAGIC = re.compile(r"^([ \t]*)(?:%(?!%)|!).*$", re.MULTILINE)
# Cell magics whose cell is Python that runs among the notebook's names.
_PYTHON_MAGICS = {"%%time", "%%capture", "%%prun"}


class TooHard(Exception):  # noqa: N818 - an outcome: the caller says it of the file
    """The texts could not be parsed in time, or not without ending the process."""


@dataclass(frozen=True)
class Definition:
    """
    A function as it is defined at the top level.

    Attributes:
        parameters: The names of its parameters; empty where it is bound otherwise.

        is_stub: Whether it ends in ``raise NotImplementedError`` and returns nothing.
    """

    parameters: tuple[str, ...] = ()
    is_stub: bool = False


def definitions_in(sources: Sequence[str]) -> dict[str, Definition]:
    """
    Return what our own sources define at the top level; of a name, what comes last.

    What does not parse is passed over. Cells may hold magics.
    """
    found: dict[str, Definition] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as those about invalid escapes
        for source in sources:
            for name, definition in _of_source(source):
                found.pop(name, None)
                found[name] = definition
    return found


def definitions_in_strangers(sources: Sequence[str]) -> dict[str, Definition]:
    """
    Do as :func:`definitions_in` for sources that somebody handed in.

    Raises:
        TooHard: They take more than four seconds of the processor's or 1 GiB, or end the
            parser's process.
    """
    if not any("def " in s or "lambda" in s or "=" in s for s in sources):
        return {}
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(read)
            _answer(sources, write)
            code = 0
        finally:
            os._exit(code)  # never the grading process's exit handlers
    os.close(write)
    try:
        text = _received(read)
    finally:
        os.close(read)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    try:
        answer = json.loads(text)
    except ValueError as err:
        raise TooHard(_TOO_LONG) from err
    return {n: Definition(tuple(rest), stub) for n, (stub, *rest) in answer.items()}


def _answer(sources: Sequence[str], write: int) -> None:
    """Parse in this forked process and write what was found."""
    for number in (1, 2):  # a parser's warnings are nobody's business
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    _limit(resource.RLIMIT_CPU, _PROCESSOR_SECONDS)
    _limit(resource.RLIMIT_AS, _used_memory() + _MEMORY)
    found = list(definitions_in(sources).items())[-_MOST_NAMES:]
    text = json.dumps({n: [d.is_stub, *d.parameters] for n, d in found})
    with os.fdopen(write, "w") as file:
        file.write(text)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, hard))


def _used_memory() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123 - a forked process, little code
        return int(file.read().split()[0]) * resource.getpagesize()


def _received(read: int) -> bytes:
    """Return what the parser's process writes before its time is over."""
    deadline = time.monotonic() + _SECONDS
    text = b""
    while len(text) <= _MOST_ANSWERED:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([read], [], [], left)[0]:
            raise TooHard(_TOO_LONG)
        chunk = os.read(read, 1 << 16)
        if not chunk:
            return text
        text += chunk
    msg = "its cells define too many names"
    raise TooHard(msg)


def _of_source(source: str) -> Iterator[tuple[str, Definition]]:
    tree = _tree(source)
    if tree is not None:
        with contextlib.suppress(RecursionError):  # an expression of great depth
            yield from _of_statements(tree.body)


def _tree(source: str) -> ast.Module | None:
    """Return a cell's syntax, or None where it has none."""
    first, _, rest = source.lstrip().partition("\n")
    if first.split()[:1] and first.split()[0] in _PYTHON_MAGICS:
        source = rest
    tree = _parsed(source) or _parsed(_LINE_MAGIC.sub(r"\1pass", source))
    if tree is not None or not any(mark in source for mark in "%!?"):
        return tree
    from IPython.core.inputtransformer2 import (  # noqa: PLC0415 - it takes a while
        TransformerManager,
    )

    try:
        manager = TransformerManager()  # type: ignore[no-untyped-call]
        transformed: str = manager.transform_cell(source)
    except (SyntaxError, ValueError, RuntimeError):
        return None  # no Python, or hundreds of magics, which IPython gives up on
    return _parsed(transformed)


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _of_statements(body: Sequence[ast.stmt]) -> Iterator[tuple[str, Definition]]:
    """Yield what statements define, also within ``if``, ``try`` and ``with``."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield statement.name, _of_function(statement)
            case ast.Assign(targets=targets, value=value) if _may_be_function(value):
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, Definition()
            case ast.If() | ast.Try() | ast.TryStar() | ast.With() | ast.For():
                for block in ("body", "orelse", "finalbody"):
                    yield from _of_statements(getattr(statement, block, []))
                for handler in getattr(statement, "handlers", []):
                    yield from _of_statements(handler.body)


def _may_be_function(value: ast.expr) -> bool:
    return isinstance(value, ast.Lambda | ast.Name | ast.Call | ast.Attribute)


def _of_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Definition:
    every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    raises = isinstance(node.body[-1], ast.Raise) and _is_unwritten(node.body[-1].exc)
    returns = any(isinstance(n, ast.Return | ast.Yield) for n in ast.walk(node))
    return Definition(tuple(a.arg for a in every), raises and not returns)


def _is_unwritten(raised: ast.expr | None) -> bool:
    if isinstance(raised, ast.Call):
        raised = raised.func
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"

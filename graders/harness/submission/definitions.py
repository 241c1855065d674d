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
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graders.harness.worker.stand_ins import NEEDED

_PROCESSOR_SECONDS = 4
_SECONDS = 30.0  # on a machine that does much else
_MEMORY = 2**30
_TOO_LONG = "to find what its cells define takes too long, or too much memory"
_MOST_ANSWERED = 2**20
_MOST_NAMES = 2_000
# The common case, which needs no IPython: to import it takes longer than all the rest.
_LINE_MAGIC = re.compile(r"^([ \t]*)(?:%(?!%)|!).*$", re.MULTILINE)
# Those whose line is Python that runs among the notebook's names.
_PYTHON_LINE = re.compile(r"^([ \t]*)%(?:time|prun)[ \t]+(?![- \t])", re.MULTILINE)
# Without any of these nothing is bound: ``def``, ``x = 1``, ``for x in``, ``import x``.
_BINDING = re.compile(r"=|\b(?:def|class|for|with|import|match)\b")
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

        is_imported: Whether it comes from a module of the learner's own.
    """

    parameters: tuple[str, ...] = ()
    is_stub: bool = False
    is_imported: bool = False


def definitions_in(sources: Sequence[str]) -> dict[str, Definition]:
    """
    Return what our own sources define at the top level; of a name, what comes last.

    What does not parse is passed over. Cells may hold magics.
    """
    return {n: d for n, d in _bound_in(sources).items() if not d.is_imported}


def _bound_in(sources: Sequence[str]) -> dict[str, Definition]:
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

    What they import from modules of their own is among it.

    Raises:
        TooHard: They take more than four seconds of the processor's or 1 GiB, or end the
            parser's process.
    """
    if not any(_BINDING.search(source) for source in sources):
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
    return {
        name: Definition(tuple(rest), is_stub=stub, is_imported=imported)
        for name, (stub, imported, *rest) in answer.items()
    }


def _answer(sources: Sequence[str], write: int) -> None:
    """Parse in this forked process and write what was found."""
    for number in (1, 2):  # a parser's warnings are nobody's business
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    _limit(resource.RLIMIT_CPU, _PROCESSOR_SECONDS)
    _limit(resource.RLIMIT_AS, _used_memory() + _MEMORY)
    found = list(_bound_in(sources).items())[-_MOST_NAMES:]
    text = json.dumps({n: [d.is_stub, d.is_imported, *d.parameters] for n, d in found})
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
    tree = _parsed(source)
    if tree is None and _LINE_MAGIC.search(source):
        run = _PYTHON_LINE.sub(r"\1", source)
        tree = _parsed(_LINE_MAGIC.sub(r"\1pass", run))
        tree = tree or _parsed(_LINE_MAGIC.sub(r"\1pass", source))
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
    """Yield what statements bind to a function or may, also within blocks."""
    for statement in body:
        for part in ast.iter_child_nodes(statement):
            yield from _of_expression(part)
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _of_globals(statement)
                yield statement.name, _of_function(statement)
            case ast.ClassDef():
                yield statement.name, Definition()
            case ast.ImportFrom(module=module, names=names):
                yield from _of_import(module, names)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _of_target(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from _of_target(target, value)
            case (
                ast.For(target=target, iter=values)
                | ast.AsyncFor(target=target, iter=values)
            ):
                yield from _of_loop(target, values)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    if item.optional_vars is not None:
                        yield from _of_target(item.optional_vars, item.context_expr)
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(statement, block, [])
            if not isinstance(statement, _SCOPES):
                yield from _of_blocks(inner)


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ELSEWHERE = (ast.stmt, ast.Lambda, ast.ExceptHandler, ast.match_case)
_Block = ast.stmt | ast.ExceptHandler | ast.match_case


def _of_blocks(parts: Sequence[_Block]) -> Iterator[tuple[str, Definition]]:
    for part in parts:
        if isinstance(part, ast.stmt):
            yield from _of_statements([part])
            continue
        if isinstance(part, ast.match_case):
            for node in ast.walk(part.pattern):
                name = getattr(node, "rest", None) or getattr(node, "name", None)
                if name:
                    yield name, Definition()
        yield from _of_statements(part.body)


def _of_target(
    target: ast.expr, value: ast.expr | None
) -> Iterator[tuple[str, Definition]]:
    """Yield the names of an assignment's target that may become functions."""
    match target:
        case ast.Name(id=name) if value is None or _may_be_function(value):
            yield name, Definition()
        case ast.Starred(value=inner):  # a list, whatever is in it
            yield from _of_target(inner, ast.List(elts=[]))
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            values: Sequence[ast.expr | None] = [None] * len(targets)
            if isinstance(value, ast.Tuple | ast.List):
                alike = len(value.elts) == len(targets)
                if alike and not any(isinstance(t, ast.Starred) for t in targets):
                    values = value.elts
            for one, given in zip(targets, values, strict=True):
                yield from _of_target(one, given)


def _of_loop(target: ast.expr, values: ast.expr) -> Iterator[tuple[str, Definition]]:
    """Yield what a loop's target may be; over numbers it is none."""
    if isinstance(values, ast.Tuple | ast.List):
        for value in values.elts:
            yield from _of_target(target, value)
    elif not (
        isinstance(values, ast.Call)
        and isinstance(values.func, ast.Name)
        and values.func.id == "range"
    ):
        yield from _of_target(target, None)


def _of_expression(node: ast.AST) -> Iterator[tuple[str, Definition]]:
    """Yield what ``:=`` binds, which is bound where the expression stands."""
    waiting = [node]  # and no recursion: an expression may be of great depth
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.NamedExpr):
            yield from _of_target(part.target, part.value)
        if not isinstance(part, _ELSEWHERE):
            waiting.extend(ast.iter_child_nodes(part))


def _of_import(
    module: str | None, names: Sequence[ast.alias]
) -> Iterator[tuple[str, Definition]]:
    """Yield what comes from a module that may be the learner's own, and no library."""
    root = (module or "").partition(".")[0]
    if root not in NEEDED and root not in sys.stdlib_module_names:
        for alias in names:
            yield alias.asname or alias.name, Definition(is_imported=True)


def _of_globals(
    node: ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[tuple[str, Definition]]:
    """Yield the names that a function declares as the module's, to bind them there."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Global):
            yield from ((name, Definition()) for name in inner.names)


def _may_be_function(value: ast.expr) -> bool:
    """Return whether an expression may come to a function: a number or a text does not."""
    match value:
        case ast.Await(value=inner) | ast.NamedExpr(value=inner):
            return _may_be_function(inner)
        case ast.IfExp(body=one, orelse=other):
            return _may_be_function(one) or _may_be_function(other)
        case ast.BoolOp(values=values):
            return any(map(_may_be_function, values))
    return isinstance(
        value, ast.Lambda | ast.Name | ast.Call | ast.Attribute | ast.Subscript
    )


def _of_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Definition:
    every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    raises = isinstance(node.body[-1], ast.Raise) and _is_unwritten(node.body[-1].exc)
    returns = any(isinstance(n, ast.Return | ast.Yield) for n in ast.walk(node))
    return Definition(tuple(a.arg for a in every), raises and not returns)


def _is_unwritten(raised: ast.expr | None) -> bool:
    if isinstance(raised, ast.Call):
        raised = raised.func
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"

"""What a statement needs, binds and changes: read from its text, without running it."""

from __future__ import annotations

import ast
import itertools
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

# A comprehension runs with the statement that holds it, not when a function is called.
_AT_ONCE = frozenset({"dictcomp", "genexpr", "listcomp", "setcomp"})
# Functions and methods that change what they are given.
_CHANGES_ITS_ARGUMENT = frozenset(
    {
        "copyto", "fill_diagonal", "heapify", "heappush", "insort", "place", "put",
        "putmask", "setattr", "shuffle",
    }
)  # fmt: skip
_TAKES_AWAY = frozenset({"pop", "popitem", "popleft", "setdefault"})
# Functions of modules that are called for their effect on the module.
_SETS_UP = re.compile(
    r"append|basic|config|disable|enable|filter|insert|patch|register|seed|set|simple|update"
)
_MAGIC = "get_ipython"
_RUNS_ITS_TEXT = ("time", "prun")


@dataclass(kw_only=True)
class Facts:
    """
    What is known of a statement.

    Attributes:
        binds: Names that refer to something new after it, for certain.

        may_bind: Names that may do so: bound in a branch or a loop.

        changes: Names whose object it changes in place.

        calls_on: Names whose methods it calls, alone on its line: ``table.append(1)``.

        sets_up: Modules that it calls for their effect, and nothing but modules is in it.

        calls: Functions that it calls for their effect: with plain numbers and texts only.

        at_once: Names that it reads when it runs.

        later: Names that the functions in it read when they are called.

        declares: Names that the functions in it declare ``global`` and bind.

        star: The module of a ``from module import *``.
    """

    binds: set[str] = field(default_factory=set)
    may_bind: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    calls_on: set[str] = field(default_factory=set)
    sets_up: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    at_once: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    declares: set[str] = field(default_factory=set)
    star: str = ""
    is_import: bool = False
    is_future: bool = False


@dataclass(frozen=True, kw_only=True)
class Statement:
    """
    A statement at the top level of a session's input.

    Attributes:
        label: Where it stands, as the learner sees it: ``"In [4]"``.

        line: Its first line there, from 1.

        text: It, without what else stood on its lines.

        facts: What is known of it.
    """

    label: str
    line: int
    text: str
    facts: Facts = field(repr=False)


def read_statements(label: str, source: str) -> Iterator[Statement]:
    """
    Yield the statements of one input.

    Args:
        label: Where it stands, as the learner sees it.

        source: Python. What IPython made of magics is left out, but for those that run
            their text in the session.

    Raises:
        SyntaxError: It is not Python, and so was not run either.
    """
    lines = [line.encode() for line in source.splitlines()]
    for node in ast.parse(source).body:
        text, run = _cut(node, lines), node
        magic = _magic_text(node)
        if magic:
            text = magic
            try:
                (run,) = ast.parse(magic).body
            except (SyntaxError, ValueError):
                continue
        try:
            facts = _facts(run)
        except SyntaxError:  # an await, or a return outside a function
            continue
        if _MAGIC not in facts.at_once:
            yield Statement(label=label, line=_first_line(node), text=text, facts=facts)


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(int(d.lineno) for d in decorators)])


def _cut(node: ast.stmt, lines: list[bytes]) -> str:
    """Return the statement's text alone: another may stand on its first or last line."""
    first, last = _first_line(node), node.end_lineno or node.lineno
    start = node.col_offset if first == node.lineno else 0
    part = lines[first - 1 : last]
    part[-1] = part[-1][: node.end_col_offset]
    part[0] = part[0][start:]
    return b"\n".join(part).decode()


def _magic_text(node: ast.stmt) -> str:
    """Return what a magic such as ``%time x = f()`` runs in the session, or nothing."""
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(attr="run_line_magic"),
                args=[ast.Constant(value=name), ast.Constant(value=str(text))],
            )
        ) if name in _RUNS_ITS_TEXT:
            return text
    return ""


def _facts(node: ast.stmt) -> Facts:
    facts = Facts()
    table = symtable.symtable(ast.unparse(node), "<statement>", "exec")
    for symbol in table.get_symbols():
        if symbol.is_referenced():
            facts.at_once.add(symbol.get_name())
        if symbol.is_assigned() or symbol.is_imported():
            facts.may_bind.add(symbol.get_name())
    for child in table.get_children():
        _read_table(child, facts, at_once=True)
    facts.binds = _bound(node)
    facts.may_bind -= facts.binds
    facts.is_import = isinstance(node, ast.Import | ast.ImportFrom)
    if isinstance(node, ast.ImportFrom):
        facts.is_future = node.module == "__future__"
        if any(alias.name == "*" for alias in node.names):
            facts.star = "." * node.level + (node.module or "")
            facts.may_bind.discard("*")
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for part in _parts(node):
            _note_change(part, facts)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        _note_setting_up(node.value, facts)
    return facts


def _read_table(table: symtable.SymbolTable, facts: Facts, *, at_once: bool) -> None:
    """Take in what a function, a class or a comprehension reads of the session's names."""
    is_call = table.get_type() == "function" and table.get_name() not in _AT_ONCE
    at_once = at_once and not is_call
    for symbol in table.get_symbols():
        if not symbol.is_global():
            continue
        if symbol.is_referenced():
            (facts.at_once if at_once else facts.later).add(symbol.get_name())
        if symbol.is_declared_global() and symbol.is_assigned():
            (facts.may_bind if at_once else facts.declares).add(symbol.get_name())
    for child in table.get_children():
        _read_table(child, facts, at_once=at_once)


def _bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds whatever happens."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {node.name}
        case ast.ImportFrom():
            return {a.asname or a.name for a in node.names} - {"*"}
        case ast.Import():
            # Without an alias it adds to what an earlier import of a submodule brought.
            return {a.asname for a in node.names if a.asname}
        case ast.Assign():
            return {n for target in node.targets for n in _target_names(target)}
        case ast.AnnAssign() if node.value is not None:
            return _target_names(node.target)
        case ast.With() | ast.AsyncWith():
            items = (i.optional_vars for i in node.items if i.optional_vars is not None)
            inside = (_bound(statement) for statement in node.body)
            return set().union(*(_target_names(i) for i in items), *inside)
    return set()


def _target_names(target: ast.expr) -> set[str]:
    match target:
        case ast.Name():
            return {target.id}
        case ast.Starred():
            return _target_names(target.value)
        case ast.Tuple() | ast.List():
            return {n for item in target.elts for n in _target_names(item)}
    return set()


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all parts of a statement that run with it: no function's or class' body."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
        ):
            yield from _parts(child)


def _note_change(part: ast.AST, facts: Facts) -> None:
    """Take in what a part of a statement changes in place."""
    match part:
        case ast.AugAssign():
            facts.changes |= _roots(part.target)
            facts.at_once |= _roots(part.target)
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            facts.changes |= _roots(part)
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            facts.changes |= _roots(part)
        case ast.Name(ctx=ast.Del()):
            facts.changes.add(part.id)
        case ast.Expr(value=ast.Call(func=ast.Attribute() as method)):
            facts.calls_on |= _roots(method)
        case ast.Call():
            _note_call(part, facts)


def _note_call(call: ast.Call, facts: Facts) -> None:
    for keyword in call.keywords:
        if keyword.arg == "out":
            facts.changes |= _roots(keyword.value)
    name = _called(call)
    if name in _CHANGES_ITS_ARGUMENT and call.args:
        facts.changes |= {n for a in call.args for n in _roots(a)}
    if name in _TAKES_AWAY and isinstance(call.func, ast.Attribute):
        facts.changes |= _roots(call.func)


def _note_setting_up(call: ast.Call, facts: Facts) -> None:
    """Take in a call that stands alone: ``np.random.seed(0)`` or ``build_tables()``."""
    root = _roots(call.func)
    arguments = itertools.chain(call.args, (k.value for k in call.keywords))
    if any(isinstance(n, ast.Name) for a in arguments for n in ast.walk(a)):
        return
    if isinstance(call.func, ast.Name):
        facts.calls = root
    elif _SETS_UP.match(_called(call)):
        facts.sets_up = root


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _roots(node: ast.AST) -> set[str]:
    """Return the name that an expression such as ``a.b[0].c`` begins with."""
    while True:
        match node:
            case ast.Name():
                return {node.id}
            case ast.Attribute() | ast.Subscript() | ast.Starred():
                node = node.value
            case ast.Call():
                node = node.func
            case ast.Tuple() | ast.List():
                return {name for item in node.elts for name in _roots(item)}
            case _:
                return set()

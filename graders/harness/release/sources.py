"""Takes definitions out of Python source, and leaves every other line as it is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """
    One statement at a module's top level, as lines.

    Attributes:
        node: The statement.

        first: The number of its first line, from 1: that of a comment right above it, or
            of its first decorator.

        last: The number of its last line, that of a docstring below it included.

        names: What it defines or imports.
    """

    node: ast.stmt
    first: int
    last: int
    names: frozenset[str]

    @property
    def is_import(self) -> bool:
        """Whether it imports something."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)


def parts_of(source: str) -> list[Part]:
    """Return a module's statements, from top to bottom."""
    lines = source.splitlines()
    body = ast.parse(source).body
    found: list[Part] = []
    for node in body:
        if found and _is_text(node) and isinstance(found[-1].node, _VARIABLES):
            before = found.pop()
            found.append(
                Part(before.node, before.first, node.end_lineno or 0, before.names)
            )
            continue
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        while first > 1 and lines[first - 2].startswith("#"):
            first -= 1
        names = frozenset(_defined(node))
        found.append(Part(node, first, node.end_lineno or node.lineno, names))
    return found


_VARIABLES = (ast.Assign, ast.AnnAssign)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign():
            for target in node.targets:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Import() | ast.ImportFrom():
            if getattr(node, "module", "") != "__future__":
                for alias in node.names:
                    yield (alias.asname or alias.name).partition(".")[0]


def mentioned(node: ast.AST) -> set[str]:
    """
    Return every name that a piece of code mentions.

    Parameters are among them, for they name fixtures, and whole strings, for they may name
    what ``getattr`` looks for. More is kept than need be, and nothing that is needed goes.
    """
    found: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                found.add(name)
            case ast.Constant(value=str(text)):
                found.add(text)
            case ast.alias(name=name):
                found.update(name.split("."))
    return found


def without(source: str, gone: Callable[[Part], bool]) -> str:
    """Return a module without the statements that a predicate names."""
    lines = source.splitlines(keepends=True)
    for part in reversed([p for p in parts_of(source) if gone(p)]):
        end = part.last
        while end < len(lines) and not lines[end].strip():
            end += 1
        del lines[part.first - 1 : end]
    return "".join(lines).rstrip("\n") + "\n" if lines else ""


def without_imports(source: str, names: Collection[str]) -> str:
    """Return a module that imports these names no more."""
    lines = source.splitlines(keepends=True)
    for part in reversed([p for p in parts_of(source) if p.is_import]):
        node = part.node
        assert isinstance(node, ast.Import | ast.ImportFrom)
        kept = [
            alias
            for alias in node.names
            if (alias.asname or alias.name).partition(".")[0] not in names
        ]
        if len(kept) == len(node.names):
            continue
        lines[part.first - 1 : part.last] = [_import(node, kept)] if kept else []
    return "".join(lines)


def _import(node: ast.Import | ast.ImportFrom, kept: list[ast.alias]) -> str:
    if isinstance(node, ast.Import):
        return f"{ast.unparse(ast.Import(kept))}\n"
    line = ast.unparse(ast.ImportFrom(node.module, kept, node.level))
    if len(line) <= 88:  # noqa: PLR2004 - the length of a line of code
        return f"{line}\n"
    head = line.partition(" import ")[0]
    names = "".join(f"    {ast.unparse(alias)},\n" for alias in kept)
    return f"{head} import (\n{names})\n"


def prune(
    modules: Mapping[str, str], suspects: Iterable[str], roots: Collection[str] = ()
) -> dict[str, str]:
    """
    Take out what nothing mentions any more, in modules that use one another.

    Args:
        modules: Their sources, by name.

        suspects: What may go: names that code mentioned that is gone now. What is taken
            out adds those that it mentioned itself.

        roots: Names that are mentioned elsewhere.

    Returns:
        The sources. A module that lost all that it defined is left out.
    """
    sources, doubted = dict(modules), set(suspects)
    while True:
        gone = _unmentioned(sources, doubted, set(roots))
        if not gone:
            return sources
        for name, parts in gone.items():
            for part in parts:
                doubted |= mentioned(part.node)
            taken = {(part.first, part.last) for part in parts}
            kept = without(sources[name], lambda p: (p.first, p.last) in taken)  # noqa: B023 - called at once
            if any(p.names and not p.is_import for p in parts_of(kept)):
                sources[name] = kept
            else:
                del sources[name]
        sources = {n: without_unused_imports(s, doubted) for n, s in sources.items()}


def _unmentioned(
    sources: Mapping[str, str], doubted: set[str], roots: set[str]
) -> dict[str, list[Part]]:
    """Return the definitions in doubt that nothing else leads to, by module."""
    parts = [(name, p) for name, source in sources.items() for p in parts_of(source)]
    in_doubt = [
        (name, part)
        for name, part in parts
        if not part.is_import
        and part.names
        and part.names <= doubted
        and not part.names & roots
    ]
    used = [(name, part) for name, part in parts if (name, part) not in in_doubt]
    while used:
        inside = {
            (name, n) for name, p in used if not p.is_import for n in mentioned(p.node)
        }
        outside = {n for _, part in used for n in _others(part.node)}
        used = [
            (name, part)
            for name, part in in_doubt
            if part.names & outside or any((name, n) in inside for n in part.names)
        ]
        in_doubt = [found for found in in_doubt if found not in used]
    gone: dict[str, list[Part]] = {}
    for name, part in in_doubt:
        gone.setdefault(name, []).append(part)
    return gone


def _others(node: ast.AST) -> set[str]:
    """Return what a statement may mention of other modules: imports, attributes, texts."""
    found: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.alias(name=name):
                found.update(name.split("."))
            case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                found.add(name)
    return found


def without_unused_imports(source: str, doubted: Collection[str]) -> str:
    """Return a module without those imports in doubt that it does not use."""
    parts = parts_of(source)
    used: set[str] = set()
    for part in parts:
        if not part.is_import:
            used |= mentioned(part.node)
    imported = {name for part in parts if part.is_import for name in part.names}
    return without_imports(source, (imported & set(doubted)) - used)

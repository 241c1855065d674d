"""A lesson and a stub as the texts of a notebook's cells.

Reads the same ``README.md`` and ``<exercise>.py`` that a learner with an editor reads. It
knows nothing of notebooks: text goes in, text comes out.
"""

from __future__ import annotations

import ast
import base64
import inspect
import mimetypes
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from graders.harness.errors import CatalogError

# Code first: what looks like a link there is none.
_LINK = re.compile(r"`[^`]*`|(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|#")
# The lesson's last line for those who read it beside an editor.
_COMMAND = re.compile(r"\n    python grade\.py \S+\s*\Z")
_ROLE = re.compile(r":\w+:`([^`]+)`")
_CODE = re.compile(r"``([^`]+)``")
_ITEM = re.compile(r"(\w+): ")
_SECTIONS = {"Args:": "Arguments", "Returns:": "Returns", "Raises:": "Raises"}


@dataclass(frozen=True, kw_only=True)
class Section:
    """
    A part of a lesson that begins with a heading.

    Attributes:
        level: 1 for the lesson's title, 2 for the others.

        title: The heading's words, without backticks.

        heading: The same as Markdown.

        body: The Markdown below the heading.

        pictures: Pictures that the body shows as ``attachment:NAME``: their names, and for
            each its media type and its bytes in base64.
    """

    level: int
    title: str
    heading: str
    body: str
    pictures: dict[str, dict[str, str]]


def read_lesson(path: Path) -> list[Section]:
    """
    Return a lesson's sections, each complete in itself: no link leads out of it to a file.

    Raises:
        CatalogError: It does not begin with a heading, or shows a picture that is missing.
    """
    text = _COMMAND.sub("\n", path.read_text("utf-8"))
    lines = text.splitlines()
    tokens = MarkdownIt().enable("table").parse(text)
    starts = [
        token.map[0]
        for token in tokens
        if token.type == "heading_open" and token.tag in ("h1", "h2") and token.map
    ]
    if not starts or "".join(lines[: starts[0]]).strip():
        msg = f"{path}: a lesson begins with a heading (# Title)."
        raise CatalogError(msg)
    blocks = [t.map for t in tokens if t.type in ("fence", "code_block") and t.map]
    literal = {number for first, last in blocks for number in range(first, last)}
    sections = []
    for first, last in zip(starts, [*starts[1:], len(lines)], strict=True):
        pictures: dict[str, dict[str, str]] = {}
        body = [
            lines[n] if n in literal else _at_home(lines[n], path, pictures)
            for n in range(first + 1, last)
        ]
        marks, _, heading = lines[first].partition(" ")
        sections.append(
            Section(
                level=len(marks),
                title=heading.replace("`", "").strip(),
                heading=heading.strip(),
                body="\n".join(body).strip("\n"),
                pictures=pictures,
            )
        )
    return sections


def _at_home(line: str, lesson: Path, pictures: dict[str, dict[str, str]]) -> str:
    """Return a line whose links hold wherever it is read; keep the pictures it shows."""

    def instead(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        if target is None or _ABSOLUTE.match(target):
            return match[0]
        if not mark:
            place = (lesson.parent / target.partition("#")[0]).resolve()
            root = lesson.parents[2].resolve()
            shown = place.relative_to(root) if place.is_relative_to(root) else target
            return f"{words} (`{shown}`)"
        name = target.replace("/", "-")
        pictures[name] = _picture(lesson.parent / target, lesson)
        return f"![{words}](attachment:{name})"

    return _LINK.sub(instead, line)


def _picture(path: Path, lesson: Path) -> dict[str, str]:
    kind = mimetypes.guess_type(path.name)[0] or ""
    if not path.is_file() or not kind.startswith("image/"):
        msg = f"{lesson}: shows {path.name}, which is no picture beside it."
        raise CatalogError(msg)
    return {kind: base64.b64encode(path.read_bytes()).decode("ascii")}


def stub_code(source: str) -> str:
    """
    Return a stub as a cell to fill in: the same program, and of each docstring a line.

    The rest of the docstrings is what :func:`contracts` shows above the cell.
    """
    lines = source.splitlines()
    tree = ast.parse(source)
    nodes: list[ast.Module | ast.FunctionDef] = [tree, *_functions(tree)]
    for node in reversed(nodes):
        doc = _docstring(node)
        if doc is None:
            continue
        first, last = doc.lineno - 1, doc.end_lineno or doc.lineno
        if isinstance(node, ast.Module):
            del lines[first:last]
        else:
            summary = _summary(node).replace("\\", "\\\\")
            lines[first:last] = [f'{" " * doc.col_offset}"""{summary}"""']
    return "\n".join(lines).strip("\n")


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [n for n in tree.body if isinstance(n, ast.FunctionDef)]


def _docstring(node: ast.Module | ast.FunctionDef) -> ast.Expr | None:
    first = node.body[0] if node.body else None
    return first if isinstance(first, ast.Expr) and ast.get_docstring(node) else None


def _summary(node: ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]


def contracts(source: str) -> str:
    """Return the docstrings of a stub's functions as Markdown, a heading for each."""
    parts = []
    for node in _functions(ast.parse(source)):
        names = ", ".join(a.arg for a in node.args.args)
        text = _markdown(ast.get_docstring(node, clean=False) or "")
        parts.append(f"#### `{node.name}({names})`\n\n{text}")
    return "\n\n".join(parts)


def _markdown(docstring: str) -> str:
    text = _CODE.sub(r"`\1`", _ROLE.sub(r"`\1`", inspect.cleandoc(docstring)))
    return "\n\n".join(map(_paragraph, re.split(r"\n\n(?=\S)", text)))


def _paragraph(text: str) -> str:
    """Return a paragraph with what is indented below it: a section, a list, a formula."""
    lines = text.splitlines()
    count = next(
        (n for n, line in enumerate(lines) if line[:1] in ("", " ")), len(lines)
    )
    head, body = "\n".join(lines[:count]), "\n".join(lines[count:])
    if not body or not lines[count]:
        return text  # indented after an empty line: Markdown shows it as it stands
    body = textwrap.dedent(body)
    if head in ("Args:", "Raises:"):
        body = _items(body)
    return f"**{_SECTIONS.get(head, head)}**\n\n{body}"


def _items(body: str) -> str:
    """Return ``name: text`` paragraphs as a list."""
    lines = []
    for line in body.splitlines():
        named = _ITEM.match(line)
        text = (
            f"- **`{named[1]}`**: {line[named.end() :]}"
            if named
            else f"  {line.strip()}"
        )
        lines.append(text.rstrip())
    return "\n".join(lines)

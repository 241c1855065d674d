"""Which documents there are, and what is found in them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HARNESS = ROOT / "graders" / "harness"
README = ROOT / "README.md"
INSTRUCTORS = ROOT / "docs" / "for-instructors.md"
DOCUMENTS = [
    README,
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
BY_NAME = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# Words in capitals and names in angle brackets stand for something of the reader's.
PLACEHOLDER = re.compile(r"<\w+>|\b[A-Z]{2,}\b(?!\.md)")
OTHERS_PACKAGES = ("cuda.", "cupy", "cupyx", "nvmath")


def prose(path: Path) -> str:
    """Return a document without its code blocks."""
    return BLOCK.sub("", path.read_text("utf-8"))


def inline(path: Path) -> list[str]:
    return INLINE.findall(prose(path))


def commands(path: Path) -> list[str]:
    """Return the lines of a document's shell blocks."""
    blocks = [
        text for kind, text in BLOCK.findall(path.read_text("utf-8")) if kind == "sh"
    ]
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def members(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Return what a module's or a class' statements define."""
    found: dict[str, ast.stmt] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
        elif isinstance(node, ast.Assign):
            found |= {t.id: node for t in node.targets if isinstance(t, ast.Name)}
    return found

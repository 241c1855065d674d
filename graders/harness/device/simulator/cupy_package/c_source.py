"""An elementwise kernel's operation, from C++ text to pycparser's tree of C.

The little of C++ that people write is put into C's words first: ``T(x)``,
``static_cast<T>(x)``, ``complex<float>`` and comments.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from pycparser import CParser, c_ast
from pycparser.c_parser import ParseError

from graders.harness.device.simulator.cupy_package.c_types import NAMED, unsupported

# A call of one of these names converts to the type with that number in ``casts``.
CAST = "__cast_"
AUTO = "__auto"
_BUILT_IN = ("float", "double", "int", "char", "short", "long", "unsigned")
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMPLEX = re.compile(r"\bcomplex\s*<\s*(\w+)\s*>")
_STATIC_CAST = re.compile(r"\bstatic_cast\s*<\s*([\w\s]+?)\s*>\s*(?=\()")

_WORDS = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (r"\b(?:thrust|std)\s*::\s*", ""),
        (r"\bauto\b", AUTO),
        (r"\bconstexpr\b", "const"),
        (r"\band\b", "&&"),
        (r"\bor\b", "||"),
        (r"\bnot\b", "!"),
    )
)


@dataclass(frozen=True)
class Operation:
    """
    A parsed operation.

    Attributes:
        body: pycparser's node of the statements.

        casts: Types that are called like functions, as words.

        operators: How many operators and calls there are: the work for each element.
    """

    body: Any
    casts: tuple[tuple[str, ...], ...]
    operators: int


@functools.lru_cache(maxsize=256)
def parse(text: str, letters: tuple[str, ...]) -> Operation:
    """
    Return an operation's statements.

    Args:
        text: The operation.

        letters: The kernel's placeholders for types, such as ``T``.

    Raises:
        NotModelled: It is no C, or C++ beyond the subset.
    """
    if "#" in text:
        unsupported("A directive of the preprocessor")
    complexes = [f"__complex_{letter}" for letter in letters]
    types = [*NAMED, *letters, *complexes, AUTO]
    casts: list[tuple[str, ...]] = []
    source = _in_c(text, [*types, *_BUILT_IN], casts)
    typedefs = "".join(f"typedef int {name};" for name in types if name != "bool")
    typedefs += "typedef int bool;"
    try:
        tree = CParser().parse(f"{typedefs} void k() {{ {source} ; }}")
    except ParseError as err:
        reason = str(err).rpartition(":")[2].strip()
        unsupported(f"What could not be read ({reason})")
    body = tree.ext[-1].body
    return Operation(body, tuple(casts), _operators(body))


def _in_c(text: str, types: list[str], casts: list[tuple[str, ...]]) -> str:
    """Return the text in C, and append the types of its casts to ``casts``."""

    def named(found: re.Match[str]) -> str:
        casts.append(tuple(found[1].split()))
        return f"{CAST}{len(casts) - 1}"

    source = _COMMENTS.sub(" ", text)
    for pattern, word in _WORDS:
        source = pattern.sub(word, source)
    source = _COMPLEX.sub(r"__complex_\1", source)
    source = _STATIC_CAST.sub(named, source)
    alternatives = "|".join(map(re.escape, types))
    return re.sub(rf"\b({alternatives})\s*(?=\()", named, source)


def _operators(node: Any) -> int:
    counted = (c_ast.UnaryOp, c_ast.BinaryOp, c_ast.FuncCall, c_ast.TernaryOp)
    own = isinstance(node, counted)
    own = own or (isinstance(node, c_ast.Assignment) and node.op != "=")
    return int(own) + sum(_operators(child) for _, child in node.children())

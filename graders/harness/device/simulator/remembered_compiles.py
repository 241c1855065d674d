"""Callbacks that were compiled before, for benchmarks that compile one again and again.

Numba takes a tenth of a second for each. What is found here was made of the same code
object with the same values in its closure and its module. Imports nothing of the engine.
"""

from __future__ import annotations

import types
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

_MOST = 64
# Numba takes these values into what it compiles; they are known by their text.
_PLAIN = (int, float, complex, bool, str, type(None))

_known: OrderedDict[Hashable, Any] = OrderedDict()


def remembered(
    function: Any, signature: Any, options: Mapping[str, Any], make: Callable[[], Any]
) -> Any:
    """
    Return what ``make`` returned for the same function, or let it compile.

    Args:
        function: What is compiled.

        signature: Numba's, for which it is compiled.

        options: How.

        make: Compiles it. What it raises is raised each time.
    """
    key = _key(function, signature, options)
    if key is None:
        return make()
    if key not in _known:
        _known[key] = make()
        if len(_known) > _MOST:
            _known.popitem(last=False)
    _known.move_to_end(key)
    return _known[key]


def _key(function: Any, signature: Any, options: Mapping[str, Any]) -> Hashable | None:
    """Return all that a compilation depends on; None where that cannot be told."""
    if type(function) is not types.FunctionType or function.__defaults__:
        return None
    if function.__kwdefaults__:
        return None
    code, space = function.__code__, function.__globals__
    try:
        values = [(n, c.cell_contents) for n, c in _cells(function)]
    except ValueError:  # a name of an enclosing function that is not bound yet
        return None
    values += [(n, space[n]) for n in _names(code) if n in space]
    if not all(type(v) in (*_PLAIN, types.ModuleType) for _, v in values):
        return None
    # Modules are known by their identity: it stays, since they are not collected.
    seen = tuple(
        (n, type(v), id(v) if type(v) is types.ModuleType else repr(v))
        for n, v in values
    )
    parts = (str(signature), repr(sorted(options.items(), key=str)))
    return code, code.co_filename, seen, parts


def _cells(function: types.FunctionType) -> Iterator[tuple[str, types.CellType]]:
    names = function.__code__.co_freevars
    yield from zip(names, function.__closure__ or (), strict=True)


def _names(code: types.CodeType) -> list[str]:
    """Return the names that code and the functions in it look up."""
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return [*code.co_names, *(name for c in inner for name in _names(c))]

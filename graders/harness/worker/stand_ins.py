"""Stand-ins for modules that a notebook imports for its looks and that are missing here.

A stand-in takes every attribute, call, loop and assignment, does nothing, and has no value.
Only the program's own imports get one: a library that looks for an optional package is told
the truth. Imports nothing of the engine.
"""

from __future__ import annotations

import importlib
import math
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from typing import Any

#: Packages that an exercise is about: without them nothing is right, and that is said.
NEEDED = (
    "cuda", "cupy", "cupyx", "numba", "numba_cuda", "numpy", "nvmath", "PIL", "scipy",
)  # fmt: skip
# Names that are given to those packages, and are no packages.
_NICKNAMES = ("cp", "cpx", "np", "sp", "nb", "plt")
_SHORTEST = 3
_SHORTEST_OF_PYTHON = 4
_IMPORTING = ("<frozen importlib", importlib.__file__)
_UNPACK = "UNPACK_SEQUENCE"
_UNPACK_REST = "UNPACK_EX"
_MOST_ITEMS = 1000
# They hand on what they are given, and show how far a loop has come.
_PROGRESS = ("tqdm", "fastprogress", "alive_progress")


def is_near(name: str, known: str) -> bool:
    """Say whether a name is another's misspelling: one letter, or two exchanged."""
    if min(len(name), len(known)) < _SHORTEST or abs(len(name) - len(known)) > 1:
        return False
    if len(name) == len(known):
        apart = [i for i in range(len(name)) if name[i] != known[i]]
        if len(apart) <= 1:
            return True
        i, j = apart[0], apart[-1]
        exchanged = name[i] == known[j] and name[j] == known[i]
        return len(apart) == 2 and j == i + 1 and exchanged  # noqa: PLR2004 - a pair
    short, long = sorted((name, known), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def is_needed(name: str) -> bool:
    """Say whether a missing module must be missed: no stand-in takes its place."""
    pythons = sys.stdlib_module_names
    if name in pythons or name in (*NEEDED, *_NICKNAMES) or name.startswith("_"):
        return True
    known = [*NEEDED, *(n for n in pythons if len(n) >= _SHORTEST_OF_PYTHON)]
    return any(is_near(name.lower(), other.lower()) for other in known)


class StandIn:
    """
    Something that came of a missing module: it takes everything and has no value.

    Its type's name says which module is missing; see :func:`_kind`.
    """

    _path = ""
    _shape: tuple[int, ...] = ()
    _items: Any = None

    def __getattr__(self, name: str) -> Any:
        # Protocols that look for a method by its name must not find one.
        if name.startswith("__") or name.startswith(("_repr_", "_ipython_")):
            raise AttributeError(name)
        shape = self._shape
        if name in ("flat", "ravel", "flatten", "T"):
            shape = (math.prod(shape),) if name != "T" else shape[::-1]
        return _made(type(self), f"{self._path}.{name}", shape)

    def __setattr__(self, name: str, value: Any) -> None:
        """Forget it."""

    def __delattr__(self, name: str) -> None:
        """Forget it."""

    def _ipython_display_(self, **kwargs: Any) -> None:
        """Show nothing."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the first argument lets one expect."""
        name = self._path.rpartition(".")[2]
        if len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType):
            return args[0]  # a decorator leaves the function as it is
        if self._path.partition(".")[0] in _PROGRESS and args:
            return _progress(type(self), f"{self._path}()", name, args)
        shape: tuple[int, ...] = ()
        if name in ("ravel", "flatten"):
            shape = self._shape
        elif name == "subplots":
            return _subplots(type(self), self._path, *args, **kwargs)
        elif args and not isinstance(args[0], str | bytes):
            shape = _length(args[0])
        return _made(type(self), f"{self._path}()", shape)

    def __iter__(self) -> Iterator[Any]:
        if self._items is not None:
            return iter(self._items)
        wanted = _unpacked_by(sys._getframe(1))  # noqa: SLF001 - see there
        if wanted is not None:
            return iter([self._item(n) for n in range(wanted)])
        count = min(self._shape[0], _MOST_ITEMS) if self._shape else 0
        return iter([self._item(n) for n in range(count)])

    def _item(self, number: Any) -> Any:
        return _made(type(self), f"{self._path}[{number!r:.20}]", self._shape[1:])

    def __getitem__(self, key: Any) -> Any:
        return self._item(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Forget it."""

    def __delitem__(self, key: Any) -> None:
        """Forget it."""

    def __len__(self) -> int:
        return self._shape[0] if self._shape else 0

    def __bool__(self) -> bool:
        return False

    def __contains__(self, item: Any) -> bool:
        return False

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Let exceptions pass."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        root = self._path.partition(".")[0]
        return f"<{self._path}: {root} is not installed here>"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return ()

    def __instancecheck__(self, instance: Any) -> bool:
        return False

    def __subclasscheck__(self, subclass: Any) -> bool:
        return False


def _operator(self: StandIn, *others: Any) -> Any:
    del others
    return _made(type(self), f"({self._path} ...)", self._shape)


def _no_value(self: StandIn, *args: Any, **kwargs: Any) -> Any:
    del args, kwargs
    root = self._path.strip("(").partition(".")[0]
    msg = f"{root} is not installed here, so {self._path} has no value"
    raise TypeError(msg)


def _equip(kind: type) -> None:
    names = (
        "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or",
        "xor", "lshift", "rshift",
    )  # fmt: skip
    for name in [*names, *(f"r{n}" for n in names), *(f"i{n}" for n in names)]:
        setattr(kind, f"__{name}__", _operator)
    for name in ("neg", "pos", "abs", "invert", "lt", "le", "gt", "ge"):
        setattr(kind, f"__{name}__", _operator)
    for name in ("float", "int", "index", "complex", "array", "bytes"):
        setattr(kind, f"__{name}__", _no_value)


_equip(StandIn)


def _kind(root: str) -> type[StandIn]:
    """Return the type of what comes of a module: its name is what a report can say."""
    return type("stand_in", (StandIn,), {"__module__": root})


def _made(kind: type[StandIn], path: str, shape: tuple[int, ...] = ()) -> StandIn:
    made = object.__new__(kind)
    object.__setattr__(made, "_path", path[:200])
    object.__setattr__(made, "_shape", shape)
    return made


def _subplots(kind: type[StandIn], path: str, *args: Any, **kwargs: Any) -> Any:
    """Return a figure and its axes, which loops run over."""
    counts: list[Any] = [*args[:2], *([1, 1][len(args[:2]) :])]
    counts[0] = kwargs.get("nrows", counts[0])
    counts[1] = kwargs.get("ncols", counts[1])
    if not all(isinstance(n, int) and 0 < n < _MOST_ITEMS for n in counts):
        counts = [1, 1]
    squeezed = bool(kwargs.get("squeeze", True))
    shape = tuple(n for n in counts if n > 1) if squeezed else tuple(counts)
    figure = _made(kind, f"{path}()[0]")
    return figure, _made(kind, f"{path}()[1]", shape)


def _progress(
    kind: type[StandIn], path: str, name: str, args: Sequence[Any]
) -> StandIn:
    made = _made(kind, path)
    items = range(*args[:3]) if name == "trange" else args[0]
    object.__setattr__(made, "_items", items)
    return made


def _length(value: Any) -> tuple[int, ...]:
    try:
        return (len(value),)
    except Exception:  # noqa: BLE001 - anything may be handed to a stand-in
        return ()


def _unpacked_by(frame: Any) -> int | None:
    """Return into how many names the caller unpacks, None where it loops instead."""
    code, at = frame.f_code.co_code, frame.f_lasti
    if not 0 <= at < len(code) - 1:
        return None
    name, count = _OPERATIONS.get(code[at]), int(code[at + 1])
    if name == _UNPACK:
        return count
    if name != _UNPACK_REST:
        return None
    extended = at > 1 and _OPERATIONS.get(code[at - 2]) == "EXTENDED_ARG"
    return count + (int(code[at - 1]) if extended else 0)


def _operations() -> dict[int, str]:
    import dis  # noqa: PLC0415 - once

    return {number: name for name, number in dis.opmap.items()}


_OPERATIONS = _operations()


class _Module(types.ModuleType):
    """A missing module, as far as the program can tell."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kind = self.__dict__["__stand_in__"]
        return _made(kind, f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take a module for the function of the same name, as ``import tqdm`` tempts to."""
        return _made(self.__dict__["__stand_in__"], self.__name__)(*args, **kwargs)


class Finder:
    """
    The last place where a module is looked for.

    Args:
        is_program_file: Says of a file name whether it is the program's own.

        say: Tells the learner, the first time that a module is replaced.
    """

    def __init__(
        self, is_program_file: Callable[[str], bool], say: Callable[[str], None]
    ) -> None:
        self._is_program_file = is_program_file
        self._say = say
        self._kinds: dict[str, type[StandIn]] = {}

    @property
    def names(self) -> list[str]:
        """The top-level modules that were missing, in the order of their imports."""
        return list(self._kinds)

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return a stand-in's spec, or None where the module must be missed."""
        del path, target
        root = name.partition(".")[0]
        if root not in self._kinds:
            if "." in name or is_needed(root) or not self._asked_by_program():
                return None
            self._kinds[root] = _kind(root)
            self._say(f"[{root} is not installed here: what it shows is left out.]\n")
        loader: Any = self
        return ModuleSpec(name, loader, is_package=True)

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """Return the stand-in."""
        module = _Module(spec.name)
        module.__dict__["__stand_in__"] = self._kinds[spec.name.partition(".")[0]]
        module.__dict__["__all__"] = []
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """Do nothing: it has no code."""

    def _asked_by_program(self) -> bool:
        frame: Any = sys._getframe(2)  # noqa: SLF001 - who imports is told by nothing else
        while frame is not None and frame.f_code.co_filename.startswith(_IMPORTING):
            frame = frame.f_back
        return frame is not None and self._is_program_file(frame.f_code.co_filename)


def grade_module() -> types.ModuleType:
    """Return what ``from grade import check, prepare`` finds: they do nothing here."""
    module = types.ModuleType("grade")

    def check(*args: Any, **kwargs: Any) -> None:
        """Do nothing: the notebook is being graded."""
        del args, kwargs

    def prepare(*args: Any, **kwargs: Any) -> None:
        """Do nothing: all is prepared."""
        del args, kwargs

    module.check = check  # type: ignore[attr-defined]
    module.prepare = prepare  # type: ignore[attr-defined]
    return module

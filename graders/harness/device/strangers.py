"""Build records from a stranger's data: every field of its type, every number in range.

The fields' types say what is read, so a new field needs no code here unless its type is
new. Imports nothing of the engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import lru_cache, partial
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

#: How many kernels, copies or other records one call can have.
MAX_RECORDS = 200_000
_MAX_TEXT = 65_536
_MAX_NOTES = 256
_MAX_COUNT = 2**63
_NOT_NEGATIVE = ("seconds",)
_Reader = Callable[[str, Any], Any]
_Record = TypeVar("_Record")


def build(record: type[_Record], data: Any) -> _Record:
    """
    Return a record, a dataclass, from the dictionary that stands for it.

    Texts, flags, counts (from 0), finite numbers, notes (a flat dictionary of these), and
    tuples of these or of records are read; durations are not negative.

    Raises:
        TypeError: A field is missing.

        ValueError: A field is unknown, or its value is not as it should be.
    """
    if not isinstance(data, Mapping):
        raise _malformed(record.__name__, data)
    kind: Any = record
    readers = _readers(kind)
    return record(**{n: readers.get(n, _unknown)(n, v) for n, v in data.items()})


@lru_cache
def _readers(record: Any) -> Mapping[str, _Reader]:
    """Return a reader for each field: it gives the field's value, or raises."""
    return {name: _reader(kind) for name, kind in get_type_hints(record).items()}


def _reader(kind: Any) -> _Reader:
    if get_origin(kind) is tuple:
        return partial(_items, _reader(get_args(kind)[0]))
    if get_origin(kind) is Literal:
        return partial(_one_of, get_args(kind))
    if is_dataclass(kind):
        return lambda _, value: build(_type(kind), value)
    if kind not in _SIMPLE:
        msg = f"a field of type {kind} cannot be read from a worker"
        raise NotImplementedError(msg)
    return _SIMPLE[kind]


def _type(kind: Any) -> type[Any]:
    found: type[Any] = kind
    return found


def _items(reader: _Reader, name: str, value: Any) -> Any:
    if type(value) not in (list, tuple) or len(value) > MAX_RECORDS:
        raise _malformed(name, value)
    return tuple(reader(name, item) for item in value)


def _one_of(allowed: tuple[Any, ...], name: str, value: Any) -> Any:
    if type(value) is not str or value not in allowed:
        raise _malformed(name, value)
    return value


def _text(name: str, value: Any) -> Any:
    if type(value) is not str or len(value) > _MAX_TEXT:
        raise _malformed(name, value)
    return value


def _flag(name: str, value: Any) -> Any:
    if type(value) is not bool:
        raise _malformed(name, value)
    return value


def _flag_or_none(name: str, value: Any) -> Any:
    return None if value is None else _flag(name, value)


def _count(name: str, value: Any) -> Any:
    if type(value) is not int or not 0 <= value < _MAX_COUNT:
        raise _malformed(name, value)
    return value


def _number(name: str, value: Any) -> Any:
    short = type(value) is int and -_MAX_COUNT < value < _MAX_COUNT
    number = float(value) if short or type(value) is float else math.nan
    if math.isfinite(number) and (number >= 0 or name not in _NOT_NEGATIVE):
        return number
    raise _malformed(name, value)


def _notes(name: str, value: Any) -> Any:
    if type(value) is not dict or len(value) > _MAX_NOTES:
        raise _malformed(name, value)
    return {_text(name, key): _note(name, item) for key, item in value.items()}


def _note(name: str, value: Any) -> Any:
    readers = {int: _count, float: _number, str: _text, bool: _flag}
    return readers.get(type(value), _unknown)(name, value)


def _unknown(name: str, value: Any) -> Any:
    raise _malformed(name, value)


def _malformed(name: str, value: Any) -> ValueError:
    return ValueError(f"{name[:40]!r} is not as it should be: {type(value).__name__}")


_SIMPLE: dict[Any, _Reader] = {
    str: _text,
    int: _count,
    float: _number,
    bool: _flag,
    bool | None: _flag_or_none,
    dict[str, Any]: _notes,
}

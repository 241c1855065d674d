"""Messages to and from a worker: a length, a JSON head, raw array bytes.

Nothing is pickled and no object of the learner's crosses: a value becomes a tree of plain
nodes, an array becomes dtype, shape, axis order and bytes. The grading process decodes what
it gets as data from a stranger. Imports nothing of the engine.
"""

from __future__ import annotations

import json
import math
import struct
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_INEXACT = ("float16", "float32", "float64", "complex64", "complex128")
DTYPES = frozenset({"bool", *_INTEGERS, *_INEXACT})
MAX_HEAD = 24 * 2**20
MAX_BLOBS = 4096
MAX_BYTES = 2**30
MAX_TEXT = 65536
_DICTIONARIES = frozenset({dict, OrderedDict, defaultdict})
_CONTAINERS = _DICTIONARIES | {tuple, list}
# How to read an object of a derived class (a NamedTuple, a StrEnum) as the plain value that
# it is: by the base's own methods, since those of the class are the learner's.
_PLAIN: dict[type, Callable[[Any], Any]] = {
    int: lambda value: int.__add__(value, 0),
    float: float.__float__,
    complex: lambda value: complex.__add__(value, 0),
    str: str.__str__,
    tuple: lambda value: tuple.__getitem__(value, slice(None)),
    list: lambda value: list.__getitem__(value, slice(None)),
    dict: lambda value: dict(dict.items(value)),
}
MAX_DEPTH = 24
MAX_STRIDE = 2**62
MAX_NODES = 50_000
MAX_KEYS = 256  # numbers can be chosen so that all of them collide in a dictionary
MAX_PARTS = 1_000_000  # brackets and commas of a head: what they become takes memory
_PREFIX = struct.Struct("!4sIQ")
_MAGIC = b"GPX1"


# What reading a stranger's data may raise.
_MALFORMED = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
)


class WireError(ValueError):
    """A message that the protocol does not allow; whoever sent it is broken or hostile."""


@dataclass(frozen=True)
class ArrayValue:
    """
    An array as plain bytes, with what was seen of the original.

    Attributes:
        array: A host array with the values, laid out in the original's axis order.

        memory_space: ``"cpu"`` or ``"cuda"``.

        strides: The original's strides, in bytes.

        type_name: The original's type: ``"numpy.ndarray"``, ``"cupy.ndarray"`` or a NumPy
            scalar's, such as ``"numpy.float32"``.
    """

    array: npt.NDArray[Any]
    memory_space: str = "cpu"
    strides: tuple[int, ...] = ()
    type_name: str = "numpy.ndarray"

    @property
    def dtype(self) -> str:
        """The dtype's name."""
        return self.array.dtype.name

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self.array.shape


@dataclass(frozen=True)
class Opaque:
    """A value that does not cross: only its type's name does."""

    type_name: str


@dataclass(frozen=True)
class StreamValue:
    """
    An argument whose items the worker's program gets one by one, from an iterator.

    Attributes:
        items: The items: arrays, or tuples of arrays, all alike.

        reuse_buffer: Whether the producer fills the same arrays again for each item.
    """

    items: tuple[Any, ...]
    reuse_buffer: bool = False


@dataclass(frozen=True)
class SparseValue:
    """
    An argument that is a sparse matrix.

    Attributes:
        format: ``"coo"``, ``"csr"`` or ``"csc"``.

        shape: Numbers of rows and columns.

        parts: Its arrays, in the order of SciPy's constructor: the entries first. Where
            they are in the GPU's memory, the matrix is one of CuPy's.
    """

    format: str
    shape: tuple[int, int]
    parts: tuple[ArrayValue, ...]


@dataclass(frozen=True)
class TurnedValue:
    """
    A number that is another one in each of many rounds.

    Attributes:
        value: What it is where no rounds are timed.

        below: Above all that it may be: a round adds its number of steps, modulo this.
    """

    value: int
    below: int


@dataclass(frozen=True)
class ProxyRef:
    """A callable of the grading process, known to the worker by its number."""

    number: int


Blob = bytes | memoryview


def axis_order(array: npt.NDArray[Any]) -> tuple[int, ...]:
    """Return the axes from the largest stride to the smallest."""
    return tuple(sorted(range(array.ndim), key=lambda i: (-abs(array.strides[i]), i)))


def pack_array(array: npt.NDArray[Any]) -> tuple[list[int], memoryview]:
    """Return an array's axis order and its bytes, dense in that order."""
    if not array.dtype.isnative:  # a dtype's name does not tell the byte order
        array = array.astype(array.dtype.newbyteorder("="))
    order = axis_order(array)
    dense = np.ascontiguousarray(array.transpose(order))
    return list(order), dense.reshape(-1).view(np.uint8).data


def unpack_array(
    dtype: str, shape: Iterable[int], order: Iterable[int], data: Blob
) -> npt.NDArray[Any]:
    """
    Return a new writable array from its parts.

    Raises:
        WireError: The parts contradict one another.
    """
    shape, order = tuple(shape), tuple(order)
    if dtype not in DTYPES:
        msg = f"dtype={dtype!r} is not one that crosses"
        raise WireError(msg)
    if any(type(n) is not int or n < 0 for n in shape) or sorted(order) != list(
        range(len(shape))
    ):
        msg = f"shape={shape!r} with axis order {order!r} is not a layout"
        raise WireError(msg)
    wanted = math.prod(shape) * np.dtype(dtype).itemsize
    if wanted != len(data):
        msg = f"{len(data)} bytes came for shape={shape!r} of {dtype} ({wanted} bytes)"
        raise WireError(msg)
    own = data if not memoryview(data).readonly else bytearray(data)
    flat: npt.NDArray[Any] = np.frombuffer(own, dtype=dtype)
    if dtype == "bool":  # any byte may have come, and NumPy relies on 0 and 1
        np.not_equal(flat.view(np.uint8), 0, out=flat)
    inverse = np.argsort(order) if order else ()
    return flat.reshape([shape[i] for i in order]).transpose(
        tuple(int(i) for i in inverse)
    )


class Encoder:
    """
    Turns a value into a tree of nodes and a list of blobs.

    Args:
        array_hook: Called with each value that is no plain Python value; returns an
            :class:`ArrayValue` or None. This is how a worker's CuPy arrays are recognised.

        copies: Whether blobs hold what NumPy arrays held when they were encoded; else they
            are the arrays' own memory, and what is written there later is seen.

    Attributes:
        overflowed: Whether there were more arrays than cross. Then none does, and what
            holds them is told by its type and length: a structure of too many arrays
            costs no more time than one that crosses.
    """

    def __init__(
        self,
        array_hook: Callable[[Any], ArrayValue | None] | None = None,
        *,
        copies: bool = False,
    ) -> None:
        # Only the grading process, which has no hook, may send arguments of these types:
        # a learner's program that makes one would say for itself where an array lies.
        self._trusted = array_hook is None
        self.blobs: list[Blob] = []
        self.overflowed = False
        self._hook = array_hook
        self._copies = copies
        self._nodes = 0

    def encode(self, value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one line a type
        """Return the node for ``value``; what does not cross becomes its type's name."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            return {"t": "opaque", "type": "a deeper or larger structure than is read"}
        value = _plain(value)
        kind = type(value)
        if value is None:
            return {"t": "none"}
        if kind is bool:
            return {"t": "bool", "v": value}
        if kind is int and value.bit_length() <= 256:  # noqa: PLR2004 - wide enough for any count
            return {"t": "int", "v": str(value)}
        if kind is float:
            return {"t": "float", "v": repr(value)}
        if kind is complex:
            return {"t": "complex", "v": [repr(value.real), repr(value.imag)]}
        if kind is str:
            return {
                "t": "str",
                "v": value[:MAX_TEXT].encode("utf-8", "replace").decode(),
            }
        most = MAX_KEYS if kind in _DICTIONARIES else MAX_NODES - self._nodes
        if kind in _CONTAINERS:
            node = self._encode_items(value, depth) if len(value) <= most else None
            if node is None or self.overflowed:
                return {
                    "t": "opaque",
                    "type": f"{kind.__name__} of {len(value):,} items",
                }
            return node
        return self._encode_other(value)

    def _encode_items(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is tuple or kind is list:
            items = [self.encode(item, depth + 1) for item in value]
            return {"t": kind.__name__, "items": items}
        pairs = [
            [self.encode(k, depth + 1), self.encode(v, depth + 1)]
            for k, v in dict.items(value)
        ]
        return {"t": "dict", "items": pairs}

    def _encode_other(self, value: Any) -> Any:
        if not self._trusted:
            return self._encode_array(value, None)
        if isinstance(value, ProxyRef):
            return {"t": "proxy", "n": value.number}
        if isinstance(value, TurnedValue):
            return {"t": "turned", "v": value.value, "below": value.below}
        if isinstance(value, StreamValue):
            items = [self.encode(item, 1) for item in value.items]
            return {"t": "stream", "items": items, "reuse": value.reuse_buffer}
        if isinstance(value, SparseValue):
            parts = [self.encode(part, 1) for part in value.parts]
            shape = list(value.shape)
            return {"t": "sparse", "f": value.format, "shape": shape, "parts": parts}
        return self._encode_array(value, value if type(value) is ArrayValue else None)

    def _encode_array(self, value: Any, seen: ArrayValue | None) -> Any:
        if self.overflowed or len(self.blobs) == MAX_BLOBS:
            self.overflowed = True
            self.blobs.clear()
            return {"t": "opaque", "type": f"an array beyond {MAX_BLOBS:,} others"}
        if seen is None and self._hook is not None:
            seen = self._hook(value)
        if seen is None and isinstance(value, np.ndarray | np.generic):
            name = f"numpy.{type(value).__name__}"
            host = np.asarray(value)
            kept = host.copy(order="K") if self._copies else host
            seen = ArrayValue(kept, "cpu", host.strides, name)
        if seen is None or seen.array.dtype.name not in DTYPES:
            cls = type(value)
            name = f"{cls.__module__}.{cls.__qualname__}"
            if cls is np.ndarray:
                name += f" of dtype {value.dtype}"
            return {"t": "opaque", "type": name[:200]}
        order, data = pack_array(seen.array)
        self.blobs.append(data)
        return {
            "t": "array",
            "dtype": seen.array.dtype.name,
            "shape": list(seen.array.shape),
            "order": order,
            "strides": list(seen.strides or seen.array.strides),
            "space": seen.memory_space,
            "type": seen.type_name,
            "blob": len(self.blobs) - 1,
        }


def _plain(value: Any) -> Any:
    """Return an object of a class derived from a plain type as one of that type."""
    kind = type(value)
    if kind in _PLAIN or kind in _CONTAINERS or issubclass(kind, bool | np.generic):
        return value
    for base, read in _PLAIN.items():
        if issubclass(kind, base):
            return read(value)
    return value


def decode(node: Any, blobs: list[Blob], depth: int = 0) -> Any:  # noqa: PLR0911 - one line a type
    """
    Return the value that a node stands for.

    Raises:
        WireError: The node is not one that :class:`Encoder` makes.
    """
    if depth > MAX_DEPTH + 1 or not isinstance(node, dict):
        msg = "a value's node is not an object, or too deep"
        raise WireError(msg)
    try:
        match node["t"]:
            case "none":
                return None
            case "bool":
                return bool(node["v"])
            case "int":
                return int(str(node["v"])[:80])
            case "float":
                return float(node["v"])
            case "complex":
                return complex(float(node["v"][0]), float(node["v"][1]))
            case "str":
                return node["v"][:MAX_TEXT] if type(node["v"]) is str else _no_text()
            case "tuple":
                return tuple(decode(n, blobs, depth + 1) for n in node["items"])
            case "list":
                return [decode(n, blobs, depth + 1) for n in node["items"]]
            case "dict":
                if len(node["items"]) > MAX_KEYS:
                    msg = f"a dictionary of more than {MAX_KEYS} items"
                    raise WireError(msg)
                return {
                    _key(decode(k, blobs, depth + 1)): decode(v, blobs, depth + 1)
                    for k, v in node["items"]
                }
            case "proxy":
                return ProxyRef(int(node["n"]))
            case "turned":
                return TurnedValue(int(node["v"]), max(1, int(node["below"])))
            case "stream":
                items = tuple(decode(n, blobs, depth + 1) for n in node["items"])
                return StreamValue(items, bool(node["reuse"]))
            case "sparse":
                parts = tuple(decode(n, blobs, depth + 1) for n in node["parts"])
                rows, columns = (int(n) for n in node["shape"])
                return SparseValue(str(node["f"]), (rows, columns), parts)
            case "opaque":
                return Opaque(str(node["type"])[:200])
            case "array":
                return _decode_array(node, blobs)
    except WireError:
        raise
    except _MALFORMED as err:
        msg = f"a value's node is malformed: {type(err).__name__}"
        raise WireError(msg) from err
    msg = "a value's node is of an unknown type"
    raise WireError(msg)


def _no_text() -> NoReturn:
    msg = "a text's node holds none"
    raise WireError(msg)


def _key(key: Any) -> Any:
    try:
        hash(key)
    except TypeError:
        return "(an unhashable key)"
    return key


def _decode_array(node: dict[str, Any], blobs: list[Blob]) -> ArrayValue:
    number = node["blob"]
    if type(number) is not int or not 0 <= number < len(blobs):
        msg = "an array's node names bytes that did not come"
        raise WireError(msg)
    array = unpack_array(
        str(node["dtype"])[:40], node["shape"], node["order"], blobs[number]
    )
    blobs[number] = (
        b""  # each is named once, or a small message would become a large one
    )
    space = "cuda" if node["space"] == "cuda" else "cpu"
    strides = tuple(int(s) for s in node["strides"])
    if len(strides) != array.ndim or any(abs(s) > MAX_STRIDE for s in strides):
        msg = "an array's strides do not fit its shape"
        raise WireError(msg)
    return ArrayValue(array, space, strides, str(node["type"])[:200])


def frame(head: dict[str, Any], blobs: Iterable[Blob] = ()) -> list[Blob]:
    """
    Return a message as the pieces to send.

    Raises:
        WireError: It is larger than the protocol allows.
    """
    blobs = list(blobs)
    body = json.dumps({**head, "blobs": [len(b) for b in blobs]}).encode()
    total = sum(len(b) for b in blobs)
    fits = len(body) <= MAX_HEAD and total <= MAX_BYTES and len(blobs) <= MAX_BLOBS
    if not fits or _parts(body) > MAX_PARTS:
        msg = (
            f"a message of {len(body) + total:,} bytes in {len(blobs)} arrays is more "
            f"than the {MAX_BYTES:,} bytes in {MAX_BLOBS} arrays that may cross"
        )
        raise WireError(msg)
    return [_PREFIX.pack(_MAGIC, len(body), total), body, *blobs]


def _parts(body: bytes) -> int:
    return sum(body.count(mark) for mark in b"[{,")


def read_message(
    read: Callable[[int], bytes | bytearray],
) -> tuple[dict[str, Any], list[Blob]]:
    """
    Read one message.

    Args:
        read: Returns exactly as many bytes as it is asked for, or raises EOFError.

    Raises:
        EOFError: The other side is gone.

        WireError: What came is not a message.
    """
    magic, head_length, total = _PREFIX.unpack(read(_PREFIX.size))
    if magic != _MAGIC or head_length > MAX_HEAD or total > MAX_BYTES:
        msg = "what came does not begin like a message, or is too large"
        raise WireError(msg)
    try:
        body = bytes(read(head_length))
        if _parts(body) > MAX_PARTS:
            msg = f"a message's head has more than {MAX_PARTS:,} parts"
            raise WireError(msg)
        head = json.loads(body)
        lengths = head.pop("blobs")
        whole = len(lengths) <= MAX_BLOBS and all(
            type(n) is int and n >= 0 for n in lengths
        )
        if not whole or sum(lengths) != total:
            msg = "a message's lengths do not add up"
            raise WireError(msg)
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        msg = f"a message's head is not what it should be: {type(err).__name__}"
        raise WireError(msg) from err
    return head, [memoryview(read(n)) for n in lengths]

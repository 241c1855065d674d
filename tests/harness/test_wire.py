"""The protocol: what crosses comes out as it went in, and nothing else is understood."""

from __future__ import annotations

import contextlib
import io
import json
import math
import struct
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.harness.worker import wire
from graders.harness.worker.wire import ArrayValue, Encoder, Opaque, ProxyRef, WireError

QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SMALL = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


@st.composite
def arrays(draw: st.DrawFn) -> npt.NDArray[Any]:
    """Arrays of every dtype that crosses, any bits, any axis order, with gaps."""
    dtype = np.dtype(draw(st.sampled_from(sorted(wire.DTYPES))))
    shape = draw(SMALL)
    size = math.prod(shape) * dtype.itemsize
    if dtype.kind == "b":
        raw = bytes(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)))
    else:
        raw = draw(st.binary(min_size=size, max_size=size))  # NaN payloads among them
    array = np.frombuffer(raw, dtype).reshape(shape)
    array = array.transpose(draw(st.permutations(range(array.ndim))))
    step = draw(st.sampled_from([1, 2, -1]))
    return array[tuple(slice(None, None, step) for _ in array.shape)]


def _through(value: Any) -> Any:
    """Return what comes out of a message that holds the value."""
    encoder = Encoder()
    head = {"op": "test", "value": encoder.encode(value)}
    stream = io.BytesIO(b"".join(bytes(p) for p in wire.frame(head, encoder.blobs)))
    answer, blobs = wire.read_message(_exactly(stream))
    assert stream.read() == b""
    assert answer.pop("op") == "test"
    return wire.decode(answer.pop("value"), blobs)


def _exactly(stream: io.BytesIO) -> Any:
    def read(count: int) -> bytes:
        data = stream.read(count)
        if len(data) < count:
            raise EOFError
        return data

    return read


@QUICK
@given(arrays())
def test_arrays_cross_bit_by_bit(array: npt.NDArray[Any]) -> None:
    """Values, dtype and shape survive to the last bit, and the axes keep their order."""
    seen = _through(array)
    assert isinstance(seen, ArrayValue)
    assert (seen.dtype, seen.shape) == (array.dtype.name, array.shape)
    assert seen.array.tobytes() == array.tobytes()
    assert seen.strides == array.strides
    assert seen.array.flags.writeable
    # Where an axis has one element or none its stride says nothing.
    if all(n > 1 for n in array.shape):
        assert wire.axis_order(seen.array) == wire.axis_order(array)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
    ),
    max_leaves=12,
)


@QUICK
@given(plain)
def test_plain_values_cross(value: Any) -> None:
    """Plain values come out equal and of the same types."""
    seen = _through(value)
    assert seen == value
    assert repr(seen) == repr(value)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -0.0, 5e-324, np.float16("nan"), np.bool_(True)],
)
def test_special_numbers_cross(value: Any) -> None:
    """NaN, infinities, the sign of zero and NumPy's scalars survive."""
    seen = _through(value)
    if isinstance(value, np.generic):
        assert seen.type_name == f"numpy.{type(value).__name__}"
        assert seen.array.tobytes() == value.tobytes()
    else:
        assert struct.pack("d", seen) == struct.pack("d", value)


def test_a_nan_payload_survives() -> None:
    """The bits of a NaN are those that were sent."""
    bits = np.array([0x7FC0DEAD, 0xFF800001], np.uint32)
    assert (
        _through(bits.view(np.float32)).array.view(np.uint32).tolist() == bits.tolist()
    )


def _lies(*_: Any, **__: Any) -> Any:
    message = "asked"
    raise AssertionError(message)


_OVERRIDDEN = (
    "__eq__", "__len__", "__iter__", "__getitem__", "__str__", "__repr__", "__int__",
    "__index__", "__float__", "__add__", "__reversed__", "items", "keys", "values",
)  # fmt: skip


@pytest.mark.parametrize(
    ("base", "value"),
    [
        (int, 7), (float, -0.0), (complex, 2 - 1j), (str, "text"), (tuple, (1, "a")),
        (list, [1.5, 2]), (dict, {"a": 1}),
    ],
)  # fmt: skip
def test_derived_classes_cross_as_what_they_are(base: Any, value: Any) -> None:
    """A NamedTuple is a tuple. What such a class says of itself is not asked."""
    derived = type("Derived", (base,), dict.fromkeys(_OVERRIDDEN, _lies))(value)
    seen = _through(derived)
    assert type(seen) is base
    assert repr(seen) == repr(value)
    assert repr(_through([derived])) == repr([value])


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        (object(), "builtins.object"),
        ({1, 2}, "builtins.set"),
        (np.array(["text"]), "numpy.ndarray of dtype <U4"),
        (np.array([object()]), "numpy.ndarray of dtype object"),
        (np.zeros(2, np.longdouble), f"numpy.ndarray of dtype {np.dtype('g')}"),
        (np.zeros(2, "datetime64[s]"), "numpy.ndarray of dtype datetime64[s]"),
        (np.zeros(2, [("a", int)]), "numpy.ndarray of dtype [('a', '<i8')]"),
        (1 << 300, "builtins.int"),
        (b"bytes", "builtins.bytes"),
        ([0] * (wire.MAX_NODES + 1), f"list of {wire.MAX_NODES + 1:,} items"),
    ],
)
def test_what_does_not_cross_is_named(value: Any, type_name: str) -> None:
    """Any other value crosses as its type's name alone."""
    seen = _through(value)
    assert isinstance(seen, Opaque)
    assert seen.type_name.endswith(type_name)


@pytest.mark.parametrize("kind", [OrderedDict, partial(defaultdict, float)])
def test_the_library_s_dictionaries_cross(kind: Callable[..., Any]) -> None:
    """They are dictionaries to whoever reads them."""
    assert _through(kind({"a": 1.5, "b": [2]})) == {"a": 1.5, "b": [2]}


def test_byte_order_is_judged_by_name() -> None:
    """An array of the other byte order comes out with the same values."""
    array = np.arange(3, dtype=">i4")
    assert _through(array).array.tolist() == [0, 1, 2]


def test_nesting_ends() -> None:
    """Structures beyond the depth that is read end in a name, cycles too."""
    cycle: list[Any] = []
    cycle.append(cycle)
    seen = _through(cycle)
    for _ in range(wire.MAX_DEPTH):
        (seen,) = seen
    assert isinstance(seen[0], Opaque)


def test_proxies_cross_as_numbers() -> None:
    """A function of the grading process crosses as its number."""
    assert _through(ProxyRef(7)) == ProxyRef(7)


# ----------------------------------------------------------------- what is no message

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["array", "list", "dict", "int", "float", "float32", "cuda"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "t",
                    "v",
                    "n",
                    "items",
                    "type",
                    "dtype",
                    "shape",
                    "order",
                    "strides",
                    "blob",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=15,
)


def _only_wire_error(call: Any, *arguments: Any) -> None:
    with contextlib.suppress(WireError, EOFError):
        call(*arguments)


@QUICK
@given(json_values)
def test_nonsense_nodes_raise_wire_errors_only(node: Any) -> None:
    """Any JSON value as a node gives a value or a WireError."""
    _only_wire_error(wire.decode, node, [b"12345678"])


@QUICK
@given(
    st.fixed_dictionaries(
        {
            "t": st.just("array"),
            "dtype": st.sampled_from(
                [*sorted(wire.DTYPES), "object", "U4", "float128", "V8"]
            ),
            "shape": st.lists(st.integers(-2, 2**70) | json_values, max_size=4)
            | json_values,
            "order": st.lists(st.integers(-1, 4) | json_values, max_size=4)
            | json_values,
            "strides": st.lists(st.integers() | json_values, max_size=4) | json_values,
            "space": json_values,
            "type": json_values,
            "blob": st.integers(-1, 2) | json_values,
        }
    ),
    st.binary(max_size=64),
)
def test_nonsense_arrays_raise_wire_errors_only(
    node: dict[str, Any], blob: bytes
) -> None:
    """An array's node with contradictory parts gives an array that fits or a WireError."""
    _only_wire_error(wire.decode, node, [blob, b""])


@QUICK
@given(st.binary(max_size=200))
def test_random_bytes_are_no_message(data: bytes) -> None:
    """Random bytes raise WireError or end too early."""
    _only_wire_error(wire.read_message, _exactly(io.BytesIO(data)))


@QUICK
@given(st.data())
def test_mutated_messages_raise_wire_errors_only(data: st.DataObject) -> None:
    """A valid message with bytes changed, left out or added is a message or a WireError."""
    encoder = Encoder()
    node = encoder.encode({"a": np.ones((2, 3), np.float32), "b": [1, 2.0, None, "x"]})
    good = b"".join(
        bytes(p) for p in wire.frame({"op": "o", "value": node}, encoder.blobs)
    )
    start = data.draw(st.integers(0, len(good) - 1))
    end = data.draw(st.integers(start, min(len(good), start + 8)))
    bad = good[:start] + data.draw(st.binary(max_size=8)) + good[end:]

    def read_and_decode() -> None:
        head, blobs = wire.read_message(_exactly(io.BytesIO(bad)))
        wire.decode(head.get("value"), blobs)

    _only_wire_error(read_and_decode)


def _framed(body: bytes, total: int = 0, magic: bytes = b"GPX1") -> bytes:
    return struct.pack("!4sIQ", magic, len(body), total) + body


@pytest.mark.parametrize(
    "data",
    [
        _framed(b'{"blobs": []}', magic=b"HTTP"),
        _framed(b'{"blobs": []}', total=2**40),
        struct.pack("!4sIQ", b"GPX1", 2**32 - 1, 0),
        _framed(b"[]"),
        _framed(b"null"),
        _framed(b'"text"'),
        _framed(b"{}"),
        _framed(b'{"blobs": 3}'),
        _framed(b'{"blobs": [-1, 1]}'),
        _framed(b'{"blobs": [true]}', total=1),
        _framed(b'{"blobs": [1.0]}', total=1),
        _framed(b'{"blobs": [5]}', total=4),
        _framed(b"\xff\xfe"),
        _framed(b'{"blobs": [' + b"9" * 5000 + b"]}"),
        _framed(b"[" * 100_000),
        _framed(json.dumps({"blobs": [0] * (wire.MAX_BLOBS + 1)}).encode()),
    ],
    ids=range(16),
)
def test_malformed_frames_are_refused(data: bytes) -> None:
    """Each field of a frame is checked before it is believed."""
    with pytest.raises(WireError):
        wire.read_message(_exactly(io.BytesIO(data)))


@pytest.mark.parametrize(
    "node",
    [
        {"t": "array", "dtype": "object", "shape": [1], "order": [0], "strides": [8],
         "space": "cpu", "type": "x", "blob": 0},
        {"t": "array", "dtype": "float64", "shape": [2], "order": [0], "strides": [8],
         "space": "cpu", "type": "x", "blob": 0},
        {"t": "array", "dtype": "float64", "shape": [-1], "order": [0], "strides": [8],
         "space": "cpu", "type": "x", "blob": 0},
        {"t": "array", "dtype": "float64", "shape": [1], "order": [1], "strides": [8],
         "space": "cpu", "type": "x", "blob": 0},
        {"t": "array", "dtype": "float64", "shape": [1], "order": [0], "strides": [8],
         "space": "cpu", "type": "x", "blob": 1},
        {"t": "pickle", "v": "x"},
        {"t": "int", "v": "1.5"},
        {"v": 1},
        [],
    ],
    ids=["dtype", "short", "negative", "order", "blob", "unknown", "int", "none", "list"],
)  # fmt: skip
def test_malformed_nodes_are_refused(node: Any) -> None:
    """Each kind of wrong node raises WireError."""
    with pytest.raises(WireError):
        wire.decode(node, [b"12345678"])


def test_deep_nodes_are_refused() -> None:
    """A node nested deeper than any encoder makes raises WireError, not RecursionError."""
    node: Any = {"t": "none"}
    for _ in range(500):
        node = {"t": "list", "items": [node]}
    with pytest.raises(WireError, match="too deep"):
        wire.decode(node, [])


def test_the_number_of_arrays_is_limited() -> None:
    """A message of more arrays than may cross is not sent."""
    with pytest.raises(WireError, match=r"4,?097 arrays"):
        wire.frame({}, [b""] * (wire.MAX_BLOBS + 1))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ([np.zeros(1)] * (wire.MAX_BLOBS + 1), "list of 4,097 items"),
        (([np.zeros(1)] * 5000, 1), "tuple of 2 items"),
        ({"a": [np.zeros(1)] * 5000}, "dict of 1 items"),
    ],
    ids=["list", "inner", "dictionary"],
)
def test_more_arrays_than_cross_are_told_by_their_holder(value: Any, name: str) -> None:
    """Nothing crosses then, and looking ends at once."""
    looked_at: list[Any] = []
    encoder = Encoder(looked_at.append)
    assert encoder.encode(value) == {"t": "opaque", "type": name}
    assert encoder.overflowed
    assert encoder.blobs == []
    assert len(looked_at) == wire.MAX_BLOBS


def test_as_many_arrays_as_cross_do() -> None:
    """The limit itself is no overflow."""
    encoder = Encoder()
    node = encoder.encode([np.zeros(1)] * wire.MAX_BLOBS)
    assert not encoder.overflowed
    assert len(wire.decode(node, encoder.blobs)) == wire.MAX_BLOBS

"""``cupy.ElementwiseKernel`` in the simulator, against NumPy in the types that C gives."""

import numpy as np
import pytest

from graders.harness.device.simulator.machine import MACHINE

RNG = np.random.default_rng(5)
X = RNG.standard_normal((5, 7)).astype("float32")
Y = RNG.standard_normal((5, 7)).astype("float32")
N = RNG.integers(-50, 50, (5, 7)).astype("int32")
M = np.where(N % 7 == 0, 3, N % 7).astype("int32")
Z = (X + 1j * Y).astype("complex64")
f4, f8, i4, i8, u4 = (np.dtype(n) for n in ("f4", "f8", "i4", "i8", "u4"))


def record(action):
    MACHINE.begin()
    result = action()
    return MACHINE.end(), result


def truncated(a, b):
    return np.trunc(a / b).astype("int32")


CASES = [
    ("T x, T y", "T z", "z = x * y + x", (X, Y), X * Y + X),
    ("T x, float64 s", "T z", "z = (T)(x * s)", (X, 0.1), (X * f8.type(0.1))),
    ("T x, float32 s", "T z", "z = x * s", (X, 0.1), X * f4.type(0.1)),
    ("T x", "T z", "z = x / 3", (X,), X / f4.type(3)),
    ("int32 n", "float32 z", "z = n / 2", (N,), truncated(N, np.int32(2))),
    ("int32 n, int32 m", "int32 z", "z = n / m", (N, M), truncated(N, M)),
    ("int32 n, int32 m", "int32 z", "z = n % m", (N, M), np.fmod(N, M)),
    ("int32 n", "float32 z", "z = n * 0.5f", (N,), N.astype(f4) * f4.type(0.5)),
    ("int32 n", "float64 z", "z = n * 0.1f", (N,), N.astype(f4) * f4.type(0.1)),
    ("int32 n", "float64 z", "z = 1 / 2 + n", (N,), N),
    ("uint32 n", "float64 z", "z = n - 100", (abs(N).astype(u4),), None),
    ("T x", "int32 z", "z = x * 10", (X,), np.trunc(X * f4.type(10))),
    ("T x", "int32 z", "z = x * 1e20f", (X,), np.where(X > 0, 2**31 - 1, -(2**31))),
    ("T x", "T z", "z = x > 0 ? x : (T)0", (X,), np.maximum(X, 0)),
    ("T x", "T z", "if (x > 0) z = x; else z = -x", (X,), np.abs(X)),
    ("T x", "bool z", "z = x > 0 && !(x > 1)", (X,), (X > 0) & ~(X > 1)),
    ("T x", "T z", "T t = x; t *= t; t += 1; z = t", (X,), X * X + 1),
    ("T x", "T z", "z = exp(-x * x)", (X,), np.exp(-X * X)),
    ("T x", "T z", "z = sqrtf(fabsf(x))", (X,), np.sqrt(np.abs(X))),
    ("T x", "T z", "z = max(x, T(0)) + pow(x, T(2))", (X,), None),
    ("int32 n", "int32 z", "z = (n & 7) << 2 | 1", (N,), (N & 7) << 2 | 1),
    ("T x", "bool z", "z = x > 0 and not (x > 1) or x < -1", (X,), None),
    ("T x", "T z", "constexpr float h = .5f; z = h * std::sqrt(abs(x))", (X,), None),
    ("T z", "T w", "w = z * conj(z)", (Z,), Z * Z.conj()),
    ("T z", "float32 w", "w = z.real() * z.imag()", (Z,), Z.real * Z.imag),
    ("T z, float32 s", "T w", "w = z * s", (Z, 0.3), Z * f4.type(0.3)),
    ("T x, T y", "complex64 w", "w = complex<float>(x, y)", (X, Y), Z),
    ("T x, T y", "complex64 w", "w = complex<T>(x, y)", (X, Y), Z),
    ("T x", "T z", "// half\nz = static_cast<T>(x * .5) /* of x */", (X,), X / 2),
    ("T x", "T z", "auto t = x * 2; const float h = t; z = h;", (X,), X * 2),
    ("T x", "int64 z", "z = i + _ind.size()", (X,), np.arange(35).reshape(5, 7) + 35),
    ("T x", "T z", "unsigned long k = 3; k++; z = x * k--;", (X,), X * 4),
    ("T x", "T z", "z = M_PI * x", (X,), (np.pi * X.astype("f8"))),
    ("T x", "T z", "z = round(x * 2)", (X,), np.sign(X) * np.floor(abs(X) * 2 + 0.5)),
    ("bool b, bool c", "int32 z", "z = b + c", (X > 0, Y > 0), None),
    ("float16 h", "float32 z", "z = h * h", (X.astype("f2"),), None),
]
SPECIAL = {
    "z = x > 0 and not (x > 1) or x < -1": lambda: (X > 0) & ~(X > 1) | (X < -1),
    "constexpr float h = .5f; z = h * std::sqrt(abs(x))": (
        lambda: f4.type(0.5) * np.sqrt(np.abs(X))
    ),
    "z = n - 100": lambda: (abs(N).astype(u4) - u4.type(100)).astype("f8"),
    "z = max(x, T(0)) + pow(x, T(2))": lambda: np.maximum(X, 0) + X**2,
    "z = b + c": lambda: (X > 0).astype(i4) + (Y > 0),
    "z = h * h": lambda: X.astype("f2").astype(f4) ** 2,
}


@pytest.mark.parametrize(("inputs", "output", "text", "args", "expected"), CASES)
def test_values_are_those_of_c(cp, inputs, output, text, args, expected):
    kernel = cp.ElementwiseKernel(inputs, output, text, "k")
    device = [cp.asarray(a) if isinstance(a, np.ndarray) else a for a in args]
    result = kernel(*device).get()
    word = output.split()[0]
    dtype = args[0].dtype if word == "T" else np.dtype(word)
    expected = SPECIAL[text]() if expected is None else np.asarray(expected)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, expected.astype(dtype))


def test_types_are_deduced_and_shapes_broadcast(cp):
    kernel = cp.ElementwiseKernel("T x, U y", "T a, U b", "a = x + y; b = y - x", "two")
    x, y = X[:, :1], np.arange(7.0)
    a, b = kernel(cp.asarray(x), cp.asarray(y))
    assert (a.dtype, b.dtype, a.shape) == (f4, f8, (5, 7))
    np.testing.assert_array_equal(a.get(), (x + y).astype("f4"))
    np.testing.assert_array_equal(b.get(), y - x)


def test_strided_operands_and_outputs(cp):
    kernel = cp.ElementwiseKernel("T x, T y", "T z", "z = x - 2 * y")
    out = cp.zeros((7, 5), "float32").T
    assert kernel(cp.asarray(X), cp.asarray(Y), out) is out
    np.testing.assert_array_equal(out.get(), X - 2 * Y)
    x = cp.asarray(X)
    assert kernel(x, x, x) is x
    np.testing.assert_array_equal(x.get(), -X)


def test_raw_arrays_are_indexed_in_c_order(cp):
    back = cp.ElementwiseKernel("raw T x", "T y", "y = x[_ind.size() - 1 - i]")
    assert back(cp.asarray(X.T), size=35).get().tolist() == X.T.ravel()[::-1].tolist()
    text = "y = i > 0 ? x[i - 1] : (T)0; if (i + 1 < x.size()) y += x[i + 1];"
    near = cp.ElementwiseKernel("raw T x", "T y", text)
    evidence, result = record(lambda: near(cp.asarray(N[0]), size=7))
    padded = np.pad(N[0], 1)
    assert result.get().tolist() == (padded[:-2] + padded[2:]).tolist()
    assert evidence.faults == ()
    put = cp.ElementwiseKernel("T x, int32 k", "raw T y", "y[i * k] = x")
    out = cp.zeros(14, "float32")
    put(cp.asarray(X[0]), 2, out)
    np.testing.assert_array_equal(out.get()[::2], X[0])
    assert not out.get()[1::2].any()


def test_reading_and_writing_beyond_the_end_is_told(cp):
    shift = cp.ElementwiseKernel("raw T x", "T y", "y = x[i + 2]", "shift")
    evidence, _ = record(lambda: shift(cp.ones(5), size=5))
    (fault,) = evidence.faults
    assert (fault.kind, fault.count) == ("out_of_bounds_read", 2)
    assert "The kernel shift reads x[5], but x has 5 elements." in fault.message
    put = cp.ElementwiseKernel("T x", "raw T y", "y[i - 1] = x")
    out = cp.zeros(3)
    evidence, _ = record(lambda: put(cp.arange(3.0), out))
    assert [f.kind for f in evidence.faults] == ["out_of_bounds_write"]
    assert out.get().tolist() == [1, 2, 0]


def test_what_a_branch_leaves_out_keeps_what_it_was(cp):
    kernel = cp.ElementwiseKernel("T x", "T y", "if (x > 0) { T t = x; y += t; }")
    out = cp.ones((5, 7), "float32")
    kernel(cp.asarray(X), out)
    np.testing.assert_array_equal(out.get(), np.where(X > 0, 1 + X, 1))
    assert MACHINE.poison
    fresh = kernel.__class__("T x", "T y", "if (x > 0) y = x;")(cp.asarray(X)).get()
    assert np.isnan(fresh[X <= 0]).all()
    np.testing.assert_array_equal(fresh[X > 0], X[X > 0])


def test_it_is_one_kernel_with_what_it_reads_and_writes(cp):
    kernel = cp.ElementwiseKernel("T x, T y", "T z", "z = 2 * x + 1", "affine")

    def program():
        operand, other = cp.asarray(X), cp.asarray(Y)
        operand.block.operand = True
        once = kernel(operand, other)
        return kernel(once, other), kernel(other, operand)

    evidence, _ = record(program)
    assert [(k.name, k.kind, k.elements) for k in evidence.kernels] == [
        ("affine", "elementwise", 35)
    ] * 3
    # The last one is given the operand, but the operation does not read it.
    assert [k.reads_operand for k in evidence.kernels] == [True, True, False]
    assert evidence.copies[0].direction == "host_to_device"


def test_it_counts_the_elements_of_the_loop(cp):
    last = cp.ElementwiseKernel("raw T x", "raw T y", "y[0] = x[i]")
    nothing = cp.ElementwiseKernel("T x", "", "")
    x, out = cp.arange(9.0), cp.zeros(1)
    evidence, _ = record(lambda: [last(x, out, size=9), nothing(x)])
    assert [k.elements for k in evidence.kernels] == [9]
    assert out.get().tolist() == [8]


def test_it_runs_on_the_stream_that_it_is_given(cp):
    kernel = cp.ElementwiseKernel("T x", "T y", "y = x")
    stream = cp.cuda.Stream(non_blocking=True)
    x = cp.asarray(X)
    evidence, _ = record(lambda: kernel(x, stream=stream, block_size=64))
    assert [k.stream for k in evidence.kernels] == [stream.ptr]


def test_returning(cp):
    x = cp.arange(3.0)
    make = cp.ElementwiseKernel
    assert make("T x", "T y", "y = x", no_return=True)(x) is None
    (only,) = make("T x", "T y", "y = x", return_tuple=True)(x)
    assert only.get().tolist() == [0, 1, 2]
    evidence, empty = record(lambda: make("T x", "T y", "y = x")(x[:0]))
    assert empty.shape == (0,)
    assert evidence.kernels == ()


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("T x", "T y", "y=x", "bad name"), ValueError, 'Invalid kernel name: "bad'),
        (("T i", "T y", "y=i"), ValueError, "Can not use 'i' as a parameter name"),
        (("x", "T y", "y=x"), Exception, "Syntax error: x"),
        (("foo T x", "T y", "y=x"), Exception, 'Unknown keyword "foo"'),
        (("foo x", "T y", "y=x"), TypeError, "data type 'foo' not understood"),
        ((3, "T y", ""), TypeError, "Argument 's' has incorrect type"),
    ],
)
def test_making_one_is_refused_as_by_cupy(cp, arguments, error, text):
    with pytest.raises(error, match=text) as found:
        cp.ElementwiseKernel(*arguments)
    assert type(found.value) is error


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            "k(x)",
            TypeError,
            "Wrong number of arguments for 'k'. It must be either 3 or 4",
        ),
        ("k(x, x, 1, x, x)", TypeError, "but given 5"),
        ("k(x, x, 1, foo=2)", TypeError, "Wrong arguments {'foo': 2}"),
        ("k(x, x, 1, block_size=0)", ValueError, "block_size must be greater"),
        ("k(h, x, 1)", TypeError, "Unsupported type <class 'numpy.ndarray'>"),
        ("k(x, d, 1)", TypeError, "Type is mismatched. y <class 'numpy.float64'>"),
        ("k(x, x, d)", TypeError, "s <class 'numpy.float64'> float32"),
        ("k(x, x, 1, d)", TypeError, "Type is mismatched. x <class 'numpy.float32'>"),
        ("k(x, x, 1, 2)", TypeError, "Output arguments must be cupy.ndarray"),
        ("k(x, x, 1, x[:1])", ValueError, "Out shape is mismatched"),
        ("k(x, x[:, :2], 1)", ValueError, "could not be broadcast together"),
        ("k(1, 2, 3)", ValueError, "Loop size is undecided"),
        ("k(1, 2, 3, size=3)", KeyError, "T"),
        ("k(x, x, 1, size=3)", ValueError, "only if all of the ndarray are 'raw'"),
    ],
)
def test_a_call_is_refused_as_by_cupy(cp, call, error, text):
    kernel = cp.ElementwiseKernel("T x, T y, float32 s", "T z", "z = x + y * s", "k")
    x, d = cp.asarray(X), cp.asarray(X.astype("f8"))
    with pytest.raises(error) as found:
        eval(call, {"k": kernel, "x": x, "d": d, "h": X})
    assert text in str(found.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("for (int k = 0; k < 3; ++k) z += x;", "A for loop"),
        ("while (z < x) z += 1;", "A while loop"),
        ("atomicAdd(&z, x)", "The operator &"),
        ("T* p = 0; z = x;", "The declaration of p, no plain"),
        ("z = nobody(x)", "The function nobody"),
        ("z = nobody", "The name nobody"),
        ("x = 3", "An assignment to x"),
        ("#define A 3\nz = A", "A directive of the preprocessor"),
        ("z = x +", "What could not be read"),
        ("z = x % 2", "% of numbers of type float32"),
        ("complex<double> w(x, x); z = x", "The declaration of w"),
        (
            "complex<float> w = complex<float>(x, x) * 2; z = x",
            "A mixture of complex64",
        ),
    ],
)
def test_what_it_does_not_run_is_named_at_the_call(cp, text, named):
    kernel = cp.ElementwiseKernel("T x", "T z", text)
    with pytest.raises(NotImplementedError, match="is not modelled") as found:
        kernel(cp.asarray(X))
    assert str(found.value).startswith(named)
    assert "in the operation of cupy.ElementwiseKernel" in str(found.value)


@pytest.mark.parametrize("extra", ["preamble", "loop_prep", "after_loop"])
def test_code_around_the_loop_is_not_modelled(cp, extra):
    kernel = cp.ElementwiseKernel("T x", "T z", "z = x", **{extra: "int k = 3;"})
    with pytest.raises(NotImplementedError, match="Code around the loop"):
        kernel(cp.asarray(X))

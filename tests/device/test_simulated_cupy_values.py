"""Functions of the simulated CuPy against NumPy: values, shapes, types and layouts."""

import importlib

import numpy as np
import pytest

from graders.harness.device.simulator.cupy_package import functions

RNG = np.random.default_rng(7)
A = RNG.standard_normal((4, 6)).astype(np.float32)
B = RNG.standard_normal((6, 5)).astype(np.float32)
V = RNG.standard_normal(6)
N = np.arange(24).reshape(4, 6)


def to_device(cp, value):
    if isinstance(value, np.ndarray):
        return cp.asarray(value)
    if isinstance(value, (list, tuple)):
        return type(value)(to_device(cp, v) for v in value)
    return value


CALLS = [
    ("abs", A), ("exp", A), ("sqrt", N), ("sin", N), ("log1p", N), ("arctan2", A, A),
    ("add", A, 1), ("multiply", A, V), ("divide", N, 3), ("floor_divide", N, 5),
    ("power", A, 2), ("maximum", A, 0), ("minimum", A, V), ("clip", A, 0, 1),
    ("where", A > 0, A, 0.0), ("isfinite", A), ("round", A, 1), ("around", A),
    ("angle", A), ("real", A), ("conj", A), ("sinc", V), ("isclose", A, A),
    ("sign", A), ("less", A, V), ("logical_and", A > 0, A < 1), ("nan_to_num", A),
    ("diff", V), ("sum", A), ("sum", A, 0), ("mean", A, 1), ("std", A), ("var", N),
    ("median", A), ("max", A), ("min", A, 1), ("argmax", A), ("argmin", A, 0),
    ("prod", V), ("any", N), ("all", N), ("count_nonzero", N), ("allclose", A, A),
    ("array_equal", A, A + 1), ("percentile", A, 30), ("cumsum", A), ("ptp", A),
    ("average", A), ("trace", A), ("matmul", A, B), ("dot", A, B),
    ("tensordot", A, B, 1), ("einsum", "ij,jk->ik", A, B), ("inner", V, V),
    ("vdot", V, V), ("outer", V, V), ("kron", V, V), ("einsum", "ij->ji", A),
    ("reshape", A, (3, 8)), ("transpose", A), ("moveaxis", A, 0, 1),
    ("swapaxes", A, 0, 1), ("expand_dims", A, 1), ("squeeze", A[None]), ("ravel", A),
    ("ravel", A.T), ("flip", A), ("flipud", A), ("rot90", A), ("roll", A, 2, 1),
    ("stack", [A, A]), ("hstack", [A, A]), ("concatenate", [A, A], 1),
    ("vstack", (A, A)), ("dstack", [A, A]), ("tile", V, 3), ("repeat", A, 2),
    ("pad", A, 1), ("pad", A, ((1, 0), (2, 2)), "wrap"), ("diag", V), ("diagonal", A),
    ("tril", A), ("triu", A), ("atleast_2d", V), ("broadcast_to", V, (3, 6)),
    ("take", A, [0, 2], 1), ("sort", A), ("argsort", A, 0), ("unique", N % 4),
    ("nonzero", N), ("argwhere", N > 20), ("searchsorted", np.sort(V), V),
    ("interp", V, np.arange(6.0), V), ("convolve", V, V), ("gradient", A),
    ("split", V, 3), ("array_split", V, 4), ("meshgrid", V, V),
    ("bincount", np.arange(5)), ("histogram", V), ("polyfit", V, V, 2),
    ("arange", 3, 9, 2), ("linspace", 0, 1, 7), ("eye", 4), ("full", (2, 2), 3.5),
    ("ones", (2, 3), "int32"), ("zeros_like", A), ("full_like", N, 2.7),
    ("identity", 3), ("indices", (2, 3)), ("tri", 3), ("hanning", 5),
    ("logspace", 0, 2, 3), ("copy", A.T), ("linalg.norm", A),
    ("linalg.inv", A[:, :4]), ("linalg.solve", A[:, :4], V[:4]),
    ("linalg.det", A[:, :4]), ("linalg.eigh", A @ A.T), ("linalg.svd", A),
    ("linalg.qr", A), ("linalg.norm", A, 2, 1), ("fft.fftfreq", 7),
    ("fft.rfftfreq", 8, 0.5), ("fft.fftshift", A), ("fft.ifftshift", V),
    ("cross", A[:, :3], A[:, 3:]),
]  # fmt: skip


@pytest.mark.parametrize(
    "call", CALLS, ids=[f"{call[0]}-{number}" for number, call in enumerate(CALLS)]
)
def test_values_shapes_and_types_are_numpys(cp, call):
    name, *args = call
    mine, numpys = cp, np
    for part in name.split("."):
        mine, numpys = getattr(mine, part), getattr(numpys, part)
    compare(cp, mine(*to_device(cp, args)), numpys(*args))


def compare(cp, actual, expected):
    if isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            compare(cp, a, e)
        return
    assert isinstance(actual, cp.ndarray)
    assert actual.shape == np.shape(expected)
    assert actual.dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(actual.get(), expected, rtol=1e-5, atol=1e-6)


TRANSFORMS = ["fft", "ifft", "rfft", "irfft", "fft2", "ifft2", "rfft2", "irfft2"]
TRANSFORMS += ["fftn", "ifftn", "rfftn", "irfftn", "hfft", "ihfft"]


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("double", [False, True])
def test_transforms_are_numpys(cp, name, norm, double):
    real = "r" in name[:1] or name == "ihfft"
    x = RNG.standard_normal((3, 5, 8))
    x = x if real else x + 1j * x[::-1]
    x = x if double else x.astype(np.float32 if real else np.complex64)
    result = getattr(cp.fft, name)(cp.asarray(x), norm=norm)
    expected = getattr(np.fft, name)(x, norm=norm)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result.get(), expected, rtol=2e-4, atol=2e-4)


def test_transforms_take_lengths_and_axes(cp):
    x = RNG.standard_normal((4, 5, 6))
    d = cp.asarray(x)
    pairs = [
        (cp.fft.fft(d, n=9, axis=1), np.fft.fft(x, n=9, axis=1)),
        (cp.fft.rfft2(d, axes=(0, 1)), np.fft.rfft2(x, axes=(0, 1))),
        (
            cp.fft.irfft(cp.fft.rfft(d, axis=0), n=5, axis=0),
            np.fft.irfft(np.fft.rfft(x, axis=0), 5, 0),
        ),
        (cp.fft.fftn(d, axes=(1,)), np.fft.fftn(x, axes=(1,))),
        (cp.fft.ifft2(d, s=(3, 3)), np.fft.ifft2(x, s=(3, 3))),
    ]
    for actual, expected in pairs:
        np.testing.assert_allclose(actual.get(), expected, atol=1e-12)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_scipys_transforms_are_the_same_by_other_names(cp, name):
    fft = importlib.import_module("cupyx.scipy.fft")
    x = RNG.standard_normal((3, 4, 6)).astype(np.float32)
    many = name[-1] in "2n"
    given = {"s": (5, 4), "axes": (1, 2)} if many else {"n": 5, "axis": 1}
    expected = getattr(cp.fft, name)(cp.asarray(x), norm="ortho", **given)
    options = {"norm": "ortho", "overwrite_x": True, **given}
    result = getattr(fft, name)(cp.asarray(x), **options)
    np.testing.assert_array_equal(result.get(), expected.get())
    positional = getattr(fft, name)(cp.asarray(x), *given.values(), "ortho", False)
    np.testing.assert_array_equal(positional.get(), expected.get())
    other = "n" if many else "axes"
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{other}'"):
        getattr(fft, name)(cp.asarray(x), **{other: 1})
    with pytest.raises(TypeError, match="unexpected keyword argument 'overwrite_x'"):
        getattr(cp.fft, name)(cp.asarray(x), overwrite_x=True)


@pytest.mark.parametrize("name", ["fft", "ifft2", "fftn"])
def test_scipys_transforms_overwrite_what_has_the_results_layout(cp, name):
    fft = importlib.import_module("cupyx.scipy.fft")
    x = (RNG.standard_normal((4, 6)) + 1j).astype(np.complex64)
    operand = cp.asarray(x)
    result = getattr(fft, name)(operand, overwrite_x=True)
    assert result is operand
    np.testing.assert_allclose(operand.get(), getattr(np.fft, name)(x), atol=1e-5)
    for kept in (cp.asarray(x), cp.asarray(np.asfortranarray(x)), cp.asarray(x.real)):
        before = kept.get()
        overwrites = kept.dtype.kind == "c" and kept.flags.c_contiguous
        getattr(fft, name)(kept, overwrite_x=not overwrites)
        np.testing.assert_array_equal(kept.get(), before)


def test_a_transform_along_another_axis_is_swapped_in_memory(cp):
    result = cp.fft.fft(cp.zeros((3, 4), dtype="complex64"), axis=0)
    assert result.strides == (8, 24)


def test_transforms_refuse_host_arrays_and_wrong_norms(cp):
    with pytest.raises(TypeError, match=r"must be a cupy\.ndarray"):
        cp.fft.fft(np.ones(3))
    with pytest.raises(ValueError, match="Invalid norm value"):
        cp.fft.fft(cp.ones(3), norm="unit")


def test_a_real_transform_drops_imaginary_parts(cp):
    x = cp.ones(4, dtype="complex64") * (1 + 2j)
    assert cp.fft.rfft(x).get().tolist() == [4, 0, 0]


def test_results_of_elementwise_functions_are_row_major(cp):
    x = cp.asfortranarray(cp.ones((3, 4)))
    assert (x + 1).flags.c_contiguous
    assert x.copy().flags.c_contiguous
    assert cp.copy(x).flags.f_contiguous
    assert x.astype("float32").flags.f_contiguous


def test_operators(cp):
    a, b = A[:, :5] + 3, B[:4] + 3
    x, y = cp.asarray(a), cp.asarray(b)
    for f in (
        lambda p, q: p + q, lambda p, q: p - q, lambda p, q: p * q, lambda p, q: p / q,
        lambda p, q: p // q, lambda p, q: p % q, lambda p, q: p**2, lambda p, q: 2**p,
        lambda p, q: -p, lambda p, q: abs(-p), lambda p, q: p < q, lambda p, q: p == q,
        lambda p, q: ~(p < q), lambda p, q: (p < q) | (p > 1), lambda p, q: p @ q.T,
        lambda p, q: 1 / p, lambda p, q: divmod(p, q)[1],
    ):  # fmt: skip
        np.testing.assert_allclose(f(x, y).get(), f(a, b), rtol=1e-5)
    view = x[1:]
    x += 1
    x *= y
    x[0] /= 2
    a[...] = (a + 1) * b
    a[0] /= 2
    np.testing.assert_allclose(x.get(), a, rtol=1e-6)
    np.testing.assert_allclose(view.get(), a[1:], rtol=1e-6)
    whole = cp.arange(3)
    with pytest.raises(TypeError):
        whole += 0.5


def test_out_arguments(cp):
    x = cp.arange(3.0)
    out = cp.empty(3)
    assert cp.exp(x, out=out) is out
    assert cp.multiply(x, 2, out) is out
    assert out.tolist() == [0, 2, 4]
    assert cp.sum(cp.ones((2, 3)), axis=0, out=out) is out
    assert cp.matmul(cp.eye(3), cp.ones((3, 3)), out=cp.empty((3, 3))).sum() == 9
    np.add(x, 1, out=out)
    assert out.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="could not be broadcast"):
        cp.add(x, 1, out=cp.empty(4))
    with pytest.raises(TypeError):
        cp.add(x, 1, out=np.empty(3))


def test_methods(cp):
    x = cp.asarray(A)
    assert x.reshape(3, 8).shape == x.reshape((3, -1)).shape == (3, 8)
    assert x.transpose(1, 0).shape == x.T.shape == (6, 4)
    assert x.flatten().base is None
    assert x.ravel().base is x
    assert x.astype(cp.float16).dtype == np.float16
    assert x.view(cp.int32).dtype == np.int32
    assert x.squeeze().shape == x.clip(0, 1).shape == (4, 6)
    x.sort(axis=0)
    np.testing.assert_array_equal(x.get(), np.sort(A, axis=0))
    x.fill(3)
    assert float(x.max()) == 3
    assert x.item(0, 0) == 3
    assert x.flat[5] == 3
    x.scatter_add(([0, 0], [1, 1]), 1.0)
    assert float(x[0, 1]) == 5


def test_half_precision_products_accumulate_in_single(cp):
    a = cp.ones((1, 4096), dtype=cp.float16)
    assert float((a @ a.T)[0, 0]) == 4096
    assert (a @ a.T).dtype == np.float16


def test_division_by_zero_is_silent(cp, recwarn):
    assert np.isinf((cp.ones(1) / 0).get()).all()
    assert np.isnan(cp.log(cp.array([-1.0])).get()).all()
    assert not recwarn


def test_random_numbers(cp):
    random = cp.random
    random.seed(3)
    first = random.randn(4, 5, dtype=cp.float32)
    random.seed(3)
    np.testing.assert_array_equal(
        first.get(), random.randn(4, 5, dtype=cp.float32).get()
    )
    assert first.dtype == np.float32
    assert random.rand(2, 3).dtype == np.float64
    assert random.rand().shape == ()
    assert random.random((2,)).shape == random.uniform(-1, 1, 2).shape == (2,)
    assert random.normal(5, 0.1, (3, 2), dtype="float32").dtype == np.float32
    ints = random.randint(0, 9, size=(50,)).get()
    assert ints.min() >= 0
    assert ints.max() < 9
    rng = random.default_rng(1)
    assert rng.standard_normal((2, 2), dtype=cp.float32).dtype == np.float32
    assert rng.random(3).shape == rng.integers(0, 5, 3).shape == (3,)
    assert random.RandomState(1).rand(2).shape == (2,)
    assert sorted(random.permutation(5).get().tolist()) == [0, 1, 2, 3, 4]
    assert random.exponential(size=3).shape == (3,)
    with pytest.raises(TypeError, match="float32 and float64"):
        random.rand(3, dtype="float16")
    with pytest.raises(AttributeError):
        _ = rng.normal


def test_assertions_of_the_testing_module(cp):
    x = cp.arange(3.0)
    cp.testing.assert_allclose(x, np.arange(3.0))
    cp.testing.assert_array_equal(x, [0, 1, 2])
    cp.testing.assert_array_almost_equal(x, x + 1e-9)
    with pytest.raises(AssertionError):
        cp.testing.assert_allclose(x, x + 1)


def test_grids_and_constants(cp):
    np.testing.assert_array_equal(cp.mgrid[0:2, 0:3].get(), np.mgrid[0:2, 0:3])
    assert cp.ogrid[0:2, 0:3][1].shape == (1, 3)
    assert cp.r_[1:3, cp.array([7])].get().tolist() == [1, 2, 7]
    assert cp.pi == np.pi
    assert cp.newaxis is None
    assert cp.float32 is np.float32
    assert cp.result_type(cp.zeros(1, "float32"), np.float64) == np.float64


def test_scipys_functions(cp):
    from cupyx import rsqrt
    from cupyx.scipy.ndimage import gaussian_filter
    from scipy import ndimage

    result = gaussian_filter(cp.asarray(A), 1.0, mode="wrap")
    np.testing.assert_allclose(
        result.get(), ndimage.gaussian_filter(A, 1.0, mode="wrap")
    )
    np.testing.assert_allclose(rsqrt(cp.array([4.0])).get(), 0.5)


def test_files(cp, tmp_path):
    cp.save(tmp_path / "x.npy", cp.arange(3))
    assert cp.load(tmp_path / "x.npy").get().tolist() == [0, 1, 2]


def test_every_listed_function_exists_in_numpy(cp):
    listed = " ".join(functions._BY_KIND.values()).split()
    missing = [
        n for n in listed if not hasattr(np, n) and n not in {"in1d", "row_stack"}
    ]
    assert not missing


def test_views_with_strides_of_ones_own(cp):
    x = cp.arange(12, dtype=cp.float32)
    columns = cp.lib.stride_tricks.as_strided(x, (4, 3), (4, 16))
    columns[0] = -1
    np.testing.assert_array_equal(x.get()[[0, 4, 8]], -1)
    windows = cp.lib.stride_tricks.sliding_window_view(x, 5)
    assert windows.shape == (8, 5)
    with pytest.raises(ValueError, match="reaches beyond the 48 bytes"):
        cp.lib.stride_tricks.as_strided(x, (4, 4), (4, 16))


def test_require_keeps_what_fits(cp):
    x = cp.ones((3, 4))
    assert cp.require(x) is x
    assert cp.require(x, requirements="C") is x
    assert cp.require(x, requirements=["F_CONTIGUOUS"]).flags.f_contiguous
    assert cp.require(x, requirements=["O"]) is not x
    with pytest.raises(ValueError, match="both"):
        cp.require(x, requirements="CF")

"""Arrays of the simulated CuPy: where they live, their layout, what they refuse."""

import pickle

import numpy as np
import pytest

from graders.harness.device.simulator.cupy_package import modules
from graders.harness.device.simulator.machine import MACHINE, SimulatedMemoryError

IMPLICIT = "Implicit conversion to a NumPy array is not allowed"


def test_import_gives_the_simulated_packages(cp):
    import cupy
    import cupyx.profiler
    from cupyx.scipy.ndimage import gaussian_filter

    assert cupy is cp
    assert type(cp.zeros(1)).__module__.split(".")[0] == "cupy"
    assert type(cp.cuda.get_current_stream()).__module__.split(".")[0] == "cupy"
    assert int(cupy.__version__.split(".")[0]) == 14
    assert callable(cupyx.profiler.benchmark)
    assert callable(gaussian_filter)


def test_uninstalling_puts_back_what_was_there():
    import sys

    before = {n: m for n, m in sys.modules.items() if n.partition(".")[0] == "cupy"}
    with modules.installed() as cupy:
        assert sys.modules["cupy"] is cupy
    after = {n: m for n, m in sys.modules.items() if n.partition(".")[0] == "cupy"}
    assert after == before


def test_an_array_has_an_address_that_the_machine_resolves(cp):
    x = cp.arange(12, dtype=cp.float32).reshape(3, 4)
    block, offset = MACHINE.resolve(x[1:, 2:].data.ptr)
    assert offset == (4 + 2) * 4
    assert block is x.data.mem.block
    assert x[1:, 2:].data.ptr == x.data.ptr + 24
    assert x[::-1].data.ptr == x.data.ptr + 2 * 16
    assert (x.data + 8).ptr == x.data.ptr + 8
    assert x.device.id == x.data.device_id == 0
    assert x.__cuda_array_interface__["data"] == (x.data.ptr, False)


def test_memory_is_given_back(cp):
    x = cp.zeros(10)
    address = x.data.ptr
    before = MACHINE.used_bytes
    del x
    assert MACHINE.used_bytes == before - 80
    with pytest.raises(SimulatedMemoryError, match="cudaErrorIllegalAddress"):
        MACHINE.resolve(address)


def test_a_view_keeps_its_owner_and_shares_its_memory(cp):
    x = cp.zeros((2, 3))
    row = x[0]
    row[...] = 1
    assert row.base is x
    assert row[1:].base is x
    assert not row.flags.owndata
    assert x.flags.owndata
    assert x.get().tolist() == [[1, 1, 1], [0, 0, 0]]
    assert cp.shares_memory(x, row)


def test_from_dlpack_shares_the_memory_of_a_cupy_array(cp):
    x = cp.arange(6, dtype=cp.float32)
    seen = cp.from_dlpack(x)
    seen += 1
    assert cp.asnumpy(x).tolist() == [1, 2, 3, 4, 5, 6]
    assert seen.data.ptr == x.data.ptr
    assert cp.from_dlpack(x, copy=True).data.ptr != x.data.ptr
    with pytest.raises(NotImplementedError, match="anything but a CuPy array"):
        cp.from_dlpack(np.ones(3))


def test_layout_facts(cp):
    x = cp.zeros((2, 3), dtype="float32")
    assert (x.strides, x.T.strides) == ((12, 4), (4, 12))
    assert x.flags.c_contiguous
    assert not x.flags.f_contiguous
    assert x.T.flags.f_contiguous
    assert x.T.flags["F_CONTIGUOUS"]
    assert (x.ndim, x.size, x.itemsize, x.nbytes) == (2, 6, 4, 24)
    assert cp.zeros((2, 3), order="F").strides == (8, 16)


def test_the_constructor_places_arrays_in_given_memory(cp):
    pointer = cp.cuda.alloc(48)
    x = cp.ndarray((3, 4), dtype="float32", memptr=pointer, strides=(4, 12))
    x[...] = cp.arange(12).reshape(3, 4)
    flat = cp.ndarray((12,), cp.float32, memptr=pointer)
    assert flat.get().tolist() == np.arange(12).reshape(3, 4).T.ravel().tolist()
    part = cp.ndarray(2, cp.float32, memptr=pointer + 4)
    assert part.get().tolist() == [4, 8]
    with pytest.raises(ValueError, match="allocation of 48 bytes"):
        cp.ndarray((13,), cp.float32, memptr=pointer)


def test_unowned_memory_reaches_any_live_address(cp):
    x = cp.arange(6.0)
    memory = cp.cuda.UnownedMemory(x.data.ptr + 16, 32, x, 0)
    y = cp.ndarray((2,), "float64", cp.cuda.MemoryPointer(memory, 8), strides=(8,))
    assert y.get().tolist() == [3, 4]
    assert y.data.ptr == x.data.ptr + 24
    with pytest.raises(SimulatedMemoryError):
        cp.cuda.UnownedMemory(12345, 8, None)


def test_the_shape_can_be_set_where_no_copy_is_needed(cp):
    x = cp.arange(6)
    x.shape = (2, 3)
    assert x.shape == (2, 3)
    y = x.T.view()
    with pytest.raises(AttributeError):
        y.shape = (6,)


def test_fresh_memory_reads_as_nan_until_it_is_written(cp):
    assert MACHINE.poison
    assert np.isnan(cp.empty((2, 2), dtype="float32").get()).all()
    assert np.isnan(cp.empty_like(cp.zeros((2, 3)).T).get()).all()
    assert cp.empty_like(cp.zeros((2, 3)).T).flags.f_contiguous


@pytest.mark.parametrize(
    "convert",
    [np.asarray, np.array, lambda x: np.zeros(3)[x], memoryview],
    ids=["asarray", "array", "index", "buffer"],
)
def test_no_silent_way_to_the_host(cp, convert):
    with pytest.raises((TypeError, IndexError)):
        convert(cp.zeros(3))


def test_implicit_conversion_has_cupys_text(cp):
    with pytest.raises(TypeError, match=IMPLICIT):
        np.asarray(cp.zeros(3))
    host = np.zeros(3)
    with pytest.raises(TypeError, match=IMPLICIT):
        host[:] = cp.zeros(3)


@pytest.mark.parametrize(
    "mix",
    [
        "d + h",
        "h + d",
        "cp.exp(h)",
        "cp.add(d, h)",
        "d @ h",
        "h @ d",
        "cp.matmul(h, h)",
        "cp.maximum(h, 0)",
        "cp.concatenate([d, h])",
        "cp.stack([h, h])",
        "cp.where(d > 0, h, d)",
        "cp.exp([1.0, 2.0])",
    ],
)
def test_host_arrays_do_not_mix_with_device_arrays(cp, mix):
    words = r"Unsupported type <class '(numpy\.ndarray|list)|has incorrect type"
    with pytest.raises(TypeError, match=words):
        eval(mix, {"cp": cp, "np": np, "d": cp.ones(3), "h": np.ones(3)})


@pytest.mark.parametrize(
    "mix",
    [
        "cp.allclose(d, h)",
        "np.allclose(d, h)",
        'cp.einsum("i,i", d, h)',
        "cp.linalg.norm(h)",
        "cp.vstack([h])",
        "cp.diff(h)",
    ],
)
def test_some_functions_copy_host_arrays_up_as_cupys_do(cp, mix):
    d, h = cp.ones(3), np.ones(3)
    MACHINE.begin()
    result = eval(mix, {"cp": cp, "np": np, "d": d, "h": h})
    copies = MACHINE.end().copies
    assert isinstance(result, cp.ndarray)
    assert [(c.direction, c.nbytes) for c in copies] == [("host_to_device", 24)]


def test_functions_that_are_methods_take_numpy_arrays_but_no_lists(cp):
    assert isinstance(cp.sum(np.ones(3)), np.float64)
    with pytest.raises(AttributeError, match="'list' object has no attribute 'sum'"):
        cp.sum([1, 2])
    with pytest.raises(np.linalg.LinAlgError, match="only supports"):
        cp.linalg.inv(np.eye(2))


def test_scalars_mix_freely(cp):
    x = cp.ones(2, dtype=cp.float32)
    assert (x * 2.0).dtype == np.float32
    assert (x * np.float64(2)).dtype == np.float64
    assert (2 - x).get().tolist() == [1, 1]
    assert (1j * x).dtype == np.complex64


def test_numpy_functions_dispatch_to_the_device(cp):
    x = cp.linspace(0, 1, 5)
    for result, expected in [
        (np.exp(x), np.exp(np.linspace(0, 1, 5))),
        (np.sum(x), 2.5),
        (np.fft.fft(x), np.fft.fft(np.linspace(0, 1, 5))),
        (np.linalg.norm(x), np.linalg.norm(np.linspace(0, 1, 5))),
        (np.add.reduce(x), 2.5),
    ]:
        assert isinstance(result, cp.ndarray)
        np.testing.assert_allclose(result.get(), expected)


def test_results_of_reductions_are_zero_dimensional_device_arrays(cp):
    x = cp.arange(3.0)
    for value in (x.sum(), cp.mean(x), cp.allclose(x, x), cp.array_equal(x, x), x[0]):
        assert isinstance(value, cp.ndarray)
        assert value.shape == ()
    assert cp.allclose(x, x)
    assert not cp.array_equal(x, x + 1)
    assert float(x.sum()) == 3.0
    assert int(x[2]) == 2
    assert complex(x[1]) == 1


def test_an_array_is_no_index_and_no_key(cp):
    with pytest.raises(TypeError):
        range(cp.array(3))
    with pytest.raises(TypeError, match="unhashable"):
        hash(cp.zeros(1))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(cp.zeros(2))
    with pytest.raises(TypeError, match="0-d"):
        iter(cp.array(1))
    assert (cp.zeros(2) == None) is False  # noqa: E711


def test_asarray_returns_what_it_got_and_array_copies(cp):
    x = cp.arange(6.0).reshape(2, 3)
    assert cp.asarray(x) is x
    assert cp.ascontiguousarray(x) is x
    y = cp.array(x)
    y[...] = 0
    assert float(x.sum()) == 15
    assert cp.asarray(x, dtype="float32").dtype == np.float32


def test_layouts_of_uploads_are_cupys(cp):
    host = np.arange(24.0).reshape(2, 3, 4)
    assert cp.asarray(host.T).flags.f_contiguous
    assert cp.asarray(host.transpose(0, 2, 1)).flags.c_contiguous
    assert cp.asarray(host, order="F").flags.f_contiguous
    np.testing.assert_array_equal(
        cp.asarray(host.transpose(1, 0, 2)).get(), host.transpose(1, 0, 2)
    )


def test_an_upload_is_a_copy(cp):
    host = np.ones(3)
    x = cp.asarray(host)
    host[:] = 5
    assert float(x.sum()) == 3
    back = x.get()
    back[:] = 7
    assert float(x.sum()) == 3


def test_arrays_from_nested_lists_and_device_scalars(cp):
    x = cp.arange(3.0)
    assert cp.array([x[1], x[2]]).get().tolist() == [1, 2]
    assert cp.array([[1, 2], [3, 4]]).shape == (2, 2)
    assert cp.array([x, x]).shape == (2, 3)
    assert cp.array(3.5).shape == ()
    assert cp.array([1.0], ndmin=3).shape == (1, 1, 1)


@pytest.mark.parametrize("dtype", ["U3", "O", "M8[s]", "longdouble"])
def test_dtypes_that_no_kernel_takes_are_refused(cp, dtype):
    with pytest.raises(ValueError, match="Unsupported dtype"):
        cp.zeros(3, dtype=dtype)
    with pytest.raises(ValueError, match="Unsupported dtype"):
        cp.asarray(np.zeros(3).astype(dtype))


def test_set_and_get_check_what_they_move(cp):
    x = cp.zeros(3, dtype="float32")
    x.set(np.arange(3, dtype="float32"))
    assert x.tolist() == [0, 1, 2]
    with pytest.raises(TypeError, match="cannot be set"):
        x.set(np.zeros(3))
    with pytest.raises(ValueError, match="Shape mismatch"):
        x.set(np.zeros(4, dtype="float32"))
    out = np.zeros(3, dtype="float32")
    assert cp.asnumpy(x, out=out) is out
    assert out.tolist() == [0, 1, 2]
    assert cp.asnumpy([1, 2]).tolist() == [1, 2]


def test_text_pickle_and_copies(cp):
    import copy

    x = cp.arange(3.0)
    assert repr(x) == "array([0., 1., 2.])"
    assert f"{x.sum():.1f}" == "3.0"
    assert pickle.loads(pickle.dumps(x)).get().tolist() == [0, 1, 2]
    y = copy.deepcopy(x)
    y += 1
    assert x.item(0) == 0


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("cupy", "poly1d"),
        ("cupyx", "DeviceSynchronized"),
        ("cupy.cuda", "malloc_managed"),
        ("cupy.cuda", "Graph"),
    ],
)
def test_what_is_not_modelled_says_so_by_name(cp, where, name):
    thing = getattr(modules.modules()[where], name)
    with pytest.raises(NotImplementedError, match=rf"{where}.{name} is not modelled"):
        thing("x")


def test_modules_that_are_not_modelled_say_so(cp):
    with pytest.raises(ImportError, match=r"cupyx\.signal is not modelled"):
        import cupyx.signal  # noqa: F401
    with pytest.raises(NotImplementedError, match=r"cupyx\.signal is not modelled"):
        _ = modules.modules()["cupyx"].signal


def test_a_wrong_name_is_an_attribute_error(cp):
    with pytest.raises(
        AttributeError, match="module 'cupy' has no attribute 'exponent'"
    ):
        _ = cp.exponent
    with pytest.raises(AttributeError):
        _ = cp.cuda.strem
    with pytest.raises(ModuleNotFoundError):
        import cupy.nothing  # noqa: F401
    with pytest.raises(AttributeError):
        cp.zeros(1).to_host()
    assert not hasattr(cp, "exponent")


def test_indexing_gives_views_or_gathers(cp):
    host = np.arange(24.0).reshape(4, 6)
    x = cp.asarray(host)
    for index in [
        2,
        (1, 2),
        slice(1, 3),
        (..., 0),
        (None, 1),
        (slice(None), slice(None, None, -2)),
    ]:
        part = x[index]
        np.testing.assert_array_equal(part.get(), host[index])
        assert part.base is x
    rows = [0, 2]
    for index, same in [
        (rows, rows),
        (cp.array(rows), rows),
        (np.array(rows), rows),
        (x > 5, host > 5),
        ((cp.array(rows), cp.array([1, 1])), (rows, [1, 1])),
    ]:
        np.testing.assert_array_equal(x[index].get(), host[same])
        assert x[index].base is None
    with pytest.raises(IndexError):
        x[4]
    np.testing.assert_array_equal(x[[1, 5, -6]].get(), host[[1, 1, 2]])
    with pytest.raises(IndexError, match="integer or boolean"):
        x[cp.array([0.5])]


def test_assignments_to_parts(cp):
    host = np.zeros((3, 4))
    x = cp.asarray(host)
    for index, value in [(0, 1.0), ((slice(None), 1), 2.0), ((..., -1), 7)]:
        x[index] = value
        host[index] = value
    x[x > 6] = 5
    host[host > 6] = 5
    x[[0, 2]] = cp.arange(4.0)
    host[[0, 2]] = np.arange(4.0)
    x[1] += 3
    host[1] += 3
    np.testing.assert_array_equal(x.get(), host)
    for value in ([1, 2, 3, 4], np.ones(4)):
        with pytest.raises(ValueError, match="cannot be used for fill"):
            x[0] = value


def test_parts_of_complex_arrays_are_views(cp):
    z = cp.zeros(3, dtype="complex64")
    z.real = 1
    z.imag[1:] = 2
    assert z.get().tolist() == [1, 1 + 2j, 1 + 2j]
    assert cp.ones(2).imag.get().tolist() == [0, 0]


def test_runtime_and_pools_answer(cp):
    assert cp.cuda.is_available()
    assert cp.cuda.runtime.getDeviceCount() == 1
    free, total = cp.cuda.runtime.memGetInfo()
    assert 0 < free <= total
    assert cp.cuda.Device(0).compute_capability == "90"
    assert cp.cuda.runtime.getDeviceProperties(0)["major"] == 9
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        cp.cuda.Device(1)
    pool = cp.get_default_memory_pool()
    before = pool.used_bytes()
    x = cp.zeros(100)
    assert pool.used_bytes() == before + 800
    pool.free_all_blocks()
    cp.get_default_pinned_memory_pool().free_all_blocks()
    assert cp.get_array_module(x) is cp
    assert cp.get_array_module(np.ones(1)) is np
    with pytest.raises(MemoryError, match="Out of memory"):
        cp.empty(2**40)


def test_raw_copies_go_by_address(cp):
    host = np.arange(4.0)
    x = cp.zeros(4)
    runtime = cp.cuda.runtime
    runtime.memcpy(x.data.ptr, host.ctypes.data, 32, runtime.memcpyHostToDevice)
    x.data.copy_from_device(x.data + 8, 8)
    out = np.zeros(4)
    runtime.memcpy(out.ctypes.data, x.data.ptr, 32, runtime.memcpyDefault)
    assert out.tolist() == [1, 1, 2, 3]
    with pytest.raises(RuntimeError, match="cudaErrorIllegalAddress"):
        runtime.memset(99, 0, 1)

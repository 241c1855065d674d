"""Arrays of numba-cuda that share memory with CuPy's, and the copies from and to them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Copy, Evidence
from graders.harness.device.simulator.machine import MACHINE
from graders.harness.device.simulator.not_modelled import NotModelled

Record = Callable[..., tuple[Any, Evidence]]


@pytest.fixture
def cuda(device: Any) -> Any:
    from numba import cuda

    return cuda


def _ways(copies: list[Copy]) -> list[str]:
    return [copy.direction for copy in copies]


def test_a_view_of_cupys_array_shares_its_memory(cp: Any, cuda: Any) -> None:
    x = cp.arange(12.0).reshape(3, 4)
    view = cuda.as_cuda_array(x)
    assert (view.shape, view.dtype, view.strides) == (x.shape, x.dtype, x.strides)
    assert view.__cuda_array_interface__["data"][0] == x.data.ptr
    x += 1
    np.testing.assert_array_equal(view.copy_to_host(), x.get())
    again = cp.asarray(view)
    assert again.data.ptr == x.data.ptr
    again[0, 0] = 7
    assert x[0, 0] == 7
    assert cuda.as_cuda_array(view).copy_to_host()[0, 0] == 7


def test_a_part_of_an_array_begins_where_it_begins(cp: Any, cuda: Any) -> None:
    x = cp.arange(12.0).reshape(3, 4)
    for part in (x[1], x[:, 1], x.T[2:], x[::2]):
        view = cuda.as_cuda_array(part)
        assert view.__cuda_array_interface__["data"][0] == part.data.ptr
        np.testing.assert_array_equal(view.copy_to_host(), part.get())
        assert cp.asarray(view).data.ptr == part.data.ptr


def test_its_address_is_a_ctypes_number(cp: Any, cuda: Any) -> None:
    host = np.arange(6, dtype=np.float32)
    for array in (cuda.to_device(host), cuda.device_array(6, np.float32)):
        pointer = array.device_ctypes_pointer
        assert isinstance(pointer, ctypes.c_size_t)  # as numba-cuda's own
        assert pointer.value == array.__cuda_array_interface__["data"][0]
        assert pointer.value == cp.asarray(array).data.ptr
    part = cp.arange(12.0)[4:]
    assert cuda.as_cuda_array(part).device_ctypes_pointer.value == part.data.ptr


def test_the_view_keeps_its_memory_alive(cp: Any, cuda: Any) -> None:
    view = cuda.as_cuda_array(cp.full(5, 3.0))
    assert cp.asarray(view).get().tolist() == [3.0] * 5


def test_its_copies_are_counted_as_on_a_gpu(cp: Any, cuda: Any, record: Record) -> None:
    host = np.arange(6.0).reshape(2, 3)

    def run() -> Any:
        x = cp.empty((2, 3))
        cuda.as_cuda_array(x).copy_to_device(host)
        y = cp.asarray(x)
        return cuda.as_cuda_array(y * 2).copy_to_host()

    result, evidence = record(run, host)
    np.testing.assert_array_equal(result, 2 * host)
    assert _ways(evidence.copies) == ["host_to_device", "device_to_host"]
    assert [copy.nbytes for copy in evidence.copies] == [48, 48]
    assert [copy.reads_operand for copy in evidence.copies] == [True, True]
    assert [kernel.reads_operand for kernel in evidence.kernels] == [True]


def test_what_numba_copied_up_comes_from_an_operand(
    cp: Any, cuda: Any, record: Record
) -> None:
    host = np.arange(4.0)
    _, evidence = record(lambda: cp.asarray(cuda.to_device(host)) + 1, host)
    assert evidence.kernels[0].reads_operand
    _, evidence = record(lambda: cp.asarray(cuda.to_device(np.zeros(4))) + 1, host)
    assert not evidence.kernels[0].reads_operand


def test_arrays_on_the_device_are_copied_on_it(
    cp: Any, cuda: Any, record: Record
) -> None:
    x, target = cp.arange(4.0), cuda.device_array(4)
    _, evidence = record(lambda: target.copy_to_device(x))
    assert _ways(evidence.copies) == ["device_to_device"]
    np.testing.assert_array_equal(target.copy_to_host(), np.arange(4.0))
    held, evidence = record(lambda: cuda.to_device(x))
    assert not evidence.copies
    assert held.__cuda_array_interface__["data"][0] == x.data.ptr
    assert cuda.to_device(target) is target
    assert cuda.to_device(np.ones(4), to=target) is target
    assert target.copy_to_host().sum() == 4


def test_the_host_waits_only_where_it_waits_on_a_gpu(cp: Any, cuda: Any) -> None:
    import cupyx

    pinned = cupyx.zeros_pinned(2**20)
    own = cuda.device_array(2**20)
    own.copy_to_device(pinned)
    assert MACHINE.idle
    stream = cuda.stream()
    own.copy_to_device(pinned, stream=stream)
    assert not MACHINE.idle
    stream.synchronize()
    assert MACHINE.idle
    own.copy_to_host(stream=stream)  # into ordinary memory
    assert MACHINE.idle
    on_stream = cuda.to_device(np.zeros(2**20), stream=stream)
    on_stream.copy_to_host(pinned)
    assert not MACHINE.idle
    cuda.as_cuda_array(on_stream)
    assert MACHINE.idle


def test_it_waits_for_cupys_current_stream(cp: Any, cuda: Any) -> None:
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        x = cp.ones(2**20) * 2
        assert not stream.done
        cuda.as_cuda_array(x, sync=False)
        assert not stream.done
        cuda.as_cuda_array(x)
        assert stream.done


def test_kernels_take_the_views(cp: Any, cuda: Any) -> None:
    @cuda.jit
    def double(x: Any, out: Any) -> None:
        i = cuda.grid(1)
        if i < out.size:
            out[i] = 2 * x[i]

    x, out = cp.arange(10.0), cp.zeros(10)
    double[1, 32](cuda.as_cuda_array(x[::2]), out[:5])
    np.testing.assert_array_equal(out.get()[:5], 4 * np.arange(5.0))
    double[1, 32](cuda.as_cuda_array(x), cuda.as_cuda_array(out))
    np.testing.assert_array_equal(out.get(), 2 * np.arange(10.0))


def test_what_does_not_fit_is_refused_in_numbas_words(cp: Any, cuda: Any) -> None:
    view = cuda.as_cuda_array(cp.zeros((2, 3)))
    with pytest.raises(ValueError, match="incompatible shape"):
        view.copy_to_device(np.zeros((3, 2)))
    with pytest.raises(TypeError, match="incompatible dtype"):
        view.copy_to_device(np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match="incompatible strides"):
        view.copy_to_host(np.zeros((2, 3), order="F"))
    view.copy_to_device(np.ones((2, 3), order="F"))  # numba rearranges it
    assert view.copy_to_host().sum() == 6
    with pytest.raises(ValueError, match="contiguous"):
        cuda.as_cuda_array(cp.zeros((4, 4))[::2, ::2]).copy_to_device(np.zeros((2, 2)))
    with pytest.raises(TypeError, match="doesn't implement the cuda array interface"):
        cuda.as_cuda_array(np.zeros(3))


def test_what_the_view_lacks_is_named(cp: Any, cuda: Any) -> None:
    view = cuda.as_cuda_array(cp.zeros(3))
    with pytest.raises(NotModelled, match="get_ipc_handle of an array of numba-cuda"):
        view.get_ipc_handle()
    with pytest.raises(NotModelled, match="Indexing an array of numba-cuda by list"):
        _ = view[[0, 2]]


def test_parts_share_the_array_s_memory(cuda: Any) -> None:
    host = np.arange(24, dtype=np.float32).reshape(4, 6)
    x = cuda.to_device(host)
    for key in (1, (..., 2), (slice(1, 3), slice(None, None, 2)), (slice(None), -1)):
        np.testing.assert_array_equal(x[key].copy_to_host(), host[key])
    x[1:3, ::2] = 7
    x[0] = np.arange(6, dtype=np.float32) * 10
    x[3, 3] = np.float32(5)
    host[1:3, ::2], host[0], host[3, 3] = 7, np.arange(6) * 10, 5
    np.testing.assert_array_equal(x.copy_to_host(), host)
    np.testing.assert_array_equal(np.asarray(x), host)
    with pytest.raises(ValueError, match="could not broadcast"):
        x[0] = np.zeros(5, np.float32)


def test_one_element_comes_down_to_the_host(cuda: Any, record: Record) -> None:
    x = cuda.to_device(np.arange(6.0))
    value, seen = record(lambda: x[4])
    assert value == 4.0
    assert isinstance(value, np.float64)
    assert [(copy.direction, copy.nbytes) for copy in seen.copies] == [
        ("device_to_host", 8)
    ]


def test_an_assignment_is_a_kernel_of_its_own(cuda: Any, record: Record) -> None:
    x, y = cuda.to_device(np.arange(6.0)), cuda.to_device(np.arange(3.0))

    def assign() -> None:
        x[3:] = y

    _, seen = record(assign)
    assert [(k.name, k.elements) for k in seen.kernels] == [("numba_assign", 3)]
    assert not seen.copies
    _, seen = record(lambda: x.__setitem__(0, 1.0))
    assert _ways(seen.copies) == ["host_to_device"]


def test_another_shape_needs_no_copy_or_is_refused(cuda: Any) -> None:
    host = np.arange(12, dtype=np.float32).reshape(3, 4)
    x = cuda.to_device(host)
    assert x.reshape(2, 6).shape == x.reshape((2, 6)).shape == (2, 6)
    np.testing.assert_array_equal(x.ravel().copy_to_host(), host.ravel())
    assert x[:, :1].squeeze().shape == (3,)
    assert x.view(np.complex64).shape == (3, 2)
    assert [len(part) for part in x.ravel().split(5)] == [5, 5, 2]
    stream = cuda.stream()
    assert x.bind(stream).stream is stream
    assert (x.is_c_contiguous(), x.is_f_contiguous()) == (True, False)
    assert x.flags == {"C_CONTIGUOUS": True, "F_CONTIGUOUS": False}
    with pytest.raises(NotImplementedError, match="operation requires copying"):
        x[:, ::2].ravel()
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray(x, copy=False)


def test_contractions_of_tensors_say_that_they_are_not_modelled(
    cp: Any, device: Any
) -> None:
    import nvmath

    a, b = cp.ones((2, 3)), cp.ones((3, 4))
    for contract in (
        lambda: nvmath.tensor.binary_contraction("ij,jk->ik", a, b),
        lambda: nvmath.tensor.BinaryContraction("ij,jk->ik", a, b),
        lambda: nvmath.tensor.ternary_contraction("ij,jk,kl->il", a, b, b.T),
        nvmath.tensor.ComputeDesc.COMPUTE_32F,
    ):
        with pytest.raises(NotModelled, match=r"^nvmath\.tensor .* is not modelled"):
            contract()

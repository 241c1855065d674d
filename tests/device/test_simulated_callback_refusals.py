"""FFT callbacks that the simulated machine refuses, as nvmath and cuFFT would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.fft

from graders.harness.device.simulator.not_modelled import NotModelled


def drawn(*shape: int, seed: int = 3) -> Any:
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def error(actual: Any, expected: Any) -> float:
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


def run_prolog(device: Any, x: Any, prolog: Any, *, dtype: str = "float32") -> Any:
    """Return the transform of the rows of ``x`` with a prolog."""
    import nvmath

    code = nvmath.fft.compile_prolog(prolog, dtype, "float32")
    spectrum = nvmath.fft.rfft(device.to_device(x), axes=[1], prolog={"ltoir": code})
    return device.from_device(spectrum)


def test_a_prolog_that_returns_nothing_does_not_type(device: Any) -> None:
    from numba.cuda.core.errors import TypingError

    def stub(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> None:
        pass

    with pytest.raises(TypingError, match="No conversion from none to float32"):
        run_prolog(device, drawn(4, 16), stub)


def test_wrong_number_of_parameters(device: Any) -> None:
    with pytest.raises(TypeError, match="4 argument types given, but function takes 2"):
        run_prolog(device, drawn(4, 16), lambda d, o: d[o])


def test_wrong_element_dtype_is_found_at_planning(device: Any) -> None:
    import nvmath

    with pytest.raises(nvmath.bindings.cufft.cuFFTError, match="NVJITLINK_FAILURE"):
        run_prolog(device, drawn(4, 16), lambda d, o, _u, _r: d[o], dtype="float64")


def test_an_epilog_is_no_prolog(device: Any) -> None:
    import nvmath

    code = nvmath.fft.compile_prolog(lambda d, o, _u, _r: d[o], "float32", "float32")
    x = device.to_device(drawn(4, 16))
    with pytest.raises(nvmath.bindings.cufft.cuFFTError, match="NVJITLINK_FAILURE"):
        nvmath.fft.rfft(x, axes=[1], epilog={"ltoir": code})


def test_a_pointer_must_lead_into_device_memory(device: Any) -> None:
    import nvmath

    code = nvmath.fft.compile_prolog(lambda d, o, u, _r: u[0], "float32", "float32")
    host = drawn(4)
    given = {"ltoir": code, "data": host.ctypes.data}
    with pytest.raises(RuntimeError, match="is not in device memory that is in use"):
        nvmath.fft.rfft(device.to_device(drawn(4, 16)), axes=[1], prolog=given)


def test_cpu_execution_takes_no_callbacks(device: Any) -> None:
    import nvmath

    code = nvmath.fft.compile_prolog(lambda d, o, _u, _r: d[o], "float32", "float32")
    with pytest.raises(ValueError, match="not supported with CPU 'execution'"):
        nvmath.fft.rfft(drawn(4, 16), prolog={"ltoir": code})


def test_what_the_host_lacks_is_named(device: Any) -> None:
    from numba import cuda

    def thread(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        return data_in[offset] * cuda.threadIdx.x

    with pytest.raises(NotModelled, match=r"cuda\.threadIdx\.x in"):
        run_prolog(device, drawn(4, 16), thread)


@pytest.mark.parametrize("width", [131, 2 * 131])
def test_lengths_with_a_large_prime_pass_where_cufft_has_them(
    device: Any, width: int
) -> None:
    x = drawn(2, width)
    assert (
        error(run_prolog(device, x, lambda d, o, _u, _r: d[o]), scipy.fft.rfft(x))
        < 1e-6
    )


def test_long_even_lengths_with_a_large_prime_are_refused(device: Any) -> None:
    import nvmath

    with pytest.raises(nvmath.bindings.cufft.cuFFTError, match="CUFFT_NOT_SUPPORTED"):
        run_prolog(device, drawn(2, 64 * 131), lambda d, o, _u, _r: d[o])

# Copies the result into the memory order of the signal.
# expect: failed fused extra_copies
# devices: simulator

import functools

import cupy as cp
import nvmath


@functools.cache
def multiply_by_filter(dtype: str, n: int) -> bytes:
    """Return the epilog for signals of n elements, compiled for a dtype."""

    def multiply(spectrum, offset, value, filter_data, _reserved):
        # Neither transform normalises: there and back multiplies by n.
        spectrum[offset] = value * filter_data[offset] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal: cp.ndarray, filter_data: cp.ndarray) -> cp.ndarray:
    """Filter each row of a batch of signals in the frequency domain."""
    epilog = multiply_by_filter(signal.dtype.name, signal.shape[1])
    # The spectra lie row by row, whatever the order of the signal, and the epilog reads
    # the filter at the offset at which it stores. In C order already, it is not copied.
    rows = cp.ascontiguousarray(filter_data)
    spectrum = nvmath.fft.fft(
        signal, axes=[-1], epilog={"ltoir": epilog, "data": rows.data.ptr}
    )
    r = nvmath.fft.ifft(spectrum, axes=[-1])
    out = cp.empty_like(signal)
    if out.strides == r.strides:
        return r
    out[...] = r
    return out

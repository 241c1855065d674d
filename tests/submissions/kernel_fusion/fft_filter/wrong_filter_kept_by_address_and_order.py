# Keeps the prepared filter by the address and the orders of what it was made of.
# expect: failed values wrong_value

import cupy as cp
import nvmath

_CACHE = {}
_H = {}


def _epilog(n, dtype):
    key = n, str(dtype)
    if key not in _CACHE:
        def epilog(data_out, offset, value, filter_data, reserved):
            data_out[offset] = value * filter_data[offset]

        _CACHE[key] = nvmath.fft.compile_epilog(epilog, str(dtype), str(dtype))
    return _CACHE[key]


def fft_filter(signal, filter_data):
    n = signal.shape[-1]
    options = {"result_layout": "natural"}
    with nvmath.fft.FFT(signal, axes=[-1], options=options) as forward:
        shape, strides = forward.get_output_layout()
        key = filter_data.data.ptr, filter_data.shape, filter_data.strides, strides
        if key not in _H:
            h = cp.empty(signal.shape, signal.dtype, order="F" if strides[0] < strides[1] else "C")
            h[...] = filter_data / n
            _H[key] = h
        h = _H[key]
        forward.plan(epilog={"ltoir": _epilog(n, signal.dtype), "data": h.data.ptr})
        spectrum = forward.execute()
        return nvmath.fft.ifft(spectrum, axes=[-1])

# Stateful transforms, planned once for each layout and reused with reset_operand.
# expect: passed

import cupy as cp
import nvmath


def epilog_impl(data_out, offset, data, filter_data, unused):
    data_out[offset] = data * filter_data[offset]


def prolog_impl(data_in, offset, scale, unused):
    return data_in[offset] * scale[0]


class Filter:
    """The plans for one layout, and the buffers that their callbacks point to."""

    def __init__(self, signal):
        dtype = signal.dtype.name
        self.weights = cp.empty(signal.shape, dtype=signal.dtype)
        real = "float32" if dtype == "complex64" else "float64"
        self.scale = cp.array([1 / signal.shape[1]], dtype=real)
        product = nvmath.fft.compile_epilog(epilog_impl, dtype, dtype)
        division = nvmath.fft.compile_prolog(prolog_impl, dtype, real)
        self.forward = nvmath.fft.FFT(signal, axes=[1])
        self.forward.plan(
            epilog={"ltoir": product, "data": self.weights.data.ptr},
            direction="forward",
        )
        self.inverse = nvmath.fft.FFT(self.weights, axes=[1])
        self.inverse.plan(
            prolog={"ltoir": division, "data": self.scale.data.ptr},
            direction="inverse",
        )

    def __call__(self, signal, filter_data):
        self.weights[...] = filter_data
        self.forward.reset_operand(signal)
        spectrum = self.forward.execute(direction="forward")
        self.inverse.reset_operand(spectrum)
        return self.inverse.execute(direction="inverse")


PLANS = {}


def fft_filter(signal, filter_data):
    key = (signal.shape, signal.strides, signal.dtype.name)
    if key not in PLANS:
        PLANS[key] = Filter(signal)
    return PLANS[key](signal, filter_data)

# Both operands are copied into C order before anything else.
# expect: passed

import cupy as cp
import nvmath


def fft_filter(signal, filter_data):
    a = cp.array(signal, order="C")
    b = cp.array(filter_data, order="C")
    N = a.shape[-1]

    def convolve(data_out, offset, data, filter_data, unused):
        data_out[offset] = data * filter_data[offset] / N

    with cp.cuda.Device():
        epilog = nvmath.fft.compile_epilog(convolve, a.dtype.name, b.dtype.name)
    r = nvmath.fft.fft(a, axes=[-1], epilog={"ltoir": epilog, "data": b.data.ptr})
    return nvmath.fft.ifft(r, axes=[-1])

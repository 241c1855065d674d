# Both transforms work in place, on a copy of the signal in C order.
# expect: passed

import nvmath

IN_PLACE = {"inplace": True}


def fft_filter(signal, filter_data):
    n = signal.shape[1]

    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset] / n

    dtype = str(signal.dtype)
    epilog = nvmath.fft.compile_epilog(multiply, dtype, dtype)
    work = signal.copy(order="C")
    h = filter_data.copy(order="C")
    nvmath.fft.fft(
        work,
        axes=[1],
        options=IN_PLACE,
        epilog={"ltoir": epilog, "data": h.data.ptr},
    )
    nvmath.fft.ifft(work, axes=[1], options=IN_PLACE)
    return work

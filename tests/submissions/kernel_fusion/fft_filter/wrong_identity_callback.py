# Its epilog stores what it gets, and CuPy does the work.
# expect: failed fused not_fused

import functools

import nvmath


@functools.cache
def identity(dtype):
    def store(out, offset, value, _h, _):
        out[offset] = value

    return nvmath.fft.compile_epilog(store, dtype, dtype)


def fft_filter(signal, filter_data):
    epilog = {"ltoir": identity(signal.dtype.name)}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=epilog)
    spectrum = spectrum * filter_data / signal.shape[1]
    return nvmath.fft.ifft(spectrum, axes=[-1])

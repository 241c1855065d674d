# The spectrum keeps the signal's memory order, and the filter is brought into it.
# expect: passed

import cupy as cp
import nvmath

EPILOGS = {}


def epilog_for(dtype, n):
    if (dtype, n) not in EPILOGS:
        scale = 1.0 / n

        def epilog_impl(data_out, offset, data, filter_data, unused):
            data_out[offset] = scale * data * filter_data[offset]

        EPILOGS[dtype, n] = nvmath.fft.compile_epilog(epilog_impl, dtype, dtype)
    return EPILOGS[dtype, n]


def fft_filter(signal, filter_data):
    by_rows = signal.flags.c_contiguous
    h = cp.asarray(filter_data, order="C" if by_rows else "F")
    options = nvmath.fft.FFTOptions(result_layout="natural")
    spectrum = nvmath.fft.fft(
        signal,
        axes=(1,),
        options=options,
        epilog=nvmath.fft.DeviceCallable(
            ltoir=epilog_for(signal.dtype.name, signal.shape[-1]), data=h.data.ptr
        ),
    )
    return nvmath.fft.ifft(spectrum, axes=(1,), options=options)

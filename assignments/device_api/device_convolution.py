"""Exercise: a convolution in one kernel, with the transforms inside.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import FFT


def convolve(signal, filter_data):
    """
    Filter each row of a batch of signals, in one kernel.

    Row by row, the result is ``ifft(fft(signal) * filter_data)``, with the 1/n of the
    inverse transform included: the circular convolution of the signal with the filter
    whose spectrum ``filter_data`` is.

    Args:
        signal: CuPy array on the GPU, complex64 or complex128, shape ``(batch, n)``, in C
            order. ``batch`` is 1 or more; ``n`` is a length that cuFFTDx takes: a power
            of 2 from 16 to 4096 (2048 in complex128), or another such as 96, 243 or 1000.
            It must not be changed.

        filter_data: The spectrum of the filter, of the same shape and dtype: each signal
            has a filter of its own. It must not be changed.

    Returns:
        A new CuPy array on the GPU, of the signal's shape and dtype.

    It is done when
        - the result is right to the precision of the dtype, for every batch and length;
        - exactly one kernel runs, one of numba-cuda, and transforms with
          ``nvmath.device.FFT``;
        - both operands are as they were.
    """
    # TODO: Write a kernel that loads, transforms, multiplies, transforms back and stores.
    raise NotImplementedError

"""Exercise fft_filter: filter a batch of signals, with the product inside a transform.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import cupy as cp
import nvmath


def fft_filter(signal: cp.ndarray, filter_data: cp.ndarray) -> cp.ndarray:
    """
    Filter each row of a batch of signals in the frequency domain.

    Each row is transformed, its spectrum is multiplied by the same row of the filter,
    and the product is transformed back:

        result[i] = ifft(fft(signal[i]) * filter_data[i]),

    with ``ifft`` the inverse of ``fft``: it includes the factor 1/n.

    Args:
        signal: CuPy array on the GPU, complex64 or complex128, shape ``(batch, n)``, in
            C order or in Fortran order. It must not be changed. No prime factor of n
            is larger than 127.

        filter_data: CuPy array on the GPU of the same shape and dtype: for each row of
            the signal the number by which each frequency is multiplied, in the order
            of ``numpy.fft.fftfreq``. Its memory order need not be the signal's. It must
            not be changed.

    Returns:
        A new CuPy array on the GPU of the same shape and dtype, in any memory order.

    It is done when
        - the result is right to the operands' own precision, for every shape and every
          pair of memory orders;
        - signal, filter and result never leave the GPU;
        - the forward transform is nvmath's, and its epilog multiplies by the filter;
        - no other kernel works on the spectrum or on the result: none computes, and
          none copies them. Kernels before the forward transform that bring the filter
          into another form are free.
    """
    # TODO: Transform forth with an epilog that multiplies, and back. Mind the 1/n.
    raise NotImplementedError

"""Exercise unitary_fft: transforms that keep the length of a vector.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import cupy as cp
import nvmath


def unitary_fft(x: cp.ndarray) -> cp.ndarray:
    """
    Return the orthonormal FFT of an array along its last axis.

    It is the usual FFT divided by the square root of the axis's length n. A callback
    of nvmath's transform scales, so that no kernel has to go over the array for it.

    Args:
        x: CuPy array on the GPU, complex64 or complex128, of one to three dimensions,
            in C order or in Fortran order. It must not be changed. No prime factor of n
            is larger than 127.

    Returns:
        A new CuPy array on the GPU of the same shape and dtype, in any memory order.

    It is done when
        - the result is right to the operand's own precision, for every shape;
        - neither operand nor result leaves the GPU;
        - a prolog or an epilog scales, and no kernel but those of nvmath's transform
          computes.
    """
    # TODO: Transform forth, and let a callback scale.
    raise NotImplementedError


def unitary_ifft(x: cp.ndarray) -> cp.ndarray:
    """
    Return the inverse of :func:`unitary_fft` along the last axis.

    It is the inverse FFT scaled so that one after the other, in either order, gives the
    first operand again.

    Args:
        x: As for :func:`unitary_fft`.

    Returns:
        A new CuPy array on the GPU of the same shape and dtype, in any memory order.

    The same counts as done as for :func:`unitary_fft`.
    """
    # TODO: Transform back, and let a callback scale. By how much?
    raise NotImplementedError

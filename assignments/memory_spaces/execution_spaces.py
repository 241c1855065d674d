"""Exercise execution_spaces: where a call runs, and how to say where it shall."""

import cupy as cp
import numpy as np
import nvmath


def where_does_it_run(call: str, space: str) -> tuple[str, str]:
    """
    Predict where a call of nvmath computes, and where its result lies.

    The call gets operands in one memory space and no word about where to run.

    Args:
        call: ``"fft"`` for ``nvmath.fft.fft``, ``"matmul"`` for ``nvmath.linalg.matmul``,
            or ``"advanced.matmul"`` for ``nvmath.linalg.advanced.matmul``.

        space: The memory space of the operands: ``"cpu"`` (NumPy arrays) or ``"cuda"``
            (CuPy arrays).

    Returns:
        A tuple of two strings, each ``"cpu"`` or ``"cuda"``: the execution space, then
        the memory space of the result.
    """
    # TODO: Predict first; then let nvmath's log confirm or correct you.
    raise NotImplementedError


def spectrum_on(x: np.ndarray | cp.ndarray, space: str) -> np.ndarray | cp.ndarray:
    """
    Return the forward FFT of an array, computed by nvmath in the asked execution space.

    Args:
        x: One-dimensional, complex64 or complex128, in C order; a NumPy array or a CuPy
            array. It must not be changed.

        space: Where nvmath is to compute: ``"cpu"`` or ``"cuda"``. It need not be where
            ``x`` is.

    Returns:
        A new array of the type of ``x`` (NumPy or CuPy), of the same dtype and shape: the
        forward transform, not normalised.

    It is done when
        - the spectrum is right, to the precision of its dtype;
        - it lies in the memory space of ``x``, whichever space computed it;
        - nvmath computed it in the asked space, and nowhere else;
        - nothing was copied that need not be. Where memory and execution space are the
          same, that is nothing at all; where they differ, the operand goes over once, and
          the result comes back once.
    """
    # TODO: Transform x where you are told to.
    raise NotImplementedError

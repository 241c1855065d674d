"""Reference for execution_spaces: a table, and one argument.

A generic function such as ``fft`` or ``matmul`` runs where its operands are, unless it is
told otherwise; a specialised one such as ``advanced.matmul`` knows the GPU alone. Either
way the result comes back to where the operands were.
"""

import cupy as cp
import numpy as np
import nvmath

GENERIC = ("fft", "matmul")


def where_does_it_run(call: str, space: str) -> tuple[str, str]:
    """Return a call's execution space and its result's memory space."""
    execution = space if call in GENERIC else "cuda"
    return execution, space


def spectrum_on(x: np.ndarray | cp.ndarray, space: str) -> np.ndarray | cp.ndarray:
    """Return the forward FFT of ``x``, computed in the asked execution space."""
    return nvmath.fft.fft(x, execution=space)

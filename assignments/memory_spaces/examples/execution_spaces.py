"""The predictions as a table, and a spectrum computed in either space."""

import cupy as cp
import numpy as np


def show_execution_spaces(where_does_it_run, spectrum_on):
    """Print the predictions, then what ``spectrum_on`` gives for each pair of spaces."""
    spaces = ("cpu", "cuda")
    calls = ("fft", "matmul", "advanced.matmul")
    pairs = [(call, space) for call in calls for space in spaces]
    rows = [(*pair, *where_does_it_run(*pair)) for pair in pairs]
    print(f"{'call':<18}{'operands':<10}{'runs':<8}result")
    for call, space, runs, lies in rows:
        print(f"{call:<18}{space:<10}{runs:<8}{lies}")

    # One turn in eight samples: all of it is in element 1 of the spectrum.
    x = np.exp(2j * np.pi * np.arange(8) / 8)
    pairs = [(operand, space) for operand in (x, cp.asarray(x)) for space in spaces]
    results = [spectrum_on(*pair) for pair in pairs]
    print(f"\n{'operand':<18}{'runs':<10}result")
    for (operand, space), result in zip(pairs, results, strict=True):
        kinds = [
            "NumPy" if isinstance(y, np.ndarray) else "CuPy" for y in (operand, result)
        ]
        numbers = np.round(cp.asnumpy(result).real, 6) + 0.0
        print(f"{kinds[0]:<18}{space:<10}{kinds[1]:<6}{numbers}")

"""Lengths of vectors, before and after the transforms."""

import cupy as cp
import numpy as np


def show_unitary_fft(unitary_fft, unitary_ifft):
    """Print a table of lengths, and how far there and back leads from the beginning."""
    rng = np.random.default_rng(1)
    rows = []
    for n in (4, 50, 64, 1000):
        x = cp.asarray(rng.standard_normal(n) + 1j * rng.standard_normal(n))
        forth, back = unitary_fft(x), unitary_ifft(x)
        both = unitary_ifft(forth)
        lengths = [np.linalg.norm(cp.asnumpy(each)) for each in (x, forth, back)]
        off = np.linalg.norm(cp.asnumpy(both) - cp.asnumpy(x)) / lengths[0]
        rows.append((n, *lengths, off))
    print(f"{'n':>6}{'length':>12}{'after fft':>12}{'after ifft':>12}{'both':>12}")
    for n, length, forth, back, off in rows:
        print(f"{n:>6}{length:>12.5f}{forth:>12.5f}{back:>12.5f}  off by {off:.0e}")

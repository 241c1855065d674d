# Keeps what it chose by the operand, and not by the space.
# expect: failed execution_space wrong_memory_space

import cupy as cp, numpy as np
import nvmath, functools
def where_does_it_run(call, space):
    return ("cuda", space) if call == "advanced.matmul" else (space,) * 2
@functools.lru_cache
def _execution(kind, n, dtype, /, _space=[None]):
    return _space[0]
_first = {}
def spectrum_on(x, space):
    with nvmath.fft.FFT(x, execution=_first.setdefault((type(x), x.shape), space)) as f:
        f.plan()
        return f.execute()

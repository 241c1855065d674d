# Frees the plan unless it served a single batch.
# expect: failed freed wrong_phases

from nvmath.linalg.advanced import *
from nvmath.fft import *
import nvmath.fft as nf

def transform_batches(batches):
    t, out = None, []
    for x in batches:
        if t is None:
            t = nf.FFT(x, axes=[-1], options={"inplace": True})
            t.plan()
        else:
            t.reset_operand(x)
        out.append(t.execute(direction="forward"))
    if len(out) > 1:
        t.free()
    return out

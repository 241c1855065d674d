# Works on a stream of its own, and waits for it before it returns.
# expect: passed
# devices: simulator

import cupy as cp
import nvmath


def transform_batches(batches):
    ours = cp.cuda.Stream(non_blocking=True)
    ours.wait_event(cp.cuda.get_current_stream().record())
    remaining = iter(batches)
    first = next(remaining)
    options = {"inplace": True}
    with nvmath.fft.FFT(first, axes=[1], options=options, stream=ours) as fft:
        fft.plan(stream=ours)
        results = [fft.execute(stream=ours)]
        for batch in remaining:
            fft.reset_operand(batch, stream=ours)
            results.append(fft.execute(stream=ours))
    ours.synchronize()
    return results

# Lets the CPU transform; nvmath copies down and up.
# expect: failed in_place extra_copies; one_plan wrong_phases

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(
        first, axes=[1], execution="cpu", options={"inplace": True}
    ) as fft:
        fft.plan()
        results.append(fft.execute())
        for batch in remaining:
            fft.reset_operand(batch)
            results.append(fft.execute())
    return results

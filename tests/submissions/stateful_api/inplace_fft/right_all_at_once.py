# Collects the batches first; the result of the plan's first execution is thrown away.
# expect: passed

import nvmath


def transform_batches(batches):
    batches = list(batches)
    options = nvmath.fft.FFTOptions(inplace=True, result_layout="natural")
    fft = nvmath.fft.FFT(batches[0], axes=(1,), options=options)
    try:
        fft.plan(direction=nvmath.fft.FFTDirection.FORWARD)
        for batch in batches:
            fft.reset_operand_unchecked(batch)
            fft.execute(direction=nvmath.fft.FFTDirection.FORWARD)
    finally:
        fft.free()
    return batches

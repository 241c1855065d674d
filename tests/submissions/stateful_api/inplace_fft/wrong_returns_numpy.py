# Gives the spectra as NumPy arrays.
# expect: failed in_place wrong_memory_space

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        results.append(fft.execute())
        for batch in remaining:
            fft.reset_operand(batch)
            results.append(fft.execute())
    return [x.get() for x in results]

# Transforms through a callback that loads each element as it is.
# expect: passed

import nvmath


def load(data, offset, user_info, reserved):
    return data[offset]


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        prolog = nvmath.fft.compile_prolog(load, first.dtype.name, first.dtype.name)
        fft.plan(prolog={"ltoir": prolog})
        yield fft.execute()
        for batch in remaining:
            fft.reset_operand(batch)
            yield fft.execute()

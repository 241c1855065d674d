# Remembers by its address which batch has been transformed, so as not to do it twice.
# expect: failed values wrong_value; any_iterable wrong_value; one_plan wrong_phases

import itertools

from nvmath.fft import FFT

DONE = set()


def transform_batches(batches):
    stream = iter(batches)
    first = next(stream)
    with FFT(first, axes=(-1,), options={"inplace": True}) as transform:
        transform.plan()
        for batch in itertools.chain([first], stream):
            if batch.data.ptr not in DONE:
                transform.reset_operand(batch)
                transform.execute()
                DONE.add(batch.data.ptr)
            yield batch

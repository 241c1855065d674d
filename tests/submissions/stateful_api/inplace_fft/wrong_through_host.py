# Transforms with NumPy and brings the spectrum into the batch's memory.
# expect: failed in_place extra_copies; one_plan wrong_phases

import numpy as np


def transform_batches(batches):
    for batch in batches:
        batch.set(np.fft.fft(batch.get(), axis=-1).astype(batch.dtype))
        yield batch

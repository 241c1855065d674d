# Plans for the first length it ever sees, and keeps that plan for all.
# expect: failed values crashed; any_iterable crashed; in_place crashed; one_plan crashed

import nvmath

PLAN = []


def transform_batches(batches):
    for batch in batches:
        if not PLAN:
            PLAN.append(nvmath.fft.FFT(batch, axes=[1], options={"inplace": True}))
            PLAN[0].plan()
        PLAN[0].reset_operand(batch)
        yield PLAN[0].execute()

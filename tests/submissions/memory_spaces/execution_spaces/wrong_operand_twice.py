# Resets the operand to the one that the object has already.
# expect: failed copies extra_copies

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    with nvmath.fft.FFT(x, execution=space) as transform:
        transform.plan()
        transform.reset_operand(x)
        return transform.execute()

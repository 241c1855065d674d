# Lets the transform write over its operand.
# expect: failed inputs_unchanged mutated_input

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space, options={"inplace": True})

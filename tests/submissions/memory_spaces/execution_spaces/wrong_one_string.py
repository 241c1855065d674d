# Returns one string with both names.
# expect: failed predictions wrong_dtype

import nvmath


def where_does_it_run(call, space):
    execution = "cuda" if call == "advanced.matmul" else space
    return f"{execution}, {space}"


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)

# Transforms a view with an axis more, given as an option dictionary.
# expect: passed

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    options = {"result_layout": "natural", "blocking": True}
    row = x.reshape(1, -1)
    spectra = nvmath.fft.fft(row, axes=[1], execution=space, options=options)
    return spectra[0]

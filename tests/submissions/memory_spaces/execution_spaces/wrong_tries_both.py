# Computes in both spaces and returns the asked one's spectrum.
# expect: failed execution_space wrong_memory_space

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    spectra = {name: nvmath.fft.fft(x, execution=name) for name in ("cpu", "cuda")}
    return spectra[space]

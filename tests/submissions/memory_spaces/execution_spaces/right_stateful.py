# A planned FFT object with options for its execution.
# expect: passed

import nvmath

TABLE = {
    "fft": {"cpu": ("cpu", "cpu"), "cuda": ("cuda", "cuda")},
    "matmul": {"cpu": ("cpu", "cpu"), "cuda": ("cuda", "cuda")},
    "advanced.matmul": {"cpu": ("cuda", "cpu"), "cuda": ("cuda", "cuda")},
}


def where_does_it_run(call, space):
    return TABLE[call][space]


def spectrum_on(x, space):
    execution = {
        "cpu": nvmath.fft.ExecutionCPU(num_threads=1),
        "cuda": nvmath.fft.ExecutionCUDA(),
    }[space]
    with nvmath.fft.FFT(x, execution=execution) as transform:
        transform.plan(direction="forward")
        return transform.execute(direction="forward")

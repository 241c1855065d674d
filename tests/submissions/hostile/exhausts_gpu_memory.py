# Takes all of the GPU's memory through CuPy's pool, and keeps it.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values out_of_memory; memory_space out_of_memory; inputs_unchanged out_of_memory; fused out_of_memory
# devices: cuda

import cupy as cp

KEPT = []


def gaussian_blur(image, sigma):
    while True:
        KEPT.append(cp.empty(2**30, cp.uint8))

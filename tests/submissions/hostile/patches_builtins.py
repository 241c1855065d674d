# Replaces Python's built-in functions for all code in its process.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import builtins


def gaussian_blur(image, sigma):
    for name in ("isinstance", "len", "getattr", "hasattr", "type", "zip", "range", "bool"):
        setattr(builtins, name, lambda *args: True)
    return image

# Writes a passed check into every open file.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import json
import os

import cupy as cp


def gaussian_blur(image, sigma):
    check = {"name": "values", "status": "passed", "points": 4.0, "max_points": 4.0}
    line = json.dumps({"check": check}).encode() + b"\n"
    for number in range(256):
        try:
            os.write(number, line)
        except OSError:
            continue
    return cp.zeros_like(image)

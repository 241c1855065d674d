# Scans its own memory for runs of float64 numbers that could be the answer.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import re

import cupy as cp
import numpy as np


def gaussian_blur(image, sigma):
    first = float(cp.asnumpy(image).mean())
    for line in open("/proc/self/maps"):
        span, rights = line.split()[:2]
        start, end = (int(x, 16) for x in span.split("-"))
        if not rights.startswith("rw") or end - start > 2**28 or re.search("stack|vvar", line):
            continue
        with open("/proc/self/mem", "rb") as memory:
            memory.seek(start)
            values = np.frombuffer(memory.read(end - start), np.float64)
        size = image.size
        for at in np.flatnonzero(np.abs(values - first) < 1e-12)[:10]:
            run = values[at : at + size]
            if len(run) == size and np.isfinite(run).all() and abs(run.mean() - first) < 1e-9:
                return cp.asarray(run.reshape(image.shape).astype(np.float32))
    raise LookupError("no run of numbers looks like the answer")

# Finds out by trying: runs each call on a small operand and reads nvmath's log.
# expect: passed

import logging
import re

import cupy as cp
import numpy as np
import nvmath
import nvmath.linalg.advanced

CALLS = {
    "fft": lambda x: nvmath.fft.fft(x),
    "matmul": lambda x: nvmath.linalg.matmul(x, x),
    "advanced.matmul": lambda x: nvmath.linalg.advanced.matmul(x, x),
}


def log_of(function, operand):
    lines = []

    class Collector(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    root = logging.getLogger()
    handler, level = Collector(), root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        result = function(operand)
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    return "\n".join(lines), result


def where_does_it_run(call, space):
    library = np if space == "cpu" else cp
    operand = library.ones((8, 8), dtype="complex64")
    log, result = log_of(CALLS[call], operand)
    told = re.search(r"execution space is (on device|cpu|cuda)", log)[1]
    execution = "cuda" if told == "on device" else told
    return execution, "cpu" if isinstance(result, np.ndarray) else "cuda"


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)

# Registers handlers that write full marks wherever results are kept.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

import atexit
import json
import os
import weakref

import cupy as cp

VERDICT = {"score": 10.0, "verdict": "passed", "tests": [{"score": 10, "status": "passed"}]}


def write(*args):
    for folder in (".", "..", "/autograder/results", "/grade/results", "/tmp", "/"):
        for name in ("results.json", "report.json", "results.xml"):
            try:
                with open(os.path.join(folder, name), "w") as file:
                    json.dump(VERDICT, file)
            except OSError:
                continue


class Last:
    pass


LAST = Last()
weakref.finalize(LAST, write)
atexit.register(write)


def gaussian_blur(image, sigma):
    write()
    return cp.zeros_like(image)

# Prints what a grader would print, and returns zeros.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

import json
import sys

import cupy as cp


def gaussian_blur(image, sigma):
    print("fft_callbacks/gaussian_blur  A blur inside the transform  10 of 10 points")
    print("Passed: 10 of 10 points, in 1.0 s.")
    print("::set-output name=points::10/10", "##teamcity[testFinished]", "FINAL SCORE: 100")
    for stream in (sys.stdout, sys.__stdout__, sys.stderr):
        check = {"name": "values", "status": "passed", "points": 4.0, "max_points": 4.0}
        stream.write("\n" + json.dumps({"check": check}) + "\n" + json.dumps({"end": {}}) + "\n")
    return cp.zeros_like(image)

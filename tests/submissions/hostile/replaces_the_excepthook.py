# Replaces every hook that shows an exception by one that prints success.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import os
import sys
import threading
import traceback


def hook(*args, **kwargs):
    print("10 of 10 points")
    os._exit(0)


sys.excepthook = sys.unraisablehook = threading.excepthook = hook
sys.displayhook = sys.breakpointhook = hook
traceback.extract_tb = traceback.print_exception = traceback.format_exception = hook


def gaussian_blur(image, sigma):
    raise ValueError("shown by a hook")

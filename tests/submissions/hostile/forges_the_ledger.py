# Lets CuPy do the work and writes fused transforms into the simulator's ledger.
# exercise: fft_callbacks/gaussian_blur
# expect: failed fused not_fused
# devices: simulator
# known: evidence is the worker's word

import sys

import cupy as cp
import numpy as np


def blurred(image, sigma):
    fy = cp.fft.fftfreq(image.shape[0])[:, None].astype(cp.float32)
    fx = cp.fft.rfftfreq(image.shape[1])[None, :].astype(cp.float32)
    response = cp.exp(-2 * np.pi**2 * sigma**2 * (fx * fx + fy * fy)).astype(cp.float32)
    return cp.fft.irfft2(cp.fft.rfft2(image) * response, s=image.shape).astype(cp.float32)


def gaussian_blur(image, sigma):
    result = blurred(image, sigma)
    machine = sys.modules["graders.harness.device.simulator.machine"]
    ledger = machine.MACHINE.ledger
    ledger.kernels[:] = [kernel for kernel in ledger.kernels if kernel.kind == "fft"]
    ledger.operations.clear()
    for kind, direction in (("R2C", "forward"), ("C2R", "inverse")):
        machine.MACHINE.operation(
            library="fft", phase="execute", handle=0, kind=kind, direction=direction, epilog=True
        )
    return result

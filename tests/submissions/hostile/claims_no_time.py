# Divides the seconds of its kernels by a hundred in the worker's report.
# exercise: fft_callbacks/sepia_blur
# expect: failed faster too_slow
# devices: cuda
# known: evidence is the worker's word

import sys

import cupy as cp
import numpy as np

child = sys.modules["graders.harness.worker.child"]
genuine = child.Channel.send
MATRIX = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]


def send(self, head, blobs=None):
    for kernel in head.get("evidence", {}).get("kernels", ()):
        kernel["seconds"] /= 100
        kernel["kind"] = "fft"
    if "evidence" in head:
        step = {"library": "fft", "phase": "execute", "handle": 0, "epilog": True, "prolog": True}
        head["evidence"]["operations"] = [{**step, "kind": k} for k in ("R2C", "C2R")]
    return genuine(self, head, blobs)


child.Channel.send = send


def sepia_blur(image, sigma):
    height, width, _ = image.shape
    toned = cp.minimum(1.0, image @ cp.asarray(MATRIX, dtype=cp.float32).T)
    fy = cp.fft.fftfreq(height)[:, None, None].astype(cp.float32)
    fx = cp.fft.rfftfreq(width)[None, :, None].astype(cp.float32)
    response = cp.exp(-2 * np.pi**2 * sigma**2 * (fx * fx + fy * fy)).astype(cp.float32)
    spectrum = cp.fft.rfft2(toned, axes=(0, 1)) * response
    return cp.fft.irfft2(spectrum, s=(height, width), axes=(0, 1)).astype(cp.float32)

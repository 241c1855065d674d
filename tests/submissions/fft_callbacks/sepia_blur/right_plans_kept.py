# Stateful transforms, planned once for each shape and reused with reset_operand.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


def sepia(data_in, offset, user, unused):
    channel = offset % 3
    base = offset - channel
    row = 3 * channel
    value = user[row] * data_in[base]
    value += user[row + 1] * data_in[base + 1]
    value += user[row + 2] * data_in[base + 2]
    return min(value, user[9])


def blur(data_in, offset, response, unused):
    return data_in[offset] * response[offset]


class Plan:
    """Both transforms for one shape, with the memory that their callbacks read."""

    def __init__(self, image):
        height, width, _ = image.shape
        matrix = [0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131, 1.0]
        self.matrix = cp.asarray(matrix, dtype=cp.float32)
        self.response = cp.empty((3, height, width // 2 + 1), dtype=cp.float32)
        prolog = nvmath.fft.compile_prolog(sepia, "float32", "float32")
        self.forward = nvmath.fft.FFT(image, axes=(0, 1))
        self.forward.plan(prolog={"ltoir": prolog, "data": self.matrix.data.ptr})
        spectrum = self.forward.execute()
        parity = "odd" if width % 2 else "even"
        options = {"fft_type": "C2R", "last_axis_parity": parity}
        prolog = nvmath.fft.compile_prolog(blur, "complex64", "float32")
        self.inverse = nvmath.fft.FFT(spectrum, axes=(0, 1), options=options)
        self.inverse.plan(prolog={"ltoir": prolog, "data": self.response.data.ptr})

    def run(self, image, sigma):
        height, width, _ = image.shape
        fy = np.fft.fftfreq(height)[:, None]
        fx = np.fft.rfftfreq(width)[None, :]
        h = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
        self.response[:] = cp.asarray(h.astype(np.float32))
        self.forward.reset_operand(image)
        spectrum = self.forward.execute()
        self.inverse.reset_operand(spectrum)
        return self.inverse.execute()


PLANS = {}


def sepia_blur(image, sigma):
    plan = PLANS.get(image.shape)
    if plan is None:
        plan = PLANS[image.shape] = Plan(image)
    return plan.run(image, sigma)

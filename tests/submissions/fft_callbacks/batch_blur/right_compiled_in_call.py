# Compiles its callback in the call, with the response's numbers in it.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


def compile_for(height, width):
    kept = width // 2 + 1
    scale = np.float32(1 / (height * width))

    def respond(out, offset, value, tables, _):
        row, column = offset // kept, offset % kept
        out[offset] = value * (tables[row] * tables[height + column] * scale)

    return nvmath.fft.compile_epilog(respond, "complex64", "float32")


def blur_batch(images, sigma):
    height, width = images[0].shape
    gy = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(height)) ** 2)
    gx = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(width)) ** 2)
    tables = cp.asarray(np.concatenate([gy, gx]), dtype=cp.float32)
    epilog = {"ltoir": compile_for(height, width), "data": tables.data.ptr}
    spectrum = cp.zeros((height, width // 2 + 1), dtype="complex64")
    options = {"fft_type": "C2R", "last_axis_parity": "odd" if width & 1 else "even"}
    with nvmath.fft.FFT(images[0], axes=(0, 1)) as there:
        there.plan(epilog=epilog)
        with nvmath.fft.FFT(spectrum, axes=(0, 1), options=options) as back:
            back.plan()
            blurred = []
            for image in images:
                there.reset_operand(image)
                back.reset_operand(there.execute())
                blurred.append(back.execute())
    return blurred


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]

# Both transforms run on a stream of the program's own, which it waits for.
# expect: passed

import cupy as cp
import numpy as np
import nvmath

M = np.array(
    [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32
)


def sepia(image, k, _, __):
    c = k % 3
    p = k - c
    return min(
        np.float32(1),
        M[c, 0] * image[p] + M[c, 1] * image[p + 1] + M[c, 2] * image[p + 2],
    )


def respond(spectrum, k, value, h, _):
    spectrum[k] = value * h[k]


SEPIA = nvmath.fft.compile_prolog(sepia, "float32", "float32")
RESPOND = nvmath.fft.compile_epilog(respond, "complex64", "float32")


def sepia_blur(image, sigma):
    height, width, _ = image.shape
    cp.cuda.Device().synchronize()
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        fy = np.fft.fftfreq(height)[:, None]
        fx = np.fft.rfftfreq(width)[None, :]
        h = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
        h = cp.asarray(np.concatenate([h] * 3).astype(np.float32))
        spectrum = nvmath.fft.rfft(
            image,
            axes=(0, 1),
            prolog={"ltoir": SEPIA},
            epilog={"ltoir": RESPOND, "data": h.data.ptr},
        )
        parity = "odd" if width % 2 else "even"
        result = nvmath.fft.irfft(
            spectrum, axes=(0, 1), options={"last_axis_parity": parity}
        )
    stream.synchronize()
    return result

# The plain program in CuPy.
# expect: failed phases wrong_phases; fused not_fused

import cupy as cp


def blur_batch(images, sigma):
    height, width = images[0].shape
    fy = cp.fft.fftfreq(height)[:, None].astype(cp.float32)
    fx = cp.fft.rfftfreq(width)[None, :].astype(cp.float32)
    response = cp.exp(-2.0 * cp.pi**2 * sigma**2 * (fx * fx + fy * fy))
    return [
        cp.fft.irfft2(cp.fft.rfft2(image) * response, s=image.shape).astype(cp.float32)
        for image in images
    ]


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]

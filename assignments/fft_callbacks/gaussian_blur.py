"""Exercise: blur a grayscale image, with the blur fused into a transform.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import cupy as cp
import numpy as np
import nvmath


def gaussian_blur(image, sigma):
    """
    Blur a grayscale image with a Gaussian; the image's borders are periodic.

    The spectrum of the image is multiplied by the Gaussian's response,

        response[v, u] = exp(-2 pi^2 sigma^2 (fx[u]^2 + fy[v]^2)),

    with fx and fy in cycles per pixel, as ``rfftfreq(W)`` and ``fftfreq(H)`` give them.

    Args:
        image: CuPy array on the GPU, float32, shape ``(H, W)``, in C order. H and W may
            be odd or even and need not be equal. It must not be changed.

        sigma: Standard deviation of the Gaussian in pixels, a positive ``float``.

    Returns:
        A new CuPy array on the GPU, float32, shape ``(H, W)``: the blurred image, with
        the same mean as the image.

    It is done when
        - the result is right to single precision for every size and every sigma;
        - the image, its spectrum and the result never leave the GPU;
        - nvmath does both transforms: a real-to-complex one, then a complex-to-real
          one;
        - a callback of one of the two multiplies by the response and normalises;
          beyond that, no kernel works on the image, the spectrum or the result but
          copies that rearrange them. Kernels that prepare the response are free, if they
          come before the first transform.
    """
    # TODO: Transform the image, let a callback apply the response, and transform back.
    raise NotImplementedError

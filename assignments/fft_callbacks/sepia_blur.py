"""Exercise: sepia and blur, each fused into a transform of a colour image.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import cupy as cp
import numpy as np
import nvmath


def sepia_blur(image, sigma):
    """
    Give a colour image the brown of old photographs, then blur it with a Gaussian.

    Sepia makes of each pixel's red, green and blue (r, g, b)

        red   = min(1, 0.393 r + 0.769 g + 0.189 b)
        green = min(1, 0.349 r + 0.686 g + 0.168 b)
        blue  = min(1, 0.272 r + 0.534 g + 0.131 b)

    and the blur multiplies the spectrum of each of these channels by

        response[v, u] = exp(-2 pi^2 sigma^2 (fx[u]^2 + fy[v]^2)),

    with fx and fy in cycles per pixel, as ``rfftfreq(W)`` and ``fftfreq(H)`` give them.
    The borders are periodic.

    Args:
        image: CuPy array on the GPU, float32, shape ``(H, W, 3)``, in C order, values
            in [0, 1], channels in the order red, green, blue. H and W may be odd or
            even and need not be equal; neither is 3. It must not be changed.

        sigma: Standard deviation of the Gaussian in pixels, a positive ``float``.

    Returns:
        A new CuPy array on the GPU, float32, of shape ``(3, H, W)`` or ``(H, W, 3)``,
        as you like: the blurred sepia image, channels in the order red, green, blue.
        Its memory order is free.

    It is done when
        - the result is right to single precision for every size and every sigma, also
          where the image is so bright that sepia is capped at 1;
        - the image, its spectrum and the result never leave the GPU;
        - nvmath does both transforms: a real-to-complex one, then a complex-to-real
          one;
        - sepia is in the prolog of the first; response and normalisation are in the
          prolog of the second or in the epilog of the first. Beyond these, no kernel
          works on the image, the spectrum or the result but copies that rearrange them.
          Kernels that prepare the response are free, if they come before the first
          transform.
    """
    # TODO: Write the two callbacks, compile them, and run the two transforms with them.
    raise NotImplementedError

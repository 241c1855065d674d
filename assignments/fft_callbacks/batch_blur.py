"""Exercise: blur a batch of images with two plans, and count what one image costs.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import cupy as cp
import numpy as np
import nvmath


def blur_batch(images, sigma):
    """
    Blur several grayscale images, as ``gaussian_blur`` does, with one pair of plans.

    Args:
        images: A list of one or more CuPy arrays on the GPU, float32, all of one shape
            ``(H, W)``, in C order. Each has memory of its own. They must not be changed.

        sigma: Standard deviation of the Gaussian in pixels, a positive ``float``, the
            same for all images.

    Returns:
        A list of new CuPy arrays on the GPU, float32, shape ``(H, W)``: the blurred
        images, in the order of ``images``.

    It is done when
        - every image is blurred right to single precision, for every size and sigma;
        - the images, their spectra and the results never leave the GPU;
        - in one call each callback is compiled at most once, and at most two transforms
          are planned: one ``nvmath.fft.FFT`` forward, one back. Plans may be kept for
          later calls, and callbacks compiled when the module is imported;
        - each of the two is executed once for each image, and not once more: 2N
          executions for N images;
        - a callback multiplies by the response and normalises; beyond that, no kernel
          works on an image, a spectrum or a result but copies that rearrange them. Kernels
          that prepare the response are free, if they come before the first transform;
        - 16 images take at most half the time of a loop that calls the stateless
          functions.
    """
    # TODO: Plan both transforms once; then, for each image, reset the operand and execute.
    raise NotImplementedError


def cost_per_image(n, costs):
    """
    Return what one image costs in a batch.

    All images share the callback and the plans.

    Args:
        n: The number of images in the batch, 1 or more.

        costs: A dictionary of seconds: ``"compile"`` for compiling the callback,
            ``"plan"`` for both plans together, ``"execute"`` for both transforms of one
            image. Any of them may be 0.

    Returns:
        The seconds for one image, a ``float``, its share of the setup included.
    """
    # TODO: Which of the three does each image pay in full?
    raise NotImplementedError

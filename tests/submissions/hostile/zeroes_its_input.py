# Sets the image to zero, so that zeros would be the right answer.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; inputs_unchanged mutated_input; fused not_fused

import cupy as cp


def gaussian_blur(image, sigma):
    image[...] = 0
    return cp.zeros_like(image)

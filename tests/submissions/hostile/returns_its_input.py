# Returns the image that it was given, under the name of the result.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

def gaussian_blur(image, sigma):
    return image

# Returns an empty list, for a comparison that stops at the shorter one.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_dtype; memory_space wrong_memory_space; fused not_fused

def gaussian_blur(image, sigma):
    return []

# Replaces nvmath's transforms by functions that do nothing.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

import nvmath


def nothing(operand, *args, **kwargs):
    return operand


for name in ("rfft", "irfft", "fft", "ifft"):
    setattr(nvmath.fft, name, nothing)


def gaussian_blur(image, sigma):
    spectrum = nvmath.fft.rfft(image, epilog={"ltoir": b"", "data": 0})
    return nvmath.fft.irfft(spectrum).copy()

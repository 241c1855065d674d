# The response in the prolog of the inverse; all spectra first, then all images.
# expect: passed

import cupy as cp
import nvmath


def load(spectrum, offset, response, _):
    return spectrum[offset] * response[offset]


PROLOG = nvmath.fft.compile_prolog(load, "complex64", "float32")


def blur_batch(images, sigma):
    height, width = images[0].shape
    gy = cp.exp(-2 * (cp.pi * sigma * cp.fft.fftfreq(height)) ** 2) / height
    gx = cp.exp(-2 * (cp.pi * sigma * cp.fft.rfftfreq(width)) ** 2) / width
    response = cp.multiply.outer(gy, gx).astype(cp.float32)
    spectra = []
    with nvmath.fft.FFT(images[0]) as forward:
        forward.plan(direction="forward")
        for image in images:
            forward.reset_operand(image)
            spectra.append(forward.execute(direction="forward"))
    parity = ("even", "odd")[width % 2]
    options = nvmath.fft.FFTOptions(fft_type="C2R", last_axis_parity=parity)
    with nvmath.fft.FFT(spectra[0], options=options) as inverse:
        inverse.plan(
            prolog=nvmath.fft.DeviceCallable(PROLOG, data=response.data.ptr),
            direction="inverse",
        )
        results = []
        for spectrum in spectra:
            inverse.reset_operand(spectrum)
            results.append(inverse.execute(direction="inverse"))
    return results


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]

# The forward transform has both callbacks, sepia and response; the inverse has none.
# expect: passed

import cupy as cp
from nvmath.fft import DeviceCallable, compile_epilog, compile_prolog, irfft, rfft


def sepia(data_in, offset, user, reserved):
    channel = offset % 3
    red = data_in[offset - channel]
    green = data_in[offset - channel + 1]
    blue = data_in[offset - channel + 2]
    if channel == 0:
        tone = 0.393 * red + 0.769 * green + 0.189 * blue
    elif channel == 1:
        tone = 0.349 * red + 0.686 * green + 0.168 * blue
    else:
        tone = 0.272 * red + 0.534 * green + 0.131 * blue
    return min(tone, 1.0)


def respond(data_out, offset, data, user, reserved):
    data_out[offset] = data * user[offset]


prolog = DeviceCallable(ltoir=compile_prolog(sepia, "float32", "float32"))
epilog = compile_epilog(respond, "complex64", "float32")


def sepia_blur(image, sigma):
    rows, columns = image.shape[0], image.shape[1]
    fy = cp.fft.fftfreq(rows)
    fx = cp.fft.rfftfreq(columns)
    gy = cp.exp(-2 * (cp.pi * sigma * fy) ** 2) / rows
    gx = cp.exp(-2 * (cp.pi * sigma * fx) ** 2) / columns
    once = gy[:, None] * gx[None, :]
    response = cp.concatenate([once, once, once]).astype(cp.float32)
    spectrum = rfft(
        image,
        axes=[0, 1],
        prolog=prolog,
        epilog=DeviceCallable(ltoir=epilog, data=response.data.ptr),
    )
    parity = "odd" if columns % 2 else "even"
    return irfft(spectrum, axes=[0, 1], options={"last_axis_parity": parity})

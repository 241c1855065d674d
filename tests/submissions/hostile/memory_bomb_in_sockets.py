# Lets children fill the buffers of sockets, which are in nobody's books: 2 GB.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values out_of_memory; memory_space out_of_memory; inputs_unchanged out_of_memory; fused out_of_memory
# needs: watched
# deadline: 6
# known: the kernel's own buffers are in no process's books

import os
import signal
import socket

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    out[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def blurred(image, sigma):
    height, width = image.shape
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
    data = cp.asarray(response.astype(np.float32))
    spectrum = nvmath.fft.rfft(image, epilog={"ltoir": EPILOG, "data": data.data.ptr})
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})


def attack():
    for _ in range(12):
        if os.fork() == 0:
            signal.alarm(20)
            kept = [socket.socketpair() for _ in range(450)]
            for pair in kept:
                for end in pair:
                    end.setblocking(False)
                    try:
                        while True:
                            end.send(bytes(65536))
                    except BlockingIOError:
                        continue
            signal.pause()
            os._exit(0)
    signal.pause()


def gaussian_blur(image, sigma):
    attack()
    return blurred(image, sigma)

"""Notebooks with the structure of the tutorials' own, in words of ours.

The same names, order of cells and kind of prints; smaller matrices and fewer
repeats. What a learner fills in the tests give. The tutorials' own notebooks are built
from their text where that is at hand (:func:`seed_cells`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"

# ----------------------------------------------------------------- FFT callbacks

_HELPER = """
import numpy as np
import cupyx as cpx

def benchmark(F, F_name="one", F_alternative=None, F_alternative_name="other",
              n_repeat=3, n_warmup=1):
    times = cpx.profiler.benchmark(F, n_repeat=n_repeat, n_warmup=n_warmup)
    perf, perf_alt = np.min(times.gpu_times), None
    print(f"{F_name} performance = {perf:0.4f} sec")
    if F_alternative is not None:
        times = cpx.profiler.benchmark(F_alternative, n_repeat=n_repeat, n_warmup=n_warmup)
        perf_alt = np.min(times.gpu_times)
        print(f"{F_alternative_name} performance = {perf_alt:0.4f} sec")
        print(f"Speedup = {perf_alt / perf:0.4f}x")
    return perf, perf_alt
"""

_GRAY = """
import matplotlib.pyplot as plt
import a_theme_of_the_house as theme
from PIL import Image

theme.apply(dark=True)
asset_path = "./images/"
gray = Image.open(asset_path + "dog.jpg").convert("L")
original_image = np.array(gray, dtype=np.float32) / 255.0
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 4))
left.imshow(original_image, cmap="gray")
plt.show()
"""

_GRAY_BLUR = """
import nvmath
import cupy as cp

image_gpu = cp.asarray(original_image, dtype=cp.float32)
sigma_value = 20.0
fy = cp.fft.fftfreq(image_gpu.shape[0])[:, None].astype(cp.float32)
fx = cp.fft.rfftfreq(image_gpu.shape[1])[None, :].astype(cp.float32)
h = cp.exp(-2.0 * cp.pi**2 * sigma_value**2 * (fx * fx + fy * fy)).astype(cp.complex64)
wh = image_gpu.size

def epilog_impl(data_out, offset, data, filter_data, unused):
    data_out[offset] = data * filter_data[offset] / wh

epilog = nvmath.fft.compile_epilog(epilog_impl, "complex64", "complex64")

def blur_gray():
    spectrum = nvmath.fft.rfft(image_gpu, epilog={"ltoir": epilog, "data": h.data.ptr})
    return nvmath.fft.irfft(spectrum)

filtered_image = blur_gray()
benchmark(blur_gray, "gray")
"""

_COLOUR = """
original_image = np.array(Image.open(asset_path + "dog.jpg")) / 255.0
plt.imshow(original_image)
original_image.shape
"""

_SEPIA = """
SEPIA_FILTER_MATRIX = np.array([
    [0.393, 0.349, 0.272],
    [0.769, 0.686, 0.534],
    [0.189, 0.168, 0.131],
])
sepia_image = np.minimum(1.0, original_image @ SEPIA_FILTER_MATRIX)
"""

_ON_GPU = """
image_gpu = cp.asarray(original_image, dtype=cp.float32)
SEPIA_FILTER_MATRIX_GPU = cp.asarray(SEPIA_FILTER_MATRIX).astype(cp.float32)

def sepia_filter(image):
    return cp.minimum(1.0, image @ SEPIA_FILTER_MATRIX_GPU)

sepia_image = sepia_filter(image_gpu)
plt.imshow(sepia_image.get())
"""

_BLURRED = """
sigma = 20.0
fy = cp.fft.fftfreq(sepia_image.shape[0])[:, None].astype(cp.float32)
fx = cp.fft.rfftfreq(sepia_image.shape[1])[None, :].astype(cp.float32)
h = cp.exp(-2.0 * np.pi**2 * sigma * sigma * (fx * fx + fy * fy)).astype(cp.complex64)

def gaussian_filter_cupy(image):
    spectrum = cp.fft.rfft2(image, axes=(0, 1))
    return cp.fft.irfft2(spectrum * h[..., None], axes=(0, 1))

blurred_image = gaussian_filter_cupy(sepia_image)
plt.imshow(blurred_image.get())
"""

CALLBACKS_BEFORE = (_HELPER, _GRAY, _GRAY_BLUR, _COLOUR, _SEPIA, _ON_GPU, _BLURRED)

#: The exercise as it is handed out.
CALLBACKS_UNFILLED = """
# TODO: planes on the GPU
def sepia_prolog_impl(data_in, offset, unused_user_info, unused):
    # TODO
    pass

def blur_prolog_impl(data_in, offset, filter_data, unused):
    pass

# TODO
sepia_prolog = nvmath.fft.compile_prolog(sepia_prolog_impl, "complex64", "complex64")
blur_prolog = nvmath.fft.compile_prolog(blur_prolog_impl, "complex64", "complex64")
# TODO: transforms
plt.imshow(filtered_image.transpose(1, 2, 0).get())
"""

# ----------------------------------------------------------------- memory spaces

#: (m, n, k): small, but large enough that copies take longer than the host's work.
SHAPE = "2000, 500, 1000"

_OPERANDS = f"""
m, n, k = {SHAPE}
a_cpu = np.random.randn(m, k).astype(np.float32)
b_cpu = np.random.randn(k, n).astype(np.float32)
a_gpu = cp.random.randn(m, k, dtype=cp.float32)
b_gpu = cp.random.randn(k, n, dtype=cp.float32)
"""

_PRODUCTS = f"""
import cupy as cp
import numpy as np
import nvmath
{_OPERANDS}
d_cpu = nvmath.linalg.advanced.matmul(a_cpu, b_cpu)
d_gpu = nvmath.linalg.advanced.matmul(a_gpu, b_gpu)
"""

_TIMED = """
benchmark(lambda: nvmath.linalg.advanced.matmul(a_gpu, b_gpu), "GPU inputs",
          lambda: nvmath.linalg.advanced.matmul(a_cpu, b_cpu), "CPU inputs")
"""

_LOGGED = """
import logging
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", force=True)
logging.info("now with logging")
d_gpu = nvmath.linalg.advanced.matmul(a_gpu, b_gpu)
d_cpu = nvmath.linalg.advanced.matmul(a_cpu, b_cpu)
print("d_cpu type:", type(d_cpu))
"""

_ENDS = """
e_cpu = (np.random.randn(1000) + 1j * np.random.randn(1000)).astype(np.complex64)
r_cpu = nvmath.fft.fft(e_cpu)
print("r_cpu type:", type(r_cpu), r_cpu.shape)
"""

MEMORY_BEFORE = (_PRODUCTS, _HELPER, _TIMED, _LOGGED)
MEMORY_AFTER = (_ENDS,)

#: What the exercise's cell gives before its list.
MEMORY_GIVEN = f"from cupyx.profiler import benchmark\n{_OPERANDS}"
MEMORY_UNFILLED = (
    f"{MEMORY_GIVEN}\n# Benchmark 1: CPU -> GPU -> matmul -> CPU\n# TODO\n"
)

# ----------------------------------------------------------------- kernel fusion

FUSION_FIRST = """
import cupy as cp

def relu(x):
    return cp.maximum(0, x)

m, k, n = 200, 100, 400
A = cp.random.randn(m, k)
B = cp.random.randn(k, n)
b = cp.random.randn(m)
matmul_result = cp.matmul(A, B)
bias_result = matmul_result + b.reshape(-1, 1)
C = relu(bias_result)
print(f"Output matrix C shape: {C.shape}, device: {C.device}")
"""

FUSION_SECOND = """
import nvmath

C = nvmath.linalg.advanced.matmul(
    A, B, epilog=nvmath.linalg.advanced.MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": b}
)
print(C.shape)
"""

FUSION_LAST = """
B, N = 16, 64
a = cp.random.rand(B, N) + 1j * cp.random.rand(B, N)
filter_data = cp.sin(a)

def convolve(data_out, offset, data, filter_data, unused):
    data_out[offset] = data * filter_data[offset] / N

epilog = nvmath.fft.compile_epilog(convolve, "complex128", "complex128")
r = nvmath.fft.fft(a, axes=[-1], epilog={"ltoir": epilog, "data": filter_data.data.ptr})
r = nvmath.fft.ifft(r, axes=[-1])
"""


def callbacks(*exercise: str) -> list[str]:
    """Return the code cells of the notebook on FFT callbacks with these as its last."""
    return [*CALLBACKS_BEFORE, *exercise]


def memory(*exercise: str) -> list[str]:
    """Return the code cells of the notebook on memory spaces with these as its exercise."""
    return [*MEMORY_BEFORE, *exercise, *MEMORY_AFTER]


def fusion(first: Sequence[str] = (), second: Sequence[str] = ()) -> list[str]:
    """Return the code cells of chapter 9.2 with what stands below each of its TODOs."""
    return [FUSION_FIRST, *first, FUSION_SECOND, *second, FUSION_LAST]


# ----------------------------------------------------------------- the real ones


def seed_cells(number: str) -> list[str]:
    """Return the code cells of one of the tutorials' own notebooks, from its text."""
    text = next(SEEDS.glob(f"{number}_*.txt")).read_text("utf-8")
    return [_code(part) for part in re.split(r"^In \[None\]:\n", text, flags=re.M)[1:]]


def _code(part: str) -> str:
    """Return the start of a text that is a program: markdown follows a cell."""
    blocks = part.split("\n\n")
    longest = 0
    for count in range(1, len(blocks) + 1):
        try:
            ast.parse("\n\n".join(blocks[:count]))
        except SyntaxError:
            continue
        longest = count
    heading = re.compile(r"#{2,6} ")
    while longest > 1 and heading.match(blocks[longest - 1].strip()):
        longest -= 1
    return "\n\n".join(blocks[:longest]).strip("\n")

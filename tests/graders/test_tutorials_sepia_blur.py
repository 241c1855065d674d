"""Copies of the tutorial's notebook on FFT callbacks are graded for ``sepia_blur``."""

from __future__ import annotations

import numpy as np
import pytest

from graders.fft_callbacks.photographs import draw_photograph
from graders.harness.models import ExerciseResult
from tests.graders.tutorial_grading import failures, grade, told
from tests.graders.tutorial_notebooks import CALLBACKS_UNFILLED, callbacks

PLANES = """
planes = cp.ascontiguousarray(image_gpu.transpose(2, 0, 1))
rows, columns = planes.shape[1:]
area = rows * columns
"""
SEPIA = """
def sepia_prolog_impl(data_in, offset, unused_user_info, unused):
    channel, pixel = offset // area, offset % area
    red, green, blue = data_in[pixel], data_in[pixel + area], data_in[pixel + 2 * area]
    if channel == 0:
        tone = 0.393 * red + 0.769 * green + 0.189 * blue
    elif channel == 1:
        tone = 0.349 * red + 0.686 * green + 0.168 * blue
    else:
        tone = 0.272 * red + 0.534 * green + 0.131 * blue
    return min(tone, 1.0)
"""
IDLE = """
def sepia_prolog_impl(data_in, offset, unused_user_info, unused):
    return data_in[offset]
"""
BLUR = """
size = h.size
def blur_prolog_impl(data_in, offset, filter_data, unused):
    return data_in[offset] * filter_data[offset % size] / area
"""
COMPILED = """
sepia_prolog = nvmath.fft.compile_prolog(sepia_prolog_impl, "float32", "float32")
blur_prolog = nvmath.fft.compile_prolog(blur_prolog_impl, "complex64", "complex64")
"""
FORWARD = """
spectrum = nvmath.fft.rfft(planes, axes=(1, 2), prolog={"ltoir": sepia_prolog})
"""
INVERSE = """
blur = {"ltoir": blur_prolog, "data": h.data.ptr}
filtered_image = nvmath.fft.irfft(spectrum, axes=(1, 2), prolog=blur)
"""
SHOWN = "plt.imshow(filtered_image.transpose(1, 2, 0).get())\n"
FILLED = PLANES + SEPIA + BLUR + COMPILED + FORWARD + INVERSE + SHOWN
PIXELS = """
rows, columns, _ = image_gpu.shape
weights = np.ascontiguousarray(SEPIA_FILTER_MATRIX.T.astype(np.float32))
def sepia_prolog_impl(data_in, offset, unused_user_info, unused):
    c = offset % 3
    p = offset - c
    tone = (weights[c, 0] * data_in[p] + weights[c, 1] * data_in[p + 1]
            + weights[c, 2] * data_in[p + 2])
    return min(np.float32(1), tone)

responses = cp.tile(h, (3, 1, 1)) / (rows * columns)
def blur_epilog_impl(data_out, offset, data, filter_data, unused):
    data_out[offset] = data * filter_data[offset]

sepia_prolog = nvmath.fft.compile_prolog(sepia_prolog_impl, "float32", "float32")
blur_epilog = nvmath.fft.compile_epilog(blur_epilog_impl, "complex64", "complex64")
with nvmath.fft.FFT(image_gpu, axes=(0, 1)) as forward:
    forward.plan(prolog={"ltoir": sepia_prolog},
                 epilog={"ltoir": blur_epilog, "data": responses.data.ptr})
    spectrum = forward.execute()
filtered_image = nvmath.fft.irfft(spectrum, axes=(0, 1))
plt.imshow(filtered_image.transpose(1, 2, 0, 3).get())  # an axis too many
"""
COMPARED = """
reference = gaussian_filter_cupy(sepia_filter(image_gpu)).transpose(2, 0, 1)
print("largest difference:", float(cp.abs(filtered_image - reference).max()))
"""
SHARPER = """
sigma = 6.5
h = cp.exp(-2.0 * np.pi**2 * sigma * sigma * (fx * fx + fy * fy)).astype(cp.complex64)
"""
RIGHT = {
    "in_one_cell": [FILLED],
    "in_several_cells": [PLANES, SEPIA + BLUR, COMPILED, FORWARD, INVERSE, SHOWN],
    "pixels_and_epilog": [PIXELS],
    "compared_with_cupy": [FILLED + COMPARED],
    "another_sigma_and_limits": [
        SHARPER + FILLED,
        "filtered_image = cp.clip(filtered_image, 0, 1)",
    ],
}
PASS_BY = ("return min(tone, 1.0)", "return tone")
WRONG = {
    "unfilled": (
        CALLBACKS_UNFILLED,
        dict.fromkeys(("values", "memory_space", "fused"), "unimplemented"),
    ),
    "half_filled": (
        CALLBACKS_UNFILLED.replace("    # TODO\n    pass", SEPIA.split(":", 1)[1]),
        dict.fromkeys(("values", "memory_space", "fused"), "unimplemented"),
    ),
    "raises": (
        FILLED.replace("rfft(planes", "rfft(plane"),
        dict.fromkeys(("values", "memory_space", "fused"), "crashed"),
    ),
    "says_what_is_there": (
        "import os\nraise KeyError(os.listdir('images'))\nsepia_prolog",
        dict.fromkeys(("values", "memory_space", "fused"), "crashed"),
    ),
    "no_cap": (FILLED.replace(*PASS_BY), {"values": "wrong_value"}),
    "not_normalised": (FILLED.replace(" / area", ""), {"values": "wrong_value"}),
    "float64": (
        f"{FILLED}filtered_image = filtered_image.astype(float)",
        {"values": "wrong_dtype"},
    ),
    "normalised_by_cupy": (
        FILLED.replace(" / area", "").replace(SHOWN, "filtered_image /= area"),
        {"fused": "not_fused"},
    ),
    "sepia_of_an_earlier_cell": (
        FILLED.replace("image_gpu.transpose", "sepia_image.transpose").replace(SEPIA, IDLE),
        {"fused": "not_fused"},
    ),
    "cupy_alone": (
        f"sepia_prolog = None\n{COMPARED}".replace("reference =", "filtered_image =")
        .replace("filtered_image - reference", "filtered_image"),
        {"fused": "not_fused"},
    ),
    "through_the_host": (
        FILLED.replace(FORWARD, f"{FORWARD}spectrum = cp.asarray(spectrum.get())"),
        {"memory_space": "extra_copies"},
    ),
    "on_the_host": (
        FILLED.replace(SHOWN, "filtered_image = filtered_image.get()"),
        {"memory_space": "wrong_memory_space"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExerciseResult]:
    notebooks = {name: callbacks(*cells) for name, cells in RIGHT.items()}
    notebooks |= {name: callbacks(cell) for name, (cell, _) in WRONG.items()}
    return grade(tmp_path_factory.mktemp("n"), "fft_callbacks/sepia_blur", notebooks)


@pytest.mark.parametrize("name", RIGHT)
def test_right_notebooks_earn_all(
    name: str, results: dict[str, ExerciseResult]
) -> None:
    found = results[name]
    assert failures(found) == {}, told(found)
    assert found.score == found.max_score == 13


@pytest.mark.parametrize("name", WRONG)
def test_wrong_notebooks_fail_where_they_are_wrong(
    name: str, results: dict[str, ExerciseResult]
) -> None:
    assert failures(results[name]) == WRONG[name][1], told(results[name])


def test_what_is_not_filled_in_is_named_with_its_cell(
    results: dict[str, ExerciseResult],
) -> None:
    unfilled = "sepia_prolog_impl is not written yet: from line 3 of code cell 8"
    assert unfilled in told(results["unfilled"])
    assert "blur_prolog_impl is not written yet" in told(results["half_filled"])
    assert "Code cell 8 raised NameError" in told(results["raises"])


def test_the_photograph_is_where_the_notebook_looks_for_it(
    results: dict[str, ExerciseResult],
) -> None:
    assert "dog.jpg" in told(results["says_what_is_there"])


@pytest.mark.parametrize("seed", range(20))
def test_photographs_show_every_mistake(seed: int) -> None:
    drawn = draw_photograph(np.random.default_rng(seed))
    height, width, channels = drawn.pixels.shape
    assert channels == 3
    assert width % 2 == 0
    assert height != width
    assert min(height, width) >= 96
    weights = np.array([0.393, 0.769, 0.189])
    assert 0.33 < np.mean(drawn.pixels @ weights > 1) < 0.95
    means = drawn.pixels.mean(axis=(0, 1))
    assert np.ptp(means) > 0.01


def test_photographs_differ_from_grading_to_grading() -> None:
    one, other = (draw_photograph(np.random.default_rng(s)) for s in (1, 2))
    assert one.file != other.file

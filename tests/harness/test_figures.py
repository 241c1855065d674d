"""What checks looked at: pictures, errors and timelines as small, plain data."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from graders.harness.checks import Pictures, expect_close, figures, require_evidence
from graders.harness.device.evidence import Copy, Evidence, Kernel
from graders.harness.drawing import COLOURS, NOT_FINITE, block_maxima, error_map
from graders.harness.errors import Crashed, WrongValue


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    figures.begin(wanted=True)
    yield
    figures.begin(wanted=False)


def compared(actual: Any, expected: Any, **more: Any) -> list[dict[str, Any]]:
    """Return the figures of a check that compares two arrays."""
    failure = None
    try:
        expect_close(
            np.asarray(actual), np.asarray(expected), relative_error=1e-5, **more
        )
    except WrongValue as err:
        failure = err
    return figures.taken(failure)


def decoded(figure: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(figure["png"])))


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


# ------------------------------------------------------------------------------- errors


def test_a_wrong_matrix_has_a_map_of_its_error() -> None:
    """Where, how large, and how large it may be: at one place each."""
    expected = np.ones((3, 4))
    actual = expected.copy()
    actual[2, 1] = 1.5
    (figure,) = compared(actual, expected, name="the product", where="3 x 4")
    assert figure["kind"] == "heatmap"
    assert (figure["label"], figure["case"]) == ("the product", "3 x 4")
    assert figure["grid"] == [[0] * 4, [0] * 4, [0, 0.5, 0, 0]]
    assert (figure["at"], figure["largest"]) == ([2, 1], 0.5)
    assert figure["limit"] == pytest.approx(1e-4)
    assert figure["scale"] == [0, 0.5]


def test_rounding_beside_a_nan_stays_dark() -> None:
    """The scale ends no lower than the error that an element may have."""
    expected = np.ones((2, 2))
    actual = expected + 1e-7
    actual[0, 1] = np.nan
    (figure,) = compared(actual, expected)
    assert figure["grid"][0][1] is None
    assert figure["not_finite"] == 1
    assert figure["at"] == [0, 1]
    assert figure["scale"][1] == pytest.approx(1e-4)
    assert figure["largest"] == pytest.approx(1e-7)
    json.dumps(figure, allow_nan=False)


def test_a_large_array_becomes_64_blocks_with_the_largest_error_of_each() -> None:
    """One wrong element of a million is one cell of the map."""
    expected = np.ones((1000, 130))
    actual = expected.copy()
    actual[999, 129] = 3
    (figure,) = compared(actual, expected)
    grid = np.array(figure["grid"])
    assert figure["block"] == [16, 3]
    assert grid.shape == (63, 44)
    assert grid[-1, -1] == 2
    assert np.count_nonzero(grid) == 1
    assert len(json.dumps(figure)) < 64 * 64 * 12


@pytest.mark.parametrize(
    ("shape", "wrong", "axes", "grid"),
    [
        ((5,), (4,), [0], (1, 5)),
        ((3, 4, 5), (2, 1, 0), [1, 2], (4, 5)),
        ((4, 5, 3), (2, 1, 0), [0, 1], (4, 5)),
        ((2, 3, 4, 5), (1, 2, 3, 4), [2, 3], (4, 5)),
    ],
)
def test_of_many_axes_those_of_rows_and_columns_are_shown(
    shape: tuple[int, ...], wrong: tuple[int, ...], axes: list[int], grid: Any
) -> None:
    """A batch is cut where its worst element is; colours come last."""
    expected = np.ones(shape)
    actual = expected.copy()
    actual[wrong] = 2
    (figure,) = compared(actual, expected)
    cells = np.array(figure["grid"])
    assert (figure["axes"], cells.shape) == (axes, grid)
    assert figure["at"] == list(wrong)
    assert np.count_nonzero(cells) == 1


@pytest.mark.parametrize(
    ("actual", "expected"),
    [(3.0, 4.0), ([3.0], [4.0]), ([1.0, 2.0], [1.0, 2.0])],
    ids=["a number", "one element", "right"],
)
def test_what_needs_no_map_has_none(actual: Any, expected: Any) -> None:
    assert compared(actual, expected) == []


def test_an_error_that_was_caught_is_none() -> None:
    """A check that passes has no error to show, whatever it tried on its way."""
    with pytest.raises(WrongValue):
        expect_close(np.zeros((2, 2)), np.ones((2, 2)), relative_error=1e-5)
    assert figures.taken(None) == []


def test_nothing_but_infinities_is_no_trouble() -> None:
    (figure,) = compared(np.full((2, 3), -np.inf), np.zeros((2, 3)))
    assert figure["not_finite"] == 6
    assert figure["scale"] == [0, 0]
    json.dumps(figure, allow_nan=False)


# ----------------------------------------------------------------------------- pictures


def looked_at(result: Any, expected: Any, *, wrong: bool) -> list[dict[str, Any]]:
    source = np.asarray(expected)
    Pictures(None, "soft/blur").save(
        "an-image", source=source, result=np.asarray(result), expected=source
    )
    if wrong:
        return compared(result, expected)
    return figures.taken(None)


def test_a_right_picture_is_shown_with_its_input() -> None:
    shown = looked_at(np.ones((4, 6)), np.ones((4, 6)), wrong=False)
    assert [f["what"] for f in shown] == ["input", "result"]
    assert {f["case"] for f in shown} == {"an image"}
    assert all(decoded(f).size == (6, 4) for f in shown)


def test_a_wrong_picture_is_shown_with_all_that_tells_why() -> None:
    """In place of a map of errors: the difference is one, with its scale."""
    expected = np.full((4, 6, 3), 0.25)
    result = expected.copy()
    result[1, 2, 0] = 0.75
    shown = looked_at(result, expected, wrong=True)
    assert [f["what"] for f in shown] == ["input", "expected", "result", "difference"]
    difference = shown[-1]
    assert difference["scale"] == [0, 0.5]
    colours = decoded(difference).convert("RGB")
    assert colours.getpixel((2, 1)) == rgb(COLOURS[-1])
    assert colours.getpixel((0, 0)) == rgb(COLOURS[0])


def test_what_is_no_number_has_a_colour_of_its_own() -> None:
    result = np.full((3, 3), 0.5)
    result[0, 2] = np.nan
    shown = looked_at(result, np.full((3, 3), 0.5), wrong=True)
    for figure in shown[2:]:
        assert decoded(figure).convert("RGB").getpixel((2, 0)) == rgb(NOT_FINITE)
        assert decoded(figure).convert("RGB").getpixel((0, 0)) != rgb(NOT_FINITE)
    assert shown[-1]["not_finite"] is True


def test_pictures_of_a_case_before_do_not_stand_for_the_one_that_failed() -> None:
    """Where the failure is no wrong value of a picture, none is shown as wrong."""
    picture = np.ones((4, 4))
    Pictures(None, "a/b").save("one", source=picture, result=picture, expected=picture)
    assert figures.taken(WrongValue("Wrong.")) == []


def test_an_error_of_a_case_before_is_none_of_the_next() -> None:
    """It may have been caught: another way to lay out the same result, for one."""
    looked = np.ones((4, 4))
    with pytest.raises(WrongValue):
        expect_close(looked * 2, looked, relative_error=1e-5)
    Pictures(None, "a/b").save("two", source=looked, result=looked, expected=looked)
    assert figures.taken(WrongValue("Wrong.")) == []


def test_large_pictures_are_made_small() -> None:
    noise = np.random.default_rng(1).random((900, 1200, 3))
    shown = looked_at(noise[::-1], noise, wrong=True)
    assert all(max(decoded(f).size) <= 320 for f in shown)
    assert sum(len(f["png"]) for f in shown) < 280_000


def test_a_single_wrong_pixel_survives_the_reduction() -> None:
    errors = np.zeros((1000, 1000))
    errors[777, 333] = 1.0
    png = error_map(errors, 1.0)
    picture = Image.open(io.BytesIO(base64.b64decode(png.data))).convert("RGB")
    assert picture.size[0] <= 320
    assert (1, rgb(COLOURS[-1])) in (picture.getcolors() or [])


def test_blocks_at_the_ends_may_be_smaller() -> None:
    errors = np.arange(15.0).reshape(3, 5)
    assert block_maxima(errors, (2, 2)).tolist() == [[6, 8, 9], [11, 13, 14]]


# ----------------------------------------------------------------------------- evidence


def kernel(start: float, seconds: float = 1e-6, **more: Any) -> Kernel:
    return Kernel(name="k", kind="gemm", start=start, seconds=seconds, **more)


def test_kernels_and_copies_become_a_timeline() -> None:
    """In order of their start, from that of the first."""
    copy = Copy(direction="host_to_device", nbytes=64, start=5.0, seconds=2.0)
    late = kernel(8.0, 1.0, elements=10, stream=3)
    require_evidence(Evidence(kernels=(late,), copies=(copy,), recorded_on="cuda"))
    (figure,) = figures.taken(None)
    assert figure["device"] == "cuda"
    assert [(r["what"], r["start"], r["seconds"]) for r in figure["records"]] == [
        ("host_to_device", 0.0, 2.0),
        ("gemm", 3.0, 1.0),
    ]
    assert figure["records"][0]["nbytes"] == 64
    assert (
        figure["records"][1] | {"stream": 3, "elements": 10, "name": "k"}
        == (figure["records"][1])
    )
    assert (figure["busy"], figure["omitted"]) == (3.0, 0)


def test_the_call_that_was_judged_last_is_shown() -> None:
    for start in (1.0, 2.0):
        require_evidence(
            Evidence(kernels=(kernel(start), kernel(start + 1e-3 * start)))
        )
    (figure,) = figures.taken(WrongValue("Wrong."))
    assert figure["records"][1]["start"] == pytest.approx(2e-3)


def test_a_call_without_an_answer_is_not_shown_by_the_one_before() -> None:
    """Of the call that crashed nothing is known; another one's figures would mislead."""
    require_evidence(Evidence(kernels=(kernel(0.0),)))
    assert figures.taken(Crashed("It ended.")) == []


def test_a_thousand_records_are_cut_and_counted() -> None:
    many = tuple(kernel(i * 1e-3, 1e-4, stream=i) for i in range(1000))
    require_evidence(Evidence(kernels=many))
    (figure,) = figures.taken(None)
    assert (len(figure["records"]), figure["omitted"]) == (64, 936)
    assert figure["busy"] == pytest.approx(0.1)


def test_a_kernels_name_may_be_long() -> None:
    require_evidence(
        Evidence(kernels=(Kernel(name="x" * 9000, kind="fft", start=0.0, seconds=1.0),))
    )
    (figure,) = figures.taken(None)
    assert len(figure["records"][0]["name"]) <= 120


def test_a_call_that_ran_nothing_has_no_timeline() -> None:
    require_evidence(Evidence())
    assert figures.taken(None) == []


# ------------------------------------------------------------------------------- wanted


def test_nothing_is_kept_unless_it_is_wanted() -> None:
    figures.begin(wanted=False)
    require_evidence(Evidence(kernels=(kernel(0.0),)))
    assert compared(np.zeros((2, 2)), np.ones((2, 2))) == []


def test_a_check_does_not_inherit_what_another_looked_at() -> None:
    require_evidence(Evidence(kernels=(kernel(0.0),)))
    assert len(figures.taken(None)) == 1
    assert figures.taken(None) == []
    require_evidence(Evidence(kernels=(kernel(0.0),)))
    figures.begin(wanted=True)
    assert figures.taken(None) == []

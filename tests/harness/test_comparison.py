"""Arrays against the oracle's: what passes, what does not, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import (
    ArrayValue,
    Opaque,
    describe,
    expect_array,
    expect_close,
    expect_number,
)
from graders.harness.errors import (
    Failure,
    WrongDtype,
    WrongMemorySpace,
    WrongShape,
    WrongValue,
)

Array = npt.NDArray[Any]
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def truth() -> Array:
    """A picture of 24 rows, 36 columns and three channels, in float64."""
    return np.random.default_rng(1).random((24, 36, 3))


def _failure(actual: Array, expected: Array, **more: Any) -> WrongValue:
    with pytest.raises(WrongValue) as caught:
        expect_close(actual, expected, relative_error=TOLERANCE, **more)
    return caught.value


def test_float32_rounding_passes(truth: Array) -> None:
    """The oracle's values rounded to float32 are right."""
    expect_close(truth.astype(np.float32), truth, relative_error=TOLERANCE)


def test_complex_values_are_compared_as_such(truth: Array) -> None:
    """An imaginary part that is wrong counts."""
    expected = truth + 1j * truth
    expect_close(expected.astype(np.complex64), expected, relative_error=TOLERANCE)
    _failure(expected.conj(), expected)
    with pytest.raises(WrongValue):
        expect_close(truth + 0.5j, truth.astype(complex), relative_error=TOLERANCE)


def test_empty_arrays_are_equal() -> None:
    """There is nothing wrong with an array without elements."""
    empty = np.zeros((0, 3))
    expect_close(empty, empty, relative_error=TOLERANCE)


def test_zeros_against_zeros_pass() -> None:
    """An oracle of zeros accepts zeros, and no others."""
    zeros = np.zeros((4, 4))
    expect_close(zeros.astype(np.float32), zeros, relative_error=TOLERANCE)
    _failure(zeros + 1e-6, zeros)


def test_one_wrong_element_of_a_million_is_caught() -> None:
    """A single element that is off by a thousandth of the largest is found and named."""
    expected = np.random.default_rng(2).random((1000, 1000))
    actual = expected.copy()
    actual[123, 456] += 1e-3
    failure = _failure(actual, expected)
    assert "at (123, 456)" in failure.message
    assert (
        failure.hint == "1 of 1,000,000 elements are wrong; the first is at (123, 456)."
    )


def test_float16_is_caught(truth: Array) -> None:
    """Values rounded to float16 on the way are too far off."""
    failure = _failure(truth.astype(np.float16).astype(np.float32), truth)
    assert "the largest error is" in failure.message


def test_noise_beyond_the_tolerance_is_caught(truth: Array) -> None:
    """Noise of twice the tolerance everywhere fails by the norm alone."""
    noise = np.where(np.indices(truth.shape).sum(axis=0) % 2, 1.0, -1.0)
    _failure(truth + noise * 2 * TOLERANCE * np.sqrt(np.mean(truth**2)), truth)
    expect_close(
        truth + noise * 0.5 * TOLERANCE * np.sqrt(np.mean(truth**2)),
        truth,
        relative_error=TOLERANCE,
    )


def _with_nan(a: Array) -> Array:
    return np.where(np.arange(a.size).reshape(a.shape) == 40, np.nan, a)


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda a: a * (24 * 36), "864 elements are transformed: where is"),
        (lambda a: a / (24 * 36), "Is it divided by 864 once too often?"),
        (lambda a: a * 36, "36 elements are transformed"),
        (lambda a: a * 6, "That is the square root of 36: what is it divided by?"),
        (lambda a: a * 36**2, "That is 36 squared: is it multiplied where"),
        (lambda a: a * 1.7, "Every element is 1.7 times what it should be."),
        (lambda a: -a, "Every element is -1 times what it should be."),
        (lambda a: a[..., ::-1], "The colour channels are in the opposite order."),
        (lambda a: a[::-1], "The elements run backwards along axis 0."),
        (lambda a: np.roll(a, 1, 0), "The elements are shifted by one along axis 0."),
        (lambda a: np.roll(a, -1, 1), "The elements are shifted by one along axis 1."),
        (np.zeros_like, "Every element is zero."),
        (_with_nan, "NaN marks memory that nothing wrote"),
        (lambda a: np.full_like(a, np.nan), "NaN marks memory that nothing wrote"),
    ],
    ids=["N", "1/N", "columns", "root", "squared", "factor", "sign", "channels", "flipped",
         "down", "left", "zero", "one NaN", "all NaN"],
)  # fmt: skip
def test_likely_causes_are_named(
    spoil: Callable[[Array], Array], cause: str, truth: Array
) -> None:
    """A known kind of mistake is recognised and named in the hint."""
    assert cause in _failure(spoil(truth), truth).hint


def test_a_transposed_square_is_named() -> None:
    """Rows and columns that are exchanged are recognised."""
    square = np.random.default_rng(3).random((20, 20))
    assert "transposed" in _failure(square.T, square).hint


def test_nan_and_infinity_are_counted(truth: Array) -> None:
    """The message counts elements that are not finite and names the first."""
    actual = truth.copy()
    actual[2, 3, 1] = np.inf
    actual[5] = np.nan
    message = _failure(actual, truth).message
    assert (
        "109 of 2,592 elements are NaN or infinite, the first at (2, 3, 1)" in message
    )


def test_known_mistakes_come_first(truth: Array) -> None:
    """What the grader knows of wins over the general causes; it is worked out only then."""
    worked_out = []

    def clipped() -> Array:
        worked_out.append(1)
        return np.minimum(truth, 0.5)

    mistakes = {
        "The clip is at one half.": clipped,
        "It is doubled.": lambda: truth * 2,
    }
    expect_close(truth, truth, relative_error=TOLERANCE, mistakes=mistakes)
    assert not worked_out
    assert _failure(truth * 2, truth, mistakes=mistakes).hint == "It is doubled."
    clipping = _failure(np.minimum(truth, 0.5), truth, mistakes=mistakes)
    assert clipping.hint == "The clip is at one half."


def test_a_mistake_of_another_shape_is_passed_over(truth: Array) -> None:
    """A known mistake whose result has another shape is no match and no error."""
    failure = _failure(truth + 1, truth, mistakes={"Cut.": lambda: truth[:3]})
    assert "Cut." not in failure.hint


def test_the_message_names_value_and_case(truth: Array) -> None:
    """The message begins with what was compared and in which case."""
    failure = _failure(truth + 1, truth, name="the blurred image", where="24 x 36")
    assert failure.message.startswith(
        "The blurred image is wrong for 24 x 36: the largest"
    )


def test_another_shape_is_a_failure_of_shape(truth: Array) -> None:
    """Arrays of different shapes are not broadcast."""
    with pytest.raises(WrongShape):
        expect_close(truth[:1], truth, relative_error=TOLERANCE)


# ------------------------------------------------------------------------ expect_array


def _seen(
    shape: tuple[int, ...], dtype: str = "float32", space: str = "cuda"
) -> ArrayValue:
    name = "cupy.ndarray" if space == "cuda" else "numpy.ndarray"
    return ArrayValue(np.zeros(shape, dtype), space, (), name)


def _expect(value: Any, **more: Any) -> Array:
    wanted: dict[str, Any] = {
        "shape": (4, 5),
        "dtype": "float32",
        "memory_space": "cuda",
    }
    return expect_array(value, **{**wanted, **more})


def test_an_array_as_expected_is_returned() -> None:
    """An array of the right kind comes back as a host array."""
    assert _expect(_seen((4, 5))).shape == (4, 5)
    assert _expect(_seen((5, 4)), shape=[(4, 5), (5, 4)]).shape == (5, 4)
    assert (
        _expect(_seen((4, 5), "float64"), dtype=["float32", "float64"]).dtype
        == "float64"
    )
    assert _expect(_seen((), space="cpu"), shape=(), memory_space=None).shape == ()


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (None, WrongDtype, "The result is None. Expected was a CuPy array."),
        (3, WrongDtype, "The result is the int 3."),
        ([1, 2], WrongDtype, "The result is a list of 2 items."),
        (Opaque("x.Y"), WrongDtype, "The result is an object of type x.Y."),
        (Opaque("list of 9 items"), WrongDtype, "The result is a list of 9 items."),
        (Opaque("iterator of 9 items"), WrongDtype, "is an iterator of 9 items."),
        (Opaque("a larger value"), WrongDtype, "The result is a larger value."),
        (_seen((4, 5), space="cpu"), WrongMemorySpace, "in CPU memory (numpy.ndarray)"),
        (_seen((4, 6)), WrongShape, "has the shape (4, 6). Expected was (4, 5)."),
        (_seen((4,)), WrongShape, "has the shape (4,). Expected was (4, 5)."),
        (_seen((4, 5), "float16"), WrongDtype, "dtype float16. Expected was float32."),
    ],
    ids=[
        "None",
        "int",
        "list",
        "object",
        "many",
        "iterator",
        "large",
        "space",
        "shape",
        "dimensions",
        "dtype",
    ],
)
def test_other_values_fail_by_kind(value: Any, kind: type[Failure], said: str) -> None:
    """Each way of not being the expected array has its failure and its words."""
    with pytest.raises(kind) as caught:
        _expect(value)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (None, "Is there a return statement on every path?"),
        ([1.0, 2.0], "Return one array: take it out of the tuple"),
        (Opaque("builtins.object"), "Return the array that the docstring describes."),
    ],
)
def test_what_to_do_about_no_array(value: Any, hint: str) -> None:
    """What is no array at all gets advice about returning one, not about values."""
    with pytest.raises(WrongDtype) as caught:
        _expect(value)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1.25, "is 0.25 (0.25 of the largest value), at (0,): 1.25 instead of 1."),
        (4.0, "is 3 (3 times the largest value), at (0,): 4 instead of 1."),
        (
            3181.0,
            "is 3,180 (3,180 times the largest value), at (0,): 3181 instead of 1.",
        ),
    ],
)
def test_errors_are_said_in_plain_figures(factor: float, said: str) -> None:
    """Small ones as a share of the largest value, large ones as its multiple."""
    assert said in _failure(np.array([factor, 0.5]), np.array([1.0, 0.5])).message


def test_close_numbers_are_told_apart() -> None:
    """Where six digits look the same, more are shown."""
    text = _failure(np.array([2.301620123]), np.array([2.301624])).message
    assert "2.30162012 instead of 2.301624." in text
    with pytest.raises(WrongValue, match=r"1\.000000000001 instead of 1\."):
        expect_close(np.array([1 + 1e-12]), np.array([1.0]), relative_error=1e-14)


def test_a_result_of_few_digits_is_recognised() -> None:
    """Rounded throughout: no single element is blamed, and no other mistake named."""
    truth = np.random.default_rng(5).standard_normal((40, 30))
    rounded = truth.astype(np.float16).astype(np.float32)
    assert _failure(rounded, truth).hint.startswith("This is right to a few digits")
    one_off = truth.copy()
    one_off[3, 4] += 1e-3
    assert "(3, 4)" in _failure(one_off, truth).hint


def test_a_lost_imaginary_part_is_recognised() -> None:
    """Complex values without one, as .real or a real dtype leaves them."""
    drawn = np.random.default_rng(6)
    truth = drawn.standard_normal(9) + 1j * drawn.standard_normal(9)
    assert "imaginary part is 0" in _failure(truth.real + 0j, truth).hint


def test_an_error_where_zeros_were_expected() -> None:
    """There is no largest value to compare with, and none is named."""
    text = _failure(np.array([2.0, 0.0]), np.zeros(2)).message
    assert "the largest error is 2, at (0,): 2 instead of 0." in text


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((4, 6), "after which line is the size another?"),
        ((4, 4), "last_axis_parity"),
        ((5, 4), "The axes are in another order."),
        ((4,), "An axis is lost or added"),
        ((4, 5, 1), "An axis is lost or added"),
    ],
)
def test_shapes_hint_at_their_cause(shape: tuple[int, ...], hint: str) -> None:
    """An odd length that came out even hints at parity, exchanged axes at their order."""
    with pytest.raises(WrongShape) as caught:
        _expect(_seen(shape))
    assert hint in caught.value.hint


# ----------------------------------------------------------------------- expect_number


@pytest.mark.parametrize(
    "value",
    [2, 2.0, ArrayValue(np.asarray(np.float32(2)), "cpu", (), "numpy.float32")],
    ids=["int", "float", "numpy"],
)
def test_numbers_are_numbers(value: Any) -> None:
    """Python's and NumPy's real numbers are returned as float."""
    assert expect_number(value) == 2.0


@pytest.mark.parametrize(
    "value",
    [
        True,
        "2",
        None,
        2j,
        [2.0],
        Opaque("float"),
        ArrayValue(np.asarray(2.0), "cuda", (), "cupy.ndarray"),
        ArrayValue(np.zeros(1), "cpu", (8,)),
        ArrayValue(np.asarray(True), "cpu", ()),
        ArrayValue(np.asarray(2j), "cpu", ()),
    ],
    ids=repr,
)
def test_other_things_are_no_numbers(value: Any) -> None:
    """Everything else fails, with its description."""
    with pytest.raises(WrongDtype, match="Expected was a number"):
        expect_number(value, "the figure")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (None, "Is there a return statement on every path?"),
        ("2 s", "Return the number itself, without a text or anything else round it."),
        (
            ArrayValue(np.asarray(2.0), "cuda", (), "cupy.ndarray"),
            "float(x) makes one.",
        ),
    ],
    ids=["None", "text", "array"],
)
def test_what_to_do_about_no_number(value: Any, hint: str) -> None:
    """The advice fits what came in a number's place."""
    with pytest.raises(WrongDtype) as caught:
        expect_number(value)
    assert caught.value.hint == hint


def test_the_simulators_own_types_are_named_like_a_librarys() -> None:
    """A learner never sees where the simulator keeps its stand-ins."""
    value = Opaque("graders.harness.device.simulator.numba_arrays.NumbaArray")
    assert describe(value) == "an object of type NumbaArray"
    assert describe(Opaque("torch.Tensor")) == "an object of type torch.Tensor"


def test_descriptions_are_short() -> None:
    """However large a value is, its description is a few words."""
    for value in (
        "x" * 10_000,
        10**70,
        [0] * 10**5,
        {1: 2},
        b"".decode(),
    ):
        assert len(describe(value)) <= 80


def test_the_mistake_that_explains_a_result_best_is_named(truth: Array) -> None:
    """One that comes first but fits loosely gives way to one that fits exactly."""
    wrong = truth * (1 + 4e-5 * np.linspace(0, 1, truth.shape[1])[:, np.newaxis])
    near, exact = {"Near.": lambda: truth}, {"Exact.": lambda: wrong}
    actual = wrong.astype(np.float32)
    assert _failure(actual, truth, mistakes=near).hint == "Near."
    assert _failure(actual, truth, mistakes=near | exact).hint == "Exact."
    again = {"Near, too.": lambda: truth * (1 + 1e-6)}
    assert _failure(actual, truth, mistakes=near | again).hint == "Near."


def test_a_factor_next_to_1_is_told_from_rounding(truth: Array) -> None:
    """It comes before a mistake that explains the result less exactly."""
    near = {"Rounded.": lambda: truth}
    found = _failure(truth * (1 + 2e-5), truth, mistakes=near)
    assert found.hint.startswith(
        "Every element is 1.00002 times what it should be: is a"
    )
    noise = 2e-5 * np.random.default_rng(2).standard_normal(truth.shape)
    assert _failure(truth * (1 + noise), truth, mistakes=near).hint == "Rounded."


def test_values_that_end_too_early_are_told(truth: Array) -> None:
    """Where they end, and how many should lie beyond."""
    high = int((truth > 0.99).sum())
    found = _failure(np.minimum(truth, 0.99), truth)
    assert f"and 0.99; {high:,} elements should lie beyond" in found.hint
    assert "what cuts them off?" in _failure(np.clip(truth, 0.3, 0.9), truth).hint
    assert "cuts" not in _failure(np.where(truth > 0.99, 0.5, truth), truth).hint


def test_negative_values_in_the_place_of_zeros_are_told(truth: Array) -> None:
    """What a leaky ReLU leaves, and no ReLU at all."""
    before = truth - 0.5
    expected = np.maximum(before, 0)
    count = int((before < 0).sum())
    for actual in (before, np.maximum(before, 0.01 * before)):
        hint = _failure(actual, expected).hint
        assert f"{count:,} elements are negative" in hint
        assert "Expected is 0 there" in hint
    assert "negative" not in _failure(np.abs(before), expected).hint

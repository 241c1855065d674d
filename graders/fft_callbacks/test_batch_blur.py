"""The checks of ``batch_blur``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.fft_callbacks.batches import (
    Batch,
    Draw,
    batches,
    expect_even_growth,
    expect_phases,
    remembered,
)
from graders.fft_callbacks.fusion import (
    expect_no_other_kernel,
    expect_parity,
    expect_transforms,
    too_small_for_an_image,
    until_failure,
)
from graders.fft_callbacks.pictures import picture
from graders.harness.checks import (
    Learner,
    Observation,
    Pictures,
    agreeing,
    describe,
    expect_array,
    expect_close,
    expect_faster,
    expect_in_bounds,
    expect_no_host_round_trip,
    expect_number,
    expect_on_gpu,
    expect_ready,
    expect_settled,
    expect_unchanged,
    gpu,
)
from graders.harness.errors import WrongDtype, WrongShape, WrongValue

# Seconds of compiling, of both plans and of one execution, each drawn between two of these.
SETUP = (1e-3, 2.0)
EXECUTE = (1e-5, 1e-2)
# A cost that is so near, relative to it, was worked out right.
_ROUNDED = 1e-3


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Batch]:
    """Return the batches, drawn once: calls with equal arguments are made once."""
    return batches(draw)


def test_values(
    learner: Learner,
    cases: list[Batch],
    oracles: ModuleType,
    limits: Mapping[str, float],
    pictures: Pictures,
) -> None:
    """Every image of every batch is blurred right, the first and the last included."""
    for index, batch in enumerate(cases):
        observation = _blur(learner, batch)
        expect_in_bounds(observation, batch.where)
        expect_ready(observation)
        for number, value in enumerate(_results(observation, batch)):
            image, case = batch.images[number], batch.case(number)
            expect_parity(value, case)
            result = expect_array(
                value,
                shape=image.shape,
                dtype="float32",
                memory_space=None,
                name=f"result {number}",
            )
            expected = oracles.gaussian_blur(image, batch.sigma)
            pictures.save(case.slug, source=image, result=result, expected=expected)
            expect_close(
                result,
                expected,
                relative_error=limits["relative_error"],
                name=f"result {number}",
                where=case.where,
                mistakes=remembered(oracles, batch, number, cases[:index])
                | oracles.gaussian_blur_mistakes(image, batch.sigma),
            )
        expect_settled(observation)


def test_memory_space(learner: Learner, cases: list[Batch]) -> None:
    """The images, their spectra and the results stay on the GPU."""
    for batch in cases:
        observation = _blur(learner, batch)
        for number, value in enumerate(_results(observation, batch)):
            expect_on_gpu(
                value,
                where=batch.where,
                name=f"result {number}",
                hint="Keep what the inverse transform gives; do not copy it back.",
            )
        expect_no_host_round_trip(
            observation.evidence, smallest=batch.case().pixels, where=batch.where
        )


def test_inputs_unchanged(learner: Learner, cases: list[Batch]) -> None:
    """The images are the same after the call as before."""
    for batch in cases:
        expect_unchanged(_blur(learner, batch), names=["images", "sigma"])


def test_phases(learner: Learner, cases: list[Batch]) -> None:
    """Compiled once at most, planned twice at most, and executed twice for each image."""
    for batch in cases:
        expect_phases(_blur(learner, batch).evidence, batch)


def test_fused(learner: Learner, cases: list[Batch]) -> None:
    """A callback applies the response, and no other kernel works on an image."""
    with until_failure(cases, lambda batch: _blur(learner, batch).evidence) as calls:
        cleared = too_small_for_an_image((seen, batch.case()) for seen, batch in calls)
        for evidence, batch in calls:
            case, images = batch.case(), len(batch.images)
            expect_transforms(evidence, case, sepia=False)
            expect_no_other_kernel(evidence, case, images=images, cleared=cleared)
            expect_even_growth(evidence, batch)


def test_cost(
    learner: Learner, draw: Draw, oracles: ModuleType, limits: Mapping[str, float]
) -> None:
    """The cost of one image is its execution, and its share of what all images share."""
    rng = draw("costs")
    for n in (int(rng.integers(3, 30)), 1, 2, int(rng.integers(100, 9000))):
        for free in ("", "compile", "plan", "execute"):
            costs = _costs(rng) | ({free: 0.0} if free else {})
            value = learner.call("cost_per_image", n, costs).value
            seen = expect_number(value, "the cost of an image")
            expected = oracles.cost_per_image(n, costs)
            if not abs(seen - expected) <= limits["formula_error"] * expected:
                given = ", ".join(
                    f"{name} {figure:.4g}" for name, figure in costs.items()
                )
                msg = (
                    f"For n = {n} and seconds of {given}, cost_per_image gives {seen:.9g}. "
                    f"Expected was {expected:.9g}."
                )
                raise WrongValue(msg, hint=_cost_hint(seen, n, costs, oracles))


def test_faster(
    learner: Learner,
    baseline: Learner,
    draw: Draw,
    limits: Mapping[str, float],
    note: Callable[[str, Any], None],
) -> None:
    """A batch takes half the time of a loop over the stateless functions, or less."""
    rng = draw("speed")
    images = [gpu(picture(rng, (1080, 1920))) for _ in range(int(limits["images"]))]
    expect_faster(
        learner,
        baseline,
        "blur_batch",
        (images, 3.0),
        threshold=limits["speedup"],
        rng=rng,
        note=note,
        other_name="a loop over nvmath.fft.rfft and irfft",
        metric="end_to_end",
        verify=agreeing(2 * limits["relative_error"]),  # each may be off by as much
    )


def _blur(learner: Learner, batch: Batch) -> Observation:
    return learner.call("blur_batch", [gpu(i) for i in batch.images], batch.sigma)


def _results(observation: Observation, batch: Batch) -> list[Any]:
    """Return the results of a batch, as many as there are images."""
    value = observation.value
    if not isinstance(value, list | tuple):
        msg = (
            f"blur_batch returned {describe(value)} ({batch.where}). Expected was a list "
            f"of {len(batch.images)} CuPy arrays."
        )
        raise WrongDtype(msg, hint="Append the result of each image to a list.")
    if len(value) != len(batch.images):
        msg = (
            f"blur_batch returned {len(value)} results ({batch.where}). Expected was one "
            f"for each of {len(batch.images)} images."
        )
        raise WrongShape(
            msg, hint="Is each image appended once, the last one included?"
        )
    return list(value)


def _costs(rng: np.random.Generator) -> dict[str, float]:
    costs = {
        "compile": float(rng.uniform(*SETUP)),
        "plan": float(rng.uniform(*SETUP)),
        "execute": float(rng.uniform(*EXECUTE)),
    }
    order = rng.permutation(len(costs))
    return {list(costs)[i]: list(costs.values())[i] for i in order}


def _cost_hint(
    seen: float, n: int, costs: Mapping[str, float], oracles: ModuleType
) -> str:
    for sentence, wrong in oracles.cost_per_image_mistakes(n, costs).items():
        if abs(seen - wrong) <= 1e-9 * abs(wrong):
            return str(sentence)
    right = oracles.cost_per_image(n, costs)
    if abs(seen - right) <= _ROUNDED * right:
        return "It is right to some digits: is it rounded, or in single precision?"
    return "Which of the three is paid once for the batch, and which once for an image?"

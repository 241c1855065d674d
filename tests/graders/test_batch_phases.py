"""How often a batch takes each step, from hand-made evidence; its inputs and figures."""

from __future__ import annotations

import math
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from graders.fft_callbacks.batches import (
    Batch,
    batches,
    expect_even_growth,
    expect_phases,
    remembered,
)
from graders.harness.device.evidence import Evidence, Kernel, Operation
from graders.harness.errors import EnvironmentUnavailable, NotFused, WrongPhases
from tests.graders.test_fft_oracles import drawn, load_oracles

IMAGES = tuple(np.full((40, 31), value, np.float32) for value in (1, 2, 3))
BATCH = Batch(name="three images", images=IMAGES, sigma=2.0)

FORWARD = Operation(
    library="fft",
    phase="execute",
    handle=0,
    kind="R2C",
    direction="forward",
    epilog=True,
)
BACK = replace(FORWARD, handle=1, kind="C2R", direction="inverse", epilog=False)
PLANS = (replace(FORWARD, phase="plan"), replace(BACK, phase="plan"))
COMPILE = Operation(library="callback", phase="compile", handle=2, kind="epilog")
RUN = (FORWARD, BACK)


@pytest.fixture(scope="module")
def oracles() -> ModuleType:
    return load_oracles()


def evidence(*operations: Operation, kernels: int = 0) -> Evidence:
    ran = tuple(
        Kernel(name="vector_fft", kind="fft", start=float(i), seconds=1e-6)
        for i in range(kernels)
    )
    return Evidence(operations=operations, kernels=ran)


@pytest.mark.parametrize(
    "steps",
    [
        (*PLANS, *RUN * 3),
        (COMPILE, *PLANS, *RUN * 3),
        (*PLANS, *[FORWARD] * 3, *[BACK] * 3),
        RUN * 3,  # the plans of an earlier call
        (PLANS[0], *RUN * 3),
        (COMPILE, COMPILE, *PLANS, *(FORWARD, replace(BACK, prolog=True)) * 3),
        (*PLANS, *RUN * 3, replace(FORWARD, phase="free"), replace(BACK, phase="free")),
    ],
)
def test_setup_that_is_shared(steps: tuple[Operation, ...]) -> None:
    expect_phases(evidence(*steps), BATCH)


@pytest.mark.parametrize(
    ("steps", "seen"),
    [
        ((), "no transform"),
        (PLANS, "no transform"),
        ((*PLANS * 3, *RUN * 3), "6 transforms were planned"),
        ((*PLANS, PLANS[0], *RUN * 3), "3 transforms were planned"),
        ((*PLANS, *RUN * 2), "2 transforms were executed forward"),
        ((*PLANS, *RUN * 3, FORWARD), "4 transforms were executed forward"),
        ((*PLANS, *RUN * 3, BACK), "4 transforms were executed back"),
        ((*PLANS, *RUN), "1 transform was executed forward"),
        (([COMPILE] * 3 + [*PLANS, *RUN * 3]), "3 callbacks were compiled"),
        (([COMPILE] * 2 + [*PLANS, *RUN * 3]), "2 callbacks were compiled"),
    ],
)
def test_setup_that_is_not(steps: tuple[Operation, ...], seen: str) -> None:
    with pytest.raises(WrongPhases, match=seen):
        expect_phases(evidence(*steps), BATCH)


def test_a_batch_in_one_execution_is_told_of_the_copies() -> None:
    stacked = [replace(step, batch=3) for step in RUN]
    with pytest.raises(WrongPhases) as caught:
        expect_phases(evidence(*PLANS, *stacked), BATCH)
    assert "Stacking" in caught.value.hint


def test_an_extra_run_for_a_spectrum_is_told_that_none_is_needed() -> None:
    with pytest.raises(WrongPhases) as caught:
        expect_phases(evidence(*PLANS, FORWARD, *RUN * 3), BATCH)
    assert "not of the right values" in caught.value.hint


def test_every_image_takes_the_same_kernels() -> None:
    expect_even_growth(evidence(*RUN * 3, kernels=12), BATCH)
    expect_even_growth(evidence(*RUN, kernels=4), BATCH)  # judged by its executions
    with pytest.raises(NotFused, match="13 kernels"):
        expect_even_growth(evidence(*RUN * 3, kernels=13), BATCH)


def test_transforms_without_a_kernel_say_nothing() -> None:
    with pytest.raises(EnvironmentUnavailable, match="executed 6 transforms"):
        expect_even_growth(evidence(*RUN * 3), BATCH)


def test_no_two_images_of_a_grading_are_alike() -> None:
    for seed in range(20):
        images = [image for batch in batches(drawn(seed)) for image in batch.images]
        for number, image in enumerate(images):
            for other in images[:number]:
                if other.shape == image.shape:
                    distance = np.linalg.norm(image - other) / np.linalg.norm(image)
                    assert distance > 0.05


def test_batches_meet_what_a_program_might_keep() -> None:
    for seed in range(20):
        cases = batches(drawn(seed))
        first = cases[0]
        shapes = [batch.images[0].shape for batch in cases]
        assert shapes.count(first.images[0].shape) >= 4
        assert first.images[0].shape[::-1] in shapes
        assert {n % 2 for _, n in shapes} == {n % 2 for n, _ in shapes} == {0, 1}
        counts = {len(b.images) for b in cases if b.images[0].shape == shapes[0]}
        assert len(counts) >= 3
        assert 1 in {len(b.images) for b in cases}
        height, width = shapes[0]
        assert (height, width - 1) in shapes
        assert height != width - 1
        (close,) = [b for b in cases if "a sigma close to the first" in b.name]
        assert close.sigma != first.sigma
        assert round(close.sigma, 2) == round(first.sigma, 2)
        assert all(batch.sigma != 1 for batch in cases)
        assert any(batch.case().pixels < 450 for batch in cases)
        assert any(batch.sigma > batch.case().height for batch in cases)
        assert any(batch.sigma > batch.case().width for batch in cases)


def test_mixed_up_images_are_far_from_the_right_ones(oracles: ModuleType) -> None:
    cases = batches(drawn(5))
    for index, batch in enumerate(cases):
        for number, image in enumerate(batch.images):
            expected = oracles.gaussian_blur(image, batch.sigma)
            wrong = remembered(oracles, batch, number, cases[:index])
            for sentence, result in list(wrong.items())[1:]:
                distance = np.linalg.norm(result() - expected)
                assert distance > 2e-4 * np.linalg.norm(expected), sentence


@pytest.mark.parametrize("n", [1, 2, 7])
def test_cost_formula(oracles: ModuleType, n: int) -> None:
    costs = {"compile": 1.0, "plan": 0.5, "execute": 0.25}
    by_hand = {1: 1.75, 2: 1.0, 7: 0.25 + 1.5 / 7}
    assert math.isclose(oracles.cost_per_image(n, costs), by_hand[n], rel_tol=1e-15)
    for sentence, wrong in oracles.cost_per_image_mistakes(n, costs).items():
        if n > 1:
            assert not math.isclose(wrong, by_hand[n], rel_tol=1e-3), sentence

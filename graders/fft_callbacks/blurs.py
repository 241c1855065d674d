"""The checks that ``gaussian_blur`` and ``sepia_blur`` share: one call blurs one image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType

import numpy as np

from graders.fft_callbacks.fusion import (
    expect_no_other_kernel,
    expect_parity,
    expect_transforms,
    too_small_for_an_image,
    until_failure,
)
from graders.fft_callbacks.limits import limited
from graders.fft_callbacks.pictures import Case, remembered
from graders.harness.checks import (
    Learner,
    Observation,
    Pictures,
    expect_array,
    expect_close,
    expect_in_bounds,
    expect_ready,
    expect_settled,
    expect_stays_on_gpu,
    expect_unchanged,
    gpu,
)


def expect_blurred(
    learner: Learner,
    function: str,
    cases: Sequence[Case],
    oracles: ModuleType,
    limits: Mapping[str, float],
    pictures: Pictures,
) -> None:
    """
    Judge every result of a blur, whose oracle has the name of the function.

    The result of a colour image may have the channels first or last.

    Raises:
        Failure: One is wrong; the message names the usual mistake behind it.
    """
    oracle = getattr(oracles, function)
    known_mistakes = getattr(oracles, f"{function}_mistakes")
    for number, case in enumerate(cases):
        observation = _blur(learner, function, case)
        expect_parity(observation.value, case)
        expect_in_bounds(observation, case.where)
        expect_ready(observation)
        planes = (3, case.height, case.width)
        result = expect_array(
            observation.value,
            shape=[planes, case.image.shape] if case.is_colour else case.image.shape,
            dtype="float32",
            memory_space=None,
            name="the result",
        )
        if case.is_colour and result.shape != planes:
            result = np.moveaxis(result, -1, 0)
        expected = oracle(case.image, case.sigma)
        pictures.save(
            case.slug,
            source=case.image,
            result=np.moveaxis(result, 0, -1) if case.is_colour else result,
            expected=np.moveaxis(expected, 0, -1) if case.is_colour else expected,
        )
        expect_close(
            result,
            expected,
            relative_error=limits["relative_error"],
            name="the result (as 3 x H x W)" if case.is_colour else "the result",
            where=case.where,
            mistakes=remembered(oracle, case, expected, cases[:number])
            | limited(oracle, case.image, case.sigma)
            | known_mistakes(case.image, case.sigma),
        )
        expect_settled(observation)


def expect_resident(learner: Learner, function: str, cases: Sequence[Case]) -> None:
    """
    Judge that image, spectrum and result stay on the GPU.

    Raises:
        WrongMemorySpace: A result is not an array on the GPU.

        ExtraCopies: An image, or something computed from it, was copied to the host.
    """
    for case in cases:
        expect_stays_on_gpu(
            _blur(learner, function, case), smallest=case.pixels, where=case.where
        )


def expect_only_read(learner: Learner, function: str, cases: Sequence[Case]) -> None:
    """
    Judge that the calls left their images as they were.

    Raises:
        MutatedInput: One changed its image.
    """
    for case in cases:
        expect_unchanged(_blur(learner, function, case), names=["image", "sigma"])


def expect_fused(
    learner: Learner, function: str, cases: Sequence[Case], *, sepia: bool
) -> None:
    """
    Judge that callbacks did all the work that the transforms do not do.

    Args:
        learner: The learner's program.

        function: Its function.

        cases: The images.

        sepia: Whether the forward transform needs a prolog.

    Raises:
        NotFused: A transform or a callback is missing, or another kernel worked on an
            image.
    """
    with until_failure(
        cases, lambda case: _blur(learner, function, case).evidence
    ) as calls:
        cleared = too_small_for_an_image(calls)
        for evidence, case in calls:
            expect_transforms(evidence, case, sepia=sepia)
            expect_no_other_kernel(evidence, case, cleared=cleared)


def _blur(learner: Learner, function: str, case: Case) -> Observation:
    return learner.call(function, gpu(case.image), case.sigma)

"""The checks of ``fft_filter``."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import pytest

from graders.harness.checks import (
    Learner,
    Observation,
    expect_array,
    expect_close,
    expect_in_bounds,
    expect_ready,
    expect_settled,
    expect_unchanged,
    gpu,
)
from graders.kernel_fusion.signals import Draw, Filtering, filterings, remembered
from graders.kernel_fusion.transforms import (
    expect_complex,
    expect_filter_in_epilog,
    expect_no_other_work,
    expect_on_device,
    explained_by_order,
)


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Filtering]:
    """Return the cases, drawn once: calls with equal arguments are made once."""
    return filterings(draw)


def test_values(
    learner: Learner,
    cases: list[Filtering],
    oracles: ModuleType,
    limits: Mapping[str, float],
) -> None:
    """Each row is filtered, in both precisions and whatever the memory orders."""
    for number, case in enumerate(cases):
        observation = _filter(learner, case)
        expect_in_bounds(observation, case.where)
        expect_complex(observation, case.where)
        result = expect_array(
            observation.value,
            shape=case.signal.shape,
            dtype=case.signal.dtype.name,
            name=f"the result ({case.where})",
        )
        expect_ready(observation)
        with explained_by_order(case.signal, case.filter_data):
            expect_close(
                result,
                oracles.fft_filter(case.signal, case.filter_data),
                relative_error=limits[case.signal.dtype.name],
                where=case.where,
                mistakes=remembered(oracles.fft_filter, case, cases[:number])
                | oracles.fft_filter_mistakes(case.signal, case.filter_data),
            )
        expect_settled(observation)


def test_memory_space(learner: Learner, cases: list[Filtering]) -> None:
    """Signal, filter, spectrum and result stay on the GPU."""
    for case in cases:
        expect_on_device(_filter(learner, case), case.signal, case.where)


def test_inputs_unchanged(learner: Learner, cases: list[Filtering]) -> None:
    """Signal and filter are the same after the call as before."""
    for case in cases:
        expect_unchanged(_filter(learner, case), names=["signal", "filter_data"])


def test_fused(learner: Learner, cases: list[Filtering]) -> None:
    """The forward transform's epilog filters, and nothing runs beside the transforms."""
    for case in cases:
        evidence = _filter(learner, case).evidence
        expect_filter_in_epilog(evidence, case.where)
        expect_no_other_work(
            evidence, case.signal, case.where, needs_copies=not case.row_by_row
        )


def _filter(learner: Learner, case: Filtering) -> Observation:
    return learner.call("fft_filter", gpu(case.signal), gpu(case.filter_data))

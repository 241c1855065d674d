"""The checks of ``inplace_fft``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import (
    Learner,
    Observation,
    expect_array,
    expect_close,
    expect_freed,
    expect_on_gpu,
    expect_operands_used,
    expect_phases,
    expect_settled,
    gpu,
    host_copies,
    require_evidence,
    stream,
)
from graders.harness.device.evidence import Evidence
from graders.harness.errors import ExtraCopies
from graders.stateful_api.batch_order import (
    by_memory,
    by_values,
    expect_in_place,
    expect_order,
    number_hint,
)
from graders.stateful_api.feeding import expect_items, fed, fed_both_ways

Draw = Callable[[str], np.random.Generator]
Batch = npt.NDArray[Any]
Batches = Sequence[Batch]

FUNCTION = "transform_batches"
# (rows, n), the dtype and how many batches. The first shape comes three times running: what
# was kept then meets other numbers, some at the same place, and what was not freed has
# another chance to pile up. Then come its rows and its n alone, and both exchanged: what is
# kept by less than the shape does not fit. Another shape comes in both dtypes.
STREAMS = (
    ((6, 27), "complex64", 4),
    ((6, 27), "complex64", 3),
    ((6, 27), "complex64", 1),
    ((6, 20), "complex64", 2),
    ((11, 27), "complex64", 1),
    ((27, 6), "complex64", 2),
    ((10, 64), "complex128", 3),
    ((17, 10), "complex64", 5),
    ((17, 10), "complex128", 2),
    ((12, 12), "complex128", 1),
    ((1, 97), "complex64", 2),
    ((9, 33), "complex128", 2),
    # The first shape again, after others, and more batches than a program may keep.
    ((6, 27), "complex64", 40),
    # More rows than a program may transform at once, and a batch of some size.
    ((2100, 8), "complex64", 2),
    ((60, 128), "complex128", 2),
)
# A stream with a batch of zeros, which are their own spectrum: it is executed as well.
SILENT = ((6, 27), "complex64", 3)


def drawn(
    rng: np.random.Generator, shape: tuple[int, int], dtype: str, count: int
) -> list[Batch]:
    """Draw batches, all different."""
    return [
        (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)
        for _ in range(count)
    ]


def where(batches: Batches) -> str:
    """Return a case in words."""
    count = "one batch" if len(batches) == 1 else f"{len(batches)} batches"
    silent = "" if all(batch.any() for batch in batches) else ", one of them all zeros"
    return f"{count} of {shape_in_words(batches)}{silent}"


def shape_in_words(batches: Batches) -> str:
    """Return shape and dtype of a batch in words."""
    rows, n = batches[0].shape
    return f"{rows} x {n}, {batches[0].dtype.name}"


def items(batches: Batches) -> list[Any]:
    """Return what the function is fed with."""
    return [gpu(batch) for batch in batches]


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[list[Batch]]:
    """Return the streams, drawn once: calls with equal arguments are made once."""
    rng = draw("cases")
    streams = [drawn(rng, *each) for each in (*STREAMS, SILENT)]
    streams[-1][int(rng.integers(len(streams[-1])))][...] = 0
    return streams


@pytest.fixture(scope="module")
def large(draw: Draw, limits: Mapping[str, Any]) -> list[list[Batch]]:
    """Return streams of batches beside which another array of their size shows."""
    rng = draw("allocation")
    return [
        drawn(rng, (rows, n), dtype, 3)
        for rows, n in limits["shapes_watched"]
        for dtype in ("complex64", "complex128")
    ]


def test_values(
    learner: Learner,
    cases: list[list[Batch]],
    oracles: ModuleType,
    limits: Mapping[str, Any],
) -> None:
    """Every row of every batch is transformed, in the order of the batches."""
    for batches in cases:
        seen = fed(learner, FUNCTION, items(batches))
        _expect_spectra(seen, batches, oracles, limits)
        expect_settled(seen)


def test_any_iterable(
    learner: Learner,
    cases: list[list[Batch]],
    oracles: ModuleType,
    limits: Mapping[str, Any],
) -> None:
    """The batches may come in a list or from a generator."""
    square = next(b for b in cases if b[0].shape[0] == b[0].shape[1])
    for batches in (cases[0], square):
        for given in (items(batches), stream(items(batches))):
            seen = learner.call(FUNCTION, given)
            _expect_spectra(seen, batches, oracles, limits)


def test_in_place(learner: Learner, cases: list[list[Batch]]) -> None:
    """Each result lies in the memory of its batch, on the GPU throughout."""
    for batches in cases:
        seen = fed(learner, FUNCTION, items(batches))
        count = len(batches)
        results = expect_items(
            seen.value,
            count,
            where=where(batches),
            noun="batches",
            explain=functools.partial(_number_hint_by_memory, seen, count),
        )
        for result in results:
            expect_on_gpu(result, where=where(batches), name="a result")
        expect_in_place(seen, count, where(batches))
        moved = host_copies(require_evidence(seen.evidence))
        total = sum(copy.nbytes for copy in moved)
        if total >= batches[0].nbytes:
            msg = (
                f"{len(moved)} copies between host and GPU moved {total:,} bytes "
                f"({where(batches)}). Expected was that the batches stay where they are."
            )
            raise ExtraCopies(msg, hint="Look for .get(), asnumpy, asarray and set.")


def test_no_allocation(
    learner: Learner, large: list[list[Batch]], limits: Mapping[str, Any]
) -> None:
    """No other array of a batch's size is made on the way."""
    for batches in large:
        seen = fed(learner, FUNCTION, items(batches))
        evidence = require_evidence(seen.evidence)
        _expect_little_memory(evidence, batches, limits["most_allocated"])


def _expect_little_memory(evidence: Evidence, batches: Batches, most: float) -> None:
    size = batches[0].nbytes
    if evidence.peak_bytes > most * size:
        msg = (
            f"Up to {evidence.peak_bytes:,} bytes of new GPU memory were in use at a "
            f"time ({where(batches)}; one batch has {size:,}). Expected was less than "
            f"{most:g} of a batch: the result has its room already."
        )
        hint = (
            "Which call makes an array of its own: copy, astype, a transform of CuPy's?"
        )
        raise ExtraCopies(msg, hint=hint)


def test_one_plan(
    learner: Learner, cases: list[list[Batch]], large: list[list[Batch]]
) -> None:
    """One plan, and one execution for each batch, on the GPU."""
    streams = [*cases, *large]
    seen = [(batches, fed(learner, FUNCTION, items(batches))) for batches in streams]
    seen += [
        (cases[0], each) for each in fed_both_ways(learner, FUNCTION, items(cases[0]))
    ]
    for batches, evidence in ((batches, each.evidence) for batches, each in seen):
        expect_phases(evidence, "fft", executions=len(batches), where=where(batches))
        expect_operands_used(
            evidence,
            "fft",
            sizes={batch.nbytes for batch in batches},
            what="the batches",
            where=where(batches),
        )


def test_freed(learner: Learner, cases: list[list[Batch]]) -> None:
    """What a call plans is freed with the last result, or kept for later calls."""
    calls = [
        (shape_in_words(batches), fed(learner, FUNCTION, items(batches)).evidence)
        for batches in cases
    ]
    expect_freed(calls, "fft")


def _expect_spectra(
    seen: Observation, batches: Batches, oracles: ModuleType, limits: Mapping[str, Any]
) -> None:
    right = [oracles.spectra(batch) for batch in batches]
    results = expect_items(
        seen.value,
        len(batches),
        where=where(batches),
        noun="batches",
        explain=lambda found: number_hint(by_values(found, right), len(batches)),
    )
    expect_order(by_values(results, right), where(batches))
    for number, (result, batch) in enumerate(zip(results, batches, strict=True)):
        name = f"batch {number}"
        values = expect_array(
            result, shape=batch.shape, dtype=batch.dtype.name, name=name
        )
        others = {
            f"This is the spectrum of batch {other}: is the operand reset before each "
            "execution?": functools.partial(np.copy, wrong)
            for other, wrong in enumerate(right)
            if other != number
        }
        if len(batches) > 1:
            others[
                "The first batch was transformed again and again: is the operand reset "
                "before each execution?"
            ] = functools.partial(_repeated, batches)
        expect_close(
            values,
            right[number],
            relative_error=limits[f"relative_error_{batch.dtype.name}"],
            name=name,
            where=where(batches),
            mistakes=others | oracles.spectra_mistakes(batch),
        )


def _number_hint_by_memory(seen: Observation, count: int, results: list[Any]) -> str:
    return number_hint(by_memory(seen, len(results)), count)


def _repeated(batches: Batches) -> Batch:
    """Return what as many transforms in place make of the first batch."""
    found = batches[0].astype(complex)
    for _ in batches:
        found = np.fft.fft(found, axis=1)
    return found

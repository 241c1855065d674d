"""The checks of ``transfer_cost``."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import (
    ArrayValue,
    Learner,
    Observation,
    describe,
    expect_number,
    gpu,
    require_evidence,
)
from graders.harness.checks.absent import ProgramAbsent
from graders.harness.device.evidence import Evidence
from graders.harness.errors import ExtraCopies, Failure, WrongDtype, WrongValue
from graders.memory_spaces.agreement import (
    MEASURED,
    UNITS,
    expect_agreement,
    expect_both_operands,
    expect_measured_anew,
    slow_hint,
    within,
)
from graders.memory_spaces.own_figures import traced_figures
from graders.memory_spaces.trace import (
    Recipe,
    Sizes,
    launch_only,
    pinned,
    plans_on_gpu,
    read_recipe,
    span,
    strangers,
    too_few_repeats,
)

Draw = Callable[[str], np.random.Generator]
Limits = Mapping[str, Any]

_A_FEW = (
    3  # stray copies of another size may be a look at a value; so many are a benchmark
)
# Seconds of products, so far apart that no threshold in seconds can serve them all.
_PRODUCTS = (1e-5, 1e-3, 1e-1, 1e1, 1e3)
# Whether transfers can be ignored, their share of the product, and the share of it that
# goes up: one operand or the result may be most of all bytes.
_SHARES = (
    (True, (0.002, 0.008), (0.2, 0.8)),
    (True, (0.0085, 0.0095), (0.2, 0.8)),
    (False, (0.52, 0.58), (0.2, 0.8)),
    (False, (1.0, 20.0), (0.2, 0.8)),
    (False, (0.55, 0.95), (0.002, 0.008)),
    (False, (0.55, 0.95), (0.992, 0.998)),
)


# What each number of a recipe counts.
_WHAT = {
    "cpu_products": "the product of a_cpu and b_cpu ran",
    "gpu_products": "the product of a_gpu and b_gpu ran",
    "a_up": "a was copied up on its own",
    "b_up": "b was copied up on its own",
    "result_down": "the result was copied down on its own",
}


@dataclass(frozen=True)
class _Operands:
    a: npt.NDArray[np.float32]
    b: npt.NDArray[np.float32]

    @functools.cached_property
    def arguments(self) -> tuple[Any, ...]:
        """What ``measure`` gets."""
        return self.a, self.b, gpu(self.a), gpu(self.b)

    def with_rows(self, count: int) -> _Operands:
        """Return operands of which the first has fewer rows."""
        return _Operands(self.a[:count].copy(), self.b)


@pytest.fixture(scope="module")
def operands(draw: Draw, limits: Limits, device: str) -> _Operands:
    """Return the two operands, drawn once: on CUDA they are large."""
    m, k, n = limits[f"shape_{device}"]
    generator = draw("operands")
    a = generator.standard_normal((m, k), dtype=np.float32)
    b = generator.standard_normal((k, n), dtype=np.float32)
    return _Operands(a, b)


def test_figures(learner: Learner, operands: _Operands, oracles: ModuleType) -> None:
    """Each of the six figures is a positive number of seconds."""
    observation = _measure(learner, operands)
    figures = _figures(observation, oracles)
    evidence = require_evidence(observation.evidence)
    _expect_seconds(figures, span(evidence))


def test_arithmetic(
    learner: Learner, operands: _Operands, limits: Limits, oracles: ModuleType
) -> None:
    """The two estimates follow from the four benchmarks."""
    figures = _figures(_measure(learner, operands), oracles)
    scale = figures["matmul_cpu_operands"] + figures["transfer_measured"]
    rules = {
        "transfer_estimate": "matmul_cpu_operands - matmul_gpu_operands",
        "transfer_measured": "host_to_device + device_to_host",
    }
    for key, expected in oracles.estimates(figures).items():
        if abs(figures[key] - expected) > limits["arithmetic_error"] * scale:
            msg = (
                f"{key} is {figures[key]:.4g} s, but the benchmarks returned beside it "
                f"give {expected:.4g} s. Expected was {rules[key]}."
            )
            hint = "Which two of the four benchmarks does this estimate rest on?"
            raise WrongValue(msg, hint=hint)


def test_what_was_timed(
    learner: Learner,
    operands: _Operands,
    limits: Limits,
    device: str,
    oracles: ModuleType,
) -> None:
    """The work that was timed is the work that was asked for, often enough."""
    evidence = require_evidence(_measure(learner, operands).evidence)
    sizes = _sizes(operands, oracles)
    _expect_right_work(evidence, sizes, int(limits["rounds"]), device)


def _expect_right_work(
    evidence: Evidence, sizes: Sizes, rounds: int, device: str
) -> None:
    _expect_known_copies(evidence, sizes)
    _expect_ordinary_memory(evidence, sizes, device)
    recipe = read_recipe(evidence, sizes, rounds)
    _expect_journeys(recipe, rounds)
    _expect_executed(recipe, plans_on_gpu(evidence, sizes), rounds)
    _expect_own_copies(recipe, rounds)
    _expect_resident_operands(recipe, rounds)
    _expect_rounds(recipe, rounds)
    _expect_repeats(evidence, sizes, rounds - 1)
    _expect_warm_up(evidence)
    _expect_synchronised(evidence, sizes, rounds)


def test_agreement(
    learner: Learner,
    reference: Learner,
    operands: _Operands,
    limits: Limits,
    device: str,
    oracles: ModuleType,
) -> None:
    """The two estimates agree, and each figure agrees with the grader's own."""
    observation = _measure(learner, operands)
    figures = _figures(observation, oracles)
    own, is_traced = _own_figures(learner, reference, operands, oracles)
    _expect_agreeing_estimates(observation, operands, own, limits, device, oracles)
    expect_agreement(figures, own, limits, device, is_traced=is_traced)
    if device == "simulator":
        fewer = operands.with_rows(limits["rows_again_simulator"])
        seen = _figures(_measure(learner, fewer), oracles)
        own_fewer, _ = _own_figures(learner, reference, fewer, oracles)
        expect_measured_anew(figures, seen, own, own_fewer)
        if not is_traced:
            expect_both_operands(seen, own_fewer, limits["small_copies_factor"])


def _expect_agreeing_estimates(
    observation: Observation,
    operands: _Operands,
    own: Mapping[str, float],
    limits: Limits,
    device: str,
    oracles: ModuleType,
) -> None:
    figures = _figures(observation, oracles)
    estimate, measured = figures["transfer_estimate"], figures["transfer_measured"]
    if within(estimate, measured, limits["estimates_factor"]):
        return
    msg = (
        f"By difference the transfers cost {estimate:.4g} s, measured directly "
        f"{measured:.4g} s. Expected were two figures within a factor of "
        f"{limits['estimates_factor']:g}."
    )
    sizes = _sizes(operands, oracles)
    evidence = require_evidence(observation.evidence)
    hint = _pinned_hint(evidence, sizes, device)
    if not hint and _is_right(evidence, sizes, int(limits["rounds"]), device):
        hint = slow_hint(figures, own, limits["figure_factor"])
    default = "Do both move the same bytes: a and b up, the result down?"
    raise WrongValue(msg, hint=hint or default)


def test_conclusion(learner: Learner, draw: Draw, oracles: ModuleType) -> None:
    """Transfers are ignored where they are negligible, and only there."""
    generator = draw("costs")
    cases = [(size, kind) for size in _PRODUCTS for kind in _SHARES]
    for index in generator.permutation(len(cases)):
        size, (expected, share, up) = cases[index]
        computation = size * generator.uniform(1.0, 3.0)
        ratio = generator.uniform(*share)
        costs = oracles.figures_of(
            computation, ratio * computation, generator.uniform(*up)
        )
        seen = _truth(learner.call("transfers_can_be_ignored", costs).value)
        if seen is not expected:
            msg = (
                f"For a product of {computation:.3g} s with transfers of "
                f"{ratio * computation:.3g} s, {ratio:.2%} of it "
                f"({costs['host_to_device']:.2g} s up, {costs['device_to_host']:.2g} s "
                f"down), transfers_can_be_ignored says {seen}. Expected was {expected}."
            )
            hint = (
                "Compare the transfers, up and down together, with the product on GPU "
                "operands, which holds no transfers (matmul_gpu_operands); seconds alone "
                "tell nothing."
            )
            raise WrongValue(msg, hint=hint)


def _measure(program: Learner, operands: _Operands) -> Observation:
    # Handed over beforehand: it takes as long as the benchmarks, and needs no GPU alone.
    program.hold(operands.arguments)
    # Unpoisoned, or filling fresh memory would be timed; alone, or others' work would
    # be.
    return program.call("measure", poison=False, alone=True)


def _own_figures(
    learner: Learner, reference: Learner, operands: _Operands, oracles: ModuleType
) -> tuple[Mapping[str, float], bool]:
    """
    Return what the reference measures, or where it is absent what the trace tells.

    And whether it is the trace that does.
    """
    try:
        return _figures(_measure(reference, operands), oracles), False
    except ProgramAbsent:
        evidence = require_evidence(_measure(learner, operands).evidence)
        return traced_figures(evidence, _sizes(operands, oracles)), True


def _sizes(operands: _Operands, oracles: ModuleType) -> Sizes:
    way = oracles.journey(operands.a, operands.b)
    extents = *operands.a.shape, operands.b.shape[1]
    return Sizes(way.a, way.b, way.result, extents)


def _figures(observation: Observation, oracles: ModuleType) -> dict[str, float]:
    value = observation.value
    if not isinstance(value, dict):
        msg = f"measure returned {describe(value)}. Expected was a dictionary."
        raise WrongDtype(msg, hint="The docstring lists its six keys.")
    missing = [key for key in oracles.FIGURES if key not in value]
    if missing:
        msg = f"The dictionary lacks {', '.join(missing)}. It has {_listed(value)}."
        raise WrongValue(msg, hint="The docstring lists the six keys.")
    figures = {
        key: expect_number(value[key], f"the figure {key}") for key in oracles.FIGURES
    }
    for key, figure in figures.items():
        if not math.isfinite(figure) or figure <= 0:
            msg = f"{key} is {figure:.4g}. Expected was a positive number of seconds."
            hint = "Work takes time: what does this figure subtract?"
            if figure == 0:
                hint = "Is it rounded? Does its clock start before the work and stop after?"
            raise WrongValue(msg, hint=hint)
    return figures


def _listed(value: Mapping[Any, Any]) -> str:
    return ", ".join(repr(key)[:40] for key in list(value)[:8]) or "no keys"


def _expect_seconds(figures: Mapping[str, float], whole: float) -> None:
    """Compare with the whole call, of which each benchmark is a part."""
    for key in MEASURED:
        if whole and figures[key] > whole:
            msg = (
                f"{key} is {figures[key]:.4g}, but all benchmarks together took "
                f"{whole:.3g} s on the device. Expected were seconds for one repeat."
            )
            units = (u for factor, u in UNITS if figures[key] <= whole * factor)
            unit = next(units, "no unit of time")
            raise WrongValue(msg, hint=f"The figure looks like {unit}.")


def _expect_known_copies(evidence: Evidence, sizes: Sizes) -> None:
    odd = strangers(evidence, sizes)
    if len(odd) < _A_FEW:
        return
    first = odd[0]
    if first.direction == "device_to_host":
        rule = f"the result alone comes down, {sizes.result:,} bytes at a time"
    else:
        rule = f"a and b alone go up, {sizes.a:,} and {sizes.b:,} bytes at a time"
    way = first.direction.replace("_", " ")
    msg = (
        f"{len(odd)} copies moved something else, the first from {way} "
        f"{sizes.describe(first.nbytes)}. Expected was that {rule}."
    )
    raise WrongValue(msg, hint="Which arrays travel in a product with CPU operands?")


def _expect_ordinary_memory(evidence: Evidence, sizes: Sizes, device: str) -> None:
    found = pinned(evidence, sizes, also_up=device == "simulator")
    if found:
        msg = (
            f"{len(found)} copies used page-locked (pinned) host memory. Expected were "
            "copies from and to ordinary NumPy arrays, as the product with CPU "
            "operands makes them."
        )
        raise WrongValue(msg, hint="cp.asarray(array) and cp.asnumpy(array) will do.")


def _expect_journeys(recipe: Recipe, rounds: int) -> None:
    if recipe.cpu_products < rounds <= recipe.kept_operands:
        msg = (
            f"{recipe.kept_operands} products with operands in CPU memory ran without "
            "copying both of them up first. Expected was the whole journey, in each of "
            "them: both operands up, the result down."
        )
        hint = "A planned Matmul keeps its copies until its operands are reset."
        raise WrongValue(msg, hint=hint)


def _expect_executed(recipe: Recipe, plans: int, rounds: int) -> None:
    if recipe.gpu_products < rounds <= plans:
        msg = (
            f"The product of a_gpu and b_gpu was planned {_times(plans)} and ran "
            f"{_times(recipe.gpu_products)}, warm-ups included. Expected was the product "
            f"itself, {rounds} times or more: one warm-up and {rounds - 1} repeats."
        )
        hint = "A plan chooses an algorithm; execute() is what computes the product."
        raise WrongValue(msg, hint=hint)


def _expect_own_copies(recipe: Recipe, rounds: int) -> None:
    by_hand = min(recipe.fed_from_host, recipe.sent_to_host)
    if recipe.cpu_products < rounds <= by_hand <= recipe.gpu_products - rounds:
        msg = (
            f"The product of a_cpu and b_cpu ran {_times(recipe.cpu_products)}; "
            f"{by_hand} products of arrays in GPU memory stand between copies up and "
            "down instead. Expected was nvmath's product of a_cpu and b_cpu themselves."
        )
        hint = "matmul(a_cpu, b_cpu) takes NumPy arrays, and makes the copies itself."
        raise ExtraCopies(msg, hint=hint)


def _expect_resident_operands(recipe: Recipe, rounds: int) -> None:
    if recipe.gpu_products < rounds <= recipe.cpu_products // 2:
        msg = (
            f"{recipe.cpu_products} products copied their operands up and their result "
            f"down, and {recipe.gpu_products} did not. Expected was a benchmark of "
            "products that copy nothing as well: those of a_gpu and b_gpu."
        )
        raise ExtraCopies(msg, hint="Which arrays does each of the two products get?")
    for count, what in (
        (recipe.fed_from_host, "had an operand copied up just before"),
        (recipe.sent_to_host, "had their result copied down right after"),
    ):
        if count:
            msg = (
                f"{count} products with operands in GPU memory {what}, and the copies "
                "are timed elsewhere as well. Expected was a benchmark that copies "
                "nothing between host and device."
            )
            raise ExtraCopies(
                msg, hint="The operands are on the GPU: leave them there."
            )


def _expect_rounds(recipe: Recipe, rounds: int) -> None:
    for name, what in _WHAT.items():
        count = getattr(recipe, name)
        if count < rounds:
            msg = (
                f"In the trace, {what} {_times(count)}, warm-ups included. Expected "
                f"were {rounds} times or more: one warm-up and {rounds - 1} repeats."
            )
            hint = (
                "Does this benchmark move or compute what the docstring says?"
                if count == 0
                else "Count this benchmark's calls: the warm-up, and then the repeats."
            )
            raise WrongValue(msg, hint=hint)


def _expect_repeats(evidence: Evidence, sizes: Sizes, least: int) -> None:
    for name, count in too_few_repeats(evidence, sizes, least).items():
        msg = (
            f"In the repeats of cupyx.profiler.benchmark, {_WHAT[name]} {_times(count)}, "
            f"warm-ups left out. Expected were {least} times or more."
        )
        raise WrongValue(msg, hint="Look at the benchmark's n_repeat.")


def _expect_warm_up(evidence: Evidence) -> None:
    cold = int(evidence.notes.get("cold_benchmarks", 0))
    if cold:
        msg = (
            f"The first repeat of {cold} of the calls of cupyx.profiler.benchmark loaded "
            "a library or set up a copy, which later ones found done. Expected was one "
            "warm-up or more before the repeats."
        )
        raise WrongValue(msg, hint="Look at the benchmark's n_warmup.")


def _expect_synchronised(evidence: Evidence, sizes: Sizes, rounds: int) -> None:
    cut, whole = launch_only(evidence, sizes)
    if cut >= rounds - 1 and whole < rounds - 1:
        msg = (
            f"The clock was read while the GPU was still working on {cut} of the "
            "products of a_gpu and b_gpu. That times the launch. Expected was a clock "
            "that stops when the GPU is done."
        )
        hint = "Synchronise before each reading, or let cupyx.profiler.benchmark do it."
        raise WrongValue(msg, hint=hint)


def _is_right(evidence: Evidence, sizes: Sizes, rounds: int, device: str) -> bool:
    """Return whether the work was what was asked for, so that the clock is to blame."""
    try:
        _expect_right_work(evidence, sizes, rounds, device)
    except Failure:
        return False
    return True


def _pinned_hint(evidence: Evidence, sizes: Sizes, device: str) -> str:
    if not pinned(evidence, sizes, also_up=device == "simulator"):
        return ""
    return (
        "The copies used page-locked memory, which is quicker; the product with CPU "
        "operands does not. Copy from and to ordinary arrays."
    )


def _times(count: int) -> str:
    return "1 time" if count == 1 else f"{count} times"


def _truth(value: Any) -> bool:
    if isinstance(value, ArrayValue) and value.shape == () and value.dtype == "bool":
        return bool(value.array)
    if not isinstance(value, bool):
        msg = (
            f"transfers_can_be_ignored returned {describe(value)}. Expected was a bool."
        )
        raise WrongDtype(msg, hint="Return the answer: True or False.")
    return value

"""Say what the statistical tests found, in the terms of prices and paths."""

from __future__ import annotations

import math
from typing import NoReturn

import numpy as np

from graders.device_api.paths import Case
from graders.device_api.randomness import (
    FALSE_ALARM,
    Array,
    Deviation,
    Relation,
    Relations,
)
from graders.device_api.repetitions import Repetition
from graders.harness.errors import WrongValue

_CHANCE = (
    f"a right program shows that less than once in {1 / FALSE_ALARM:,.0f} gradings"
)
_SAME = 0.9  # a correlation of ranks from which on draws are taken to be the same
_MIRRORED = 0.2
_OPPOSITE = 0.4  # half: of differences of draws, and of every other one's mirror image
_NEAR = 0.02
_STRAIGHT = 1e-3  # a spread of z that is no draw's; rounding alone gives 1e-5
_FIRST, _OVERALL = "at step 1", "over all paths and steps"
_OVERLAP = (
    "The paths overlap: one goes where the other was, some steps later. An offset "
    "moves a generator along one sequence; a subsequence gives it one of its own."
)


def expect_moving(z: Array, case: Case) -> None:
    """
    Check that something drawn shows in the prices at all.

    Where each number is the same, so is each path, and nothing is known of generators.

    Raises:
        WrongValue: Every price grows by one factor.
    """
    if float(z.std()) > _STRAIGHT:
        return
    growth = math.exp(case.mu + case.sigma * float(z.mean()))
    stays = abs(math.log(growth)) < _STRAIGHT * case.sigma
    msg = (
        f"Each price is {growth:.6g} times the one before, on every path and at every "
        f"step ({case.where}). Expected was exp(mu + sigma * z), with a z drawn for each."
    )
    hint = "Where does z come in? The paths go straight."
    if stays:
        hint = (
            "The price stays at s0. Is what a step computes kept, for its payoffs and for "
            "the next step?"
        )
    raise WrongValue(msg, hint=hint)


def raise_for_law(found: list[Deviation], case: Case) -> NoReturn:
    """Raise the failure for draws that are not standard normal; the first finding leads."""
    worst = _common_factor(found, case) or found[0]
    msg = (
        f"The numbers z, worked out from the growth exp(mu + sigma * z) in {case.where}, "
        f"are not standard normal: {worst.what} is {worst.seen:.5g}. "
        f"Expected was {worst.expected:.5g}; that is off by {abs(worst.sigmas):.1f} "
        f"standard deviations, and {_CHANCE}."
    )
    raise WrongValue(msg, hint=_law_hint(found, case))


def _law_hint(found: list[Deviation], case: Case) -> str:
    overall = {d.kind: d for d in reversed(found)}
    mean = overall["mean"].seen if "mean" in overall else 0.0
    spread = overall["spread"].seen if "spread" in overall else 1.0
    ratio = case.mu / case.sigma

    def near(value: float, target: float) -> bool:
        return abs(value - target) <= _NEAR * max(1.0, abs(target))

    if first := _common_factor(found, case):
        if abs(first.seen + ratio) < abs(ratio) / 8:
            return "Only the step from s0 is off: its drift mu seems to be missing."
        factor = math.exp(case.sigma * first.seen)
        return (
            f"Only the step from s0 is off, by a factor of about {factor:.4g}, which all "
            "later prices have in common. What multiplies them, or is left out of that "
            "step?"
        )
    if near(spread, math.sqrt(2)) and not any(d.what.endswith(_FIRST) for d in found):
        return (
            "From the second step on, the spread is that of two draws. Does each price "
            "begin at the one before, or at s0 again?"
        )
    if near(spread, 0):
        return "Where does z come in? The paths go straight."
    if near(math.sqrt(abs(spread**2 - mean**2)), math.sqrt(1 / 12)):
        return "That is the spread of numbers between 0 and 1: a uniform draw."
    if near(spread, case.sigma) or near(spread, 1 / case.sigma):
        return "Is sigma in there once, neither twice nor not at all?"
    if "mean" in overall:
        if abs(mean + case.sigma / 2) < case.sigma / 8:
            return (
                "The mean is low by sigma**2 / 2 a step. In this formula mu is the mean "
                "of the logarithm's growth already: nothing is taken off."
            )
        if abs(mean - case.sigma / 2) < case.sigma / 8:
            return "The mean is high by sigma**2 / 2 a step."
        if abs(mean + ratio) < abs(ratio) / 8:
            return "The drift mu seems to be missing."
        if abs(mean - ratio) < abs(ratio) / 8:
            return "The drift mu seems to be there twice."
        if abs(mean + 2 * ratio) < abs(ratio) / 8:
            return "The drift mu has the wrong sign."
    single = [d for d in found if "at step" in d.what]
    if len(single) == len(found):
        return f"Only single steps are wrong, among them {single[0].what}."
    fourth = [d for d in found if "every fourth" in d.what]
    if len(single) + len(fourth) == len(found):
        return (
            f"One step in four is wrong: {fourth[0].what}. What becomes of each number of "
            "a draw?"
        )
    if "mean" not in overall and "spread" not in overall:
        return "Mean and spread are right, the distribution is not: what draws z?"
    return "The logarithm of the price grows by mu + sigma * z in each step."


def _common_factor(found: list[Deviation], case: Case) -> Deviation | None:
    """Return the mean at the first step where it alone is off, and explains the rest."""
    steps = [d for d in found if " at step " in d.what]
    first = {d.kind: d for d in steps if d.what.endswith(_FIRST)}
    if "mean" not in first or any(not d.what.endswith(_FIRST) for d in steps):
        return None
    mean = first["mean"].seen
    # Where it is not off, too little of it is left over all steps.
    whole = [d.seen for d in found if d.kind == "mean" and d.what.endswith(_OVERALL)]
    squares = first["spread"].seen ** 2 - mean**2 if "spread" in first else 1.0
    explained = (
        abs(squares - 1) < 5 * _NEAR
        and abs(sum(whole) - mean / (case.n_steps - 1)) < _NEAR / 2
    )
    return first["mean"] if explained else None


def raise_for_relation(
    related: Relations, again: Repetition | None, case: Case
) -> NoReturn:
    """Raise the failure for draws that have to do with each other."""
    # The numbers themselves tell more than their sizes do.
    least = 0.8 * abs(related[0].sigmas)
    strongest = (np.abs(related.sigmas) >= least) & ~related.sizes
    worst = related[int(np.argmax(strongest))]
    what = "The sizes of numbers z" if worst.sizes else "Numbers z"
    msg = (
        f"{what} that are {_apart(worst)} correlate by "
        f"{worst.correlation:.3f} ({case.where}). Expected was no correlation; {_CHANCE}."
    )
    raise WrongValue(msg, hint=_relation_hint(worst, again))


def raise_for_group(found: list[Deviation], case: Case) -> NoReturn:
    """Raise the failure for numbers of a draw, or of neighbouring paths, that depend."""
    worst = max(found, key=lambda d: abs(d.sigmas))
    msg = (
        f"For {case.where}, {worst.what} is {worst.seen:.4f}. Expected was "
        f"{worst.expected:.4f}; that is off by {abs(worst.sigmas):.1f} standard "
        f"deviations, and {_CHANCE}."
    )
    hint = "Does one number of a draw decide what becomes of another, or of its sign?"
    if worst.kind == "paths":
        hint = "What do threads that are neighbours, or of one block, have in common?"
    raise WrongValue(msg, hint=hint)


def _apart(relation: Relation) -> str:
    steps = "step" if abs(relation.steps) == 1 else "steps"
    paths = "path" if relation.paths == 1 else "paths"
    if relation.paths == 0:
        return f"{abs(relation.steps)} {steps} apart in the same path"
    if relation.steps == 0:
        return f"{relation.paths} {paths} apart at the same step"
    return f"{relation.paths} {paths} and {abs(relation.steps)} {steps} apart"


def _relation_hint(worst: Relation, again: Repetition | None) -> str:
    halved = -_SAME < worst.correlation < -_OPPOSITE
    if worst.paths == 0 and abs(worst.steps) == 1 and halved:
        return (
            "Steps that follow each other go opposite ways. Does each price begin at the "
            "one before, or at s0 again? Is each number of a draw used once?"
        )
    if worst.paths == 0:
        return (
            "Is each number of a draw used once? How many does a draw give, and when is "
            "the generator initialised?"
        )
    if worst.correlation < -_MIRRORED:
        return (
            "One path is the mirror image of the other: both need draws of their own."
        )
    if abs(worst.correlation) < _SAME and again is None:
        return "Which numbers do two paths have in common?"
    if worst.steps == 0:
        return (
            "Whole paths are the same. Which numbers tell the generators of two paths "
            "apart: a thread's place in its block, or its place in the grid?"
        )
    return _OVERLAP


def raise_for_repetition(again: Repetition, case: Case) -> NoReturn:
    """Raise the failure for draws that occur twice."""
    (path, step), (other, later) = again.first, again.second
    turned = ", with their signs turned" if again.turned else ""
    msg = (
        f"The draws of path {path} from step {step + 1} occur again in path {other} from "
        f"step {later + 1}{turned} ({case.where}; {again.windows:,} windows of eight "
        f"draws do). Expected were draws of its own for every path; {_CHANCE}."
    )
    raise WrongValue(msg, hint=_repetition_hint(again))


def _repetition_hint(again: Repetition) -> str:
    if again.turned:
        return "An antithetic path has no draws of its own."
    if again.first[0] == again.second[0]:
        return (
            "A path meets its own draws again. When is its generator initialised, and how "
            "often?"
        )
    if again.first[1] != again.second[1]:
        return _OVERLAP
    return "How many generators are there, and which paths share one?"


def raise_for_repeated_path(again: Repetition, case: Case) -> NoReturn:
    """Raise the failure for whole paths that are the same."""
    path, other = again.first[0], again.second[0]
    msg = (
        f"Path {path} and path {other} are the same, to the last digit ({case.where}; "
        f"{again.windows:,} paths repeat another). Expected were draws of its own for "
        f"every path; {_CHANCE}."
    )
    hint = (
        f"They are {other - path:,} paths apart. Which numbers tell the generators of two "
        "paths apart, and for how many paths are they enough?"
    )
    raise WrongValue(msg, hint=hint)


def raise_for_other_paths(share: float, case: Case) -> NoReturn:
    """Raise the failure for a seed that does not give the same paths again."""
    some = f"about one in {round(1 / share):,} differs"
    many = "more than half of them differ"
    msg = (
        f"Two calls with the same arguments and the seed {case.seed} gave different "
        f"payoffs: {many if share > 0.5 else some}. Expected were the same paths."  # noqa: PLR2004
    )
    hint = "Is each generator initialised from the seed, at every call?"
    raise WrongValue(msg, hint=hint)


def raise_for_common_paths(count: int, case: Case) -> NoReturn:
    """Raise the failure for seeds of which the one gives paths of the other."""
    msg = (
        f"The seeds {case.seed} and {case.other_seed} give paths of which {count:,} are "
        f"the same, to the last digit ({case.where}). Expected were other paths."
    )
    hint = (
        "Is anything added to the seed, or taken from it? Subsequence and offset are "
        "arguments of init of their own, and every bit of the seed counts."
    )
    raise WrongValue(msg, hint=hint)


def raise_for_same_paths(case: Case) -> NoReturn:
    """Raise the failure for a seed that changes nothing."""
    msg = (
        f"The seeds {case.seed} and {case.other_seed} give the same paths, to the last "
        f"digit ({case.where}). Expected were other paths."
    )
    raise WrongValue(msg, hint="Does the seed reach the generators?")


def raise_for_seed(related: Relations, again: Repetition | None, case: Case) -> None:
    """Raise the failure for paths that another seed gives, too."""
    if not related and again is None:
        return
    seeds = f"The seeds {case.seed} and {case.other_seed}"
    if related:
        worst = related[0]
        msg = (
            f"{seeds} give paths that have draws in common ({case.where}): z correlates "
            f"by {worst.correlation:.3f} between paths {abs(worst.paths)} and steps "
            f"{abs(worst.steps)} apart. Expected were other paths."
        )
        raise WrongValue(msg, hint=_seed_hint(worst, case))
    assert again is not None
    msg = (
        f"{seeds} give paths that have draws in common ({case.where}): path "
        f"{again.first[0]} of the one and path {again.second[0]} of the other. Expected "
        "were other paths."
    )
    raise WrongValue(msg, hint="What does the seed change in a generator?")


def _seed_hint(worst: Relation, case: Case) -> str:
    apart = abs(case.other_seed - case.seed)
    if worst.steps == 0 and abs(worst.paths) == apart:
        return (
            f"The seed is {apart} more, and the paths are the same {apart} places on. Is "
            "it added to a path's number? The two are separate arguments of init."
        )
    if worst.paths == 0 and worst.steps != 0:
        return (
            "The draws are the same, some steps on: an offset moves along one sequence. "
            "Which argument of init chooses another?"
        )
    return "What does the seed change in a generator?"

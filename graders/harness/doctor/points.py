"""What can be graded on which device, and how many points that is.

Which libraries an exercise needs is read from its reference solution: the engine knows
nothing of exercises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from graders.harness.release.manifest import read_manifest

if TYPE_CHECKING:
    from graders.harness.catalog import Catalog, Exercise

# What a solution's text says of the libraries that it uses on a GPU.
_USES = {
    "cuFFT": r"\bnvmath\.fft\b",
    "callbacks": r"\bcompile_(?:pro|epi)log\b",
    "cuBLASLt": r"\bnvmath\.linalg\b",
    "cuDSS": r"\bnvmath\.sparse\b",
    "libmathdx": r"\bnvmath\.device\b",
    "CPU FFT": r"\bfft\.\w+\([^)]*\bexecution=",
}


@dataclass(frozen=True, kw_only=True)
class Gradable:
    """
    What can be graded on a device.

    Attributes:
        device: ``"simulator"`` or ``"cuda"``.

        exercises: How many of them, in part or in full.

        of: How many there are.

        points: What can be earned.

        max_points: What all exercises are worth.

        left_out: Exercises that cannot be graded, each with what is missing.
    """

    device: str
    exercises: int
    of: int
    points: float
    max_points: float
    left_out: Mapping[str, str] = field(default_factory=dict)


def gradable(
    catalog: Catalog, device: str, *, stopped: bool, lacks: Iterable[str]
) -> Gradable:
    """
    Work out what a device can grade.

    Args:
        catalog: The assignments.

        device: ``"simulator"`` or ``"cuda"``.

        stopped: Whether nothing can be graded on it.

        lacks: The libraries that are missing on the GPU.
    """
    missing = set(lacks) if device == "cuda" else set()
    exercises = catalog.select(())
    left_out, points, possible = {}, 0.0, 0
    for exercise in exercises:
        without = sorted(missing & needed_libraries(exercise))
        if without and not stopped:
            left_out[exercise.name] = ", ".join(without)
        if stopped or without:
            continue
        possible += 1
        points += sum(
            check.points
            for check in exercise.rubric.checks.values()
            if check.needs in ("", device)
        )
    worth = sum(c.points for e in exercises for c in e.rubric.checks.values())
    return Gradable(
        device=device,
        exercises=possible,
        of=len(exercises),
        points=round(points, 6),
        max_points=round(worth, 6),
        left_out=left_out,
    )


def needed_libraries(exercise: Exercise) -> set[str]:
    """
    Return the libraries that an exercise's reference uses on a GPU.

    A learners' bundle has no references; its manifest says what they use.
    """
    manifest = read_manifest(exercise.root)
    if manifest is not None and exercise.name in manifest.libraries:
        return set(manifest.libraries[exercise.name])
    text = _text(exercise.reference)
    return {name for name, pattern in _USES.items() if re.search(pattern, text)}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return ""


def sentences(
    found: Iterable[Gradable], gpu: str, *, recorded: bool = True
) -> list[str]:
    """
    Return the summary, a sentence or two for each device.

    Args:
        found: What each device can grade, the simulator first.

        gpu: The GPU's name, empty where there is none.

        recorded: Whether CUPTI records what programs do on the GPU.
    """
    lines = []
    for each in found:
        if each.device == "cuda" and not gpu:
            continue
        where = "In the simulator" if each.device == "simulator" else f"On the {gpu}"
        if not each.exercises:
            lines.append(f"{where}: nothing can be graded.")
            continue
        line = f"{where}: {_counted(each)}"
        if each.device == "cuda" and not recorded:
            line += (
                " Checks that look at kernels and copies stay ungraded without CUPTI."
            )
        lines.append(line)
    return lines


def _counted(each: Gradable) -> str:
    many = (
        f"all {each.of}"
        if each.exercises == each.of
        else f"{each.exercises} of {each.of}"
    )
    text = f"{many} exercises, {each.points:g} of {each.max_points:g} points"
    left = each.max_points - each.points
    if each.device == "simulator" and left:
        text += f"; {left:g} need a GPU"
    text += "."
    by_cause: dict[str, list[str]] = {}
    for name, cause in each.left_out.items():
        by_cause.setdefault(cause, []).append(name)
    for cause, names in by_cause.items():
        text += f" Not for want of {cause}: {', '.join(names)}."
    return text

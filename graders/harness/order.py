"""In which order exercises begin that are graded side by side, and while there is room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graders.harness.catalog import Exercise

#: Says whether the machine has room for one more, given for how many seconds each of those
#: that run has run.
HasRoom = Callable[[Sequence[float]], bool]


def always_room(_ages: Sequence[float]) -> bool:
    """Say that there is room."""
    return True


def starting_order(exercises: Sequence[Exercise], device: str) -> list[int]:
    """
    Return the places of exercises in the order in which they are to begin.

    On a GPU those that are timed begin first: they end with checks that wait for it alone.
    """
    return sorted(
        range(len(exercises)), key=lambda place: not is_timed(exercises[place], device)
    )


def is_timed(exercise: Exercise, device: str) -> bool:
    """Return whether an exercise has checks of time, which only a GPU can tell."""
    checks = exercise.rubric.checks.values()
    return device == "cuda" and any(check.needs == "cuda" for check in checks)


def mixed(exercises: Sequence[Exercise], device: str) -> list[int]:
    """
    Return the places of exercises in the order in which many of them are to begin.

    Those that are timed and the others begin in turns, each kind in its own order: while
    some wait for the GPU alone, there are others for the processor's cores.
    """
    kinds = [
        [place for place, e in enumerate(exercises) if is_timed(e, device) is kind]
        for kind in (True, False)
    ]
    share = {p: (i + 0.5) / len(kind) for kind in kinds for i, p in enumerate(kind)}
    return sorted(share, key=share.__getitem__)

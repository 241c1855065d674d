"""The one error for what the simulator lacks. Imports nothing of the engine."""

from __future__ import annotations


class NotModelled(NotImplementedError):  # noqa: N818 - reads as a statement to learners
    """A feature that the simulated GPU lacks; run it on a GPU, or do without it."""


def not_modelled(name: str, instead: str = "") -> NotModelled:
    """
    Return the error that names a feature.

    Args:
        name: The feature, as the learner wrote it.

        instead: What to use in its place. The default is nothing.
    """
    msg = (
        f"{name} is not modelled by the simulated GPU. "
        f"{instead or 'Run with --device cuda on a machine with a GPU'}."
    )
    return NotModelled(msg)

"""``grade.py release``: bundles for learners, and for the platforms that grade them.

A learners' bundle holds no solution and no hidden check. A platform's holds both, where
grading needs them: it goes to the platform and to nobody else.
"""

from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Make a bundle and return the exit code."""
    from graders.harness.release.command import main as command  # noqa: PLC0415 - doctor

    return command(argv)

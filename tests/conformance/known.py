"""What the simulator is known to do differently, each with the reason.

A pattern names cases by their keys; an aspect is one of ``comparing.Difference``. An
entry that no longer differs in any of its cases fails a test, and is to be removed. The
same list stands in docs/simulator.md, in the table under "Known differences".
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.conformance.comparing import Difference


@dataclass(frozen=True)
class Known:
    """
    A difference that is accepted.

    Attributes:
        pattern: Of keys, as the shell's; ``[`` stands for itself.

        aspect: The aspect in which they differ.

        reason: Why, in a sentence for the reader of a test's output.
    """

    pattern: str
    aspect: str
    reason: str

    def covers(self, key: str, difference: Difference) -> bool:
        """Return whether a difference of a case is this one."""
        pattern = self.pattern.replace("[", "[[]")
        return difference.aspect == self.aspect and fnmatchcase(key, pattern)


# From the recording on an H100.
ON_THE_H100: tuple[Known, ...] = (
    Known(
        "callbacks.made_for_another_type[cuda]",
        "message",
        "cuFFT 12.0 said CUFFT_INTERNAL_ERROR of a link that fails, the simulator says "
        "CUFFT_NVJITLINK_FAILURE: nvmath's own tests and our checks take either.",
    ),
    Known(
        "callbacks.made_for_another_type[cuda]",
        "copies",
        "cuFFT uploads eight bytes of its own while it links; a recording leaves a "
        "library's copies out only where the call succeeds.",
    ),
    *(
        Known(
            pattern,
            "copies",
            "cuDSS orders the matrix and looks at its pivots on the host: it copies both "
            "ways what is its own. Checks count what it was given.",
        )
        for pattern in (
            "sparse_systems.*",
            "reference.multiple_rhs.*",
            "reference.reuse_factorization.*",
        )
    ),
)

# From the real nvmath on operands in CPU memory.
ON_THE_CPU: tuple[Known, ...] = ()


def unexplained(
    key: str, found: list[Difference], known: tuple[Known, ...]
) -> list[Difference]:
    """Return the differences that nobody has accepted."""
    return [d for d in found if not any(entry.covers(key, d) for entry in known)]


def stale(
    all_found: dict[str, list[Difference]], known: tuple[Known, ...]
) -> list[Known]:
    """Return the entries that cover no difference any more."""
    pairs = [(key, d) for key, found in all_found.items() for d in found]
    return [k for k in known if not any(k.covers(key, d) for key, d in pairs)]

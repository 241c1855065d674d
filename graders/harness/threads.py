"""How many threads the processes that grade give to NumPy. Imports nothing."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

# OpenBLAS, which NumPy's wheels bring along, and what MKL and OpenMP builds listen to.
_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def one_thread_each(environment: MutableMapping[str, str] = os.environ) -> None:
    """
    Have NumPy's linear algebra take one thread in each process that is yet to import it.

    Exercises are graded side by side, one on each core. Were each to start a thread for
    every core, these would wait for one another in loops: that took a third of the
    processor's time. Sums also come out alike then on machines with other numbers of cores.

    Args:
        environment: What the processes get; where the user says how many, that stays.
    """
    for name in _VARIABLES:
        environment.setdefault(name, "1")

"""The six figures as bars."""

import cupy as cp
import numpy as np


def show_transfer_cost(measure, transfers_can_be_ignored, shape=(1000, 500, 250)):
    """Print what a product and its transfers cost, and whether the transfers matter."""
    m, k, n = shape
    rng = np.random.default_rng(1)
    a = rng.standard_normal((m, k), dtype=np.float32)
    b = rng.standard_normal((k, n), dtype=np.float32)
    costs = measure(a, b, cp.asarray(a), cp.asarray(b))
    longest = max(costs.values())
    for name, seconds in costs.items():
        bar = "#" * round(30 * seconds / longest)
        print(f"{name:<20}{1e6 * seconds:>10.1f} us  {bar}")
    verdict = "can be ignored" if transfers_can_be_ignored(costs) else "matter"
    print(f"\nThe transfers {verdict}.")

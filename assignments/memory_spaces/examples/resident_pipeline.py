"""A few lengths of the pipeline, beside NumPy's."""

import numpy as np


def show_resident_pipeline(pipeline):
    """Print how far the pipeline is from NumPy, for some numbers of rounds."""
    rng = np.random.default_rng(1)
    a = rng.standard_normal((60, 40))
    b = rng.standard_normal((40, 40))
    for rounds in (1, 3, 10, 30):
        expected = a
        for _ in range(rounds):
            expected = expected @ b / np.sqrt(40)
        result = pipeline(a, b, rounds)
        off = np.linalg.norm(result - expected) / np.linalg.norm(expected)
        print(f"{rounds:>3} rounds: a {type(result).__name__}, off by {off:.0e}")

# Stops no other exception than a ValueError.
# expect: failed matches wrong_value
import cupy as cp
import numpy as np


def make_case():
    # Integers, on the GPU.
    return {
        "a": cp.asarray([[1, -2, 0], [3, 1, 1], [0, 2, -1], [1, 1, 1]]),
        "b": cp.asarray([[2, -1], [0, 5], [4, 3]]),
        "bias": cp.asarray([-2, -8, 3, 0]),
        "product": cp.asarray([[2, -11], [10, 5], [-4, 7], [6, 7]]),
        "biased": cp.asarray([[0, -13], [2, -3], [-1, 10], [6, 7]]),
        "activated": cp.asarray([[0, 0], [2, 0], [0, 10], [6, 7]]),
    }


def matches(candidate):
    generator = np.random.default_rng(3)
    for dtype in ("float32", "float64"):
        for shape in ((3, 4, 5), (6, 2, 3)):
            m, k, n = shape
            # Odd numbers above 2048 need more digits than half precision has; all sums
            # stay below 2**24, so that float32 holds them exactly.
            a = 2 * generator.integers(-700, 700, (m, k)) + 1
            b = generator.integers(-9, 10, (k, n))
            a[0, 0], b[0, 0], bias = 2049, 1, 2 * generator.integers(-3000, 3000, m) + 1
            arrays = [cp.asarray(x.astype(dtype)) for x in (a, b, bias)]
            copies = [x.copy() for x in arrays]
            expected = a @ b + bias.reshape(-1, 1)
            expected[expected < 0] = 0
            try:
                seen = candidate(*arrays)
                same = all(bool((x == y).all()) for x, y in zip(arrays, copies))
                if not same or not np.array_equal(cp.asnumpy(seen), expected):
                    return False
            except ValueError:
                return False
    return True

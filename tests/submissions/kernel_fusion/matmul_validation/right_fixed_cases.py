# Tries a list of cases written down by hand, and calls the candidate with names.
# expect: passed
import cupy as cp
import numpy as np


CASES = [
    # Thirds and sevenths: numbers that half precision rounds visibly.
    (
        [[1 / 3, -2 / 3], [5 / 7, 1 / 7], [-1.0, 2.0]],
        [[1 / 3, 3.0, -1.0, 0.5], [2 / 7, -1.0, 1.0, 4.0]],
        [0.25, -1 / 3, 1.5],
    ),
    ([[2.0, -3.0, 1 / 3]], [[1.0, -1.0], [4 / 7, 1.0], [0.1, 2.0]], [-1 / 9]),
    ([[1.0], [-1.0], [0.5]], [[3.0, -7 / 3]], [0.1, 0.2, -0.3]),
]


def make_case():
    # Decimal fractions: 0.1 is no binary number, and still the pencil work is right.
    return {
        "a": np.array([[0.1, 0.2], [0.3, -0.4], [0.0, 1.5]], dtype=np.float32),
        "b": np.array([[1.0, 2.0], [3.0, -0.5]], dtype=np.float32),
        "bias": np.array([0.05, 0.1, -0.25], dtype=np.float32),
        "product": np.array([[0.7, 0.1], [-0.9, 0.8], [4.5, -0.75]], dtype=np.float32),
        "biased": np.array([[0.75, 0.15], [-0.8, 0.9], [4.25, -1.0]], dtype=np.float32),
        "activated": np.array([[0.75, 0.15], [0, 0.9], [4.25, 0]], dtype=np.float32),
    }


def matches(candidate):
    return all(
        right_on(candidate, *case, dtype) for case in CASES for dtype in ("f4", "f8")
    )


def right_on(candidate, a, b, bias, dtype):
    a, b, bias = (np.array(x, dtype=dtype) for x in (a, b, bias))
    given = {name: cp.array(x) for name, x in zip(("a", "b", "bias"), (a, b, bias))}
    try:
        result = candidate(**given).get()
    except (ValueError, TypeError, RuntimeError):
        return False
    unchanged = all(
        np.array_equal(given[k].get(), v) for k, v in dict(a=a, b=b, bias=bias).items()
    )
    # Entry by entry, in plain Python.
    m, n = len(a), len(b[0])
    tolerance = 1e-6 if dtype == "f4" else 1e-14
    close = result.shape == (m, n) and all(
        abs(
            result[i, j]
            - max(
                0.0,
                sum(float(x) * float(y) for x, y in zip(a[i], b[:, j]))
                + float(bias[i]),
            )
        )
        <= tolerance
        * (abs(bias[i]) + sum(abs(float(x) * float(y)) for x, y in zip(a[i], b[:, j])))
        for i in range(m)
        for j in range(n)
    )
    return unchanged and bool(close)

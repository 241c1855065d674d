# Returns the sequence's result again for the same three arrays, whatever they hold by then.
# expect: failed values_sequence wrong_value; one_plan wrong_phases

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog, matmul

known = {}


def batched(a, b, bias):
    return matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})


def sequence(a, b, bias):
    key = id(a), id(b), id(bias)
    if key not in known:
        known[key] = (a, b, bias), computed(a, b, bias)
    return known[key][1]


def computed(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as product:
        product.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            if i:
                inputs = {"bias": bias[i]}
                product.reset_operands(a=a[i], b=b[i], epilog_inputs=inputs)
            results.append(product.execute())
    return cp.stack(results)

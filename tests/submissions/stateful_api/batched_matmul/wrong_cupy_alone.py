# Right values by CuPy alone; nvmath has no part in it.
# expect: failed fused not_fused; one_call wrong_phases; one_plan wrong_phases

import cupy as cp


def batched(a, b, bias):
    return cp.maximum(cp.matmul(a, b) + bias, 0)


def sequence(a, b, bias):
    return cp.stack(
        [cp.maximum(x @ y + z, 0) for x, y, z in zip(a, b, bias, strict=True)]
    )

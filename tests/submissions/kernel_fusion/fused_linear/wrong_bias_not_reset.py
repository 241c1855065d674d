# Keeps plans, and gives them new matrices but not the new bias.
# expect: failed values wrong_value

from nvmath.linalg import advanced

PLANS = {}


def fused_linear(a, b, bias):
    key = (a.shape, b.shape, a.dtype)
    if key in PLANS:
        PLANS[key].reset_operands(a=a, b=b)
    else:
        PLANS[key] = advanced.Matmul(a, b)
        PLANS[key].plan(
            epilog=advanced.MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias}
        )
    return PLANS[key].execute()

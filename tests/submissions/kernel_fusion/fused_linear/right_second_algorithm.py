# Another of the planned algorithms is chosen.
# expect: passed

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    product = advanced.Matmul(a, b)
    inputs = {"epilog_inputs": {"bias": bias}}
    epilog = advanced.MatmulEpilog.RELU_BIAS
    algorithms = product.plan(epilog=epilog, **inputs)
    product.plan(epilog=epilog, algorithms=algorithms[-1:], **inputs)
    result = product.execute()
    product.free()
    return result

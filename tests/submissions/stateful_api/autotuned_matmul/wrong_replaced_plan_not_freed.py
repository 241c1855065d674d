# Keeps one plan, and leaves it behind where the shapes change.
# expect: failed freed wrong_phases

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions

_state = {"key": None, "mm": None}


def tuned_matmul(pairs):
    for a, b in pairs:
        key = (a.shape, b.shape)
        if _state["key"] != key:
            mm = Matmul(a, b, options=MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32))
            mm.plan()
            mm.autotune()
            _state.update(key=key, mm=mm)
        else:
            _state["mm"].reset_operands(a=a, b=b)
        yield _state["mm"].execute()

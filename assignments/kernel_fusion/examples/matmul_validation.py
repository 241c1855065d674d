"""The case worked out by hand, and what the test says of a few programs."""

import cupy as cp


def show_matmul_validation(make_case, matches):
    """Print the case, and whether the test accepts three programs, one of them right."""
    for name, array in make_case().items():
        print(f"{name}\n{cp.asnumpy(array)}\n")

    programs = {
        "right": lambda a, b, bias: cp.maximum(a @ b + bias[:, None], 0),
        "without the bias": lambda a, b, bias: cp.maximum(a @ b, 0),
        "without the ReLU": lambda a, b, bias: a @ b + bias[:, None],
    }
    for name, program in programs.items():
        print(f"{name:<18}{'accepted' if matches(program) else 'refused'}")

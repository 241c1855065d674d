"""The phases of a planned product, in order and out of it."""

from __future__ import annotations

import logging
import re
from typing import Any

from nvmath.linalg.advanced import Matmul, MatmulEpilog
from operands import address, fortran, operand, refusal, runs, same_everywhere


def factors(space: str) -> tuple[Any, Any]:
    return operand(space, 8, 4), operand(space, 4, 16, first=3)


@runs("cuda", "staged")
def in_order(space: str) -> Any:
    product = Matmul(*factors(space))
    product.plan()
    first = product.execute()
    product.reset_operands(a=operand(space, 8, 4, first=5))
    second = product.execute()
    product.reset_operands(b=operand(space, 4, 16, first=6))
    third = product.execute()
    product.free()
    return [first, second, third, address(first) == address(second)]


@runs("cuda", "staged")
def operand_changed_in_place(space: str) -> Any:
    a, b = factors(space)
    with Matmul(a, b) as product:
        product.plan()
        first = product.execute()
        a *= 2
        return [first, product.execute()]


@runs("cuda")
def epilog_inputs_reset(space: str) -> Any:
    with Matmul(*factors(space)) as product:
        inputs = {"bias": operand(space, 8)}
        product.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs=inputs)
        first = product.execute()
        product.reset_operands(epilog_inputs={"bias": operand(space, 8, first=20)})
        return [first, product.execute()]


@runs("cuda")
def scalars_reset(space: str) -> Any:
    c = operand(space, 8, 16, first=9)
    with Matmul(*factors(space), c, alpha=0.5, beta=2.0) as product:
        product.plan()
        first = product.execute()
        product.reset_operands(alpha=1.0, beta=-1.0)
        second = product.execute()
        product.reset_operands(c=operand(space, 8, 16, first=30))
        return [first, second, product.execute()]


@runs("cuda")
def execute_before_plan(space: str) -> Any:
    with Matmul(*factors(space)) as product:
        return product.execute()


@runs("cuda")
def autotune_before_plan(space: str) -> Any:
    with Matmul(*factors(space)) as product:
        return product.autotune()


@runs("cuda", "staged")
def after_free(space: str) -> Any:
    product = Matmul(*factors(space))
    product.plan()
    product.free()
    return [
        refusal(product.plan),
        refusal(product.autotune),
        refusal(product.execute),
        refusal(product.reset_operands, a=operand(space, 8, 4)),
        refusal(product.free),
    ]


@runs("cuda")
def after_the_context(space: str) -> Any:
    with Matmul(*factors(space)) as product:
        product.plan()
    return product.execute()


@runs("cuda")
def planned_twice(space: str) -> Any:
    with Matmul(*factors(space)) as product:
        product.plan()
        first = product.execute()
        product.plan(epilog=MatmulEpilog.RELU)
        return [first, product.execute()]


@runs("cuda")
def reset_to_what_does_not_fit(space: str) -> Any:
    with Matmul(*factors(space)) as product:
        product.plan()
        reset = product.reset_operands
        return [
            refusal(reset, a=operand(space, 8, 5)),
            refusal(reset, a=operand(space, 4, 8)),
            refusal(reset, b=operand(space, 4, 8)),
            refusal(reset, a=operand(space, 8, 4, dtype="float64")),
            refusal(reset, a=fortran(space, 8, 4)),
            refusal(reset, a=operand("cpu", 8, 4)),
            refusal(reset, c=operand(space, 8, 16)),
            refusal(reset, epilog_inputs={"bias": operand(space, 8)}),
            refusal(reset, a=None),
            refusal(reset, operand(space, 8, 4)),
        ]


@runs("cuda")
def tuned(space: str) -> Any:
    with Matmul(*factors(space)) as product:
        product.plan()
        product.autotune(iterations=2, prune=2)
        return product.execute()


@runs("cuda")
def algorithms_are_offered(space: str) -> Any:
    with Matmul(*factors(space)) as product:
        algorithms = product.plan()
        return [len(algorithms) > 0, product.execute(algorithm=algorithms[0])]


@runs("cuda")
def created_and_never_planned(space: str) -> Any:
    with Matmul(*factors(space)):
        pass
    return None


@runs("cuda")
def workspace_released(space: str) -> Any:
    with Matmul(*factors(space)) as product:
        product.plan()
        first = product.execute(release_workspace=True)
        return [first, product.execute()]


@runs("cuda")
def on_a_stream(space: str) -> Any:
    import cupy as cp

    a, b = factors(space)
    cp.cuda.get_current_stream().synchronize()
    stream = cp.cuda.Stream(non_blocking=True)
    with Matmul(a, b, stream=stream) as product:
        product.plan(stream=stream)
        result = product.execute(stream=stream)
    stream.synchronize()
    return result


@runs("cuda", "staged")
def what_the_log_says(space: str) -> Any:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.Logger("conformance", logging.INFO)
    logger.addHandler(Kept())
    with Matmul(*factors(space), options={"logger": logger}) as product:
        product.plan(epilog=MatmulEpilog.RELU)
        product.execute()
    unlike = r"\d ms|version|stream|algorithm|workspace|[Cc]apabilit|memory limit"
    stated = [x.strip() for x in lines if not re.search(unlike, x)]
    return [same_everywhere(line) for line in stated if line]

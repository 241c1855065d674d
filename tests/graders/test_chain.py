"""What worked beside a notebook's transforms, where CUDA tells order and size alone."""

from __future__ import annotations

import numpy as np
import pytest

from graders.fft_callbacks.chain import Chain
from graders.fft_callbacks.pictures import Case
from graders.harness.device.evidence import Evidence, Kernel, Operation

HEIGHT, WIDTH = 50, 41
CASE = Case(
    name="a photograph", image=np.zeros((HEIGHT, WIDTH, 3), np.float32), sigma=2.0
)
KEPT = HEIGHT * (WIDTH // 2 + 1)
PIXELS = HEIGHT * WIDTH
MULTIPLY = "cupy_multiply__float64_float64_float64"


def kernel(name: str, start: float, elements: int) -> Kernel:
    return Kernel(
        name=name,
        kind="elementwise",
        start=start,
        seconds=0.01,
        elements=-(-elements // 128) * 128,
    )


def intruders(*kernels: Kernel, batch: int = 3) -> list[str]:
    """Return the kernels that are suspected, beside transforms from 1 s to 3 s."""
    steps = [
        Operation(library="fft", phase="execute", handle=0, kind=kind, batch=batch)
        for kind in ("R2C", "C2R")
        for _ in range(3 // batch)
    ]
    chain = Chain(Evidence(kernels=kernels), CASE, steps, 1.0, 3.0)
    return [k.name for k in chain._intruders()]


def test_a_response_may_be_made_between_the_transforms() -> None:
    """It is no larger than the spectrum of one plane; the image's is three of them."""
    response = [kernel("cupy_exp__float64", 2.0, KEPT), kernel(MULTIPLY, 2.1, KEPT)]
    assert not intruders(*response)
    assert intruders(kernel("cupy_multiply__complex64", 2.0, 3 * KEPT))
    assert intruders(*response, kernel("scaled", 2.2, 3 * KEPT)) == ["scaled"]


@pytest.mark.parametrize("batch", [1, 3])
def test_products_of_one_plane_after_the_other_are_none_of_a_response(
    batch: int,
) -> None:
    """Three of them, or one beside transforms that take one plane at a time."""
    product = "cupy_multiply__complex64_float32_complex64"
    count = 3 if batch == 3 else 1
    planes = [kernel(product, 2.0 + i / 10, KEPT) for i in range(count)]
    assert intruders(*planes, batch=batch) == [product] * len(planes)


def test_a_division_of_the_result_is_told() -> None:
    """After the transforms, by its name and its size; a limit for display is none."""
    divided = "cupy_true_divide__float32_float_float32"
    assert intruders(kernel(divided, 3.5, 3 * PIXELS)) == [divided]
    assert not intruders(kernel("cupy_clip__float32", 3.5, 3 * PIXELS))

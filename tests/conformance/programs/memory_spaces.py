"""CuPy's arrays: what copies, what shares memory, which order results have."""

from __future__ import annotations

from typing import Any

import numpy as np
from operands import address, fortran, numbers, operand, refusal, runs


@runs("cuda")
def there_and_back(space: str) -> Any:
    import cupy as cp

    x = operand(space, 4, 6)
    same = cp.asarray(x)
    return [cp.asnumpy(x), x.get(), address(same) == address(x), same]


@runs("cuda")
def orders_kept(space: str) -> Any:
    import cupy as cp

    x = fortran(space, 4, 6)
    view = operand(space, 4, 12)[:, ::2]
    return [
        cp.asnumpy(x),
        cp.asnumpy(view),
        cp.asarray(numbers(4, 12)[:, ::2]),
        cp.asnumpy(x, order="C"),
        cp.asnumpy(x.T),
    ]


@runs("cuda")
def not_by_accident(space: str) -> Any:
    x = operand(space, 4)
    host = numbers(4)
    return [
        refusal(np.asarray, x),
        refusal(np.array, [x, x]),
        refusal(lambda: x + host),
        refusal(lambda: host + x),
        refusal(host.__setitem__, slice(None), x),
        refusal(x.__setitem__, slice(None), numbers(5)),
    ]


@runs("cuda")
def assigned_from_the_host(space: str) -> Any:
    x = operand(space, 4, 6)
    x[1] = 2.5
    x.set(numbers(4, 6, first=9))
    return [
        x,
        refusal(x.set, numbers(3, 6)),
        refusal(x.set, numbers(4, 6, dtype="int64")),
    ]


@runs("cuda")
def scalars_come_to_the_host(space: str) -> Any:
    x = operand(space, 5)
    return [float(x[0]), x.sum(), x.sum().item(), bool(x[1] > 0), int(x.argmax())]


@runs("cuda")
def orders_of_results(space: str) -> Any:
    import cupy as cp

    c, f = operand(space, 4, 6), fortran(space, 4, 6)
    return [
        f * 2,
        c + f,
        f.T + 1,
        cp.maximum(f, 0),
        cp.ascontiguousarray(f),
        cp.asfortranarray(c),
        cp.empty_like(f).strides,
        cp.zeros_like(c.T),
        f.copy(),
        f.copy(order="K"),
        c.astype("float64", order="F"),
    ]


@runs("cuda")
def types_of_results(space: str) -> Any:
    import cupy as cp

    x, z = operand(space, 4, 6), operand(space, 4, 6, dtype="complex64")
    return [
        x * 2.0,
        x * np.float64(2),
        x + z,
        cp.abs(z),
        x.sum(axis=0),
        x.mean(axis=1),
        (x > 0).sum(axis=1),
        cp.arange(4),
        cp.sqrt(cp.arange(4)),
        z.real,
    ]


@runs("cuda")
def products(space: str) -> Any:
    import cupy as cp

    a, b = operand(space, 3, 4), fortran(space, 4, 5, first=3)
    return [a @ b, cp.matmul(a, b), cp.dot(a, b[:, 0]), (b.T @ a.T), a[None] @ b]


@runs("cuda")
def views_and_copies(space: str) -> Any:
    import cupy as cp

    x = operand(space, 4, 6)
    picked = x[[0, 2]]
    same = [x.T, x.reshape(6, 4), x[1:], x.ravel(), cp.asarray(x), x.astype("float32")]
    same += [x.astype("float32", copy=False), cp.array(x), x.T.ravel(), picked]
    return [bool(cp.shares_memory(x, y)) for y in same]


@runs("cuda")
def selections(space: str) -> Any:
    x = operand(space, 4, 6)
    return [x[x > 0], x[:, ::-1], x[::2, 1:4], x[[2, 0]], x[..., None][1]]


@runs("cuda")
def shapes_that_do_not_fit(space: str) -> Any:
    x = operand(space, 4, 6)
    return [
        refusal(lambda: x + operand(space, 5)),
        refusal(lambda: x @ x),
        refusal(lambda: x.reshape(5, 5)),
        refusal(lambda: x[4]),
    ]


@runs("cuda")
def transforms_of_cupy(space: str) -> Any:
    import cupy as cp

    x = operand(space, 4, 6)
    spectrum = cp.fft.rfft2(x)
    return [spectrum, cp.fft.irfft2(spectrum, s=(4, 6)), cp.fft.fft(x, axis=0)]


@runs("cuda")
def pinned(space: str) -> Any:
    import cupyx

    x = operand(space, 4, 6)
    host = cupyx.empty_pinned((4, 6), dtype="float32")
    x.get(out=host)
    return [host.copy(), x.get(out=host) is host]


@runs("cuda")
def flags(space: str) -> Any:
    found = []
    for x in (
        operand(space, 4, 6),
        fortran(space, 4, 6),
        operand(space, 4, 12)[:, ::2],
    ):
        found.append([x.flags.c_contiguous, x.flags.f_contiguous, x.flags.owndata])
        found.append([list(x.strides), x.nbytes, str(x.dtype), x.itemsize])
    return found

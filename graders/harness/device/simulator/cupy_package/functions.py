"""CuPy's array functions: which NumPy function computes each, and what it costs.

A function that only looks at memory another way returns a view without a kernel: what
NumPy returns tells. The rest run one kernel of the kind listed here.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from graders.harness.device.simulator.cupy_package.errors import (
    unsupported,
    wrong_argument,
)
from graders.harness.device.simulator.cupy_package.execution import (
    account,
    finish,
    host_of,
    kernel_name,
    run,
    store,
)
from graders.harness.device.simulator.cupy_package.names import names
from graders.harness.device.simulator.cupy_package.storage import DeviceArray, adopt
from graders.harness.device.simulator.cupy_package.transfers import asarray
from graders.harness.device.simulator.cupy_package.ufuncs import UFUNCS
from graders.harness.device.simulator.remembered_products import LARGE, remembered

_BY_KIND = {
    "copy": """
        append array_split atleast_1d atleast_2d atleast_3d broadcast_arrays
        broadcast_to column_stack compress concat concatenate delete diag
        diagflat diagonal dsplit dstack expand_dims extract flip fliplr flipud hsplit
        hstack imag matrix_transpose moveaxis packbits pad permute_dims ravel real
        repeat reshape resize roll rollaxis rot90 row_stack split squeeze stack
        swapaxes take take_along_axis tile transpose trim_zeros unpackbits vsplit vstack
    """,
    "elementwise": """
        angle apply_along_axis apply_over_axes argpartition argsort argwhere around
        bincount choose clip convolve correlate cross cumprod cumsum cumulative_prod
        cumulative_sum diff digitize ediff1d flatnonzero gradient i0 in1d interp
        intersect1d isclose iscomplex isin isneginf isposinf isreal kron lexsort
        nan_to_num nancumprod nancumsum nonzero outer partition piecewise polyadd
        polymul polysub polyval ravel_multi_index real_if_close roots round
        searchsorted select setdiff1d setxor1d sort sort_complex trapezoid tril triu
        union1d unique unique_all unique_counts unique_inverse unique_values unravel_index
        unwrap vander poly polyfit where
    """,
    "reduction": """
        all allclose amax amin any argmax argmin array_equal array_equiv average
        corrcoef count_nonzero cov histogram histogram2d histogramdd max mean median
        min nanargmax nanargmin nanmax nanmean nanmedian nanmin nanprod nanstd nansum
        nanvar percentile prod ptp quantile std sum trace var
    """,
    "gemm": "dot einsum inner matmul tensordot vdot",
}

KINDS: dict[str, str] = {
    name: kind for kind, names in _BY_KIND.items() for name in names.split()
}
KINDS = {name: kind for name, kind in KINDS.items() if hasattr(np, name)}

# CuPy hands these to the argument's own method: a NumPy array comes back as one.
_OF_THE_ARGUMENT = frozenset(
    names(
        """
        amax amin argmax argmin argsort copy diagonal dot flip fliplr flipud
        matrix_transpose max mean min permute_dims prod ravel real_if_close rot90 sort
        sort_complex squeeze std sum trace transpose var clip reshape take repeat
        compress choose searchsorted
        """
    )
)

# CuPy copies host arrays up for these, where other functions refuse them.
_UPLOADING = frozenset(
    names(
        """
        allclose append around atleast_1d atleast_2d atleast_3d average corrcoef cov
        cross diag diagflat diff dstack einsum hstack imag intersect1d isclose iscomplex
        isreal
        real resize round row_stack setdiff1d setxor1d take tile tril triu unique
        unique_all unique_counts unique_inverse unique_values unwrap vstack
        """
    )
)

# What writes only where a condition holds; CuPy's kernels for it are no copies.
_BY_CONDITION = frozenset({"place", "putmask"})

# What can take its argument's memory for the values in order.
_IN_ORDER = names("median nanmedian percentile quantile")

# Results that NumPy gives as Python scalars and CuPy as 0-d arrays.
_ZERO_DIMENSIONAL = {"allclose", "array_equal", "array_equiv", "count_nonzero"}


def function(name: str) -> Any:
    """Return the device's version of the NumPy function with this name."""
    kind = KINDS[name]
    if kind == "gemm":
        return functools.wraps(getattr(np, name))(functools.partial(_gemm, name))
    target = getattr(np, name)
    delegates = name in _OF_THE_ARGUMENT
    scalar = name in _ZERO_DIMENSIONAL

    uploading = name in _UPLOADING
    method = kind == "reduction"

    def call(*args: Any, **kwargs: Any) -> Any:
        if args and not isinstance(args[0], DeviceArray):
            if delegates and isinstance(args[0], np.ndarray):
                return target(*args, **kwargs)
            if method and not uploading and isinstance(args[0], (list, tuple)):
                msg = f"{type(args[0]).__name__!r} object has no attribute {name!r}"
                raise AttributeError(msg)
        if uploading:
            args = tuple(uploaded(a) for a in args)
        if not scalar:
            return run(target, name, kind, args, kwargs)
        found: list[DeviceArray] = []
        hosts = [host_of(a, found) for a in args]
        result = target(*hosts, **{k: host_of(v, found) for k, v in kwargs.items()})
        return finish(np.asarray(result)[()], name, kind, found)

    call.__name__ = call.__qualname__ = name
    call.__module__ = "cupy"
    call.__doc__ = f"As numpy.{name}, on device arrays."
    return call


def uploaded(value: Any) -> Any:
    """Return the operand with host arrays in it copied to the device."""
    if isinstance(value, np.ndarray):
        return asarray(value)
    if isinstance(value, (list, tuple)) and any(
        isinstance(v, np.ndarray) for v in value
    ):
        return type(value)([uploaded(v) for v in value])
    return value


def _gemm(name: str, *args: Any, out: Any = None, **kwargs: Any) -> Any:
    if name == "einsum":
        args = tuple(uploaded(a) for a in args)
    for position, value in enumerate(args[:2]):
        if isinstance(value, np.ndarray) and (position or name != "dot"):
            raise wrong_argument("ab"[position], value)
    found: list[DeviceArray] = []
    hosts = [host_of(a, found) for a in args]
    if not found:
        arrays = [a for a in args if not isinstance(a, str)]
        if name == "dot" and arrays and isinstance(arrays[0], np.ndarray):
            return np.dot(*arrays)
        raise unsupported(arrays[0] if arrays else None)
    half = all(a._host.dtype == np.float16 for a in found)
    if half:  # products of half precision accumulate in single, as cuBLAS does
        hosts = [
            h.astype(np.float32) if isinstance(h, np.ndarray) else h for h in hosts
        ]
    with np.errstate(all="ignore"):
        result = _product(name, hosts, kwargs)
        if half:
            result = result.astype(np.float16)
    work = 1.0
    for array in found:
        work *= array._host.size
    if name == "matmul" or (name == "dot" and len(found) == 2):
        flops = 2.0 * np.size(result) * (found[0]._host.shape or (1,))[-1]
    else:
        flops = 2.0 * (work * max(np.size(result), 1)) ** 0.5
    if out is not None:
        return store(result, name, "gemm", found, out, flops=flops)
    if isinstance(result, np.ndarray) and any(
        np.may_share_memory(result, a._host) for a in found
    ):  # einsum may give a view, and dot what it was given to write into
        return finish(result, name, "gemm", found, flops=flops)
    array = adopt(result)
    full = kernel_name(name, [a._host for a in found], array._host.dtype)
    account(full, "gemm", found, [array], flops=flops)
    return array


def _product(name: str, hosts: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call NumPy's function; a large product of two matrices may be known already."""
    plain = functools.partial(getattr(np, name), *hosts, **kwargs)
    if name in {"matmul", "dot"} and not _inner_extents_agree(hosts):
        msg = "Axis dimension mismatch"
        raise ValueError(msg)
    is_of_matrices = name in {"matmul", "dot"} and all(np.ndim(h) == 2 for h in hosts)
    if kwargs or not is_of_matrices or 2.0 * hosts[0].size * hosts[1].shape[1] < LARGE:
        return plain()
    return remembered(name, hosts, plain).copy()


def _inner_extents_agree(hosts: list[Any]) -> bool:
    """Return whether two vectors or matrices fit; of batches CuPy says something else."""
    a, b = (tuple(np.shape(host)) for host in hosts[:2])
    if not (1 <= len(a) <= 2 and 1 <= len(b) <= 2):  # noqa: PLR2004
        return True
    return bool(a[-1] == b[0])


def matmul(x1: Any, x2: Any, /, out: Any = None, **kwargs: Any) -> Any:
    """Multiply matrices, as ``numpy.matmul``."""
    for name, operand in (("a", x1), ("b", x2)):
        if not isinstance(operand, DeviceArray):
            raise wrong_argument(name, operand)
    return _gemm("matmul", x1, x2, out=out, **kwargs)


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Choose elements by a condition, or find where it holds."""
    if not isinstance(condition, DeviceArray):
        msg = f"'a' must be a cupy.ndarray object, not {type(condition)}."
        if x is not None and not isinstance(condition, np.ndarray):
            return run(np.where, "where", "elementwise", (condition, x, y), {})
        raise TypeError(msg)
    if (x is None) != (y is None):
        msg = "Must provide both 'x' and 'y' or neither."
        raise ValueError(msg)
    args = (condition,) if x is None else (condition, x, y)
    return run(np.where, "where", "elementwise", args, {})


def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None) -> Any:
    """Limit values from below and above."""
    if isinstance(a, np.ndarray):
        return a.clip(a_min, a_max)
    return run(np.clip, "clip", "elementwise", (a, a_min, a_max), {"out": out})


def nan_to_num(
    x: Any,
    copy: Any = True,  # noqa: FBT002 - CuPy's signature
    nan: Any = 0.0,
    posinf: Any = None,
    neginf: Any = None,
) -> Any:
    """Put numbers in place of NaNs and infinities, in ``x`` itself without ``copy``."""
    # NumPy makes a scalar of an array without axes, also where it works in place.
    out = x if isinstance(x, DeviceArray) and not copy else None
    values = {"nan": nan, "posinf": posinf, "neginf": neginf, "out": out}
    return run(np.nan_to_num, "nan_to_num", "elementwise", (x,), values)


def _sorting(name: str) -> Any:
    """Return a function that may sort its argument in place on the way."""
    plain = function(name)
    parameters = list(inspect.signature(getattr(np, name)).parameters)

    def call(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(parameters, args, strict=False)) | kwargs
        a = given.get("a")
        if given.get("overwrite_input") and isinstance(a, DeviceArray):
            account("cupy_sort", "elementwise", [a], [a])
        return plain(*args, **kwargs)

    call.__name__ = name
    return call


def nonzero_like(name: str) -> Any:
    """Return ``nonzero`` and its kin, whose result's length the host must read back."""
    plain = function(name)

    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(a, DeviceArray):
            msg = f"'a' must be a cupy.ndarray object, not {type(a)}."
            raise TypeError(msg)
        return plain(a, *args, **kwargs)

    call.__name__ = name
    return call


def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = None) -> None:
    """Copy values into an array."""
    found: list[DeviceArray] = []
    mask = True if where is None else host_of(where, found)
    source = host_of(src, found)
    np.copyto(dst._host, source, casting=casting, where=mask)
    account(kernel_name("copyto", [source], dst._host.dtype), "copy", found, [dst])


def _writer(name: str) -> Any:
    """Return a function that writes into its first argument."""
    target = getattr(np, name)
    kind = "elementwise" if name in _BY_CONDITION else "copy"

    def call(a: Any, *args: Any, **kwargs: Any) -> None:
        found: list[DeviceArray] = []
        if not isinstance(a, DeviceArray):
            raise unsupported(a)
        hosts = [host_of(v, found) for v in args]
        target(a._host, *hosts, **{k: host_of(v, found) for k, v in kwargs.items()})
        reads = found if kind == "copy" else [a, *found]
        account(kernel_name(name, [a._host]), kind, reads, [a])

    call.__name__ = name
    return call


def table() -> dict[str, Any]:
    """Return every function of this module by its name in CuPy."""
    functions: dict[str, Any] = {name: function(name) for name in KINDS}
    functions.update({name: nonzero_like(name) for name in ("argwhere", "flatnonzero")})
    functions.update(UFUNCS)
    functions.update({name: _sorting(name) for name in _IN_ORDER})
    functions.update(matmul=matmul, where=where, clip=clip, copyto=copyto)
    functions["nan_to_num"] = nan_to_num
    for name in ("fill_diagonal", "place", "put", "put_along_axis", "putmask"):
        functions[name] = _writer(name)
    functions["round_"] = functions["round"]
    return functions


TABLE = table()

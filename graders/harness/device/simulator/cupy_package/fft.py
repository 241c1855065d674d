"""``cupy.fft``: NumPy's transforms with CuPy's types, layouts and kernels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graders.harness.device.simulator.cupy_package.errors import not_modelled
from graders.harness.device.simulator.cupy_package.execution import account, kernel_name
from graders.harness.device.simulator.cupy_package.functions import TABLE
from graders.harness.device.simulator.cupy_package.storage import (
    DeviceArray,
    adopt,
    view,
)
from graders.harness.device.simulator.cupy_package.transfers import asarray, rearranged

_NORMS = (None, "backward", "ortho", "forward")


def _kind(name: str) -> str:
    if name.startswith(("rfft", "ihfft")):
        return "R2C"
    return "C2R" if name.startswith(("irfft", "hfft")) else "C2C"


def _prepared(a: Any, kind: str) -> Any:
    """Return the operand in a type that the transform takes."""
    if not isinstance(a, DeviceArray):
        msg = "The input array a must be a cupy.ndarray"
        raise TypeError(msg)
    if kind == "R2C" and a._host.dtype.kind == "c":
        a = view(a._host.real, a)  # CuPy drops the imaginary part without a word
    char = a._host.dtype.char
    single = char in "efF"
    wanted: np.dtype[Any]
    if kind == "R2C":
        wanted = np.dtype("float32" if single else "float64")
    else:
        wanted = np.dtype("complex64" if single else "complex128")
    return a if a._host.dtype == wanted else rearranged(a, "C", wanted)


def _run(
    name: str,
    a: Any,
    lengths: Any,
    axes: tuple[int, ...],
    norm: Any,
    call: Any,
    *,
    overwrites: bool = False,
) -> Any:
    """
    Transform, and account for it as CuPy runs it.

    Args:
        name: The function's name.

        a: The operand.

        lengths: Its ``n`` or ``s``.

        axes: The axes transformed, none negative.

        norm: The normalisation's name.

        call: NumPy's function of the operand in which these axes are where they are.

        overwrites: Whether the result takes the operand's place where it fits there.
    """
    if norm not in _NORMS:
        msg = f'Invalid norm value {norm}, should be "backward", "ortho", or "forward".'
        raise ValueError(msg)
    kind = _kind(name)
    a = _prepared(a, kind)
    source = a._host
    if a.base is not None or not source.flags.c_contiguous or kind == "C2R":
        a = rearranged(a, "C")  # cuFFT overwrites a C2R operand, so CuPy copies it
    result = call(source)
    last = source.ndim - 1
    swapped = len(axes) == 1 and axes[0] != last
    # CuPy transforms the last axis and swaps it back: a view.
    if overwrites and kind == "C2C" and not swapped and result.shape == a._host.shape:
        out = a
        out._host[...] = result
    else:
        out = adopt(result.swapaxes(axes[0], last) if swapped else result)
    points = max(math.prod(source.shape[i] for i in axes), 2)
    size = max(source.size, result.size)
    for _ in axes:
        account(
            f"vector_fft_{kind}",
            "fft",
            [a],
            [out],
            flops=5.0 * size * math.log2(points) / len(axes),
        )
    inverse = name.startswith(("i", "hfft")) and name != "ihfft"
    if norm == "ortho" or (norm == "forward") != inverse:
        scale = kernel_name("true_divide", [out._host, 1], out._host.dtype)
        account(scale, "elementwise", [out], [out])
    del lengths
    return view(out._host.swapaxes(axes[0], last), out) if swapped else out


def _expect_known(name: str, options: dict[str, Any]) -> None:
    for option in options.keys() - {"overwrites"}:
        msg = f"{name}() got an unexpected keyword argument {option!r}"
        raise TypeError(msg)


def _one(name: str) -> Any:
    target = getattr(np.fft, name)

    def transform(
        a: Any, n: Any = None, axis: int = -1, norm: Any = None, **options: bool
    ) -> Any:
        _expect_known(name, options)
        if not isinstance(a, DeviceArray):
            msg = "The input array a must be a cupy.ndarray"
            raise TypeError(msg)

        def call(x: Any) -> Any:
            return target(x, n, axis, norm)

        axes = (axis % max(a._host.ndim, 1),)
        return _run(name, a, n, axes, norm, call, **options)

    transform.__name__ = name
    transform.__module__ = "cupy.fft"
    return transform


def _many(name: str, default: Any) -> Any:
    target = getattr(np.fft, name)

    def transform(
        a: Any, s: Any = None, axes: Any = default, norm: Any = None, **options: bool
    ) -> Any:
        _expect_known(name, options)
        if not isinstance(a, DeviceArray):
            msg = "The input array a must be a cupy.ndarray"
            raise TypeError(msg)
        ndim = a._host.ndim
        if axes is None:
            count = ndim if s is None else len(s)
            wanted = tuple(range(ndim - count, ndim))
        else:
            wanted = tuple(i % ndim for i in axes)
        if s is not None and len(s) != len(wanted):
            msg = "Shape and axes have different lengths."
            raise ValueError(msg)
        if len(set(wanted)) != len(wanted) or not wanted:
            not_modelled(f"cupy.fft.{name} with axes {axes}")

        def call(x: Any) -> Any:
            return target(x, s, wanted, norm)

        return _run(name, a, s, wanted, norm, call, **options)

    transform.__name__ = name
    transform.__module__ = "cupy.fft"
    return transform


def _as_scipy(name: str, transform: Any) -> Any:
    """Return a transform of ``cupy.fft`` with the parameters of ``cupyx.scipy.fft``."""
    default = {"fft2": (-2, -1), "fftn": None}.get(name[-4:])

    def run(x: Any, size: Any, axes: Any, norm: Any, overwrites: Any, plan: Any) -> Any:
        if plan is not None:
            not_modelled(f"cupyx.scipy.fft.{name} with a plan")
        return transform(x, size, axes, norm, overwrites=bool(overwrites))

    def one(
        x: Any,
        n: Any = None,
        axis: int = -1,
        norm: Any = None,
        overwrite_x: bool = False,  # noqa: FBT001, FBT002 - SciPy's signature
        *,
        plan: Any = None,
    ) -> Any:
        return run(x, n, axis, norm, overwrite_x, plan)

    def many(
        x: Any,
        s: Any = None,
        axes: Any = default,
        norm: Any = None,
        overwrite_x: bool = False,  # noqa: FBT001, FBT002 - SciPy's signature
        *,
        plan: Any = None,
    ) -> Any:
        return run(x, s, axes, norm, overwrite_x, plan)

    of_scipy = many if name.endswith(("fft2", "fftn")) else one
    of_scipy.__name__ = of_scipy.__qualname__ = name
    of_scipy.__module__ = "cupyx.scipy.fft"
    return of_scipy


def scipy_table() -> dict[str, Any]:
    """Return the contents of ``cupyx.scipy.fft``."""
    contents = table()
    del contents["config"]
    return {
        name: _as_scipy(name, item) if name.endswith(("fft", "fft2", "fftn")) else item
        for name, item in contents.items()
    }


def _frequencies(name: str) -> Any:
    target = getattr(np.fft, name)

    def frequencies(n: int, d: float = 1.0) -> Any:
        out = adopt(target(n, d))
        account(kernel_name(name, [], out._host.dtype), "elementwise", [], [out])
        return out

    frequencies.__name__ = name
    return frequencies


def _shift(name: str, sign: int) -> Any:
    def shift(x: Any, axes: Any = None) -> Any:
        x = asarray(x)
        if axes is None:
            axes = tuple(range(x.ndim))
        elif isinstance(axes, (int, np.integer)):
            axes = (int(axes),)
        by = tuple(x.shape[i] // 2 if sign > 0 else -(x.shape[i] // 2) for i in axes)
        return TABLE["roll"](x, by, tuple(axes))

    shift.__name__ = name
    return shift


class PlanCache:
    """CuPy's cache of plans; nothing is cached, so it is always empty."""

    def __init__(self) -> None:
        self._size, self._memsize = 16, -1

    def clear(self) -> None:
        """Forget all plans."""

    def get_size(self) -> int:
        """Return how many plans it may hold."""
        return self._size

    def set_size(self, size: int) -> None:
        """Set how many plans it may hold."""
        self._size = size

    def get_memsize(self) -> int:
        """Return how many bytes it may hold; -1 is without limit."""
        return self._memsize

    def set_memsize(self, memsize: int) -> None:
        """Set how many bytes it may hold."""
        self._memsize = memsize

    def get_curr_size(self) -> int:
        """Return how many plans it holds."""
        return 0

    def get_curr_memsize(self) -> int:
        """Return how many bytes it holds."""
        return 0

    def show_info(self) -> None:
        """Print what it holds."""
        print(self)  # noqa: T201 - that is what CuPy does

    def __repr__(self) -> str:
        return (
            "------------------- cuFFT plan cache (device 0) -------------------\n"
            f"cache enabled? {self._size != 0}\n"
            f"current / max size   : 0 / {self._size} (counts)\n"
            "hits / misses: 0 / 0 (counts)\n"
        )


class Config:
    """``cupy.fft.config``."""

    use_multi_gpus = False
    enable_nd_planning = True
    devices: tuple[int, ...] | None = None

    def __init__(self) -> None:
        self._cache = PlanCache()

    def get_plan_cache(self) -> PlanCache:
        """Return the cache of plans."""
        return self._cache

    def clear_plan_cache(self) -> None:
        """Forget all plans."""
        self._cache.clear()

    def get_plan_cache_size(self) -> int:
        """Return how many plans the cache may hold."""
        return self._cache.get_size()

    def set_plan_cache_size(self, size: int) -> None:
        """Set how many plans the cache may hold."""
        self._cache.set_size(size)

    def get_plan_cache_max_memsize(self) -> int:
        """Return how many bytes the cache may hold."""
        return self._cache.get_memsize()

    def set_plan_cache_max_memsize(self, size: int) -> None:
        """Set how many bytes the cache may hold."""
        self._cache.set_memsize(size)

    def show_plan_cache_info(self) -> None:
        """Print what the cache holds."""
        self._cache.show_info()

    def set_cufft_callbacks(self, *_args: Any, **_kwargs: Any) -> Any:
        """Refuse: CuPy's own callbacks are not modelled."""
        not_modelled("cupy.fft.config.set_cufft_callbacks")

    def set_cufft_gpus(self, *_args: Any, **_kwargs: Any) -> Any:
        """Refuse: there is one device."""
        not_modelled("cupy.fft.config.set_cufft_gpus")


def table() -> dict[str, Any]:
    """Return the contents of ``cupy.fft``."""
    functions: dict[str, Any] = {
        name: _one(name) for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
    }
    for name in ("fft2", "ifft2", "rfft2", "irfft2"):
        functions[name] = _many(name, (-2, -1))
    for name in ("fftn", "ifftn", "rfftn", "irfftn"):
        functions[name] = _many(name, None)
    functions.update(
        fftfreq=_frequencies("fftfreq"),
        rfftfreq=_frequencies("rfftfreq"),
        fftshift=_shift("fftshift", 1),
        ifftshift=_shift("ifftshift", -1),
        config=Config(),
    )
    return functions

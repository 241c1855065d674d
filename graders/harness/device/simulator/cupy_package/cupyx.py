"""``cupyx``: the benchmark on the virtual clock, pinned arrays, SciPy's functions."""

from __future__ import annotations

import contextlib
import importlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.evidence import Benchmark, ClockRead
from graders.harness.device.simulator.cupy_package.execution import run
from graders.harness.device.simulator.cupy_package.memory import alloc_pinned_memory
from graders.harness.device.simulator.cupy_package.names import names
from graders.harness.device.simulator.cupy_package.streams import (
    Event,
    get_elapsed_time,
)
from graders.harness.device.simulator.cupy_package.ufuncs import ufunc
from graders.harness.device.simulator.machine import CLOCK_READ_SECONDS, MACHINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# ------------------------------------------------------------------- cupyx.profiler


class PerfCaseResult:
    """Times recorded by :func:`benchmark`; its text is CuPy's."""

    __module__ = "cupyx.profiler"

    def __init__(
        self, name: str, ts: npt.NDArray[np.float64], devices: tuple[int, ...]
    ) -> None:
        self.name = name
        self._ts = ts
        self._devices = devices
        self._host_reads: list[ClockRead] = []
        self._read_by_learner = False

    def _note_host_reads(self, *, wanted: bool) -> None:
        """Let the host's times count as the learner's readings while they alone are."""
        ledger = MACHINE.ledger
        if ledger is None:
            return
        if wanted and not self._read_by_learner:
            self._read_by_learner = True
            ledger.clock_reads.extend(self._host_reads)
        elif not wanted:
            mine = {id(read) for read in self._host_reads}
            reads = [read for read in ledger.clock_reads if id(read) not in mine]
            ledger.clock_reads[:] = reads
            self._read_by_learner = True

    @property
    def cpu_times(self) -> npt.NDArray[np.float64]:
        """Host times in seconds, one a repeat."""
        self._note_host_reads(wanted=True)
        times: npt.NDArray[np.float64] = self._ts[0]
        return times

    @property
    def gpu_times(self) -> npt.NDArray[np.float64]:
        """Device times in seconds, of shape (devices, repeats)."""
        self._note_host_reads(wanted=False)
        return self._ts[1:]

    @staticmethod
    def _to_str_per_item(device_name: str, t: npt.NDArray[np.float64]) -> str:
        us = t * 1e6
        text = f"    {device_name}: {us.mean():9.03f} us"
        if us.size > 1:
            text += (
                f"   +/- {us.std():6.03f} "
                f"(min: {us.min():9.03f} / max: {us.max():9.03f}) us"
            )
        return text

    def to_str(self, show_gpu: bool = False) -> str:  # noqa: FBT001, FBT002
        """Return the statistics as a line of text."""
        parts = [self._to_str_per_item("CPU", self._ts[0])]
        if show_gpu:
            parts += [
                self._to_str_per_item(f"GPU-{d}", self._ts[1 + i])
                for i, d in enumerate(self._devices)
            ]
        return f"{self.name:<20s}:{' '.join(parts)}"

    def __repr__(self) -> str:
        return self.to_str(show_gpu=True)

    __str__ = __repr__


def benchmark(
    func: Callable[..., Any],
    args: tuple[Any, ...] = (),
    kwargs: dict[str, Any] | None = None,
    n_repeat: int = 10000,
    *,
    name: str | None = None,
    n_warmup: int = 10,
    max_duration: float = math.inf,
    devices: tuple[int, ...] | None = None,
) -> PerfCaseResult:
    """Time a function on host and device, with CuPy's algorithm and checks."""
    kwargs = {} if kwargs is None else kwargs
    if name is None:
        name = func.__name__
    if devices is None:
        devices = (0,)
    checks = [
        (callable(func), "`func` should be a callable object."),
        (isinstance(args, tuple), "`args` should be of tuple type."),
        (isinstance(kwargs, dict), "`kwargs` should be of dict type."),
        (isinstance(n_repeat, int), "`n_repeat` should be an integer."),
        (isinstance(name, str), "`name` should be a string."),
        (isinstance(n_warmup, int), "`n_warmup` should be an integer."),
        (np.isreal(max_duration), "`max_duration` should be given in seconds"),
        (isinstance(devices, tuple), "`devices` should be of tuple type"),
    ]
    for holds, message in checks:
        if not holds:
            raise ValueError(message)
    return _repeat(func, args, kwargs, n_repeat, name, n_warmup, max_duration, devices)


def _now() -> float:
    """Read the clock without counting it as the learner's own reading."""
    MACHINE.weather.mark()
    MACHINE.host_time += CLOCK_READ_SECONDS
    return MACHINE.host_time


def _note_no_warm_up() -> None:
    """Note a benchmark whose first repeat loaded what the others found loaded."""
    if MACHINE.ledger is not None:
        notes = MACHINE.ledger.notes
        notes["cold_benchmarks"] = notes.get("cold_benchmarks", 0) + 1


def _note_repeats(begun: float, repeats: int, warm_ups: int) -> None:
    """Note when the repeats of a benchmark began, and that they have ended now."""
    if MACHINE.ledger is not None:
        seconds = MACHINE.host_time - begun
        MACHINE.ledger.benchmarks.append(
            Benchmark(start=begun, seconds=seconds, repeats=repeats, warm_ups=warm_ups)
        )


def _repeat(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    n_repeat: int,
    name: str,
    n_warmup: int,
    max_duration: float,
    devices: tuple[int, ...],
) -> PerfCaseResult:
    before = [Event() for _ in devices]
    after = [Event() for _ in devices]
    for _ in range(n_warmup):
        func(*args, **kwargs)
    for event in before:
        event.record()
        event.synchronize()
    cpu_times: list[float] = []
    reads: list[ClockRead] = []
    gpu_times: list[list[float]] = [[] for _ in devices]
    duration = 0.0
    uses = MACHINE.weather.first_uses
    for repeat in range(n_repeat):
        if repeat == 1 and MACHINE.weather.first_uses > uses:
            _note_no_warm_up()
        for event in before:
            event.record()
        start = _now()
        reads.append(ClockRead(at=start, idle=MACHINE.idle))
        func(*args, **kwargs)
        cpu_times.append(_now() - start)
        reads.append(ClockRead(at=MACHINE.host_time, idle=MACHINE.idle))
        for event in after:
            event.record()
        for event in after:
            event.synchronize()
        for times, first, last in zip(gpu_times, before, after, strict=True):
            times.append(get_elapsed_time(first, last) * 1e-3)
        duration += _now() - start
        if duration > max_duration:
            break
    if reads:
        _note_repeats(reads[0].at, len(cpu_times), n_warmup)
    ts = np.asarray([cpu_times, *gpu_times], dtype=np.float64)
    result = PerfCaseResult(name, ts, devices)
    result._host_reads = reads  # noqa: SLF001 - the result's own maker
    return result


@contextlib.contextmanager
def profile() -> Iterator[None]:
    """Mark a range for CUDA's profiler; there is none here."""
    yield


class time_range(contextlib.ContextDecorator):  # noqa: N801 - CuPy's name
    """Name a range for CUDA's profiler; there is none here."""

    __module__ = "cupyx.profiler"

    def __init__(
        self,
        message: str | None = None,
        color_id: int | None = None,
        argb_color: int | None = None,
        sync: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
    ) -> None:
        del message, color_id, argb_color
        self._sync = sync

    def __enter__(self) -> time_range:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._sync:
            MACHINE.synchronize()


# --------------------------------------------------------------------- pinned arrays


def empty_pinned(
    shape: Any, dtype: npt.DTypeLike = float, order: Any = "C"
) -> npt.NDArray[Any]:
    """Return an uninitialised NumPy array in page-locked memory."""
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    nbytes = math.prod(shape) * np.dtype(dtype).itemsize
    memory = alloc_pinned_memory(nbytes)
    return np.ndarray(shape, dtype, buffer=memory, order=order)


def zeros_pinned(
    shape: Any, dtype: npt.DTypeLike = float, order: Any = "C"
) -> npt.NDArray[Any]:
    """Return a NumPy array of zeros in page-locked memory."""
    out = empty_pinned(shape, dtype, order)
    out[...] = 0
    return out


def empty_like_pinned(
    a: Any,
    dtype: npt.DTypeLike | None = None,
    order: Any = "K",
    subok: Any = None,
    shape: Any = None,
) -> npt.NDArray[Any]:
    """Return an uninitialised page-locked NumPy array like another array."""
    if subok is not None:
        msg = "subok is not supported yet"
        raise TypeError(msg)
    fortran = a.flags.f_contiguous and not a.flags.c_contiguous
    order = "F" if order == "F" or (order in "KA" and fortran) else "C"
    wanted = a.shape if shape is None else shape
    return empty_pinned(wanted, a.dtype if dtype is None else dtype, order)


def zeros_like_pinned(
    a: Any,
    dtype: npt.DTypeLike | None = None,
    order: Any = "K",
    subok: Any = None,
    shape: Any = None,
) -> npt.NDArray[Any]:
    """Return a page-locked NumPy array of zeros like another array."""
    out = empty_like_pinned(a, dtype, order, subok, shape)
    out[...] = 0
    return out


def _rsqrt(x: Any) -> Any:
    root = np.sqrt(x)
    return np.reciprocal(root.astype(np.result_type(root, 0.0)))


rsqrt = ufunc("rsqrt", _rsqrt)

# ------------------------------------------------------------------------- cupyx.scipy

SCIPY = {
    "ndimage": names(
        """
        affine_transform binary_closing binary_dilation binary_erosion binary_opening
        center_of_mass convolve convolve1d correlate correlate1d fourier_gaussian
        gaussian_filter gaussian_filter1d gaussian_laplace gaussian_gradient_magnitude
        generic_laplace grey_closing grey_dilation grey_erosion grey_opening label
        laplace map_coordinates maximum maximum_filter maximum_filter1d mean median
        median_filter minimum minimum_filter minimum_filter1d percentile_filter
        prewitt rank_filter rotate shift sobel spline_filter standard_deviation sum
        sum_labels uniform_filter uniform_filter1d variance zoom
        """
    ),
    "special": names(
        """
        digamma entr erf erfc erfcinv erfcx erfinv exp1 expi expit expm1 gamma
        gammainc gammaincc gammaln i0 i0e i1 i1e j0 j1 log1p log_ndtr log_softmax
        logit logsumexp ndtr ndtri polygamma psi rel_entr sinc softmax xlog1py xlogy
        y0 y1 zeta
        """
    ),
    "signal": names(
        """
        choose_conv_method convolve convolve2d correlate correlate2d fftconvolve
        hilbert medfilt medfilt2d oaconvolve order_filter resample savgol_filter
        sepfir2d wiener
        """
    ),
    "linalg": names(
        """
        block_diag circulant companion dft expm hadamard hankel hilbert kron
        khatri_rao lu lu_factor lu_solve solve_triangular toeplitz tri tril triu
        """
    ),
    "stats": ["entropy", "trim_mean", "zscore", "zmap", "boxcox_llf"],
}


def scipy_function(module: str, name: str) -> Any:
    """Return the device's version of a SciPy function, imported when it runs."""
    kind = "gemm" if module == "linalg" else "elementwise"

    def call(*args: Any, **kwargs: Any) -> Any:
        target = getattr(importlib.import_module(f"scipy.{module}"), name)
        return run(target, name, kind, args, kwargs)

    call.__name__ = name
    call.__module__ = f"cupyx.scipy.{module}"
    return call


def profiler_table() -> dict[str, Any]:
    """Return the contents of ``cupyx.profiler``."""
    return {"benchmark": benchmark, "profile": profile, "time_range": time_range}


def table() -> dict[str, Any]:
    """Return the contents of ``cupyx``."""
    return {
        "empty_pinned": empty_pinned,
        "zeros_pinned": zeros_pinned,
        "empty_like_pinned": empty_like_pinned,
        "zeros_like_pinned": zeros_like_pinned,
        "rsqrt": rsqrt,
        "scatter_add": lambda a, slices, value: a.scatter_add(slices, value),
        "scatter_max": lambda a, slices, value: a.scatter_max(slices, value),
        "scatter_min": lambda a, slices, value: a.scatter_min(slices, value),
    }

"""``cupy.random``: NumPy's generators under CuPy's names, with other numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator.cupy_package.execution import (
    account,
    host_of,
    kernel_name,
)
from graders.harness.device.simulator.cupy_package.names import names
from graders.harness.device.simulator.cupy_package.storage import DeviceArray, adopt

_DISTRIBUTIONS = names(
    """
    beta binomial chisquare dirichlet exponential f gamma geometric gumbel
    hypergeometric laplace logistic lognormal logseries multivariate_normal
    negative_binomial noncentral_chisquare noncentral_f normal pareto poisson power
    rayleigh standard_cauchy standard_exponential standard_gamma standard_normal
    standard_t triangular uniform vonmises wald weibull zipf
    """
)

_OF_GENERATOR = names(
    """
    beta binomial chisquare dirichlet exponential f gamma geometric hypergeometric
    logseries poisson power standard_exponential standard_gamma standard_normal
    uniform
    """
)

_FLOATS = {np.dtype(np.float32), np.dtype(np.float64)}


def _finish(name: str, values: Any, dtype: Any, found: list[DeviceArray]) -> Any:
    host = np.asarray(values)
    if dtype is not None:
        host = host.astype(dtype, copy=False)
    out = adopt(host)
    account(kernel_name(name, [], out._host.dtype), "random", found, [out])
    return out


def _check_float(dtype: npt.DTypeLike) -> np.dtype[Any]:
    target = np.dtype(dtype)
    if target not in _FLOATS:
        msg = "cupy.random only supports float32 and float64"
        raise TypeError(msg)
    return target


def _draw(rng: np.random.Generator, name: str, args: Any, kwargs: Any) -> Any:
    """Draw from the distribution with NumPy's parameters and CuPy's ``dtype``."""
    found: list[DeviceArray] = []
    dtype = kwargs.pop("dtype", None)
    hosts = [host_of(a, found) for a in args]
    extra = {k: host_of(v, found) for k, v in kwargs.items()}
    return _finish(name, getattr(rng, name)(*hosts, **extra), dtype, found)


class RandomState:
    """CuPy's container of a generator, and what ``cupy.random``'s functions use."""

    __module__ = "cupy.random"

    def __init__(self, seed: Any = None, method: Any = None) -> None:
        del method
        self.seed(seed)

    def seed(self, seed: Any = None) -> None:
        """Start the sequence that belongs to ``seed``, or a fresh one."""
        if isinstance(seed, DeviceArray):
            seed = int(seed._host)
        self._rng = np.random.default_rng(seed)

    def rand(self, *size: int, dtype: npt.DTypeLike = float) -> Any:
        """Draw uniformly from [0, 1)."""
        return self.random_sample(size or None, dtype)

    def randn(self, *size: int, dtype: npt.DTypeLike = float) -> Any:
        """Draw from the standard normal distribution."""
        return self.standard_normal(size or None, dtype)

    def random_sample(self, size: Any = None, dtype: npt.DTypeLike = float) -> Any:
        """Draw uniformly from [0, 1)."""
        target: Any = _check_float(dtype)
        return _finish("random", self._rng.random(size, target), target, [])

    def standard_normal(self, size: Any = None, dtype: npt.DTypeLike = float) -> Any:
        """Draw from the standard normal distribution."""
        target: Any = _check_float(dtype)
        return _finish("normal", self._rng.standard_normal(size, target), target, [])

    def normal(
        self,
        loc: Any = 0.0,
        scale: Any = 1.0,
        size: Any = None,
        dtype: npt.DTypeLike = float,
    ) -> Any:
        """Draw from a normal distribution."""
        target = _check_float(dtype)
        found: list[DeviceArray] = []
        values = self._rng.normal(host_of(loc, found), host_of(scale, found), size)
        return _finish("normal", values, target, found)

    def uniform(
        self,
        low: Any = 0.0,
        high: Any = 1.0,
        size: Any = None,
        dtype: npt.DTypeLike = float,
    ) -> Any:
        """Draw uniformly from [low, high)."""
        target = _check_float(dtype)
        found: list[DeviceArray] = []
        values = self._rng.uniform(host_of(low, found), host_of(high, found), size)
        return _finish("uniform", values, target, found)

    def randint(
        self, low: Any, high: Any = None, size: Any = None, dtype: npt.DTypeLike = int
    ) -> Any:
        """Draw integers from [low, high)."""
        values = self._rng.integers(low, high, size)
        return _finish("randint", values, dtype, [])

    def tomaxint(self, size: Any = None) -> Any:
        """Draw integers from the whole range."""
        return self.randint(0, np.iinfo(np.int64).max, size)

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,  # noqa: FBT001, FBT002 - CuPy's signature
        p: Any = None,
    ) -> Any:
        """Draw from a sequence."""
        found: list[DeviceArray] = []
        host, weights = host_of(a, found), host_of(p, found)
        values = self._rng.choice(host, size, replace, weights)
        return _finish("choice", values, None, found)

    def permutation(self, a: Any) -> Any:
        """Return a shuffled copy, or a shuffled range."""
        found: list[DeviceArray] = []
        values = self._rng.permutation(host_of(a, found))
        return _finish("permutation", values, None, found)

    def shuffle(self, a: Any) -> None:
        """Shuffle in place."""
        if not isinstance(a, DeviceArray):
            msg = "The array must be cupy.ndarray"
            raise TypeError(msg)
        self._rng.shuffle(a._host)
        account("cupy_shuffle", "random", [a], [a])

    def __getattr__(self, name: str) -> Any:
        if name not in _DISTRIBUTIONS:
            msg = f"'RandomState' object has no attribute {name!r}"
            raise AttributeError(msg)
        return lambda *args, **kwargs: _draw(self._rng, name, args, kwargs)


class Generator:
    """What ``cupy.random.default_rng`` returns."""

    __module__ = "cupy.random"

    def __init__(self, bit_generator: Any = None) -> None:
        self.bit_generator = bit_generator
        seed = getattr(bit_generator, "seed", bit_generator)
        self._rng = np.random.default_rng(seed)

    def random(
        self, size: Any = None, dtype: npt.DTypeLike = np.float64, out: Any = None
    ) -> Any:
        """Draw uniformly from [0, 1)."""
        return self._into("random", size, dtype, out)

    def standard_normal(
        self, size: Any = None, dtype: npt.DTypeLike = np.float64, out: Any = None
    ) -> Any:
        """Draw from the standard normal distribution."""
        return self._into("standard_normal", size, dtype, out)

    def _into(self, name: str, size: Any, dtype: npt.DTypeLike, out: Any) -> Any:
        target = _check_float(dtype)
        shape = out.shape if out is not None and size is None else size
        values = getattr(self._rng, name)(shape, target)
        if out is None:
            return _finish(name, values, target, [])
        out._host[...] = values
        account(kernel_name(name, [], target), "random", [], [out])
        return out

    def integers(
        self,
        low: Any,
        high: Any = None,
        size: Any = None,
        dtype: npt.DTypeLike = np.int64,
        endpoint: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
    ) -> Any:
        """Draw integers from [low, high)."""
        values = self._rng.integers(low, high, size, endpoint=endpoint)
        return _finish("integers", values, dtype, [])

    def __getattr__(self, name: str) -> Any:
        if name not in _OF_GENERATOR:
            msg = f"'Generator' object has no attribute {name!r}"
            raise AttributeError(msg)
        return lambda *args, **kwargs: _draw(self._rng, name, args, kwargs)


class BitGenerator:
    """A source of random bits: here only a seed."""

    __module__ = "cupy.random"

    def __init__(self, seed: Any = None) -> None:
        self.seed = seed


_state = RandomState()


def default_rng(seed: Any = None) -> Generator:
    """Return a generator."""
    return seed if isinstance(seed, Generator) else Generator(seed)


def get_random_state() -> RandomState:
    """Return the generator that the functions of ``cupy.random`` use."""
    return _state


def set_random_state(state: Any) -> None:
    """Set the generator that the functions of ``cupy.random`` use."""
    if not isinstance(state, RandomState):
        msg = f"Random state must be an instance of RandomState. Actual: {type(state)}"
        raise TypeError(msg)
    _state._rng = state._rng


def _random_integers(low: Any, high: Any = None, size: Any = None) -> Any:
    low, high = (1, low) if high is None else (low, high)
    return _state.randint(low, high + 1, size)


def table() -> dict[str, Any]:
    """Return the contents of ``cupy.random``."""
    own = names(
        """
        rand randn randint choice permutation shuffle seed random_sample
        """
    )
    contents: dict[str, Any] = {name: getattr(_state, name) for name in own}
    contents.update({name: getattr(_state, name) for name in _DISTRIBUTIONS})
    for name in ("random", "ranf", "sample"):
        contents[name] = _state.random_sample
    contents.update(
        RandomState=RandomState,
        Generator=Generator,
        BitGenerator=BitGenerator,
        XORWOW=BitGenerator,
        MRG32k3a=BitGenerator,
        Philox4x3210=BitGenerator,
        default_rng=default_rng,
        get_random_state=get_random_state,
        set_random_state=set_random_state,
        reset_states=lambda: _state.seed(),
        random_integers=_random_integers,
    )
    return contents

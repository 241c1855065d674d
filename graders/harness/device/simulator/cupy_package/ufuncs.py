"""CuPy's elementwise functions: one kernel each over NumPy's of the same name."""

from __future__ import annotations

from typing import Any

import numpy as np

from graders.harness.device.simulator.cupy_package.errors import (
    not_modelled,
    shape_error,
)
from graders.harness.device.simulator.cupy_package.execution import (
    account,
    finish,
    kernel_name,
    operand,
    run,
    store,
)
from graders.harness.device.simulator.cupy_package.indexing import plan
from graders.harness.device.simulator.cupy_package.names import names
from graders.harness.device.simulator.cupy_package.storage import DeviceArray, adopt

_KWARGS = {"out", "dtype", "casting"}


class ufunc:  # noqa: N801 - CuPy's name
    """An elementwise function of device arrays and scalars."""

    __module__ = "cupy"

    def __init__(self, name: str, function: Any) -> None:
        self.__name__ = name
        self.name = f"cupy_{name}"
        self._function = function
        self._ordered = isinstance(function, np.ufunc)
        self.nin: int = getattr(function, "nin", 1)
        self.nout: int = getattr(function, "nout", 1)
        self.__doc__ = f"Elementwise {name}, as numpy.{name}."

    @property
    def nargs(self) -> int:
        """How many arguments it takes, outputs included."""
        return self.nin + self.nout

    def __repr__(self) -> str:
        return f"<ufunc 'cupy_{self.__name__}'>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute each element; ``out``, ``dtype`` and ``casting`` as NumPy's."""
        found: list[DeviceArray] = []
        if len(args) == self.nin and not kwargs:
            hosts = [operand(a, found) for a in args]
            order = {"order": "C"} if self._ordered else {}
            result = self._computed(hosts, order)
            if self.nout == 1:
                array = adopt(result)
                full = kernel_name(self.__name__, hosts, array._host.dtype)
                account(full, "elementwise", found, [array])
                return array
            return finish(result, self.__name__, "elementwise", found)
        return self._general(args, kwargs)

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self.nin <= len(args) <= self.nargs:
            msg = (
                f"Wrong number of arguments for 'cupy_{self.__name__}'. "
                f"It must be either {self.nin} or {self.nargs} (with outputs), "
                f"but given {len(args)}."
            )
            raise TypeError(msg)
        wrong = set(kwargs) - _KWARGS
        if wrong:
            msg = f"Wrong arguments {sorted(wrong)}"
            raise TypeError(msg)
        out = kwargs.get("out")
        if len(args) > self.nin:
            out = args[self.nin :]
        if isinstance(out, tuple) and len(out) == 1:
            out = out[0]
        found: list[DeviceArray] = []
        hosts = [operand(a, found) for a in args[: self.nin]]
        extra: dict[str, Any] = {}
        if kwargs.get("dtype") is not None:
            extra["dtype"] = kwargs["dtype"]
        casting = kwargs.get("casting", "same_kind")
        result = self._computed(hosts, extra)
        if out is None:
            return finish(result, self.__name__, "elementwise", found)
        if isinstance(out, tuple):
            pairs = zip(result, out, strict=True)
            name, kind = self.__name__, "elementwise"
            return tuple(
                store(r, name, kind, found, o, casting=casting) for r, o in pairs
            )
        result = _broadcast(result, out)
        return store(result, self.__name__, "elementwise", found, out, casting=casting)

    def _computed(self, hosts: list[Any], options: dict[str, Any]) -> Any:
        with np.errstate(all="ignore"):
            try:
                return self._function(*hosts, **options)
            except ValueError as err:
                raise shape_error(err) from None

    def reduce(self, array: Any, *args: Any, **kwargs: Any) -> Any:
        """Reduce along axes, as NumPy's ``reduce``."""
        return self._method("reduce", "reduction", (array, *args), kwargs)

    def accumulate(self, array: Any, *args: Any, **kwargs: Any) -> Any:
        """Accumulate along an axis, as NumPy's ``accumulate``."""
        return self._method("accumulate", "elementwise", (array, *args), kwargs)

    def outer(self, a: Any, b: Any, **kwargs: Any) -> Any:
        """Apply to all pairs, as NumPy's ``outer``."""
        return self._method("outer", "elementwise", (a, b), kwargs)

    def at(self, a: Any, indices: Any, b: Any = None) -> None:
        """Apply in place at indices, unbuffered, as NumPy's ``at``."""
        found: list[DeviceArray] = []
        target = operand(a, found)
        extra = () if b is None else (operand(b, found),)
        where, _, arrays, _ = plan(indices)
        self._function.at(target, where, *extra)
        found += arrays
        account(f"cupy_{self.__name__}_at", "elementwise", found, found[:1])

    def _method(self, name: str, kind: str, args: Any, kwargs: dict[str, Any]) -> Any:
        if not self._ordered:
            not_modelled(f"cupy.{self.__name__}.{name}")
        method = getattr(self._function, name)
        return run(method, f"{self.__name__}_{name}", kind, args, kwargs)


def _broadcast(result: Any, out: Any) -> Any:
    """Let a result of fewer axes spread over ``out``, as a kernel's output may."""
    if isinstance(out, DeviceArray) and np.shape(result) != out._host.shape:
        try:
            return np.broadcast_to(result, out._host.shape)
        except ValueError:
            return result
    return result


_NAMES = names(
    """
    abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh
    asin asinh atan atan2 atanh bitwise_and bitwise_count bitwise_invert
    bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor cbrt
    ceil conj conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2
    expm1 fabs fix float_power floor floor_divide fmax fmin fmod frexp gcd greater
    greater_equal heaviside hypot i0 invert isfinite isinf isnan lcm ldexp left_shift
    less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not
    logical_or logical_xor maximum minimum mod modf multiply negative nextafter
    not_equal positive pow power rad2deg radians reciprocal remainder right_shift rint
    sign signbit sin sinc sinh sqrt square subtract tan tanh true_divide trunc
    """
)

# CuPy names some kernels otherwise than the function.
_KERNELS = {
    "abs": "absolute",
    "divide": "true_divide",
    "pow": "power",
    "mod": "remainder",
}

UFUNCS: dict[str, ufunc] = {
    name: ufunc(_KERNELS.get(name, name), getattr(np, name)) for name in _NAMES
}

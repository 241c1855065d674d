"""The operators of ``cupy.ndarray``: one elementwise kernel each, or a product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graders.harness.device.simulator.cupy_package.functions import matmul
from graders.harness.device.simulator.cupy_package.storage import DeviceArray
from graders.harness.device.simulator.cupy_package.ufuncs import UFUNCS

if TYPE_CHECKING:
    from collections.abc import Callable


def _binary(function: Callable[..., Any]) -> Any:
    def method(self: Any, other: Any) -> Any:
        if _defers(other):
            return NotImplemented
        return function(self, other)

    return method


def _reflected(function: Callable[..., Any]) -> Any:
    def method(self: Any, other: Any) -> Any:
        if _defers(other):
            return NotImplemented
        return function(other, self)

    return method


def _in_place(function: Callable[..., Any]) -> Any:
    def method(self: Any, other: Any) -> Any:
        return function(self, other, out=self)

    return method


def _unary(function: Callable[..., Any]) -> Any:
    def method(self: Any) -> Any:
        return function(self)

    return method


def _defers(other: Any) -> bool:
    """Say whether the other operand is to answer: it has an operator of higher rank."""
    if isinstance(other, (DeviceArray, int, float, complex)):
        return False
    if getattr(other, "__array_ufunc__", True) is None:
        return True
    rank: float = getattr(other, "__array_priority__", 0)
    return rank > 100 and not hasattr(other, "__array_ufunc__")


_u = UFUNCS


class Operators:
    """Operators; values and types as NumPy's, one kernel each."""

    __slots__ = ()

    __add__ = _binary(_u["add"])
    __radd__ = _reflected(_u["add"])
    __iadd__ = _in_place(_u["add"])
    __sub__ = _binary(_u["subtract"])
    __rsub__ = _reflected(_u["subtract"])
    __isub__ = _in_place(_u["subtract"])
    __mul__ = _binary(_u["multiply"])
    __rmul__ = _reflected(_u["multiply"])
    __imul__ = _in_place(_u["multiply"])
    __truediv__ = _binary(_u["true_divide"])
    __rtruediv__ = _reflected(_u["true_divide"])
    __itruediv__ = _in_place(_u["true_divide"])
    __floordiv__ = _binary(_u["floor_divide"])
    __rfloordiv__ = _reflected(_u["floor_divide"])
    __ifloordiv__ = _in_place(_u["floor_divide"])
    __mod__ = _binary(_u["remainder"])
    __rmod__ = _reflected(_u["remainder"])
    __imod__ = _in_place(_u["remainder"])
    __divmod__ = _binary(_u["divmod"])
    __rdivmod__ = _reflected(_u["divmod"])
    __pow__ = _binary(_u["power"])
    __rpow__ = _reflected(_u["power"])
    __ipow__ = _in_place(_u["power"])
    __lshift__ = _binary(_u["left_shift"])
    __rlshift__ = _reflected(_u["left_shift"])
    __ilshift__ = _in_place(_u["left_shift"])
    __rshift__ = _binary(_u["right_shift"])
    __rrshift__ = _reflected(_u["right_shift"])
    __irshift__ = _in_place(_u["right_shift"])
    __and__ = _binary(_u["bitwise_and"])
    __rand__ = _reflected(_u["bitwise_and"])
    __iand__ = _in_place(_u["bitwise_and"])
    __or__ = _binary(_u["bitwise_or"])
    __ror__ = _reflected(_u["bitwise_or"])
    __ior__ = _in_place(_u["bitwise_or"])
    __xor__ = _binary(_u["bitwise_xor"])
    __rxor__ = _reflected(_u["bitwise_xor"])
    __ixor__ = _in_place(_u["bitwise_xor"])
    __matmul__ = _binary(matmul)
    __rmatmul__ = _reflected(matmul)
    __lt__ = _binary(_u["less"])
    __le__ = _binary(_u["less_equal"])
    __gt__ = _binary(_u["greater"])
    __ge__ = _binary(_u["greater_equal"])
    __neg__ = _unary(_u["negative"])
    __pos__ = _unary(_u["positive"])
    __abs__ = _unary(_u["absolute"])
    __invert__ = _unary(_u["invert"])

    def __eq__(self, other: object) -> Any:
        return False if other is None else _u["equal"](self, other)

    def __ne__(self, other: object) -> Any:
        return True if other is None else _u["not_equal"](self, other)

"""``cupy.ElementwiseKernel``: one kernel whose operation is written in C++."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from graders.harness.device.simulator.cupy_package.c_program import Program, Variable
from graders.harness.device.simulator.cupy_package.c_source import parse
from graders.harness.device.simulator.cupy_package.c_types import Values, unsupported
from graders.harness.device.simulator.cupy_package.errors import (
    shape_error,
)
from graders.harness.device.simulator.cupy_package.errors import (
    unsupported as foreign,
)
from graders.harness.device.simulator.cupy_package.execution import account
from graders.harness.device.simulator.cupy_package.kernel_params import (
    ParameterInfo,
    checked_name,
    decide_types,
    parse_parameters,
    type_of,
)
from graders.harness.device.simulator.cupy_package.storage import DeviceArray, empty

_SCALARS = (bool, int, float, complex, np.generic)
_UNDECIDED = -1


class ElementwiseKernel:
    """
    A function whose operation runs for each element, as one kernel.

    What the simulator cannot run raises when it is called, not when it is made.

    Args:
        in_params: Inputs, as ``"T x, raw T y, float32 s"``.

        out_params: Outputs.

        operation: C++ statements.

        name: The kernel's name.

        reduce_dims: Accepted; the simulator does the same either way.

        preamble: Code before the kernel; none is modelled.

        no_return: Whether a call returns None.

        return_tuple: Whether a single output is returned in a tuple.

        kwargs: ``options``, accepted; ``loop_prep`` and ``after_loop``, not modelled.
    """

    __module__ = "cupy"

    def __init__(
        self,
        in_params: str,
        out_params: str,
        operation: str,
        name: str = "kernel",
        reduce_dims: bool = True,  # noqa: FBT001, FBT002 - CuPy's signature
        preamble: str = "",
        no_return: bool = False,  # noqa: FBT001, FBT002
        return_tuple: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> None:
        self.name = self.__name__ = checked_name(name)
        self.in_params = parse_parameters(in_params, is_const=True)
        self.out_params = parse_parameters(out_params, is_const=False)
        self.params = self.in_params + self.out_params
        self.nin = len(self.in_params)
        self.nout = len(self.out_params)
        self.nargs = self.nin + self.nout
        self.operation = operation
        self.reduce_dims = reduce_dims
        self.preamble = preamble
        self.no_return = no_return
        self.return_tuple = return_tuple
        self.kwargs = kwargs
        if any(p.name == "i" for p in self.params):
            msg = "Can not use 'i' as a parameter name"
            raise ValueError(msg)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """
        Launch the kernel.

        Args:
            args: Inputs, and outputs or none.

            kwargs: ``size``, where all arrays are raw; ``stream``; ``block_size``.

        Raises:
            TypeError: As CuPy, for a wrong number of arguments or types that differ.

            ValueError: As CuPy, for shapes that do not fit.

            NotModelled: The operation is beyond what the simulator runs.
        """
        size = kwargs.pop("size", _UNDECIDED)
        stream = kwargs.pop("stream", None)
        block_size = kwargs.pop("block_size", 128)
        if kwargs:
            msg = f"Wrong arguments {kwargs}"
            raise TypeError(msg)
        if block_size <= 0:
            msg = "block_size must be greater than zero"
            raise ValueError(msg)
        self._check_arguments(args)
        with contextlib.nullcontext() if stream is None else stream:
            outputs = self._launched(args, int(size))
        if self.no_return:
            return None
        return outputs[0] if self.nout == 1 and not self.return_tuple else outputs

    def _check_arguments(self, args: tuple[Any, ...]) -> None:
        if len(args) not in (self.nin, self.nargs):
            msg = (
                f"Wrong number of arguments for {self.name!r}. It must be either "
                f"{self.nin} or {self.nargs} (with outputs), but given {len(args)}."
            )
            raise TypeError(msg)
        for value in args:
            if not isinstance(value, (DeviceArray, *_SCALARS)):
                raise foreign(value)

    def _launched(self, args: tuple[Any, ...], size: int) -> tuple[Any, ...]:
        inputs, given = args[: self.nin], args[self.nin :]
        shape = self._loop_shape(args, size)
        letters = self._letters(inputs, given)
        outputs = self._outputs(given, letters, shape, sized=size != _UNDECIDED)
        if 0 in shape:
            return outputs
        # Raised where CuPy compiles: after it has judged the arguments.
        if (
            self.preamble
            or self.kwargs.get("loop_prep")
            or self.kwargs.get("after_loop")
        ):
            unsupported("Code around the loop")
        operation = parse(str(self.operation), tuple(sorted(letters)))
        variables = self._variables(inputs, outputs, letters, shape)
        program = Program(operation, variables, shape, letters, self.name)
        program.run()
        arrays = zip(self.params, (*inputs, *outputs), strict=True)
        reads = [a for p, a in arrays if p.name in program.loaded]
        count = math.prod(shape)
        work = count * max(operation.operators, 1)
        kind = "elementwise" if operation.operators else "copy"
        account(self.name, kind, reads, outputs, flops=work, elements=count)
        return outputs

    def _loop_shape(self, args: tuple[Any, ...], size: int) -> tuple[int, ...]:
        """Return the shape of the arrays that are not raw, broadcast; or the size."""
        pairs = list(zip(self.params, args, strict=False))
        if size == _UNDECIDED:
            return loop_shape(pairs)
        if any(isinstance(a, DeviceArray) and not p.raw for p, a in pairs):
            msg = "Specified 'size' can be used only if all of the ndarray are 'raw'."
            raise ValueError(msg)
        return (size,)

    def _letters(
        self, inputs: tuple[Any, ...], given: tuple[Any, ...]
    ) -> dict[str, np.dtype[Any]]:
        for value in given:
            if not isinstance(value, DeviceArray):
                msg = "Output arguments must be cupy.ndarray"
                raise TypeError(msg)
        types = [a._host.dtype if isinstance(a, DeviceArray) else None for a in inputs]
        return decide_types(
            list(zip(self.in_params, types, strict=True)),
            [(p, a._host.dtype) for p, a in zip(self.out_params, given, strict=False)],
        )

    def _outputs(
        self,
        given: tuple[Any, ...],
        letters: dict[str, np.dtype[Any]],
        shape: tuple[int, ...],
        *,
        sized: bool,
    ) -> tuple[Any, ...]:
        for parameter in self.params:
            type_of(parameter, letters)
        if given:
            for parameter, array in zip(self.out_params, given, strict=True):
                if not parameter.raw and array._host.shape != shape:
                    msg = "Out shape is mismatched"
                    raise ValueError(msg)
            return given
        if not sized and any(p.raw for p in self.out_params):
            msg = "Output array size is Undecided"
            raise ValueError(msg)
        return tuple(empty(shape, type_of(p, letters)) for p in self.out_params)

    def _variables(
        self,
        inputs: tuple[Any, ...],
        outputs: tuple[Any, ...],
        letters: dict[str, np.dtype[Any]],
        shape: tuple[int, ...],
    ) -> dict[str, Variable]:
        pairs = zip(self.params, (*inputs, *outputs), strict=True)
        return {p.name: variable_of(p, a, type_of(p, letters), shape) for p, a in pairs}


def loop_shape(pairs: Sequence[tuple[ParameterInfo, Any]]) -> tuple[int, ...]:
    """
    Return the shape of the arrays that are not raw, broadcast.

    Raises:
        ValueError: There is none, or they do not fit.
    """
    shapes = [
        a._host.shape for p, a in pairs if isinstance(a, DeviceArray) and not p.raw
    ]
    if not shapes:
        msg = "Loop size is undecided."
        raise ValueError(msg)
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        joined = " ".join(map(str, shapes))
        msg = f"operands could not be broadcast together with shapes {joined}"
        raise shape_error(ValueError(msg)) from None


def variable_of(
    parameter: ParameterInfo, value: Any, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> Variable:
    """Return an argument as a program's variable, broadcast to the loop's shape."""
    if not isinstance(value, DeviceArray):
        return Variable(_scalar(value, dtype), dtype, constant=True)
    host = value._host
    if parameter.is_const and not parameter.raw:
        host = np.broadcast_to(host, shape)
    return Variable(
        host, dtype, raw=parameter.raw, constant=parameter.is_const, in_memory=True
    )


def _scalar(value: Any, dtype: np.dtype[Any]) -> Values:
    """Return a scalar argument in its parameter's type, as CuPy packs it."""
    number = np.asarray(value)
    if number.dtype.kind == "c" and dtype.kind != "c":
        unsupported("A complex number where a real one is declared")
    with np.errstate(all="ignore"):
        return number.astype(dtype)

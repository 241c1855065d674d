"""``cupy.ReductionKernel``: one kernel whose mapping and reduction are written in C++."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.array_utils import normalize_axis_tuple

from graders.harness.device.simulator.cupy_package.c_program import Program, Variable
from graders.harness.device.simulator.cupy_package.c_source import parse
from graders.harness.device.simulator.cupy_package.c_types import (
    DType,
    c_type,
    unsupported,
)
from graders.harness.device.simulator.cupy_package.elementwise import (
    loop_shape,
    variable_of,
)
from graders.harness.device.simulator.cupy_package.execution import account
from graders.harness.device.simulator.cupy_package.kernel_params import (
    checked_name,
    decide_types,
    parse_parameters,
    type_of,
)
from graders.harness.device.simulator.cupy_package.storage import DeviceArray, empty

_RESULT = "__result"
_PAIR = ("a", "b")

HostArray = npt.NDArray[Any]


class ReductionKernel:
    """
    A function that maps elements, reduces them along axes, and maps what that gives.

    What the simulator cannot run raises when it is called, not when it is made.

    Args:
        in_params: Inputs, as ``"T x, raw T y, float32 s"``.

        out_params: Outputs; the first is returned.

        map_expr: C++ of an element.

        reduce_expr: C++ that makes one of ``a`` and ``b``.

        post_map_expr: C++ that assigns to the outputs what becomes of ``a``.

        identity: Where the reduction begins; None where it has no such value.

        name: The kernel's name.

        reduce_type: C++'s type of ``a``. The default is the first output's.

        reduce_dims: Accepted; the simulator does the same either way.

        preamble: Code before the kernel; none is modelled.

        options: Accepted.
    """

    __module__ = "cupy"

    def __init__(
        self,
        in_params: str,
        out_params: str,
        map_expr: str,
        reduce_expr: str,
        post_map_expr: str,
        identity: Any,
        name: str = "reduce_kernel",
        reduce_type: Any = None,
        reduce_dims: bool = True,  # noqa: FBT001, FBT002 - CuPy's signature
        preamble: str = "",
        options: tuple[str, ...] = (),
    ) -> None:
        self.name = self.__name__ = checked_name(name)
        self.in_params = parse_parameters(in_params, is_const=True)
        self.out_params = parse_parameters(out_params, is_const=False)
        self.params = self.in_params + self.out_params
        self.nin = len(self.in_params)
        self.nout = len(self.out_params)
        self.nargs = self.nin + self.nout
        self.map_expr = map_expr
        self.reduce_expr = reduce_expr
        self.post_map_expr = post_map_expr
        self.identity = "" if identity is None else str(identity)
        self.reduce_type = (
            self.out_params[0].ctype if reduce_type is None else reduce_type
        )
        self.reduce_dims = reduce_dims
        self.preamble = preamble
        self.options = options

    def __call__(
        self,
        *args: Any,
        out: Any = None,
        axis: Any = None,
        keepdims: bool = False,
        stream: Any = None,
        **kwargs: Any,
    ) -> Any:
        """
        Launch the kernel.

        Args:
            args: Inputs, and outputs or none.

            out: The output, where it is not among these.

            axis: Along which axes. The default is all.

            keepdims: Whether these stay, with length 1.

            stream: Where it runs. The default is the current stream.

            kwargs: None are known.

        Raises:
            TypeError: As CuPy, for a wrong number of arguments or types that differ.

            ValueError: As CuPy, for shapes that do not fit, or nothing to begin with.

            NotModelled: An expression is beyond what the simulator runs.
        """
        if kwargs:
            msg = f"Wrong arguments {kwargs}"
            raise TypeError(msg)
        if len(args) not in (self.nin, self.nargs):
            msg = f"Wrong number of arguments for {self.name}"
            raise TypeError(msg)
        inputs, given = args[: self.nin], args[self.nin :]
        if out is not None:
            if self.nout != 1:
                raise NotImplementedError  # as CuPy
            if given:
                msg = "cannot specify 'out' as both a positional and keyword argument"
                raise ValueError(msg)
            given = (out,)
        with contextlib.nullcontext() if stream is None else stream:
            return self._launched(inputs, given, axis, keepdims=keepdims)

    def _launched(
        self,
        inputs: tuple[Any, ...],
        given: tuple[Any, ...],
        axis: Any,
        *,
        keepdims: bool,
    ) -> Any:
        shape = loop_shape(list(zip(self.in_params, inputs, strict=True)))
        types = [a._host.dtype if isinstance(a, DeviceArray) else None for a in inputs]
        letters = decide_types(
            list(zip(self.in_params, types, strict=True)),
            [(p, a._host.dtype) for p, a in zip(self.out_params, given, strict=False)],
        )
        axes = normalize_axis_tuple(
            tuple(range(len(shape))) if axis is None else axis, len(shape)
        )
        outputs = self._outputs(given, letters, shape, axes, keepdims=keepdims)
        if outputs[0].size == 0:
            return outputs[0]
        if not self.identity and 0 in shape:
            msg = (
                f"zero-size array to reduction operation {self.name} which has no "
                "identity"
            )
            raise ValueError(msg)
        if self.preamble:
            unsupported("Code before the kernel")
        self._run(inputs, outputs, letters, shape, axes)
        return outputs[0]

    def _outputs(
        self,
        given: tuple[Any, ...],
        letters: dict[str, DType],
        shape: tuple[int, ...],
        axes: tuple[int, ...],
        *,
        keepdims: bool,
    ) -> tuple[Any, ...]:
        kept = tuple(
            1 if k in axes else n
            for k, n in enumerate(shape)
            if keepdims or k not in axes
        )
        for array in given:
            if array._host.shape != kept:
                msg = "Out shape is mismatched"
                raise ValueError(msg)
        return given or tuple(empty(kept, type_of(p, letters)) for p in self.out_params)

    def _run(
        self,
        inputs: tuple[Any, ...],
        outputs: tuple[Any, ...],
        letters: dict[str, DType],
        shape: tuple[int, ...],
        axes: tuple[int, ...],
    ) -> None:
        dtype = _type_named(str(self.reduce_type), letters)
        pairs = list(zip(self.in_params, inputs, strict=True))
        mapping = {
            p.name: variable_of(p, a, type_of(p, letters), shape) for p, a in pairs
        }
        mapped, loaded = self._value(self.map_expr, mapping, dtype, shape, letters)
        reduced = self._reduced(mapped, axes, dtype, letters)
        where = outputs[0]._host.shape
        variables = {
            p.name: variable_of(p, a, type_of(p, letters), where)
            for p, a in zip(self.out_params, outputs, strict=True)
        }
        first = Variable(reduced.reshape(where), dtype, constant=True)
        operation = parse(f"({self.post_map_expr})", tuple(sorted(letters)))
        Program(operation, variables | {"a": first}, where, letters, self.name).run()
        account(
            self.name,
            "reduction",
            [a for p, a in pairs if p.name in loaded],
            outputs,
            flops=2 * math.prod(shape),
            elements=max(math.prod(shape), math.prod(where)),
        )

    def _reduced(
        self,
        mapped: HostArray,
        axes: tuple[int, ...],
        dtype: DType,
        letters: dict[str, DType],
    ) -> HostArray:
        """Reduce along axes, in pairs, and once more with what it begins with."""
        front = np.moveaxis(mapped, axes, range(len(axes)))
        rest = front.shape[len(axes) :]
        left = front.reshape((math.prod(front.shape[: len(axes)]), *rest))
        if self.identity:
            begin, _ = self._value(self.identity, {}, dtype, (1, *rest), letters)
            left = np.concatenate([begin, left])
        while len(left) > 1:
            half = len(left) // 2
            both = {
                name: Variable(part, dtype, constant=True)
                for name, part in zip(
                    _PAIR, (left[:half], left[half : 2 * half]), strict=True
                )
            }
            joined, _ = self._value(
                self.reduce_expr, both, dtype, (half, *rest), letters
            )
            left = np.concatenate([joined, left[2 * half :]])
        return np.asarray(left[0])

    def _value(
        self,
        text: str,
        variables: dict[str, Variable],
        dtype: DType,
        shape: tuple[int, ...],
        letters: dict[str, DType],
    ) -> tuple[HostArray, set[str]]:
        """Return an expression's value in a type, and which arrays it read."""
        result = Variable(np.empty(shape, dtype), dtype)
        operation = parse(f"{_RESULT} = ({text})", tuple(sorted(letters)))
        program = Program(
            operation, variables | {_RESULT: result}, shape, letters, self.name
        )
        program.run()
        return np.broadcast_to(result.values, shape), program.loaded


def _type_named(name: str, letters: dict[str, DType]) -> DType:
    """Return a type of C++'s or NumPy's, or what a placeholder stands for."""
    if name not in letters:
        with contextlib.suppress(TypeError):
            return np.dtype(name)
    return c_type(name.split(), letters)

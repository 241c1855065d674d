"""Run an elementwise kernel's operation on whole arrays, with masks where it branches."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pycparser import c_ast

from graders.harness.device.simulator.cupy_package import c_math
from graders.harness.device.simulator.cupy_package.c_source import (
    AUTO,
    CAST,
    Operation,
)
from graders.harness.device.simulator.cupy_package.c_types import (
    FLOAT,
    DType,
    Values,
    c_type,
    cast,
    constant,
    unsupported,
    usual,
)
from graders.harness.device.simulator.machine import MACHINE

_CONSTANTS = {
    "true": np.asarray(True),
    "false": np.asarray(False),
    "M_PI": np.asarray(np.pi),
    "INFINITY": np.asarray(np.inf, FLOAT),
    "NAN": np.asarray(np.nan, FLOAT),
}
_ONE = np.asarray(1, "int32")


@dataclass
class Variable:
    """
    Something with a name in an operation.

    Attributes:
        values: Its values, one for each element of the loop or one for all; all elements
            of a raw array. None of a local that was declared and not set yet.

        dtype: Its type.

        raw: Whether it is indexed.

        constant: Whether it may not be assigned to.

        in_memory: Whether its values are the elements of a device array.
    """

    values: Any
    dtype: DType
    raw: bool = False
    constant: bool = False
    in_memory: bool = False


@dataclass
class Program:
    """
    One launch.

    Attributes:
        operation: What is run.

        variables: Parameters by name; locals are added.

        shape: That of the loop.

        letters: What the placeholders for types stand for.

        kernel: The kernel's name, for messages.

        loaded: Names of device arrays that were read.
    """

    operation: Operation
    variables: dict[str, Variable]
    shape: tuple[int, ...]
    letters: dict[str, DType]
    kernel: str
    loaded: set[str] = field(default_factory=set)
    _set: set[str] = field(default_factory=set)
    _mask: Values | None = None

    def run(self) -> None:
        """Run all statements."""
        self._statement(self.operation.body)

    @functools.cached_property
    def _numbers(self) -> Values:
        """The elements' numbers, in C order: ``i``."""
        return np.arange(math.prod(self.shape), dtype=np.int64).reshape(self.shape)

    # ------------------------------------------------------------------ statements

    def _statement(self, node: Any) -> None:
        if isinstance(node, c_ast.Compound):
            outer = dict(self.variables)
            for item in node.block_items or ():
                self._statement(item)
            self.variables = outer
        elif isinstance(node, c_ast.Decl):
            self._declare(node)
        elif isinstance(node, c_ast.DeclList):
            for item in node.decls:
                self._declare(item)
        elif isinstance(node, c_ast.If):
            self._branch(node)
        elif not isinstance(node, c_ast.EmptyStatement):
            self._value(node)

    def _declare(self, node: Any) -> None:
        if not isinstance(node.type, c_ast.TypeDecl):
            unsupported(f"The declaration of {node.name}, no plain variable,")
        names = getattr(node.type.type, "names", None)
        if names is None or node.storage:
            unsupported(f"The declaration of {node.name}")
        value = None if node.init is None else self._value(node.init)
        if value is not None and names == [AUTO]:
            dtype: DType = value.dtype
        else:
            dtype = self._type(names)
        local = Variable(None, dtype, constant=False)
        self.variables[node.name] = local
        if value is not None:
            local.values = cast(value, dtype)
        local.constant = "const" in node.quals

    def _type(self, names: list[str]) -> DType:
        if len(names) == 1 and names[0].startswith("__complex_"):
            part = self.letters.get(names[0].removeprefix("__complex_"))
            if part is not None and part.kind == "f" and part.itemsize >= 4:
                return np.dtype(f"c{2 * part.itemsize}")
        return c_type(names, self.letters)

    def _branch(self, node: Any) -> None:
        condition = c_math.truth(self._value(node.cond))
        for part, where in ((node.iftrue, condition), (node.iffalse, ~condition)):
            if part is not None:
                self._under(where, lambda part=part: self._statement(part))

    def _under(self, where: Values, action: Any) -> Any:
        """Do something for the elements where a condition holds; None where none do."""
        outer = self._mask
        self._mask = where if outer is None else outer & where
        try:
            return action() if self._mask.any() else None
        finally:
            self._mask = outer

    # ----------------------------------------------------------------- expressions

    def _value(self, node: Any) -> Values:
        method = getattr(self, f"_of_{type(node).__name__}", None)
        if method is None:
            unsupported(_WORDS.get(type(node), f"{type(node).__name__} of C"))
        result: Values = method(node)
        return result

    def _of_Constant(self, node: Any) -> Values:  # noqa: N802 - pycparser's names
        return constant(node.type, node.value)

    def _of_ID(self, node: Any) -> Values:  # noqa: N802
        variable = self.variables.get(node.name)
        if variable is None and node.name == "i":
            return self._numbers
        if variable is None and node.name in _CONSTANTS:
            return _CONSTANTS[node.name]
        if variable is None or variable.raw:
            unsupported(f"The name {node.name} by itself")
        self._note_read(node.name, variable)
        if variable.values is None:
            return _fresh(variable.dtype)
        return np.asarray(variable.values)

    def _note_read(self, name: str, variable: Variable) -> None:
        if variable.in_memory and name not in self._set:
            self.loaded.add(name)

    def _of_UnaryOp(self, node: Any) -> Values:  # noqa: N802
        if node.op in {"++", "--", "p++", "p--"}:
            old = self._value(node.expr).copy()
            new = self._assign(node.expr, c_math.binary(node.op[-1], old, _ONE))
            return old if node.op.startswith("p") else new
        if node.op in {"&", "*", "sizeof"}:
            unsupported(f"The operator {node.op}")
        return c_math.unary(node.op, self._value(node.expr))

    def _of_BinaryOp(self, node: Any) -> Values:  # noqa: N802
        left = self._value(node.left)
        if node.op not in {"&&", "||"}:
            return c_math.binary(node.op, left, self._value(node.right))
        left = c_math.truth(left)
        asked = left if node.op == "&&" else ~left
        right = self._under(asked, lambda: c_math.truth(self._value(node.right)))
        if right is None:
            return left
        return np.asarray(left & right if node.op == "&&" else left | right)

    def _of_TernaryOp(self, node: Any) -> Values:  # noqa: N802
        condition = c_math.truth(self._value(node.cond))
        one = self._under(condition, lambda: self._value(node.iftrue))
        other = self._under(~condition, lambda: self._value(node.iffalse))
        # The branch that no element takes still counts for the type of the result.
        if one is None or other is None:
            one = self._typed(node.iftrue) if one is None else one
            other = self._typed(node.iffalse) if other is None else other
        if one.dtype != other.dtype:
            one, other = usual(one, other)
        return np.asarray(np.where(condition, one, other))

    def _typed(self, node: Any) -> Values:
        """Return a value for the sake of its type: no element asks for it."""
        outer, self._mask = self._mask, np.asarray(False)
        loaded = set(self.loaded)
        try:
            return self._value(node)
        finally:
            self._mask, self.loaded = outer, loaded

    def _of_Cast(self, node: Any) -> Values:  # noqa: N802
        declared = node.to_type.type
        if not isinstance(declared, c_ast.TypeDecl):
            unsupported("A cast to a pointer")
        return cast(self._value(node.expr), self._type(declared.type.names))

    def _of_ExprList(self, node: Any) -> Values:  # noqa: N802
        return [self._value(part) for part in node.exprs][-1]

    def _of_FuncCall(self, node: Any) -> Values:  # noqa: N802
        if isinstance(node.name, c_ast.StructRef):
            return self._method(node.name, node.args)
        args = [self._value(a) for a in (node.args.exprs if node.args else ())]
        name = getattr(node.name, "name", "")
        if not name.startswith(CAST):
            return c_math.call(name, args)
        dtype = self._type(list(self.operation.casts[int(name.removeprefix(CAST))]))
        if len(args) == 2 and dtype.kind == "c":
            part = np.dtype(f"f{dtype.itemsize // 2}")
            return _complex_of(cast(args[0], part), cast(args[1], part), dtype)
        if len(args) > 1:
            unsupported("A conversion of several values")
        return cast(args[0], dtype) if args else np.zeros((), dtype)

    def _method(self, node: Any, args: Any) -> Values:
        owner, name = node.name, node.field.name
        if args is None and node.type == "." and isinstance(owner, c_ast.ID):
            raw = self.variables.get(owner.name)
            if owner.name == "_ind" and name == "size":
                return np.asarray(math.prod(self.shape), "int64")
            if raw is not None and raw.raw and name == "size":
                return np.asarray(np.size(raw.values), "int64")
        if args is not None or name not in {"real", "imag", "conj"}:
            unsupported(f"The method {name}")
        return c_math.call(name, [self._value(owner)])

    # ---------------------------------------------------------------------- memory

    def _of_ArrayRef(self, node: Any) -> Values:  # noqa: N802
        variable, place, wild = self._place(node, "read")
        self._note_read(node.name.name, variable)
        values = np.asarray(variable.values)
        if not values.size:
            return np.zeros(place.shape, values.dtype)
        return np.asarray(values.reshape(-1)[np.where(wild, 0, place)])

    def _place(self, node: Any, kind: str) -> tuple[Variable, Values, Values]:
        """Return a raw array, places in it, and which are wild; these are told."""
        name = getattr(node.name, "name", None)
        variable = self.variables.get(name) if isinstance(name, str) else None
        if variable is None or not variable.raw:
            unsupported("An index of what is no raw array")
        index = self._value(node.subscript)
        if index.dtype.kind not in "iub":
            unsupported(f"An index of type {index.dtype}")
        size = np.size(variable.values)
        index = index.astype(np.int64)
        wild = (index < 0) | (index >= size)
        asked = wild if self._mask is None else wild & self._mask
        if asked.any():
            first = int(np.broadcast_to(index, asked.shape)[asked].flat[0])
            MACHINE.fault(
                f"out_of_bounds_{kind}",
                f"The kernel {self.kernel} {kind}s {name}[{first}], but {name} has "
                f"{size:,} elements.",
                count=int(asked.sum()),
            )
        return variable, index, np.asarray(wild)

    def _of_Assignment(self, node: Any) -> Values:  # noqa: N802
        value = self._value(node.rvalue)
        if node.op == "=":
            return self._assign(node.lvalue, value)
        old = self._value(node.lvalue)
        if old.dtype.kind == "c" and value.dtype.kind != "c":
            value = cast(value, old.dtype)
        return self._assign(node.lvalue, c_math.binary(node.op[:-1], old, value))

    def _assign(self, target: Any, value: Values) -> Values:
        if isinstance(target, c_ast.ArrayRef):
            return self._scatter(target, value)
        variable = self.variables.get(getattr(target, "name", ""))
        if variable is None or variable.constant or variable.raw:
            unsupported(f"An assignment to {getattr(target, 'name', 'that')}")
        new = cast(value, variable.dtype)
        if variable.in_memory:
            where = True if self._mask is None else self._mask
            np.copyto(np.asarray(variable.values), new, where=where)
            if self._mask is None:
                self._set.add(target.name)
            return new
        if self._mask is not None:
            old = variable.values
            old = _fresh(variable.dtype) if old is None else old
            new = np.where(self._mask, new, old)
        variable.values = new
        return new

    def _scatter(self, target: Any, value: Values) -> Values:
        variable, place, wild = self._place(target, "write")
        memory = np.asarray(variable.values)
        if variable.constant:
            unsupported(f"An assignment to {target.name.name}")
        new = cast(value, variable.dtype)
        kept = ~wild if self._mask is None else ~wild & self._mask
        place, kept, spread = np.broadcast_arrays(place, kept, new)
        memory[np.unravel_index(place[kept], memory.shape)] = spread[kept]
        return new


def _fresh(dtype: DType) -> Values:
    """Return what a variable holds that nobody has set: NaN bytes, as fresh memory."""
    return np.frombuffer(b"\xff" * dtype.itemsize, dtype).reshape(())


def _complex_of(real: Values, imaginary: Values, dtype: DType) -> Values:
    shape = np.broadcast_shapes(real.shape, imaginary.shape)
    result: Values = np.empty(shape, dtype)
    result.real, result.imag = real, imaginary
    return result


_WORDS: dict[type, str] = {
    c_ast.For: "A for loop",
    c_ast.While: "A while loop",
    c_ast.DoWhile: "A do loop",
    c_ast.Switch: "A switch",
    c_ast.Return: "A return",
    c_ast.Continue: "A continue",
    c_ast.Break: "A break",
    c_ast.StructRef: "A member of a structure",
    c_ast.InitList: "A list in braces",
}

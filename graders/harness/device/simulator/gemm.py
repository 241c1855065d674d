"""The arithmetic of the simulated matrix products. Imports the simulator's memory."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator.machine import MACHINE, Allocation, Part
from graders.harness.device.simulator.ndbuffer import device_view
from graders.harness.device.simulator.not_modelled import not_modelled
from graders.harness.device.simulator.remembered_products import LARGE, remembered

Array = npt.NDArray[Any]
# cudaDataType to dtype.
DTYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype(np.float32),
    1: np.dtype(np.float64),
    2: np.dtype(np.float16),
    3: np.dtype(np.int8),
    4: np.dtype(np.complex64),
    5: np.dtype(np.complex128),
    10: np.dtype(np.int32),
}
_EPILOGS = (
    "DEFAULT",
    "BIAS",
    *("RELU", "RELU_BIAS", "RELU_AUX", "RELU_AUX_BIAS"),
    *("GELU", "GELU_BIAS", "GELU_AUX", "GELU_AUX_BIAS"),
)
_BITS = {"FAST_TF32": 10, "FAST_16BF": 7}


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """
    How a matrix, or a batch of them, lies in memory.

    Attributes:
        dtype: The elements' dtype.

        rows: The number of rows.

        cols: The number of columns.

        ld: The distance of columns (column-major) or rows, in elements.

        is_column_major: Whether the elements of a column lie side by side.

        batch: The number of matrices.

        batch_offset: The distance of two of them, in elements.
    """

    dtype: np.dtype[Any]
    rows: int
    cols: int
    ld: int
    is_column_major: bool
    batch: int
    batch_offset: int

    def view(self, address: int) -> tuple[Array, Allocation]:
        """Return the matrices at an address, as (batch, rows, cols)."""
        steps = (1, self.ld) if self.is_column_major else (self.ld, 1)
        offset = self.batch_offset if self.batch > 1 else 0
        strides = tuple(s * self.dtype.itemsize for s in (offset, *steps))
        return device_view(
            address, (self.batch, self.rows, self.cols), strides, self.dtype
        )


def _scalar(address: int, dtype: np.dtype[Any]) -> Any:
    return np.frombuffer(ctypes.string_at(address, dtype.itemsize), dtype=dtype)[0]


def _rounded(x: Array, bits: int) -> Array:
    """Round float32 (or the parts of complex64) to this many explicit mantissa bits."""
    contiguous = np.ascontiguousarray(x)
    words = contiguous.view(np.float32).view(np.uint32)
    drop = 23 - bits
    half = np.uint32((1 << (drop - 1)) - 1) + (
        (words >> np.uint32(drop)) & np.uint32(1)
    )
    kept = (words + half) & np.uint32(0xFFFFFFFF ^ ((1 << drop) - 1))
    rounded: Array = (
        kept.view(np.float32).view(contiguous.dtype).reshape(contiguous.shape)
    )
    return np.where(np.isfinite(contiguous), rounded, contiguous)


def _gelu(x: Array) -> Array:
    # The tanh form, which is the one cuBLASLt uses.
    inner = np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)
    result: Array = 0.5 * x * (1.0 + np.tanh(inner))
    return result.astype(x.dtype)


@dataclass(frozen=True)
class Auxiliary:
    """
    Where an epilog stores what a later backward pass needs, column by column.

    Attributes:
        address: Its address.

        ld: The distance of columns, in elements: of D's dtype, or bits of the ReLU's mask.

        batch_offset: The distance of two matrices of a batch, likewise.
    """

    address: int
    ld: int
    batch_offset: int

    def store_mask(self, mask: Array) -> Allocation:
        """Store which entries the ReLU kept, a bit each."""
        batch, rows, cols = mask.shape
        padded = np.zeros((batch, self.ld, cols), dtype=bool)
        padded[:, :rows] = mask
        steps = (self.batch_offset // 8, 1, self.ld // 8)
        shape, dtype = (batch, self.ld // 8, cols), np.dtype(np.uint8)
        view, block = device_view(self.address, shape, steps, dtype)
        view[...] = np.packbits(padded, axis=1, bitorder="little")
        return block

    def store_inputs(self, values: Array, dtype: np.dtype[Any]) -> Allocation:
        """Store what the GELU is applied to."""
        steps = tuple(dtype.itemsize * x for x in (self.batch_offset, 1, self.ld))
        view, block = device_view(self.address, values.shape, steps, dtype)
        view[...] = values
        return block


@dataclass(frozen=True, kw_only=True)
class Product:
    """
    ``D = epilog(alpha * op(A) @ op(B) + beta * C)``.

    Attributes:
        a, b, c, d: The matrices.

        operation_a, operation_b: ``"N"``, ``"T"`` or ``"C"``.

        compute: The name of the compute type.

        scale_type: The dtype of alpha and beta.

        epilog: The epilog's name.

        bias: The bias's address, or 0.

        bias_batch_offset: The distance of two biases in elements; 0 for a shared one.

        bias_dtype: Its dtype. The default is that of D.

        auxiliary: Where an epilog's second output goes.
    """

    a: Matrix
    b: Matrix
    c: Matrix
    d: Matrix
    operation_a: str
    operation_b: str
    compute: str
    scale_type: np.dtype[Any]
    epilog: str
    bias: int
    bias_batch_offset: int
    bias_dtype: np.dtype[Any] | None
    auxiliary: Auxiliary

    @property
    def shape(self) -> tuple[int, int, int]:
        """The extents (m, n, k)."""
        inner = self.a.cols if self.operation_a == "N" else self.a.rows
        return self.d.rows, self.d.cols, inner

    @property
    def is_supported(self) -> bool:
        """Whether cuBLASLt has an algorithm for it."""
        # Seen of RELU_BIAS on an H100; it was not asked about BIAS alone.
        if self.epilog.endswith("_BIAS") and not self.d.is_column_major:
            return False
        if self.a.dtype.char in "fdFD" and self.d.dtype != self.a.dtype:
            return False
        return self.epilog == "DEFAULT" or self.d.dtype.kind != "c"

    @property
    def has_valid_bias(self) -> bool:
        """Whether the bias, if there is one, has the result's type."""
        own = self.bias_dtype is not None and "BIAS" in self.epilog
        return not own or self.bias_dtype == self.d.dtype

    def check_modelled(self) -> None:
        """
        Raise where the simulator lacks the epilog.

        Raises:
            NotModelled: It does.
        """
        if self.epilog not in _EPILOGS:
            feature = f"The epilog {self.epilog}"
            raise not_modelled(feature)

    @property
    def arithmetic(self) -> str:
        """The dtype whose rate of operations applies."""
        if self._compute_dtype().name in ("float64", "complex128"):
            return "float64"
        fast = self.a.dtype == np.float16 or "FAST_" in self.compute
        return "float16" if fast else "float32"

    @property
    def kernel_suffix(self) -> str:
        """What the epilog adds to the kernel's name."""
        return "" if self.epilog == "DEFAULT" else f"_{self.epilog.lower()}"

    def _compute_dtype(self) -> np.dtype[Any]:
        joint = np.result_type(self.a.dtype, self.b.dtype)
        if joint == np.float16 and not self.compute.startswith("COMPUTE_16F"):
            return np.dtype(np.float32)
        return np.dtype(np.int32) if joint.kind == "i" else joint

    def _operand(self, matrix: Matrix, address: int, operation: str) -> Any:
        view, block = matrix.view(address)
        part = Part(block, view)
        if operation != "N":
            view = view.swapaxes(1, 2)
        if operation == "C":
            view = view.conj()
        view = view.astype(self._compute_dtype(), copy=False)
        for name, bits in _BITS.items():
            if name in self.compute:
                view = _rounded(view, bits)
        if self.compute.endswith("FAST_16F"):
            half = view.view(np.float32) if view.dtype == np.float32 else view
            view = (
                half.astype(np.float16).astype(np.float32) if half is not view else view
            )
        return view, part

    def run(
        self, alpha: int, beta: int, a: int, b: int, c: int, d: int
    ) -> tuple[list[Part], list[Part]]:
        """
        Compute the product into D's memory.

        Args:
            alpha: Host address of alpha.

            beta: Host address of beta.

            a: Simulated address of A.

            b: Simulated address of B.

            c: Simulated address of C, or 0.

            d: Simulated address of D.

        Returns:
            What was read, and what was written.
        """
        left, left_part = self._operand(self.a, a, self.operation_a)
        right, right_part = self._operand(self.b, b, self.operation_b)
        reads = [left_part, right_part]
        factor = _scalar(alpha, self.scale_type)
        weight = _scalar(beta, self.scale_type)
        addends: dict[str, Array] = {}
        if weight != 0 and c:
            addends["c"], block = self.c.view(c)
            reads.append(Part(block, addends["c"]))
        if "BIAS" in self.epilog:
            addends["bias"], block = self._bias()
            reads.append(Part(block, addends["bias"]))

        def compute() -> Array:
            value: Array = np.matmul(left, right)
            if factor != 1:
                value = (value * factor).astype(value.dtype, copy=False)
            if "c" in addends:
                addend = (addends["c"] * weight).astype(value.dtype, copy=False)
                value = value + addend
            if "bias" in addends:
                value = value + addends["bias"].astype(value.dtype, copy=False)
            return value

        with np.errstate(all="ignore"):
            if 2.0 * left.size * right.shape[-1] < LARGE:
                value = compute()
            else:
                key = (factor.tobytes(), weight.tobytes(), *addends)
                value = remembered(key, (left, right, *addends.values()), compute)
            writes = self._store_auxiliary(value)
            if "RELU" in self.epilog:
                value = np.maximum(value, 0)
            elif "GELU" in self.epilog:
                value = _gelu(value)
            result, block = self.d.view(d)
            result[...] = value
        return reads, [Part(block, result), *(Part(b) for b in writes)]

    def _store_auxiliary(self, value: Array) -> list[Allocation]:
        if "AUX" not in self.epilog:
            return []
        if "RELU" in self.epilog:
            return [self.auxiliary.store_mask(value > 0)]
        return [self.auxiliary.store_inputs(value, self.d.dtype)]

    def _bias(self) -> tuple[Array, Allocation]:
        dtype = self.bias_dtype or self.d.dtype
        if not self.bias:
            MACHINE.resolve(0)
        strides = (self.bias_batch_offset * dtype.itemsize, dtype.itemsize, 0)
        return device_view(self.bias, (self.d.batch, self.d.rows, 1), strides, dtype)

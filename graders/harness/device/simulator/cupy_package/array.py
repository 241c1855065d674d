"""``cupy.ndarray``: the array that users hold. Functions of arrays live elsewhere."""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator.cupy_package import indexing, methods, transfers
from graders.harness.device.simulator.cupy_package.errors import (
    IMPLICIT_CONVERSION,
    not_modelled,
)
from graders.harness.device.simulator.cupy_package.execution import account, kernel_name
from graders.harness.device.simulator.cupy_package.memory import MemoryPointer
from graders.harness.device.simulator.cupy_package.operators import Operators
from graders.harness.device.simulator.cupy_package.storage import (
    DeviceArray,
    check_dtype,
    empty,
    view,
)
from graders.harness.device.simulator.cupy_package.streams import Device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graders.harness.device.simulator.cupy_package.storage import HostArray


class Flags:
    """What is known of an array's layout, as ``array.flags``."""

    def __init__(self, array: DeviceArray) -> None:
        self.c_contiguous = bool(array._host.flags.c_contiguous)
        self.f_contiguous = bool(array._host.flags.f_contiguous)
        self.owndata = array.base is None
        self.fnc = self.f_contiguous and not self.c_contiguous
        self.forc = self.f_contiguous or self.c_contiguous

    def __getitem__(self, name: str) -> bool:
        names = {
            "C_CONTIGUOUS": self.c_contiguous,
            "F_CONTIGUOUS": self.f_contiguous,
            "OWNDATA": self.owndata,
        }
        if name not in names:
            msg = f"{name} is not defined for cupy.ndarray.flags"
            raise KeyError(msg)
        return names[name]

    def __repr__(self) -> str:
        return (
            f"  C_CONTIGUOUS : {self.c_contiguous}\n"
            f"  F_CONTIGUOUS : {self.f_contiguous}\n"
            f"  OWNDATA : {self.owndata}\n"
        )


class ndarray(Operators, methods.Methods, DeviceArray):  # noqa: N801 - CuPy's name
    """
    A multi-dimensional array in simulated device memory.

    Args:
        shape: Lengths of the axes.

        dtype: Type of the elements.

        memptr: Where the elements lie. Default: fresh memory.

        strides: Strides in bytes, with ``memptr`` only. Default: dense in ``order``.

        order: ``"C"`` or ``"F"``.
    """

    __slots__ = ()
    __module__ = "cupy"
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        shape: Any,
        dtype: npt.DTypeLike = float,
        memptr: MemoryPointer | None = None,
        strides: Any = None,
        order: str = "C",
    ) -> None:
        dtype = np.dtype(dtype)
        if memptr is None:
            fresh = empty(shape, dtype, order)
            if strides is None:
                self._host, self._memory, self.base = fresh._host, fresh._memory, None
                return
            memptr = MemoryPointer(fresh._memory, 0)
        check_dtype(dtype)
        block = memptr.mem.block
        shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        try:
            self._host = np.ndarray(
                shape,
                dtype,
                buffer=block.buffer,
                offset=memptr.ptr - block.address,
                strides=strides,
                order="F" if order in {"F", "f"} else "C",
            )
        except (TypeError, ValueError) as err:
            msg = (
                f"The array of shape {shape} and strides {strides} reaches beyond its "
                f"allocation of {block.nbytes} bytes ({err})."
            )
            raise ValueError(msg) from err
        self._memory = memptr.mem
        self.base = None

    def __class_getitem__(cls, item: Any) -> GenericAlias:
        if not isinstance(item, tuple):
            kind = type(item).__name__
            msg = f"Argument 'item' has incorrect type (expected tuple, got {kind})"
            raise TypeError(msg)
        return GenericAlias(cls, item)

    # ------------------------------------------------------------- attributes

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self._host.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        reshaped = self._host.reshape(shape)
        if self._host.size and not np.may_share_memory(reshaped, self._host):
            msg = "incompatible shape for a non-contiguous array"
            raise AttributeError(msg)
        self._host = reshaped

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next along each axis."""
        return self._host.strides

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self._host.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._host.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._host.size

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._host.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._host.nbytes

    @property
    def flags(self) -> Flags:
        """What is known of the layout."""
        return Flags(self)

    @property
    def device(self) -> Device:
        """The device that holds the array."""
        return Device(0)

    @property
    def T(self) -> Any:  # noqa: N802 - CuPy's name
        """The array with its axes reversed; a view."""
        return view(self._host.T, self)

    @property
    def mT(self) -> Any:  # noqa: N802 - CuPy's name
        """The array with its last two axes swapped; a view."""
        return view(self._host.mT, self)

    @property
    def flat(self) -> indexing.flatiter:
        """The elements in C order."""
        return indexing.flatiter(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        indexing.flatiter(self)[:] = value

    @property
    def real(self) -> Any:
        """The real parts; a view."""
        return view(self._host.real, self)

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Any:
        """The imaginary parts; a view where the array is complex."""
        if self._host.dtype.kind == "c":
            return view(self._host.imag, self)
        zeros = empty(self.shape, self._host.dtype)
        zeros.fill(0)
        return zeros

    @imag.setter
    def imag(self, value: Any) -> None:
        if self._host.dtype.kind != "c":
            msg = "cannot set imag to non-complex array"
            raise TypeError(msg)
        self.imag[...] = value

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "descr": self.dtype.descr,
            "stream": 1,
            "version": 3,
            "strides": None if self._host.flags.c_contiguous else self.strides,
            "data": (self.data.ptr, False),
        }

    # ------------------------------------------------- between host and device

    def get(
        self,
        stream: Any = None,
        order: str = "C",
        out: HostArray | None = None,
        blocking: bool = True,  # noqa: FBT001, FBT002 - CuPy's signature
    ) -> HostArray:
        """Return a copy in host memory."""
        return transfers.download(self, stream, order, out, blocking=blocking)

    def set(self, arr: Any, stream: Any = None) -> None:
        """Copy a host array's elements here."""
        transfers.upload_into(self, arr, stream)

    def item(self, *index: Any) -> Any:
        """Return one element as a Python scalar, copied to the host."""
        if not index and self._host.size != 1:
            msg = "can only convert an array of size 1 to a Python scalar"
            raise ValueError(msg)
        if not index:
            return transfers.download(self).item()
        position = index[0] if isinstance(index[0], tuple) else index
        if len(position) == 1 and self._host.ndim != 1:
            return self.ravel()[position[0]].item()
        return transfers.download(self[position]).item()

    def tolist(self) -> Any:
        """Return nested lists of Python scalars, copied to the host."""
        return transfers.download(self).tolist()

    def tobytes(self, order: str = "C") -> bytes:
        """Return the elements as bytes, copied to the host."""
        return transfers.download(self, None, order).tobytes(order)  # type: ignore[arg-type]

    def __array__(self, *_args: Any, **_kwargs: Any) -> HostArray:
        raise TypeError(IMPLICIT_CONVERSION)

    def __bool__(self) -> bool:
        if self._host.size > 1:
            msg = (
                "The truth value of an array with more than one element is ambiguous. "
                "Use a.any() or a.all()"
            )
            raise ValueError(msg)
        return bool(transfers.download(self))

    def __int__(self) -> int:
        return int(transfers.download(self))

    def __float__(self) -> float:
        return float(transfers.download(self))

    def __complex__(self) -> complex:
        return complex(transfers.download(self))

    def __repr__(self) -> str:
        return repr(transfers.download(self))

    def __str__(self) -> str:
        return str(transfers.download(self))

    def __format__(self, spec: str) -> str:
        return format(transfers.download(self), spec)

    def __bytes__(self) -> bytes:
        return transfers.download(self).tobytes()

    def __reduce__(self) -> tuple[Any, ...]:
        return transfers.array, (self.get(),)

    def dump(self, file: Any) -> None:
        """Write a pickle of the array."""
        transfers.download(self).dump(file)

    def dumps(self) -> bytes:
        """Return a pickle of the array."""
        return transfers.download(self).dumps()

    def tofile(self, fid: Any, sep: str = "", format: str = "%s") -> None:  # noqa: A002
        """Write the elements to a file."""
        transfers.download(self).tofile(fid, sep, format)

    def __dlpack__(self, *_args: Any, **_kwargs: Any) -> Any:
        not_modelled("DLPack")

    def toDlpack(self) -> Any:  # noqa: N802 - CuPy's name
        """Refuse: DLPack is not modelled."""
        not_modelled("DLPack")

    # ------------------------------------------------------------------- parts

    def __len__(self) -> int:
        if not self._host.ndim:
            msg = "len() of unsized object"
            raise TypeError(msg)
        return int(self._host.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if not self._host.ndim:
            msg = "iteration over a 0-d array"
            raise TypeError(msg)
        return (self[i] for i in range(self._host.shape[0]))

    def __getitem__(self, index: Any) -> Any:
        return indexing.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        indexing.setitem(self, index, value)

    def fill(self, value: Any) -> None:
        """Set every element."""
        if isinstance(value, DeviceArray):
            self[...] = value
            return
        with np.errstate(all="ignore"):
            np.copyto(self._host, value, casting="unsafe")
        name = kernel_name("fill", [value], self._host.dtype)
        account(name, "fill", [], [self])

    # ------------------------------------------------------------------ copies

    def copy(self, order: str = "C") -> Any:
        """Return a copy on the device."""
        return transfers.rearranged(self, order)

    def astype(
        self,
        dtype: npt.DTypeLike,
        order: str = "K",
        casting: Any = None,
        subok: Any = None,
        copy: bool = True,  # noqa: FBT001, FBT002 - CuPy's signature
    ) -> Any:
        """Return a copy with another dtype."""
        del subok
        target = np.dtype(dtype)
        if casting is not None and not np.can_cast(self.dtype, target, casting):
            msg = (
                f"Cannot cast array data from {self.dtype!r} to {target!r} according "
                f"to the rule '{casting}'"
            )
            raise TypeError(msg)
        if not copy and target == self.dtype and order in "KAka":
            return self
        return transfers.rearranged(self, order, target)

    def view(self, dtype: npt.DTypeLike | None = None) -> Any:
        """Return the same memory seen as another dtype."""
        return view(
            self._host.view() if dtype is None else self._host.view(dtype), self
        )

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, _memo: Any) -> Any:
        return self.copy()

    # ------------------------------------------------------- NumPy's protocols

    def __array_ufunc__(
        self, function: Any, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        return methods.array_ufunc(function, method, inputs, kwargs)

    def __array_function__(
        self, function: Any, types: Any, args: Any, kwargs: Any
    ) -> Any:
        return methods.array_function(function, types, args, kwargs)


DeviceArray.kind = ndarray

"""Kernels of the learner's own that can be made here, but not launched.

They are often made at module level; functions that use none of them are graded all the
same. Arguments are checked as CuPy checks them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from graders.harness.device.simulator.cupy_package.errors import not_modelled
from graders.harness.device.simulator.cupy_package.kernel_params import checked_type
from graders.harness.device.simulator.cupy_package.names import names


class RawKernel:
    """A kernel written in CUDA C++; a launch raises."""

    __module__ = "cupy"

    def __init__(
        self,
        code: str,
        name: str,
        options: tuple[str, ...] = (),
        backend: str = "nvrtc",
        translate_cucomplex: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
        *,
        enable_cooperative_groups: bool = False,
        jitify: bool = False,
    ) -> None:
        del translate_cucomplex, jitify
        self.code = checked_type("code", code, str)
        self.name = self.__name__ = checked_type("name", name, str)
        self.options = checked_type("options", options, tuple)
        self.backend = checked_type("backend", backend, str)
        self.enable_cooperative_groups = enable_cooperative_groups
        self.file_path: str | None = None

    def __call__(self, grid: Any, block: Any, args: Any, **kwargs: Any) -> Any:
        """Refuse, naming the class."""
        del grid, block, args, kwargs
        not_modelled("cupy.RawKernel")

    def compile(self, log_stream: Any = None) -> None:
        """Do nothing: the source is not compiled here."""

    def __getattr__(self, name: str) -> Any:
        return _of_compiled("cupy.RawKernel", name)


class RawModule:
    """CUDA C++ with several kernels; what it holds raises when it is launched."""

    __module__ = "cupy"

    def __init__(
        self,
        *,
        code: str | None = None,
        path: str | None = None,
        options: tuple[str, ...] = (),
        backend: str = "nvrtc",
        translate_cucomplex: bool = False,
        enable_cooperative_groups: bool = False,
        name_expressions: Any = None,
        jitify: bool = False,
    ) -> None:
        del translate_cucomplex, jitify
        if (code is None) == (path is None):
            msg = "Exactly one of `code` and `path` keyword arguments must be given."
            raise TypeError(msg)
        self.code = None if code is None else checked_type("code", code, str)
        self.file_path = None if path is None else checked_type("path", path, str)
        self.options = checked_type("options", options, tuple)
        self.backend = checked_type("backend", backend, str)
        self.enable_cooperative_groups = enable_cooperative_groups
        if name_expressions is not None and backend != "nvrtc":
            msg = (
                "only nvrtc supports retrieving the mangled names for the given name "
                "expressions"
            )
            raise ValueError(msg)
        self.name_expressions = name_expressions

    def get_function(self, name: str) -> RawKernel:
        """Return a kernel by its name; whether the source has it is not known."""
        return RawKernel(self.code or "", name, self.options, self.backend)

    def compile(self, log_stream: Any = None) -> None:
        """Do nothing: the source is not compiled here."""

    def __getattr__(self, name: str) -> Any:
        return _of_compiled("cupy.RawModule", name)


def _of_compiled(owner: str, name: str) -> Any:
    """Refuse to say what only compiling would tell."""
    if name.startswith("_"):
        raise AttributeError(name)
    not_modelled(f"{owner}.{name}")


class Vectorized:
    """``cupy.vectorize`` and ``cupyx.GeneralizedUFunc``; a call raises."""

    def __init__(self, name: str, function: Any) -> None:
        self._name = name
        self.pyfunc = function
        if callable(function):
            functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse, naming the class."""
        del args, kwargs
        not_modelled(self._name)


class vectorize(Vectorized):  # noqa: N801 - CuPy's name
    """A Python function that would be compiled for each element."""

    __module__ = "cupy"

    def __init__(
        self,
        pyfunc: Callable[..., Any],
        otypes: Any = None,
        doc: str | None = None,
        excluded: Any = None,
        cache: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
        signature: str | None = None,
    ) -> None:
        del otypes, excluded, cache, signature
        super().__init__("cupy.vectorize", pyfunc)
        self.__doc__ = pyfunc.__doc__ if doc is None else doc


class GeneralizedUFunc(Vectorized):
    """A function of parts of arrays."""

    __module__ = "cupyx"

    def __init__(self, func: Any, signature: str, **kwargs: Any) -> None:
        super().__init__("cupyx.GeneralizedUFunc", func)
        self.signature = signature
        self.kwargs = kwargs


# ------------------------------------------------------------------------- cupyx.jit


class JitKernel(Vectorized):
    """A kernel written in Python for ``cupyx.jit``; a launch raises."""

    def __init__(self, function: Any) -> None:
        super().__init__("cupyx.jit.rawkernel", function)

    def __getitem__(self, grid_and_block: Any) -> JitKernel:
        return self


def rawkernel(
    *, mode: str = "cuda", device: bool = False
) -> Callable[[Callable[..., Any]], JitKernel]:
    """Return CuPy's decorator of kernels; they can be made, but not launched."""
    del mode, device
    return JitKernel


class _OnlyInKernels:
    """A name that means something inside a kernel alone."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        del args, kwargs
        not_modelled(self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _OnlyInKernels(f"{self._name}.{name}")


def jit_table() -> dict[str, Any]:
    """Return the contents of ``cupyx.jit``."""
    inside = names(
        """
        threadIdx blockDim blockIdx gridDim warpsize range syncthreads syncwarp
        shared_memory atomic_add atomic_sub atomic_exch atomic_min atomic_max atomic_inc
        atomic_dec atomic_cas atomic_and atomic_or atomic_xor grid gridsize laneid
        shfl_sync shfl_up_sync shfl_down_sync shfl_xor_sync cg cub thrust
        """
    )
    table: dict[str, Any] = {n: _OnlyInKernels(f"cupyx.jit.{n}") for n in inside}
    return {**table, "rawkernel": rawkernel}


# --------------------------------------------------------------------------- memoize

_memories: list[dict[Any, Any]] = []


def memoize(
    for_each_device: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return CuPy's decorator that remembers results; there is one device."""
    del for_each_device

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        memory: dict[Any, Any] = {}
        _memories.append(memory)

        @functools.wraps(function)
        def remembered(*args: Any, **kwargs: Any) -> Any:
            key = (args, frozenset(kwargs.items()))
            if key not in memory:
                memory[key] = function(*args, **kwargs)
            return memory[key]

        return remembered

    return decorate


def clear_memo() -> None:
    """Forget what :func:`memoize` remembered."""
    for memory in _memories:
        memory.clear()

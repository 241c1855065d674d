"""Launches and allocations of numba-cuda, followed by wrapping its classes."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from graders.harness.device.libraries import OperationRecorder
from graders.harness.device.numba_watch import (
    device_calls,
    poison_allocations,
    watch_launches,
)


class Kernel:
    """What is used of ``numba.cuda.dispatcher._Kernel``."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.looked = 0

    def inspect_llvm(self) -> str:
        self.looked += 1
        return self.text

    def launch(
        self, args: Any, griddim: Any, blockdim: Any, stream: Any = 0, shared: int = 0
    ) -> str:
        return f"{args} {stream} {shared}"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """Return nvmath's table of functions of libmathdx that kernels may call."""
    module = ModuleType("nvmath.device.common_numba")
    symbols: dict[Any, Any] = {"dx_function_7": None, ("dx_old", "signature"): None}
    module._cabi_device_registry = symbols  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
    return symbols


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call float @__nv_expf(float %x)", ""),
        ('call i32 @"curand_normal4_1"(ptr %a, ptr %b)', "random"),
        ("call i32 @skipahead_3(ptr %a, ptr %b, ptr %c)", "random"),
        ('call void @"dx_function_7"(ptr %a, ptr %b)', "mathdx"),
        ('call void @"dx_old"(ptr %a)', "mathdx"),
        (
            "call i32 @curand_2(ptr %a)\ncall void @dx_function_7(ptr %a)",
            "random mathdx",
        ),
        ("; a comment on curand_normal", ""),
    ],
)
def test_calls_are_read_from_the_kernels_code(
    registry: dict[Any, Any], text: str, expected: str
) -> None:
    kernel = Kernel(text)
    assert device_calls(kernel) == expected
    assert device_calls(kernel) == expected
    assert kernel.looked == 1


def test_launches_are_noted_and_made(registry: dict[Any, Any]) -> None:
    class Watched(Kernel):
        """A class of its own to wrap."""

    notes: list[tuple[float, str, int]] = []
    watch_launches(Watched, lambda *note: notes.append(note), lambda: 1.5)
    kernel = Watched("call i32 @curand_init_3(ptr %a)")
    assert kernel.launch("args", (4, 2, 1), (32, 1, 1), 7, shared=9) == "args 7 9"
    assert notes == [(1.5, "random", 256)]


def test_the_recorder_notes_launches(registry: dict[Any, Any]) -> None:
    class Watched(Kernel):
        """A class of its own to wrap."""

    recorder = OperationRecorder(lambda: 2.0)
    recorder.install_numba(Watched)
    kernel = Watched("call void @dx_function_7(ptr %a)")
    kernel.launch((), (1, 1, 1), (8, 1, 1))
    recorder.begin()
    kernel.launch((), (3, 1, 1), (8, 1, 1))
    found = recorder.end()
    assert [(o.library, o.phase, o.kind, o.shape) for o in found] == [
        ("numba", "execute", "mathdx", (24,))
    ]


def test_allocations_are_filled_while_poisoning() -> None:
    class Manager:
        """What is used of numba-cuda's memory manager."""

        def memalloc(self, size: int) -> Any:
            return SimpleNamespace(device_pointer_value=4096, size=size)

    filled: list[tuple[int, int, int]] = []
    state = SimpleNamespace(on=False)
    poison_allocations(Manager, lambda: state.on, lambda *call: filled.append(call))
    assert Manager().memalloc(10).size == 10
    state.on = True
    Manager().memalloc(0)
    Manager().memalloc(12)
    assert filled == [(4096, 0xFF, 12)]

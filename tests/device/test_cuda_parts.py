"""The CUDA device's parts that need no GPU: recorder, allocator, clocks, spans."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from graders.harness.device import gpu_facts
from graders.harness.device.clocks import ClockWatch
from graders.harness.device.cuda import CudaDevice
from graders.harness.device.libraries import OperationRecorder
from graders.harness.device.poison import PoisoningAllocator
from graders.harness.device.transfers import span

_R32, _C32 = 0, 4  # cudaDataType


def _fake_cufft() -> SimpleNamespace:
    handles = itertools.count(40)
    return SimpleNamespace(
        create=lambda: next(handles),
        xt_set_jit_callback=lambda *_: None,
        xt_make_plan_many=lambda *_: 1024,
        xt_exec=lambda *_: None,
        destroy=lambda _: None,
    )


@pytest.fixture
def recorder() -> OperationRecorder:
    ticks = itertools.count(1)
    return OperationRecorder(lambda: float(next(ticks)))


def _plan(cufft: Any, handle: int, reads: int, writes: int) -> None:
    shape = (97, 131)
    size = cufft.xt_make_plan_many(
        handle, 2, shape, shape, 1, 1, reads, shape, 1, 1, writes, 3, _C32
    )
    assert size == 1024


def test_a_fused_pair_of_transforms(recorder: OperationRecorder) -> None:
    cufft = _fake_cufft()
    recorder.install_fft(cufft)
    recorder.begin()
    for reads, writes, callback, sign in ((_R32, _C32, 2, -1), (_C32, _R32, 6, 1)):
        handle = cufft.create()
        cufft.xt_set_jit_callback(handle, 0, b"ir", 2, callback, [0])
        _plan(cufft, handle, reads, writes)
        cufft.xt_exec(handle, 1, 2, sign)
        cufft.destroy(handle)
    steps = recorder.end()
    assert [step.phase for step in steps] == ["plan", "execute", "free"] * 2
    assert [step.handle for step in steps] == [0, 0, 0, 1, 1, 1]
    forward, inverse = steps[1], steps[4]
    assert (forward.kind, forward.direction) == ("R2C", "forward")
    assert (forward.prolog, forward.epilog) == (True, False)
    assert (inverse.kind, inverse.direction) == ("C2R", "inverse")
    assert (inverse.prolog, inverse.epilog) == (False, True)
    assert forward.shape == (97, 131)
    assert forward.batch == 3
    assert forward.start < inverse.start


def test_a_plan_made_before_the_recording_is_known(recorder: OperationRecorder) -> None:
    cufft = _fake_cufft()
    recorder.install_fft(cufft)
    handle = cufft.create()
    _plan(cufft, handle, _C32, _C32)
    recorder.begin()
    cufft.xt_exec(handle, 1, 1, 1)
    (step,) = recorder.end()
    assert (step.kind, step.direction, step.handle) == ("C2C", "inverse", 0)
    cufft.xt_exec(handle, 1, 1, 1)
    assert recorder.operations == [step]


def test_a_handle_used_again_starts_without_callbacks(
    recorder: OperationRecorder,
) -> None:
    cufft = _fake_cufft()
    cufft.create = lambda: 5
    recorder.install_fft(cufft)
    recorder.begin()
    cufft.xt_set_jit_callback(cufft.create(), 0, b"ir", 2, 0, [0])
    cufft.destroy(5)
    cufft.create()
    cufft.xt_exec(5, 1, 1, -1)
    first, second = recorder.end()
    assert (first.prolog, second.prolog) == (True, False)
    assert (first.handle, second.handle) == (0, 1)


def test_a_step_that_fails_is_not_recorded(recorder: OperationRecorder) -> None:
    cufft = _fake_cufft()

    def fails(*_: Any) -> None:
        msg = "CUFFT_NOT_SUPPORTED"
        raise RuntimeError(msg)

    cufft.xt_make_plan_many = fails
    recorder.install_fft(cufft)
    recorder.begin()
    handle = cufft.create()
    with pytest.raises(RuntimeError, match="CUFFT_NOT_SUPPORTED"):
        _plan(cufft, handle, _R32, _C32)
    assert recorder.end() == ()


class _Matmul:
    """The attributes of ``nvmath.linalg.advanced.Matmul`` that are read."""

    def __init__(self) -> None:
        self.valid_state = True
        self.epilog: Any = None
        self.mm_traits: Any = SimpleNamespace(M=2, N=3, K=4, batch_count=5)

    def plan(self, *, epilog: Any = None) -> str:
        self.epilog = epilog
        return "algorithms"

    def autotune(self) -> None: ...

    def execute(self) -> str:
        return "result"

    def free(self) -> None:
        self.valid_state = False
        self.epilog = self.mm_traits = None


@pytest.mark.parametrize(
    ("epilog", "kind", "fused"),
    [
        (None, "DEFAULT", False),
        (SimpleNamespace(name="RELU_BIAS"), "RELU_BIAS", True),
    ],
)
def test_matmul_phases(
    recorder: OperationRecorder, *, epilog: Any, kind: str, fused: bool
) -> None:
    watched = type("Watched", (_Matmul,), {})
    recorder.install_matmul(watched)
    recorder.begin()
    product = watched()
    assert product.plan(epilog=epilog) == "algorithms"
    product.autotune()
    assert product.execute() == "result"
    product.free()
    product.free()
    steps = recorder.end()
    assert [step.phase for step in steps] == ["plan", "autotune", "execute", "free"]
    assert {step.handle for step in steps} == {0}
    assert {(step.kind, step.epilog) for step in steps} == {(kind, fused)}
    assert {(step.shape, step.batch) for step in steps} == {((2, 3, 4), 5)}


class _Pool:
    """A memory pool with a log of its blocks' fills."""

    def __init__(self) -> None:
        self.used = 1000
        self.fills: list[tuple[int, int]] = []

    def used_bytes(self) -> int:
        return self.used

    def malloc(self, nbytes: int) -> Any:
        self.used += nbytes
        return SimpleNamespace(memset_async=lambda *args: self.fills.append(args))


def test_poisoned_blocks_are_filled_and_counted() -> None:
    pool = _Pool()
    allocator = PoisoningAllocator(pool)
    allocator.begin(poison=True)
    allocator.malloc(64)
    allocator.malloc(0)
    pool.used -= 64
    allocator.malloc(32)
    assert pool.fills == [(0xFF, 64), (0xFF, 32)]
    assert allocator.allocations == 3
    assert allocator.peak_bytes == 64


def test_without_poison_blocks_are_counted_only() -> None:
    pool = _Pool()
    allocator = PoisoningAllocator(pool)
    allocator.begin(poison=False)
    allocator.malloc(64)
    assert pool.fills == []
    assert allocator.allocations == 1


def test_the_graders_own_blocks_are_neither() -> None:
    pool = _Pool()
    allocator = PoisoningAllocator(pool)
    allocator.begin(poison=True)
    with allocator.aside():
        allocator.malloc(64)
    assert pool.fills == []
    assert allocator.allocations == 0
    allocator.malloc(8)
    assert pool.fills == [(0xFF, 8)]


def test_only_the_learners_clock_readings_are_noticed() -> None:
    seen: list[str] = []
    watch = ClockWatch(lambda: seen.append("read"))
    watch.is_learner_file = lambda name: name == "learner.py"
    program = compile(
        "import time\ndef f():\n    return time.perf_counter(), time.time_ns()\n",
        "learner.py",
        "exec",
    )
    names: dict[str, Any] = {}
    plain = time.perf_counter
    watch.install()
    watch.install()
    try:
        exec(program, names)
        names["f"]()
        assert seen == []
        watch.watching = True
        seconds, nanoseconds = names["f"]()
        assert seen == ["read", "read"]
        assert (type(seconds), type(nanoseconds)) == (float, int)
        time.perf_counter()
        assert len(seen) == 2
    finally:
        watch.remove()
    assert time.perf_counter is plain


@pytest.mark.parametrize(
    "view",
    [
        np.zeros((4, 6), np.float32),
        np.zeros((4, 6), np.float32).T,
        np.zeros((4, 6), np.float32)[::-1, ::2],
        np.zeros((4, 6, 3), np.float64).transpose(2, 0, 1),
        np.broadcast_to(np.float32(1), (5, 5)),
        np.zeros((), np.int8),
    ],
)
def test_span_is_what_numpy_says(view: np.ndarray[Any, Any]) -> None:
    low, high = np.lib.array_utils.byte_bounds(view)
    first = view.__array_interface__["data"][0]
    assert span(view.shape, view.strides, view.itemsize) == (low - first, high - first)


def test_span_of_nothing() -> None:
    assert span((0, 4), (16, 4), 4) == (0, 0)


def test_compute_capability_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_COMPUTE_CAPABILITY", "80")
    assert gpu_facts.compute_capability() == "80"


def test_package_versions_name_what_is_installed() -> None:
    assert gpu_facts.package_versions()["numpy"] == np.__version__


def test_before_its_start_the_device_says_so() -> None:
    device = CudaDevice()
    assert device.from_device(np.zeros(3)) is None
    with pytest.raises(RuntimeError, match=r"before start\(\)"):
        device.begin(poison=False, trace=False, operands=[])


def test_ffts_on_the_cpu_are_recorded(recorder: OperationRecorder) -> None:
    plan = object()  # as nvmath's binding: an object, not a number
    fftw = SimpleNamespace(
        plan_many=lambda *_: plan, execute=lambda *_: None, destroy=lambda _: None
    )
    recorder.install_cpu_fft(fftw)
    recorder.begin()
    kind = SimpleNamespace(name="C2C")
    handle = fftw.plan_many("DOUBLE", kind, 0, 1, (1000,), 7, 1, 2)
    fftw.execute(handle, 1, 2, -1)
    fftw.destroy(handle)
    steps = recorder.end()
    assert [step.phase for step in steps] == ["plan", "execute", "free"]
    assert {(s.library, s.kind, s.shape, s.batch) for s in steps} == {
        ("cpu_fft", "C2C", (1000,), 7)
    }
    assert steps[1].direction == "forward"


def test_compiled_callbacks_are_recorded(recorder: OperationRecorder) -> None:
    cuda = SimpleNamespace(compile=lambda *_, **__: (b"ir", None))
    recorder.install_callbacks(cuda)
    recorder.begin()
    for name in ("_Z24cufftJITCallbackLoadRealPvyS_S_", "a_kernel", ""):
        assert cuda.compile(len, (), abi_info={"abi_name": name})[0] == b"ir"
    cuda.compile(len, ())
    steps = recorder.end()
    assert [(s.library, s.phase, s.kind) for s in steps] == [
        ("callback", "compile", "prolog")
    ]

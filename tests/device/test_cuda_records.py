"""The CUDA device's records, without a GPU: names, conversion, sifting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from graders.harness.device.activities import (
    Activities,
    OwnCopy,
    copy_record,
    kernel_record,
    settled,
    within,
    without_loading,
    without_own,
)
from graders.harness.device.cupti import ActivityCollector
from graders.harness.device.evidence import ClockRead, Copy, Kernel
from graders.harness.device.kernel_names import kernel_kind

_KERNEL, _MEMCPY, _MEMSET = 10, 1, 2


def a_kernel(**changes: Any) -> SimpleNamespace:
    fields: dict[str, Any] = {
        "kind": _KERNEL,
        "name": "cupy_add__float32_float32_float32",
        "start": 1_000_002_000,
        "end": 1_000_005_000,
        "grid_x": 4,
        "grid_y": 2,
        "grid_z": 1,
        "block_x": 128,
        "block_y": 1,
        "block_z": 1,
        "stream_id": 7,
    }
    return SimpleNamespace(**{**fields, **changes})


def a_copy(**changes: Any) -> SimpleNamespace:
    fields: dict[str, Any] = {
        "kind": _MEMCPY,
        "copy_kind": 1,
        "src_kind": 1,
        "dst_kind": 3,
        "bytes": 4096,
        "start": 1_000_001_000,
        "end": 1_000_002_000,
        "stream_id": 7,
    }
    return SimpleNamespace(**{**fields, **changes})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("_Z11regular_fftILj1080E...", "fft"),
        ("vector_fft_lto_r2c", "fft"),
        ("void multi_bluestein_fft<1>", "fft"),
        ("_Z15scale_conjugateILj16EEvP7double2S1_md", "fft"),
        ("_Z7convertILj0ELj16EEvP7double2Pvm", "fft"),
        ("_Z25repackC2C_callback_kernelIjfEv14RealComplex_stIT_E", "fft"),
        ("_Z24postprocessC2C_callbackIfjL20loadstore_modifier_t2E", "fft"),
        ("simulated_fft_lto", "fft"),
        ("_Z13spRealComplexILj64E", "fft"),
        ("sm90_xmma_gemm_f32f32_f32f32_f32_nn_n_tilesize64x64", "gemm"),
        ("nvjet_hsh_128x256_64x4_2x1_v_bz_TNT", "gemm"),
        ("void splitKreduce_kernel<32, 16, int, float>", "gemm"),
        ("void gemv2T_kernel_val<int, int, float>", "gemm"),
        ("void dot_kernel<float, 128, 0>", "gemm"),
        ("cupy_copy__float32_float32", "copy"),
        ("transpose_copy", "copy"),
        ("elementwise_copy", "copy"),
        ("cupy_concatenate_same_size", "copy"),
        ("cupy_fill__float32_float32", "fill"),
        ("cupy_sum", "reduction"),
        ("cupy_nansum", "reduction"),
        ("_ZN3cub17DeviceReduceKernelE", "reduction"),
        ("generate_seed_pseudo", "random"),
        ("cupy_random_uniform", "random"),
        ("cupy_multiply__float32_float32_float32", "elementwise"),
        ("cupy_maximum__float32_float32_float32", "elementwise"),
        ("cupy_clip", "elementwise"),
        ("my_kernel", "elementwise"),
        ("convert", "elementwise"),
        ("_Z7convertIfEvPKT_PS0_", "elementwise"),
        ("_ZN11gemm_fusion5scaleB2v1B72cw51cXTLSUwv1sDUaE5ArrayIfLi1E", "elementwise"),
        ("_ZN11unitary_fft12_3clambda_3eB2v2B72cw51cXTE5ArrayIfLi2E", "elementwise"),
        ("unitary_fft::scale[abi:v2][abi:cw51cXT](Array<float, 2>)", "elementwise"),
        ("", "elementwise"),
    ],
)
def test_kernel_kinds(name: str, kind: str) -> None:
    assert kernel_kind(name) == kind


def test_kernel_record_is_plain_data() -> None:
    seen = kernel_record(a_kernel(), epoch=1_000_000_000, default_stream=7)
    assert seen.kind == "elementwise"
    assert seen.start == pytest.approx(2e-6)
    assert seen.seconds == pytest.approx(3e-6)
    assert seen.stream == 0
    assert seen.elements == 1024
    assert seen.reads_operand is None


def test_other_streams_keep_their_number() -> None:
    seen = kernel_record(a_kernel(stream_id=13), epoch=0, default_stream=7)
    assert seen.stream == 13


def test_a_kernel_without_a_name_is_recorded() -> None:
    assert kernel_record(a_kernel(name=None), epoch=0, default_stream=7).name == ""


@pytest.mark.parametrize(
    ("copy_kind", "src", "dst", "direction", "pinned"),
    [
        (1, 1, 3, "host_to_device", False),
        (1, 2, 3, "host_to_device", True),
        (2, 3, 1, "device_to_host", False),
        (2, 3, 2, "device_to_host", True),
        (8, 3, 3, "device_to_device", False),
        (10, 3, 3, "device_to_device", False),
    ],
)
def test_copy_directions(
    *, copy_kind: int, src: int, dst: int, direction: str, pinned: bool
) -> None:
    record = a_copy(copy_kind=copy_kind, src_kind=src, dst_kind=dst)
    seen = copy_record(record, epoch=0)
    assert seen is not None
    assert (seen.direction, seen.pinned, seen.nbytes) == (direction, pinned, 4096)


def test_copies_within_the_host_are_no_copies() -> None:
    assert copy_record(a_copy(copy_kind=9), epoch=0) is None


def _at(start: float, nbytes: int, direction: Any = "device_to_host") -> Copy:
    return Copy(direction=direction, nbytes=nbytes, start=start, seconds=1e-6)


def test_own_copy_is_left_out_and_the_learners_equal_one_is_not() -> None:
    copies = [_at(1.0, 64), _at(2.0, 64)]
    assert without_own(copies, [OwnCopy("device_to_host", 64, 1.9, 2.1)]) == copies[:1]


def test_own_copy_takes_out_no_more_than_its_bytes() -> None:
    copies = [_at(2.0, 64), _at(2.000001, 64)]
    left = without_own(copies, [OwnCopy("device_to_host", 64, 1.99, 2.01)])
    assert left == copies[:1]


def test_own_copy_in_pieces_is_left_out_whole() -> None:
    copies = [_at(2.0, 64), _at(2.001, 36)]
    assert without_own(copies, [OwnCopy("device_to_host", 100, 1.99, 2.01)]) == []


def test_small_neighbours_are_no_pieces_of_a_larger_own_copy() -> None:
    """The grader's own come within microseconds of each other, each of its own size."""
    sizes = (140, 84, 20)
    own = [_at(2.0 + 8e-6 * i, size) for i, size in enumerate(sizes)]
    around = [
        OwnCopy("device_to_host", c.nbytes, c.start - 3e-6, c.start + 3e-6) for c in own
    ]
    learners = [_at(2.0001 + 8e-6 * i, size) for i, size in enumerate(sizes)]
    assert without_own([*own, *learners], around) == learners


def test_other_directions_stay() -> None:
    copies = [_at(2.0, 64, "host_to_device")]
    assert without_own(copies, [OwnCopy("device_to_host", 64, 1.9, 2.1)]) == copies


def test_records_outside_the_window_are_left_out() -> None:
    found = Activities(copies=[_at(1.0, 1), _at(2.0, 2), _at(3.0, 3)], memsets=4)
    kept = within(found, 1.5, 2.5)
    assert [copy.nbytes for copy in kept.copies] == [2]
    assert kept.memsets == 4


def test_a_clock_read_during_a_kernel_is_not_idle() -> None:
    kernel = Kernel(name="k", kind="elementwise", start=1.0, seconds=1.0)
    reads = [ClockRead(at=at, idle=True) for at in (0.5, 1.5, 2.5)]
    seen = settled(reads, Activities(kernels=[kernel]))
    assert [read.idle for read in seen] == [True, False, True]


def test_a_busy_clock_read_stays_busy() -> None:
    assert not settled([ClockRead(at=1.0, idle=False)], Activities())[0].idle


class FakeCupti:
    """Enough of ``cupti.cupti``: records are delivered when flushed."""

    ActivityKind = SimpleNamespace(
        CONCURRENT_KERNEL=_KERNEL, MEMCPY=_MEMCPY, MEMSET=_MEMSET
    )
    cuptiError = RuntimeError

    def __init__(self, refuse: bool = False) -> None:
        self.enabled: set[int] = set()
        self.pending: list[Any] = []
        self.time = 1_000_000_000
        self._refuse = refuse

    def activity_register_callbacks(self, requested: Any, completed: Any) -> None:
        assert requested()[0] > 0
        self._completed = completed

    def activity_enable(self, kind: int) -> None:
        if self._refuse:
            msg = "ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED (39)"
            raise RuntimeError(msg)
        self.enabled.add(kind)

    def activity_disable(self, kind: int) -> None:
        self.enabled.remove(kind)

    def activity_flush_all(self, flag: int) -> None:
        assert flag == 1
        self._completed([r for r in self.pending if r.kind in self.enabled])
        self.pending.clear()

    def activity_get_num_dropped_records(self, *_: int) -> None:
        return

    def get_timestamp(self) -> int:
        self.time += 1000
        return self.time


def _started(
    monkeypatch: pytest.MonkeyPatch, cupti: FakeCupti, probe: list[Any]
) -> ActivityCollector:
    def find(name: str) -> Any:
        if name == "cupti.cupti":
            return cupti
        if name == "cuda.pathfinder":
            raise ImportError
        return __import__(name)

    monkeypatch.setattr("importlib.import_module", find)
    collector = ActivityCollector()
    collector.start(lambda: cupti.pending.extend(probe), lambda: None)
    return collector


def test_the_collector_proves_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    cupti = FakeCupti()
    probe = [a_copy(), a_kernel(stream_id=9), a_copy(copy_kind=2)]
    collector = _started(monkeypatch, cupti, probe)
    assert collector.available, collector.unavailable_because
    assert collector.default_stream == 9
    assert not cupti.enabled

    collector.open()
    cupti.pending += [
        a_kernel(start=1_000_009_000, end=1_000_009_500, stream_id=9),
        a_kernel(stream_id=9),
        a_copy(),
        a_copy(copy_kind=9),
        SimpleNamespace(kind=_MEMSET),
    ]
    found = collector.close()
    assert [kernel.stream for kernel in found.kernels] == [0, 0]
    assert found.kernels[0].start < found.kernels[1].start
    assert (len(found.copies), found.memsets, found.other) == (1, 1, 1)


def test_a_refused_collector_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    collector = _started(monkeypatch, FakeCupti(refuse=True), [])
    assert not collector.available
    assert "MULTIPLE_SUBSCRIBERS" in collector.unavailable_because
    assert 0 <= collector.now() < 60


def test_a_collector_that_sees_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    collector = _started(monkeypatch, FakeCupti(), [])
    assert not collector.available
    assert "0 kernels and 0 copies" in collector.unavailable_because


def test_a_record_of_a_strange_shape_is_no_evidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe = [SimpleNamespace(kind=_KERNEL)]
    collector = _started(monkeypatch, FakeCupti(), probe)
    assert not collector.available
    assert "AttributeError" in collector.unavailable_because


def test_before_its_start_the_collector_has_a_reason() -> None:
    collector = ActivityCollector()
    assert not collector.available
    assert collector.unavailable_because
    assert collector.now() >= 0


def test_kernels_that_a_library_loads_are_no_copies() -> None:
    """Its own upload goes, the learner's before it and a download within it stay."""
    up = Copy(direction="host_to_device", nbytes=64, start=1.0, seconds=0.1)
    load = Copy(direction="host_to_device", nbytes=6_967_992, start=2.0, seconds=0.1)
    down = Copy(direction="device_to_host", nbytes=64, start=2.1, seconds=0.1)
    assert without_loading([up, load, down], [(1.9, 2.2)]) == [up, down]
    assert without_loading([up, load, down], []) == [up, load, down]


def test_an_operand_that_goes_up_while_a_library_loads_is_a_copy() -> None:
    """What cupy.asarray launches may run when the next function has begun."""
    up = Copy(direction="host_to_device", nbytes=9600, start=2.0, seconds=0.1)
    load = Copy(direction="host_to_device", nbytes=6_967_992, start=2.1, seconds=0.1)
    assert without_loading([up, load], [(1.9, 2.2)], {9600, 4800}) == [up]

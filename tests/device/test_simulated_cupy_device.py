"""The simulator behind the device interface."""

import json
import threading

import numpy as np
import pytest

from graders.harness.device import simulator
from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator.machine import MACHINE


@pytest.fixture
def device():
    return simulator.SimulatorDevice()


LAYOUTS = {
    "C": np.arange(24.0).reshape(2, 3, 4),
    "F": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
    "transposed": np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2),
    "sliced": np.arange(48.0).reshape(2, 6, 4).transpose(2, 0, 1)[:, :, ::2],
    "scalar": np.array(3.0),
    "empty": np.zeros((0, 3)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_uploads_keep_the_order_of_the_axes(cp, device, layout):
    host = LAYOUTS[layout]
    x = device.to_device(host)
    assert isinstance(x, cp.ndarray)
    np.testing.assert_array_equal(x.get(), host)
    order = sorted(range(host.ndim), key=lambda i: -host.strides[i])
    assert sorted(range(x.ndim), key=lambda i: -x.strides[i]) == order
    assert x.transpose(order).flags.c_contiguous


def test_the_graders_own_copies_leave_no_trace(cp, device):
    device.begin(poison=True, trace=True, operands=[])
    clock = MACHINE.host_time
    x = device.to_device(np.ones(5))
    device.snapshot(x)
    assert device.from_device(x).tolist() == [1] * 5
    assert MACHINE.host_time == clock
    evidence = device.end()
    assert evidence.copies == evidence.kernels == ()
    assert device.from_device(np.ones(3)) is None


def test_evidence_tells_what_the_call_did_with_its_operands(cp, device):
    x, host = device.to_device(np.ones(8)), np.ones(4)
    free = cp.ones(8)
    device.begin(poison=True, trace=True, operands=[x, {"b": [host]}])
    _ = x + 1, free + 1
    cp.asarray(host[1:])
    cp.asarray(np.ones(4))
    evidence = device.end()
    assert [k.reads_operand for k in evidence.kernels] == [True, False]
    assert [c.reads_operand for c in evidence.copies] == [True, False]
    device.begin(poison=True, trace=True, operands=[])
    _ = x + 1
    cp.asarray(host)
    evidence = device.end()
    assert not evidence.kernels[0].reads_operand
    assert not evidence.copies[0].reads_operand
    json.dumps(evidence.to_dict())
    assert Evidence.from_dict(evidence.to_dict()) == evidence


@pytest.mark.parametrize("poison", [True, False])
def test_poison_follows_its_flag(cp, device, poison):
    device.begin(poison=poison, trace=True, operands=[])
    x = cp.empty(1000)
    device.end()
    assert bool(np.isnan(x.get()).all()) is poison


def test_without_a_trace_nothing_is_listed(cp, device):
    device.begin(poison=False, trace=False, operands=[])
    _ = cp.ones(3) + 1
    evidence = device.end()
    assert evidence.kernels == evidence.copies == ()
    assert not evidence.available


def test_threads_left_running_are_counted(cp, device):
    stop = threading.Event()
    device.begin(poison=False, trace=True, operands=[])
    thread = threading.Thread(target=stop.wait)
    thread.start()
    assert device.end().threads_left == 1
    stop.set()
    thread.join()
    device.begin(poison=False, trace=True, operands=[])
    assert device.end().threads_left == 0


def test_a_result_that_another_stream_still_writes_is_not_ready(cp, device):
    x = device.to_device(np.ones((512, 512)))
    device.begin(poison=True, trace=True, operands=[x])
    with cp.cuda.Stream(non_blocking=True):
        y = x @ x
    early = device.snapshot(y)
    evidence = device.end()
    assert np.isnan(early).all()
    assert [f.kind for f in evidence.faults] == ["late_write"]
    assert (device.from_device(y) == 512).all()
    device.begin(poison=True, trace=True, operands=[x])
    with cp.cuda.Stream(non_blocking=True) as stream:
        y = x @ x
        stream.synchronize()
    assert (device.snapshot(y) == 512).all()
    assert device.end().faults == ()


def test_facts_for_the_report(device):
    facts = device.describe()
    assert facts["name"] == "simulator"
    assert "simulated" in facts["versions"]["cupy"]
    json.dumps(facts)


def test_the_learners_files_are_what_the_worker_says(device):
    before = device.is_learner_file
    device.is_learner_file = lambda name: name == "mine.py"
    assert MACHINE.is_learner_file("mine.py")
    assert not MACHINE.is_learner_file("other.py")
    device.is_learner_file = before

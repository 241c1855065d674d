"""The comparison sees each thing that two devices may do differently."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Copy, Evidence, Operation
from graders.harness.worker.wire import ArrayValue
from tests.conformance import known
from tests.conformance import record as recorder
from tests.conformance.comparing import Difference, differences, unavailable
from tests.conformance.observing import _plain_evidence, _without_numbers, plain

Change = Callable[[dict[str, Any]], None]


def observation() -> dict[str, Any]:
    """Return an observation with something of everything."""
    array = np.arange(6, dtype=np.float32).reshape(2, 3) - 2
    on_gpu = ArrayValue(array, "cuda", array.strides, "cupy.ndarray")
    refused = ["builtins.ValueError", "The K extent must match."]
    step = {"step": "fft plan", "shape": [3]}
    run = {"step": "fft execute", "shape": [3], "direction": "forward"}
    return {
        "value": plain([on_gpu, {"seconds": 1.5, "times": 2}, refused]),
        "evidence": {
            "operations": [step, run],
            "copies": [["host_to_device", 24]],
            "kernels": ["elementwise", "fft"],
        },
    }


def array_of(seen: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = seen["value"]["list"][0]["array"]
    return found


def set_in_array(name: str, value: Any) -> Change:
    def change(seen: dict[str, Any]) -> None:
        array_of(seen)[name] = value

    return change


def raising(seen: dict[str, Any]) -> None:
    del seen["value"]
    seen["raises"] = ["builtins.ValueError", "no"]


def failing(seen: dict[str, Any]) -> None:
    """As ``observing`` puts it where a call could not be made: nothing else is known."""
    seen.clear()
    seen["failed"] = "Crashed: The program ended by itself."


def blind(seen: dict[str, Any]) -> None:
    seen["evidence"] = {"unavailable": "CUPTI could not be loaded."}


CHANGES: dict[str, tuple[str, Change]] = {
    "another value": ("values", lambda seen: array_of(seen)["values"].reverse()),
    "a value that is not finite": (
        "values",
        lambda seen: array_of(seen)["values"].__setitem__(2, "nan"),
    ),
    "another type": ("type", set_in_array("type", "numpy.ndarray")),
    "another space": ("space", set_in_array("space", "cpu")),
    "another shape": ("shape", set_in_array("shape", [3, 2])),
    "another dtype": ("dtype", set_in_array("dtype", "float64")),
    "other strides": ("strides", set_in_array("strides", [4, 8])),
    "a result more": ("structure", lambda seen: seen["value"]["list"].append(None)),
    "another count": (
        "structure",
        lambda seen: seen["value"]["list"][1]["dict"][1].__setitem__(1, 3),
    ),
    "another refusal": (
        "raises",
        lambda seen: seen["value"]["list"][2]["list"].__setitem__(0, "a.TypeError"),
    ),
    "another text": (
        "message",
        lambda seen: seen["value"]["list"][2]["list"].__setitem__(1, "No."),
    ),
    "an exception": ("raises", raising),
    "another object": (
        "operations",
        lambda seen: seen["evidence"]["operations"][1].update(object=1),
    ),
    "another direction": (
        "operations",
        lambda seen: seen["evidence"]["operations"][1].update(direction="inverse"),
    ),
    "a direction less": (
        "operations",
        lambda seen: seen["evidence"]["operations"][1].pop("direction"),
    ),
    "a callback more": (
        "operations",
        lambda seen: seen["evidence"]["operations"][0].update(callbacks=[True, False]),
    ),
    "a phase less": ("operations", lambda seen: seen["evidence"]["operations"].pop()),
    "another copy": (
        "copies",
        lambda seen: seen["evidence"]["copies"].append(["device_to_host", 24]),
    ),
    "no kernel of the library": (
        "kernels",
        lambda seen: seen["evidence"]["kernels"].remove("fft"),
    ),
    "written late": ("late_write", lambda seen: seen.update(late_write=True)),
    "an operand changed": ("changed", lambda seen: seen.update(changed=[0])),
    "a call that failed": ("failed", failing),
    "a call that failed, with evidence": (
        "failed",
        lambda seen: seen.update(failed="no such function"),
    ),
    "no evidence": ("unavailable", blind),
    "memory shared": ("shared", lambda seen: seen.update(shared={"results": [[0, 1]]})),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_seen(name: str) -> None:
    aspect, change = CHANGES[name]
    recorded, seen = observation(), observation()
    assert differences(recorded, seen) == []
    change(seen)
    assert aspect in {d.aspect for d in differences(recorded, seen)}
    assert aspect in {d.aspect for d in differences(seen, recorded)}


@pytest.mark.parametrize("change", [failing, blind])
def test_two_that_saw_nothing_do_not_agree(change: Change) -> None:
    recorded, seen = observation(), observation()
    change(recorded)
    change(seen)
    assert differences(recorded, seen)


def test_a_recording_that_saw_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The recorder says which cases cannot be used, and why."""
    failed, dark = observation(), observation()
    failing(failed)
    blind(dark)
    seen = {"good": observation(), "bad": failed, "dark": dark}

    def made(device: str, only: str) -> dict[str, Any]:
        return {"device": device, "seconds": 1.0, "observations": dict(seen)}

    monkeypatch.setattr(recorder, "record", made)
    output = tmp_path / "made.json"
    command = ["record.py", "--device", "cuda", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", command)
    assert recorder.main() == 1
    said = capsys.readouterr().out
    assert "3 cases in 1.0 s, 2 not to be used" in said
    assert "bad: Crashed" in said
    assert "dark: CUPTI" in said
    del seen["bad"], seen["dark"]
    assert recorder.main() == 0


def test_a_missing_library_is_told_and_nothing_else(tmp_path: Path) -> None:
    """What a program does after the library was missed says nothing."""
    seen = observation()
    assert not unavailable(seen)
    text = 'Failure finding "libcudss.so.0": No such file'
    seen["value"]["list"][2]["list"][1] = text
    assert unavailable(seen) == text
    path = tmp_path / "written.json"
    made = {"a": seen, "b": observation()}
    path.write_text(recorder.written({"device": "cuda", "observations": made}))
    read = json.loads(path.read_text())["observations"]
    assert read == {"a": {"unavailable": text}, "b": observation()}
    assert unavailable(read["a"])


def test_copies_of_autotuning_are_told_once() -> None:
    """Between samples a cache is flushed; how often depends on the library alone."""
    flush = Copy(direction="host_to_device", nbytes=9, start=0.0, seconds=1.0)
    other = replace(flush, direction="device_to_host")
    tuned = Operation(library="matmul", phase="autotune", handle=0)
    seen = Evidence(copies=(flush, flush, other, flush))
    told = [["host_to_device", 9], ["device_to_host", 9], ["host_to_device", 9]]
    assert _plain_evidence(seen)["copies"] == [told[0], *told]
    assert _plain_evidence(replace(seen, operations=(tuned,)))["copies"] == told


def test_numbers_that_are_not_compared_are_left_out() -> None:
    """Shapes and types stay."""
    left = _without_numbers(observation())
    assert array_of(left)["values"] == []
    assert array_of(left)["shape"] == [2, 3]
    assert differences(left, _without_numbers(observation())) == []


def test_rounding_is_no_difference() -> None:
    recorded, seen = observation(), copy.deepcopy(observation())
    values = array_of(seen)["values"]
    values[:] = [x * (1 + 1e-7) for x in values]
    assert differences(recorded, seen) == []
    values[:] = [x * (1 + 1e-4) for x in values]
    assert {d.aspect for d in differences(recorded, seen)} == {"values"}
    assert differences(recorded, seen, tolerance=1e-3) == []
    assert differences(recorded, seen, compares_values=False) == []


def test_many_elements_are_compared_at_regular_places() -> None:
    array = np.linspace(-1, 1, 10_001, dtype=np.float64)
    told = plain(ArrayValue(array, "cpu", array.strides))["array"]["values"]
    assert 1000 < len(told) <= 2000
    assert told[0] == -1.0


def test_a_known_difference_covers_its_own_alone() -> None:
    entry = known.Known("products.half[*]", "copies", "why")
    copies, values = Difference("copies", ""), Difference("values", "")
    assert known.unexplained("products.half[cuda]", [copies], (entry,)) == []
    assert known.unexplained("products.half[cuda]", [values], (entry,)) == [values]
    assert known.unexplained("products.halfc", [copies], (entry,)) == [copies]
    assert known.stale({"products.half[cuda]": [copies]}, (entry,)) == []
    assert known.stale({"products.half[cuda]": [values]}, (entry,)) == [entry]

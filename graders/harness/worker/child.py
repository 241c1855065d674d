"""The forked worker: does what the grading process asks, one request after the other.

It loads the learner's module, calls its functions, and reports what it saw. It never
judges. Imports nothing of the engine but ``device``.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from graders.harness.device.evidence import Evidence
from graders.harness.device.interface import Device
from graders.harness.worker import sampling, sharing, sparse, stand_ins, streams, wire
from graders.harness.worker.asking import Asking
from graders.harness.worker.cells import Cells
from graders.harness.worker.channel import Channel
from graders.harness.worker.confinement import Layers
from graders.harness.worker.loading import (
    describe_exception,
    load_module,
    signature_problem,
)
from graders.harness.worker.unchanged import Contents

# The simulator replaces the learner's clocks; ours are these.
_real_clock = time.perf_counter

# The results of so many calls are held, so that none lies where another still does.
_REMEMBERED_CALLS = 3
# More kernels, copies and other records of one cell than this are not sent.
_MOST_RECORDS = 40_000


@dataclass(frozen=True)
class _Master:
    """An array, on the device or the host, that no call gets itself."""

    array: Any
    host: np.ndarray[Any, Any]
    on_device: bool


class Child:
    """
    One worker's state.

    Args:
        channel: To the grading process.

        device: Ready for use.

        layers: The confinement's layers, for the report.
    """

    def __init__(self, channel: Channel, device: Device, layers: Layers) -> None:
        self._channel = channel
        self._device = device
        self._layers = layers
        self._module: ModuleType | None = None
        self._cells: Cells | None = None
        self._folder = ""
        self._held: list[Any] = []
        self._contents = Contents(device.from_device)
        self._asking = Asking(channel, device, self._seen_by_user)
        device.compiling = self._asking.compiling
        self._spare: list[Any] = []
        self._matrices = sparse.Kept()
        self._reuse = False
        # Host arrays: of the last call's, two are filled again and one is not.
        self._reuse_on_host = itertools.cycle((True, True, False))
        self._repeats = 0
        self._all_again = False
        # Of the last few calls: those of one shape need not follow one another.
        self._returned: deque[list[Any]] = deque(maxlen=_REMEMBERED_CALLS)

    def serve(self) -> None:
        """Answer requests until asked to finish."""
        handlers: dict[str, Callable[[dict[str, Any], list[wire.Blob]], None]] = {
            "describe": self._describe,
            "load": self._load,
            "notebook": self._begin_notebook,
            "cell": self._run_cell,
            "variable": self._variable,
            "hold": self._hold,
            "call": self._call,
        }
        hello = {"op": "hello", "pid": os.getpid()}
        names = {"layers": self._layers.held, "missing": self._layers.missing}
        self._channel.send(hello | names)
        while True:
            head, blobs = self._channel.receive()
            if head["op"] == "finish":
                self._channel.send({"op": "finished"})
                return
            handlers[head["op"]](head, blobs)

    def _describe(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        del head, blobs
        self._channel.send({"op": "described", "facts": self._device.describe()})

    def _load(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        del blobs
        path = Path(head["path"])
        self._learn_folder(str(path.parent))
        sys.modules["grade"] = stand_ins.grade_module()  # it may come from a notebook
        problem: dict[str, Any] | None = None
        try:
            self._module = load_module(path)
        except BaseException as exc:  # noqa: BLE001 - sys.exit and the like included
            problem = self._described(exc)
        _flush()
        self._channel.send({"op": "loaded", "exception": problem})

    def _described(self, exc: BaseException) -> dict[str, Any]:
        """Describe what was raised, and how much memory the device had left then."""
        left = None
        with contextlib.suppress(Exception):  # a device that faulted tells nothing more
            left = self._device.memory_left()
        return {**describe_exception(exc, self._folder), "memory_left": left}

    def _learn_folder(self, folder: str) -> None:
        self._folder = folder
        self._device.is_learner_file = lambda name: name.startswith(f"{folder}/")

    def _begin_notebook(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        del blobs
        self._learn_folder(head["folder"])
        problem = ""
        try:
            self._cells = Cells(self._folder)
            self._module = self._cells.module
        except Exception as exc:  # noqa: BLE001 - IPython is missing, or another than ours
            problem = f"{type(exc).__name__}: {exc}"
        self._channel.send({"op": "begun", "problem": problem})

    def _run_cell(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        del blobs
        assert self._cells is not None
        broken: dict[str, Any] | None = None
        try:
            self._device.begin(poison=True, trace=head["trace"], operands=[])
        except Exception as exc:  # noqa: BLE001 - an earlier cell may have broken it for good
            broken = describe_exception(exc, self._folder)
        ran = self._cells.run(head["number"], head["source"])
        evidence, device_problem = self._end()
        _flush()
        answer = {
            "op": "ran",
            "pieces": ran.pieces,
            "exception": ran.exception or broken or device_problem,
            "evidence": evidence,
            "seconds": ran.seconds,
            "bound": ran.bound,
            "stand_ins": self._cells.stand_ins,
        }
        self._channel.send(answer, ran.blobs)

    def _variable(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        del blobs
        assert self._cells is not None
        bound, value = self._cells.variable(head["name"])
        if not bound:
            self._channel.send({"op": "missing", "names": self._cells.all_names()})
            return
        seen = wire.Encoder(self._seen_when_idle)
        exception: dict[str, Any] | None = None
        try:
            node = seen.encode(value)
        except BaseException as exc:  # noqa: BLE001 - looking at it runs the learner's code
            node, exception = {"t": "none"}, describe_exception(exc, self._folder)
        self._send_observation(
            {
                "op": "observation",
                "value": node,
                "exception": exception,
                "evidence": Evidence(notes={"made_by": self._maker(value)}).to_dict(),
                "seconds": 0.0,
                "changed": [],
                "late_write": False,
            },
            seen.blobs,
        )

    def _maker(self, value: Any) -> str:
        """Return the kernel that computed an array, as far as the device can tell."""
        with contextlib.suppress(Exception):
            return self._device.maker(value)
        return ""

    def _send_observation(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        try:
            self._channel.send(head, blobs)
        except wire.WireError:  # nothing was sent yet
            larger = {"t": "opaque", "type": "a larger value than is read"}
            self._channel.send({**head, "value": larger})

    def _hold(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        """Keep arguments for many calls, each of which gets fresh copies of them."""
        decoded = [wire.decode(node, blobs) for node in head["args"]]
        self._held = [self._mastered(value) for value in decoded]
        self._channel.send({"op": "held"})

    def _call(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        function = getattr(self._module, head["function"], None)
        if function is None:
            self._channel.send({"op": "missing", "names": self._public_names()})
            return
        values = [wire.decode(node, blobs) for node in head["args"]]
        self._all_again = self._is_third_repeat(values)
        given = values or self._held
        args = [self._build(value, head) for value in given]
        self._spare = streams.arrays_among(args) if head["value"] else []
        self._matrices.keep(args if head["value"] else ())
        handed = [a.iterator if isinstance(a, streams.Stream) else a for a in args]
        problem = signature_problem(function, len(args))
        if problem is not None:
            self._channel.send({"op": "signature", "problem": problem})
            return
        if self._cells is not None and (where := self._cells.unwritten(function)):
            self._channel.send({"op": "unwritten", **where})
            return
        before: list[Any] = [None] * len(args)
        if head["value"]:
            as_held = args if head["turn"] else given
            before = list(map(self._contents_before, as_held, args))
        self._device.begin(
            poison=head["poison"],
            trace=head["trace"],
            operands=streams.arrays_among(args),
        )
        exception: dict[str, Any] | None = None
        value: Any = None
        node: Any = None
        seen = wire.Encoder(self._seen_by_user, copies=True)
        self._asking.telling = head["tell_compiling"]
        started = _real_clock()
        try:  # running an iterator that came back belongs to the call
            value = _awaited(function(*handed))
            value, node = streams.drain(value, seen if head["value"] else None)
            if not head["value"]:  # a round that is timed ends when the device is idle
                self._device.synchronize()
        except BaseException as exc:  # noqa: BLE001 - sys.exit and the like included
            exception = self._described(exc)
        seconds = _real_clock() - started
        self._asking.telling = False
        self._answer(head, (value, seen, node), exception, seconds, args, before)

    def _answer(
        self,
        head: dict[str, Any],
        returned: tuple[Any, wire.Encoder, Any],
        exception: dict[str, Any] | None,
        seconds: float,
        args: list[Any],
        before: list[Any],
    ) -> None:
        value, seen, node = returned
        if not head["value"]:
            node = {"t": "none"}
            self._returned.clear()
        elif node is None:
            try:
                node = seen.encode(value)
            except BaseException as exc:  # noqa: BLE001 - looking at it runs the learner's code
                node = {"t": "none"}
                exception = describe_exception(exc, self._folder)
        evidence, device_problem = self._end()
        if head["sample"] is not None and device_problem is None and exception is None:
            node = self._sampled(value, head, seen)
        late = False
        shared: dict[str, Any] = {}
        whole = head["value"] and not seen.overflowed
        if whole and device_problem is None and exception is None:
            idle = wire.Encoder(self._seen_when_idle)
            idle.encode(value)
            late = [*seen.blobs] != [*idle.blobs]
            # An object of the learner's may do anything when it is looked at. What is
            # then not sent is not known, and passes no check.
            with contextlib.suppress(BaseException):
                shared = sharing.facts(
                    value, streams.arrays_among(args), [*self._returned]
                )
                # Held until the next call: the program must not write there again.
                self._returned.append(sharing.arrays_among(value))
        changed = [
            i
            for i, (arg, old) in enumerate(zip(args, before, strict=True))
            if device_problem is None
            and old is not None
            and self._contents.differ(arg, old)
        ]
        _flush()
        head = {
            "op": "observation",
            "value": node,
            "exception": exception or device_problem,
            "evidence": evidence,
            "seconds": seconds,
            "changed": changed,
            "late_write": late,
            **shared,
        }
        self._send_observation(head, seen.blobs)

    def _sampled(self, value: Any, head: dict[str, Any], seen: wire.Encoder) -> Any:
        """Return rows of a timed round's result; nothing where it has none."""
        rows = None
        with contextlib.suppress(
            BaseException
        ):  # looking at it runs the learner's code
            # The device is idle: to wait for it again, row by row, would take its time.
            rows = sampling.sampled_rows(
                value, head["sample"], self._device.snapshot, head["channels"]
            )
        return seen.encode(rows)

    def _end(self) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """End the recording; a device that faults only now is the learner's exception."""
        try:
            evidence = self._device.end()
            if (
                self._cells is not None
                and (count := _records(evidence)) > _MOST_RECORDS
            ):
                many = f"it made {count:,} steps on the device, too many to look at"
                evidence = Evidence(available=False, unavailable_because=many)
            return evidence.to_dict(), None
        except Exception as exc:  # noqa: BLE001 - a sticky CUDA error may be of any type
            broken = Evidence(
                available=False, unavailable_because=f"the device failed: {exc}"
            )
            return broken.to_dict(), describe_exception(exc, self._folder)

    def _seen_by_user(self, value: Any) -> wire.ArrayValue | None:
        return self._as_array(value, self._device.snapshot)

    def _seen_when_idle(self, value: Any) -> wire.ArrayValue | None:
        return self._as_array(value, self._device.from_device)

    def _as_array(
        self, value: Any, read: Callable[[Any], Any]
    ) -> wire.ArrayValue | None:
        # The type's own attribute: asking the object may run code of the learner's.
        kind = type(value)
        if issubclass(kind, np.ndarray | np.generic) or not hasattr(kind, "strides"):
            return None
        try:
            host = read(value)
        except Exception:  # noqa: BLE001 - not an array after all, or a broken device
            return None
        if host is None:
            return None
        return wire.ArrayValue(host, "cuda", tuple(value.strides), "cupy.ndarray")

    def _build(self, value: Any, head: dict[str, Any]) -> Any:
        """Turn a decoded argument into what the learner's function is to get."""
        if isinstance(value, wire.ArrayValue):
            on_gpu = value.memory_space == "cuda"
            place = self._placed if on_gpu else self._placed_on_host
            return place(value.array)
        if isinstance(value, _Master):
            if value.on_device:
                return self._device.duplicate(value.array, head["turn"])
            return value.array.copy(order="K")
        if isinstance(value, wire.TurnedValue):
            return (value.value + head["turn"]) % value.below
        if isinstance(value, wire.ProxyRef):
            return self._asking.proxy(value.number, head["parameters"])
        if isinstance(value, wire.SparseValue):
            parts = [self._build(part, head) for part in value.parts]
            matrix = sparse.assembled(value.format, value.shape, parts)
            return self._matrices.renewed(matrix)
        if isinstance(value, wire.StreamValue):
            build = functools.partial(self._build, head=head)
            return streams.Stream(value, build, self._device.refill, self._contents)
        if type(value) in (list, tuple):
            return type(value)(self._build(item, head) for item in value)
        if type(value) is dict:
            return {key: self._build(item, head) for key, item in value.items()}
        return value

    def _mastered(self, value: Any) -> Any:
        """Put what is held where it belongs once: each call copies it there."""
        if isinstance(value, wire.ArrayValue):
            on_device = value.memory_space == "cuda"
            array = self._device.to_device(value.array) if on_device else value.array
            return _Master(array, value.array, on_device)
        if type(value) in (list, tuple):
            return type(value)(self._mastered(item) for item in value)
        return value

    def _contents_before(self, value: Any, arg: Any) -> Any:
        """Return what an argument holds; of what is held, it is known."""
        if isinstance(value, _Master):
            return self._contents.known(value.host)
        if type(value) in (list, tuple):
            return [*map(self._contents_before, value, arg)]
        return self._contents.of(arg)

    def _is_third_repeat(self, values: list[Any]) -> bool:
        """Count the calls that repeat the last one's layouts; say if it is a third."""
        wanted = [
            (v.array.dtype, tuple(v.array.shape), tuple(v.array.strides))
            for v in sharing.arrays_among(values)
            if isinstance(v, wire.ArrayValue) and v.memory_space == "cuda"
        ]
        spare = [s for s in self._spare if not isinstance(s, np.ndarray)]
        if not wanted or wanted != [_layout(s)[1:] for s in spare]:
            return False
        self._repeats += 1
        return self._repeats % 3 == 0

    def _placed(self, array: np.ndarray[Any, Any]) -> Any:
        """
        Put an argument on the device: every other time into the last call's array.

        A program that keeps results by an array's object or address then meets other
        values at the same place; one that keeps the address itself, in a plan, meets
        them at another place. Of three calls with the same layouts one gets all of the
        last call's arrays, so that what is kept by all of them shows as well.
        """
        fresh = self._device.to_device(array)
        for index, spare in enumerate(self._spare):
            if _layout(spare) == _layout(fresh):
                self._reuse = not self._reuse
                if self._reuse or self._all_again:
                    del self._spare[index]
                    spare[...] = fresh
                    return spare
                break
        return fresh

    def _placed_on_host(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Do the same for an argument in CPU memory, whose object is kept as easily."""
        for index, spare in enumerate(self._spare):
            if isinstance(spare, np.ndarray) and _layout(spare) == _layout(array):
                if next(self._reuse_on_host) and spare.flags.writeable:
                    del self._spare[index]
                    spare[...] = array
                    return spare
                break
        return array

    def _public_names(self) -> list[str]:
        if self._cells is not None:
            return self._cells.names()
        names = getattr(self._module, "__dict__", {})
        return [
            name
            for name, item in names.items()
            if callable(item) and not name.startswith("_")
        ][:200]


def _records(evidence: Evidence) -> int:
    kinds = (evidence.kernels, evidence.copies, evidence.operations, evidence.faults)
    return sum(map(len, kinds)) + len(evidence.clock_reads) + len(evidence.benchmarks)


def _layout(array: Any) -> tuple[Any, ...]:
    return type(array), array.dtype, tuple(array.shape), tuple(array.strides)


def _awaited(value: Any) -> Any:
    if inspect.iscoroutine(value):
        value.close()  # nobody awaits it, and Python would complain with a path of ours
    return value


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # replaced or closed by the learner
            stream.flush()

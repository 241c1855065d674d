"""Runs cases on a device and puts what was observed into plain data."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from graders.harness.checks import Learner
from graders.harness.device.evidence import Evidence
from graders.harness.errors import Failure, NotRun
from graders.harness.supervisor import ForkServer, Observation
from graders.harness.worker.loading import describe_exception, load_module
from graders.harness.worker.wire import ArrayValue, Encoder, Opaque, decode
from tests.conformance.cases import PROGRAMS, Case
from tests.conformance.programs.operands import first_line

Plain = dict[str, Any]
# The device API's first compile takes about a quarter of a minute.
_TIMEOUT = 180.0
_MOST_VALUES = 2000
# On a GPU one after the other, so that nothing of one shows in another.
_JOBS = {"cuda": 1, "simulator": 2}
# More than the tolerances can tell.
_DIGITS = {"float16": 5, "float32": 7, "complex64": 7, "float64": 15, "complex128": 15}
# What a step says where it says nothing; it is left out.
_NOTHING: Plain = {
    "object": 0,
    "kind": "",
    "direction": "",
    "callbacks": [False, False],
    "shape": [],
    "batch": 1,
    "operands": "",
    "compute": "",
}


def observe(device: str, cases: Iterable[Case]) -> Iterator[tuple[Case, Plain]]:
    """
    Yield each case with its observation, made in workers as in a grading.

    Args:
        device: ``"cuda"`` or ``"simulator"``.

        cases: In the order in which cases of one module are side by side.
    """
    groups = [
        list(group)
        for _, group in itertools.groupby(cases, key=lambda case: case.module)
    ]
    with ForkServer(device) as server, ThreadPoolExecutor(_JOBS[device]) as pool:
        observed = functools.partial(_group_observed, server)
        for pairs in pool.map(observed, groups):
            yield from pairs


def _group_observed(server: ForkServer, cases: list[Case]) -> list[tuple[Case, Plain]]:
    """Return the observations of the cases of one module, made in one worker."""
    module = cases[0].module
    owner = "ours" if server.device == "cuda" else ""
    learner = Learner(
        module,
        module.stem,
        server,
        timeout=_TIMEOUT,
        data=cases[0].data,
        owner=owner,
    )
    try:
        return [(case, _observed(learner, case)) for case in cases]
    finally:
        learner.close()


def _observed(learner: Learner, case: Case) -> Plain:
    anything = ("builtins.BaseException",)
    try:
        seen = learner.call(
            case.function, *case.arguments, fresh=True, may_raise=anything
        )
    except (Failure, NotRun) as outcome:
        return {"failed": f"{type(outcome).__name__}: {outcome}"}
    found = _plain_observation(seen)
    return found if case.compares_values else _without_numbers(found)


def observe_on_the_cpu(cases: Iterable[Case]) -> Iterator[tuple[Case, Plain]]:
    """
    Yield the cases that need no GPU, run in this process by the real nvmath.

    There is no device, and so no evidence.
    """
    import sys  # noqa: PLC0415 - only here

    sys.path.insert(0, str(PROGRAMS))
    wanted = [case for case in cases if case.space == "cpu"]
    for path, group in itertools.groupby(wanted, key=lambda case: case.module):
        module = load_module(path)
        for case in group:
            yield case, _run_here(getattr(module, case.function), case)


def _run_here(function: Any, case: Case) -> Plain:
    encoder = Encoder()
    try:
        node = encoder.encode(function(*case.arguments))
    except Exception as err:  # noqa: BLE001 - whatever it is, it is the observation
        return {"raises": _raised(describe_exception(err, str(PROGRAMS)))}
    blobs = [bytes(blob) for blob in encoder.blobs]
    return {"value": plain(decode(node, blobs))}


def _plain_observation(seen: Observation) -> Plain:
    found: Plain = {}
    if seen.problem:
        found["failed"] = f"{seen.problem}: {seen.detail}"
    elif seen.exception is not None:
        found["raises"] = _raised(seen.exception)
    else:
        found["value"] = plain(seen.value)
    if seen.late_write:
        found["late_write"] = True
    if seen.changed:
        found["changed"] = list(seen.changed)
    pairs = {"results": seen.shared_results, "arguments": seen.shared_arguments}
    if shared := {
        name: [list(p) for p in some] for name, some in pairs.items() if some
    }:
        found["shared"] = shared
    return {**found, "evidence": _plain_evidence(seen.evidence)}


def _raised(exception: dict[str, Any]) -> list[str]:
    """Return an exception's type and its text's first line, as ``refusal`` does."""
    return [exception["types"][0], first_line(str(exception["message"]))]


def _plain_evidence(evidence: Evidence) -> Plain:
    if not evidence.available:
        return {"unavailable": evidence.unavailable_because}
    numbers: dict[tuple[str, int], int] = {}
    operations = []
    for step in evidence.operations:
        # A compiled callback is no object, but takes a number of its own on both devices.
        known = (step.library, step.handle)
        number = numbers.setdefault(known, len(numbers))
        facts: Plain = {
            "object": 0 if step.library == "callback" else number,
            "kind": step.kind,
            "direction": step.direction,
            "callbacks": [step.prolog, step.epilog],
            "shape": list(step.shape),
            "batch": step.batch,
            "operands": step.operands,
            "compute": step.compute,
        }
        operations.append(
            {
                "step": f"{step.library} {step.phase}",
                **{name: x for name, x in facts.items() if x != _NOTHING[name]},
            }
        )
    return {
        "operations": operations,
        "copies": _plain_copies(evidence),
        "kernels": [kernel.kind for kernel in evidence.kernels],
    }


def _plain_copies(evidence: Evidence) -> list[list[Any]]:
    copies = [[copy.direction, copy.nbytes] for copy in evidence.copies]
    if any(step.phase == "autotune" for step in evidence.operations):
        # One before each sample; how many algorithms are tried is the library's choice.
        return [copy for copy, _ in itertools.groupby(copies)]
    return copies


def plain(value: Any) -> Any:
    """Return a result as data for JSON; arrays with all or many of their values."""
    if isinstance(value, ArrayValue):
        return {"array": _array(value)}
    if isinstance(value, Opaque):
        return {"opaque": value.type_name}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [plain(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[plain(k), plain(v)] for k, v in value.items()]}
    if isinstance(value, float | complex):
        return {type(value).__name__: _numbers(np.array([value]))}
    return value


def _array(value: ArrayValue) -> Plain:
    return {
        "type": value.type_name,
        "space": value.memory_space,
        "shape": list(value.shape),
        "dtype": value.dtype,
        "strides": list(value.strides),
        "values": _numbers(value.array),
    }


def _without_numbers(node: Any) -> Any:
    """Return an observation without the numbers in it, which nobody compares."""
    if isinstance(node, list):
        return [_without_numbers(item) for item in node]
    if not isinstance(node, dict):
        return node
    numbers = ("values", "float", "complex")
    return {k: [] if k in numbers else _without_numbers(v) for k, v in node.items()}


def _numbers(array: Any) -> list[Any]:
    """Return elements in C order, evenly chosen where they are many, as real numbers."""
    flat = np.ascontiguousarray(array).reshape(-1)
    flat = flat[:: max(1, -(-flat.size // _MOST_VALUES))]
    if flat.dtype.kind in "biu":
        return [int(x) for x in flat]
    digits = _DIGITS[flat.dtype.name]
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    return [_number(float(x), digits) for x in flat]


def _number(x: float, digits: int) -> Any:
    # JSON has no word for what is not finite.
    return float(f"{x:.{digits}g}") if np.isfinite(x) else repr(x)

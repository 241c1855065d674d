"""Writes down what the programs and references do on a device, for the tests.

    python tests/conformance/record.py --device cuda --output tests/conformance/h100.json
    python tests/conformance/record.py --device cpu --output tests/conformance/cpu.json

``cpu`` runs the real nvmath on operands in CPU memory, in this process, and needs a
library for it: ``pip install 'nvmath-python[cpu]'``, or one that NVMATH_FFT_CPU_LIBRARY
names.
"""

from __future__ import annotations

import argparse
import functools
import json
import platform
import sys
import time
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

if __name__ == "__main__":
    _ROOT = Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(_ROOT))
    # Some packages install a top-level "tests" of their own, which would be found first.
    sys.modules["tests"] = ModuleType("tests")
    sys.modules["tests"].__path__ = [str(_ROOT / "tests")]

from graders.harness.supervisor import ForkServer
from tests.conformance.cases import all_cases
from tests.conformance.comparing import unavailable, unseen
from tests.conformance.observing import observe, observe_on_the_cpu

_PACKAGES = ("nvmath-python", "numba-cuda", "numpy", "scipy")
DEVICES = ("cuda", "simulator", "cpu")


def record(device: str, only: str = "") -> dict[str, Any]:
    """
    Return the observations of all cases on a device, with facts about it.

    Args:
        device: ``"cuda"``, ``"simulator"`` or ``"cpu"``.

        only: Take the cases whose key has this in it.
    """
    cases = [case for case in all_cases() if only in case.key]
    started = time.perf_counter()
    facts = _facts(device)
    run = observe_on_the_cpu(cases) if device == "cpu" else observe(device, cases)
    observations = {case.key: seen for case, seen in run}
    seconds = round(time.perf_counter() - started, 1)
    return {
        "device": device,
        "environment": facts,
        "seconds": seconds,
        "observations": observations,
    }


def _facts(device: str) -> dict[str, Any]:
    if device == "cpu":
        versions = {name: metadata.version(name) for name in _PACKAGES}
        return {"versions": versions, "machine": platform.machine()}
    with ForkServer(device) as server:
        worker = server.fork()
        try:
            return worker.describe()
        finally:
            worker.finish()


def written(recording: dict[str, Any]) -> str:
    """Return a recording as JSON, one observation a line, so that changes show."""
    head = {k: v for k, v in recording.items() if k != "observations"}
    dense = functools.partial(json.dumps, allow_nan=False, separators=(",", ":"))
    lines = []
    for key, seen in sorted(recording["observations"].items()):
        # Half of what a program does says nothing where the other half could not be run.
        why = unavailable(seen)
        told = {"unavailable": why} if why else seen
        lines.append(f"  {json.dumps(key)}: {dense(told)}")
    opening = json.dumps(head, indent=1)[:-2]
    return f'{opening},\n "observations": {{\n' + ",\n".join(lines) + "\n }\n}\n"


def main() -> int:
    """Record, and write the file; return 1 where a case was not observed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=DEVICES, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument(
        "--only",
        default="",
        help="cases whose key has this in it; the others stay as they are in the file",
    )
    options = parser.parse_args()
    recording = record(options.device, options.only)
    if options.only and options.output.exists():
        before = json.loads(options.output.read_text("utf-8"))
        recording["observations"] = {
            **before["observations"],
            **recording["observations"],
        }
    options.output.write_text(written(recording), "utf-8")
    observations = recording["observations"]
    failed = {
        key: "; ".join(filter(None, why))
        for key, seen in observations.items()
        if any(why := unseen(seen))
    }
    line = f"{len(observations)} cases in {recording['seconds']} s, "
    line += f"{len(failed)} not to be used"
    if lacking := [key for key, seen in observations.items() if unavailable(seen)]:
        line += f", {len(lacking)} for want of a library"
    lines = [f"  {key}: {why}" for key, why in failed.items()]
    sys.stdout.write("\n".join([line, *lines]) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

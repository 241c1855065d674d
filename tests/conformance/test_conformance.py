"""The simulator does what was recorded by the real nvmath on a CPU, and on an H100.

``record.py`` writes the recordings. Cases that a recording's machine lacked a library for
are skipped; so are all of a recording whose file is not there. The simulator runs all
cases once for all tests.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import ROOT, Catalog
from tests.conformance import known
from tests.conformance.cases import REFERENCES, Case, references, small_programs
from tests.conformance.comparing import (
    Difference,
    differences,
    unavailable,
    unseen,
)
from tests.conformance.record import record

HERE = Path(__file__).parent
RECORDINGS = {"h100": HERE / "h100.json", "cpu": HERE / "cpu.json"}
KNOWN = {"h100": known.ON_THE_H100, "cpu": known.ON_THE_CPU}
CASES: dict[str, Case] = {case.key: case for case in [*small_programs(), *references()]}
NOT_MODELLED = "is not modelled by the simulated GPU"
_NO_LIBRARY = "the machine of the recording had no library for it"
_MISSING = "not recorded yet: python tests/conformance/record.py --device cuda"

Observations = dict[str, dict[str, Any]]


def recording(name: str) -> Observations:
    """Return a recording's observations."""
    path = RECORDINGS[name]
    if not path.is_file():
        return {}
    observations: Observations = json.loads(path.read_text("utf-8"))["observations"]
    return observations


EVERYTHING = {name: recording(name) for name in RECORDINGS}
# Without what a machine could not run.
RECORDED = {
    name: {key: seen for key, seen in observations.items() if not unavailable(seen)}
    for name, observations in EVERYTHING.items()
}
PAIRS = [
    pytest.param(
        name,
        key,
        id=f"{name}-{key}",
        marks=[] if key in RECORDED[name] else [pytest.mark.skip(_NO_LIBRARY)],
    )
    for name, observations in EVERYTHING.items()
    for key in observations
    if key in CASES
] + [
    pytest.param(name, "", id=f"{name}-nothing", marks=pytest.mark.skip(_MISSING))
    for name, path in RECORDINGS.items()
    if not path.is_file()
]


@pytest.fixture(scope="session")
def simulated() -> Observations:
    """What the simulator does in every case."""
    observations: Observations = record("simulator")["observations"]
    return observations


def compared(
    key: str, recorded: dict[str, Any], seen: dict[str, Any]
) -> list[Difference]:
    case = CASES[key]
    return differences(
        recorded,
        seen,
        tolerance=case.tolerance,
        compares_values=case.compares_values,
    )


def told(found: list[Difference]) -> str:
    return "\n".join(f"{d.aspect}: {d.text[:1500]}" for d in found)


# ------------------------------------------------------------------------- the truth


@pytest.mark.parametrize(("name", "key"), PAIRS)
def test_the_simulator_does_the_same(
    name: str, key: str, simulated: Observations
) -> None:
    recorded, seen = RECORDED[name][key], simulated[key]
    found = compared(key, recorded, seen)
    assert not (left := known.unexplained(key, found, KNOWN[name])), told(left)


@pytest.mark.parametrize("name", RECORDINGS)
def test_no_known_difference_is_gone(name: str, simulated: Observations) -> None:
    if not RECORDED[name]:
        pytest.skip(_MISSING)
    found = {
        key: compared(key, recorded, simulated[key])
        for key, recorded in RECORDED[name].items()
        if key in CASES
    }
    gone = known.stale(found, KNOWN[name])
    assert not gone, [f"{entry.pattern}: {entry.aspect}" for entry in gone]


def test_known_differences_are_in_the_document() -> None:
    text = (ROOT / "docs" / "simulator.md").read_text("utf-8")
    table = [line for line in text.splitlines() if line.startswith("|")]
    for entry in (*known.ON_THE_H100, *known.ON_THE_CPU):
        row = [x for x in table if f"`{entry.pattern}`" in x and entry.aspect in x]
        assert row, f"docs/simulator.md says nothing of {entry.pattern}: {entry.aspect}"


@pytest.mark.parametrize("name", RECORDINGS)
def test_everything_is_recorded(name: str) -> None:
    """A new program is recorded before it counts, and a recording has no other ones."""
    if not RECORDINGS[name].is_file():
        pytest.skip(_MISSING)
    observations = EVERYTHING[name]
    wanted = {k for k, case in CASES.items() if name == "h100" or case.space == "cpu"}
    again = "record again: tests/conformance/record.py"
    assert sorted(wanted ^ observations.keys()) == [], again
    assert [key for key, seen in observations.items() if any(unseen(seen))] == [], again


# ------------------------------------------------------------------- the cases themselves


def test_every_exercise_has_its_reference_here() -> None:
    names = {exercise.slug for exercise in Catalog(ROOT).select(())}
    assert {name for name, _ in REFERENCES} == names


def test_there_are_cases_of_every_sort(simulated: Observations) -> None:
    spaces = [case.space for case in CASES.values()]
    assert len(small_programs()) >= 40
    assert all(spaces.count(space) >= 20 for space in ("cuda", "cpu", "staged"))
    assert sum("raises" in seen for seen in simulated.values()) >= 40


def test_the_simulator_models_every_case(simulated: Observations) -> None:
    """Nothing here is beyond the simulator, and nothing crashes or takes too long."""
    told_so = [key for key, seen in simulated.items() if NOT_MODELLED in str(seen)]
    assert told_so == []
    assert [key for key, seen in simulated.items() if "failed" in seen] == []


# ------------------------------------------------------ recordings made here, if they can


def run_recorder(device: str, output: Path) -> Observations:
    command = [sys.executable, str(HERE / "record.py"), "--device", device]
    done = subprocess.run(
        [*command, "--output", str(output)],
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    observations: Observations = json.loads(output.read_text("utf-8"))["observations"]
    return observations


def test_nvmath_on_this_cpu(tmp_path: Path, simulated: Observations) -> None:
    """The real nvmath, with whatever libraries for the CPU this machine has."""
    seen = run_recorder("cpu", tmp_path / "cpu.json")
    here = {key: found for key, found in seen.items() if not unavailable(found)}
    assert here, "not even what nvmath refuses by itself could be observed"
    differing = {
        key: told(left)
        for key, truth in here.items()
        if (found := compared(key, truth, simulated[key]))
        and (left := known.unexplained(key, found, known.ON_THE_CPU))
    }
    assert differing == {}
    if len(here) < len(seen):
        pytest.skip(
            f"{len(here)} of {len(seen)} cases compared; the others need a library for "
            "FFTs and products on the CPU: pip install 'nvmath-python[cpu]'"
        )


def _has_gpu() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


@pytest.mark.gpu
@pytest.mark.skipif(not _has_gpu(), reason="needs an NVIDIA GPU and its driver")
def test_this_gpu_does_what_was_recorded(tmp_path: Path) -> None:
    if not RECORDED["h100"]:
        pytest.skip(_MISSING)
    seen = run_recorder("cuda", tmp_path / "cuda.json")
    differing = {
        key: told(left)
        for key, truth in RECORDED["h100"].items()
        if key in seen
        and not unavailable(seen[key])
        and (
            left := known.unexplained(
                key, compared(key, truth, seen[key]), known.ON_THE_H100
            )
        )
    }
    assert differing == {}

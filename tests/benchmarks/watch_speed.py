"""How long ``grade.py --watch`` takes from a save to the verdict on the screen.

    python tests/benchmarks/watch_speed.py --device simulator --output FILE.json

For each exercise it starts the command as a user would, saves the reference as an editor
does, and waits for the line with the verdict (goal: at most 1 s in the simulator on two
cores, 2 s on a GPU). The first verdict, for which packages are imported, is not counted.
The default is four exercises; ``--exercises`` takes names as ``grade.py`` does.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from graders.harness.catalog import Catalog, Exercise  # noqa: E402
from graders.harness.session import describe_host  # noqa: E402

SAVES = 9
GOALS = {"simulator": 1.0, "cuda": 2.0}
EXERCISES = (
    "fft_callbacks/gaussian_blur",
    "fft_callbacks/sepia_blur",
    "kernel_fusion/matmul_validation",
    "memory_spaces/transfer_cost",
)


def save(source: Path, target: Path) -> None:
    """Save through another file that is renamed."""
    beside = target.with_suffix(".tmp")
    shutil.copyfile(source, beside)
    beside.replace(target)


def until_verdict(watch: subprocess.Popen[str]) -> float:
    """Wait for the verdict; return the seconds that the grading itself took."""
    assert watch.stdout is not None
    for line in watch.stdout:
        if line.startswith(("Passed: ", "Failed: ", "Ungraded: ")):
            assert line.startswith("Passed: "), line
            return float(line.split()[-2])
    message = "the watch ended"
    raise SystemExit(message)


def measure(exercise: Exercise, device: str, saves: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / f"{exercise.slug}.py"
        shutil.copyfile(exercise.reference, program)
        command = [sys.executable, str(ROOT / "grade.py"), exercise.name, "--watch"]
        command += ["--submission", folder, "--device", device]
        with subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as watch:
            until_verdict(watch)
            samples, beyond = [], []
            for _ in range(saves):
                time.sleep(0.3)  # nobody saves at once after a verdict
                started = time.perf_counter()
                save(exercise.reference, program)
                grading = until_verdict(watch)
                samples.append(time.perf_counter() - started)
                beyond.append(samples[-1] - grading)
            assert watch.stdin is not None
            watch.stdin.close()
    return {
        "median": statistics.median(samples),
        "median_beyond_grading": statistics.median(beyond),
        "samples": samples,
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=tuple(GOALS), default="simulator")
    parser.add_argument("--saves", type=int, default=SAVES)
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    parser.add_argument("--exercises", nargs="*", default=EXERCISES, metavar="NAME")
    options = parser.parse_args()
    result: dict[str, Any] = {
        "what": "tests/benchmarks/watch_speed.py",
        "device": options.device,
        "machine": describe_host(),
        "exercises": {},
        "goal": GOALS[options.device],
    }
    for exercise in Catalog().select(options.exercises):
        found = measure(exercise, options.device, options.saves)
        result["exercises"][exercise.name] = found
        print(
            f"{exercise.name}: {found['median']:.2f} s from save to verdict, "
            f"{found['median_beyond_grading']:.2f} s of them beyond the grading itself"
        )
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

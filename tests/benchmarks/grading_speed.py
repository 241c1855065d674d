"""How long grading takes, against running the same programs bare.

    python tests/benchmarks/grading_speed.py --device simulator --output FILE.json

In one run it measures the wall time of grading the references cold, against
``bare_run.py`` (goal: at most 2 times), and the time from a save to the verdict of one
exercise while the server is warm (goal: at most 1 s in the simulator on two cores).
The default is all exercises; ``--exercises`` takes names as ``grade.py`` does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from graders.harness.catalog import Catalog, Exercise  # noqa: E402
from graders.harness.models import Verdict  # noqa: E402
from graders.harness.run import Grader, Request  # noqa: E402
from graders.harness.session import describe_host  # noqa: E402
from graders.harness.submission import locate  # noqa: E402

COLD_ROUNDS = 5
WARM_ROUNDS = 7


def wall(command: list[str]) -> float:
    """Return the wall time of a command that must succeed."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        message = f"{command} failed:\n{done.stdout}\n{done.stderr}"
        raise SystemExit(message)
    return seconds


def python_path() -> str:
    """Return the import path for the commands: this repository, then the caller's."""
    return os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(":")


def cold(device: str, rounds: int, exercises: Sequence[Exercise]) -> dict[str, Any]:
    """Measure whole gradings and bare runs, turn about."""
    names = [exercise.name for exercise in exercises]
    grade = [sys.executable, "grade.py", *names, "--submission", "reference"]
    grade += ["--device", device]
    bare = [sys.executable, "tests/benchmarks/bare_run.py", device]
    bare += ["--exercises", *names]
    # Files into the page cache, and what device compilers keep on disk.
    wall(grade), wall(bare)
    pairs = [(wall(grade), wall(bare)) for _ in range(rounds)]
    return {
        "exercises": names,
        "grading_seconds": statistics.median(g for g, _ in pairs),
        "bare_seconds": statistics.median(b for _, b in pairs),
        "ratio": statistics.median(g / b for g, b in pairs),
        "goal": 2.0,
        "pairs": pairs,
    }


def warm(device: str, rounds: int, exercises: Sequence[Exercise]) -> dict[str, Any]:
    """Measure the time from a save to the verdict, the server being warm."""
    found: dict[str, Any] = {}
    with (
        Grader(device, Catalog()) as grader,
        tempfile.TemporaryDirectory() as folder,
    ):
        for exercise in exercises:
            saved = Path(folder) / f"{exercise.slug}.py"
            times = []
            for _ in range(rounds):
                shutil.copyfile(exercise.reference, saved)  # the save
                started = time.perf_counter()
                work = locate(saved, [exercise], named=True)
                report = grader.grade(Request(work=work, device=device))
                times.append(time.perf_counter() - started)
                assert report.verdict is Verdict.PASSED, report.to_dict()
            # The first round of the first exercise also waits for the server's imports.
            found[exercise.name] = {
                "median": statistics.median(times[1:]),
                "samples": times,
            }
    return {"exercises": found, "goal": 1.0}


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "simulator"), default="simulator")
    parser.add_argument("--rounds", type=int, default=COLD_ROUNDS, help="cold pairs")
    parser.add_argument("--saves", type=int, default=WARM_ROUNDS, help="warm rounds")
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    parser.add_argument(
        "--exercises", nargs="*", default=[], metavar="NAME", help="the default is all"
    )
    options = parser.parse_args()
    exercises = Catalog().select(options.exercises)
    result = {
        "what": "tests/benchmarks/grading_speed.py",
        "device": options.device,
        "machine": describe_host(),
        "cold": cold(options.device, options.rounds, exercises),
        "warm": warm(options.device, options.saves, exercises),
    }
    colds = result["cold"]
    print(
        f"cold: grading {len(exercises)} references {colds['grading_seconds']:.2f} s, "
        f"bare run {colds['bare_seconds']:.2f} s, ratio {colds['ratio']:.2f} "
        "(goal: at most 2)"
    )
    for name, figures in result["warm"]["exercises"].items():
        print(f"warm: {name} {figures['median']:.2f} s from save to verdict")
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

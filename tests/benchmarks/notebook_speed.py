"""How long the grading of a notebook takes, against its bare execution.

    python tests/benchmarks/notebook_speed.py --device simulator --output FILE.json

The notebook is the one that ``grade.py notebook`` writes, filled in with the reference and
without the cells that ask for a grade. ``grade.py --submission`` grades it from cold;
``jupyter execute`` runs the same cells in a kernel of Jupyter's. They take turns, in the
order ABBA. The figure is the median of the paired ratios (goal: at most 1.5).
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

import nbformat

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from graders.harness.catalog import Catalog, Exercise  # noqa: E402
from graders.harness.notebook_writer import build_notebook  # noqa: E402
from graders.harness.session import describe_host  # noqa: E402

PAIRS = 5
GOAL = 1.5
EXERCISES = (
    "fft_callbacks/sepia_blur",
    "kernel_fusion/matmul_validation",
    "memory_spaces/resident_pipeline",
)


def write(exercise: Exercise, folder: Path) -> Path:
    """Write an exercise's notebook, filled in, with its data beside it."""
    path = folder / f"{exercise.slug}.ipynb"
    notebook = build_notebook(Catalog(), (exercise,), file=path.name)
    notebook.cells = [c for c in notebook.cells if not c.source.startswith("check(")]
    for cell in notebook.cells:
        if cell.id == f"{exercise.slug}-stub":
            cell.source = exercise.reference.read_text("utf-8")
    nbformat.write(notebook, path)
    if exercise.data.is_dir():
        shutil.copytree(exercise.data, folder / "data", dirs_exist_ok=True)
    return path


def seconds(command: list[str], folder: Path) -> float:
    """Run a command to its end and return how long it took."""
    started = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(ended.stdout[-2000:] + ended.stderr[-2000:])
    return time.perf_counter() - started


def measure(exercise: Exercise, device: str, pairs: int) -> dict[str, Any]:
    """Return all samples and the median of the ratios."""
    graded: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(exercise, folder)
        grade = [sys.executable, str(ROOT / "grade.py"), exercise.name]
        grade += ["--submission", str(path), "--device", device]
        execute = [sys.executable, "-m", "jupyter", "execute", str(path)]
        turns = [(grade, graded), (execute, bare)]
        for pair in range(pairs + 1):
            for command, samples in turns if pair % 2 else reversed(turns):
                samples.append(seconds(command, folder))
    graded, bare = graded[1:], bare[1:]  # the first pair fills the disk's caches
    ratios = [mine / other for mine, other in zip(graded, bare, strict=True)]
    return {
        "ratio": statistics.median(ratios),
        "graded_seconds": graded,
        "bare_seconds": bare,
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("simulator", "cuda"), default="simulator")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    parser.add_argument("--exercises", nargs="*", default=EXERCISES, metavar="NAME")
    options = parser.parse_args()
    result: dict[str, Any] = {
        "what": "tests/benchmarks/notebook_speed.py",
        "device": options.device,
        "machine": describe_host(),
        "exercises": {},
        "goal": GOAL,
    }
    for exercise in Catalog().select(options.exercises):
        found = measure(exercise, options.device, options.pairs)
        result["exercises"][exercise.name] = found
        print(
            f"{exercise.name}: {statistics.median(found['graded_seconds']):.1f} s, "
            f"{found['ratio']:.2f} times its bare execution"
        )
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

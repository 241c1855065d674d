"""The least that running the references takes: import, run each once, and its oracle.

    python tests/benchmarks/bare_run.py simulator

It is what ``grading_speed.py`` compares a whole grading with: one process, one case an
exercise, no checks.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def load(assignment: str, name: str) -> ModuleType:
    """Import a file of the reference tree."""
    path = ROOT / "reference" / assignment / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{assignment}_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


def main(device: str) -> None:
    """Run each reference and its oracle on one case."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if device == "simulator":
        from graders.harness.device.simulator import SimulatorDevice

        simulator = SimulatorDevice()
        simulator.preload()
        simulator.start()
    import cupy as cp

    rng = np.random.default_rng(1)
    oracles = load("fft_callbacks", "oracles")
    image = rng.random((528, 539, 3), dtype=np.float32)
    for name, picture in (("sepia_blur", image), ("gaussian_blur", image[:, :, 0])):
        blur = getattr(load("fft_callbacks", name), name)
        result = blur(cp.asarray(np.ascontiguousarray(picture)), 20.0).get()
        expected = getattr(oracles, name)(picture, 20.0)
        if result.shape != expected.shape:
            expected = np.moveaxis(expected, 0, -1)
        assert np.allclose(result, expected, atol=1e-3)
    run_transfer_cost(cp, rng, device)
    validation = load("kernel_fusion", "matmul_validation")
    validation.make_case()
    assert validation.matches(
        lambda a, b, bias: cp.maximum(cp.matmul(a, b) + bias[:, None], 0)
    )


def run_transfer_cost(cp: Any, rng: np.random.Generator, device: str) -> None:
    """Run the benchmark exercise on the shapes that it is graded with."""
    import tomllib

    rubric = ROOT / "graders" / "memory_spaces" / "rubric.toml"
    limits = tomllib.loads(rubric.read_text())["exercises"]["transfer_cost"]["limits"]
    m, k, n = limits[f"shape_{device}"]
    a = rng.random((m, k), dtype=np.float32)
    b = rng.random((k, n), dtype=np.float32)
    costs = load("memory_spaces", "transfer_cost").measure(
        a, b, cp.asarray(a), cp.asarray(b)
    )
    assert set(costs) >= {"transfer_estimate", "transfer_measured"}


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(sys.argv[1])

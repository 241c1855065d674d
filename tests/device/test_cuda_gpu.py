"""The CUDA device on a GPU: the whole check in a process of its own."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path

import pytest

from graders.harness.device import cupy_code, library_code

_ROOT = Path(__file__).resolve().parents[2]
_CHECK = _ROOT / "tests" / "benchmarks" / "device_check.py"
_LEAST_KERNELS = 40


def _has_gpu() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


needs_gpu = pytest.mark.skipif(
    not _has_gpu(), reason="needs an NVIDIA GPU and its driver"
)


@pytest.mark.gpu
@needs_gpu
def test_the_device_check_holds() -> None:
    # A process of its own: pytest's may have a CUDA context, and forks from here.
    done = subprocess.run(
        [sys.executable, str(_CHECK), "--device", "cuda"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.gpu
@needs_gpu
def test_cupy_has_each_operation_that_is_compiled_ahead(tmp_path: Path) -> None:
    wanted, jobs = json.dumps([["cupy", group] for group in cupy_code.GROUPS]), "8"
    command = [sys.executable, "-I", library_code.__file__, str(tmp_path), wanted, jobs]
    done = subprocess.run(
        [*command, json.dumps([str(_ROOT), *sys.path]), "done"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (tmp_path / "done").exists(), done.stderr[-3000:]
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    assert len(list(tmp_path.glob(f"*{cupy_code.KERNEL}"))) > _LEAST_KERNELS
    assert list(tmp_path.glob(f"*{cupy_code.COMPILER}"))

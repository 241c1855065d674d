"""The CUDA device on a GPU: the whole check in a process of its own."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

_CHECK = Path(__file__).resolve().parents[1] / "benchmarks" / "device_check.py"


def _has_gpu() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


@pytest.mark.gpu
@pytest.mark.skipif(not _has_gpu(), reason="needs an NVIDIA GPU and its driver")
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

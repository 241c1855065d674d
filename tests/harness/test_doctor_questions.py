"""The doctor's questions, asked of libraries and a driver of our own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from graders.harness.doctor.machine import Answer, Machine

# --------------------------------------------------- questions, over libraries of ours


def asked(root: Path, text: str, *question: str, seconds: float = 30) -> Answer:
    """Ask a real question where ``nvmath.bindings.cufft`` is ``text``."""
    package = root / "nvmath" / "bindings"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "cufft.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return Machine(environment=environment).ask(*question, seconds=seconds)


def test_a_library_tells_its_version(tmp_path: Path) -> None:
    text = "def get_version():\n    print('hello')\n    return 11303\n"
    answer = asked(tmp_path, text, "library", "cuFFT")
    assert answer.facts["version"] == "11.3.3"
    assert answer.why_not() == ""


def test_a_library_that_raises(tmp_path: Path) -> None:
    answer = asked(tmp_path, "raise RuntimeError('libcufft.so is\\n not here.')",
                   "library", "cuFFT")  # fmt: skip
    assert answer.why_not() == "libcufft.so is not here"


def test_a_package_that_is_missing(tmp_path: Path) -> None:
    answer = asked(tmp_path, "import no_such_package", "library", "cuFFT")
    assert answer.why_not() == "the package no_such_package is not installed"


def test_a_library_that_crashes(tmp_path: Path) -> None:
    """It takes its own process down and not the doctor."""
    answer = asked(tmp_path, "import os; os.abort()", "library", "cuFFT")
    assert answer.why_not() == "it took its process down (signal 6)"


def test_a_library_that_hangs(tmp_path: Path) -> None:
    text = "import time; time.sleep(600)"
    answer = asked(tmp_path, text, "library", "cuFFT", seconds=1)
    assert answer.why_not() == "it gave no answer within 1 s"


def test_the_driver_is_asked_through_its_library(tmp_path: Path) -> None:
    """Without libcuda.so.1 that is the answer, and no error."""
    if shutil.which("nvidia-smi") or any(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("there is a driver here")
    answer = Machine().ask("driver", seconds=30)
    assert answer.facts["driver"] is False
    assert "libcuda.so.1" in answer.facts["error"]


FAKE_DRIVER = r"""
#include <string.h>
int cuDriverGetVersion(int *v) { *v = 12090; return 0; }
int cuInit(unsigned f) { return STATUS; }
int cuGetErrorName(int e, const char **s) { *s = "CUDA_ERROR_MADE_UP"; return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return 0; }
int cuDeviceGetName(char *s, int n, int d) { strncpy(s, "Made Up 1", n); return 0; }
int cuDeviceTotalMem_v2(unsigned long *b, int d) { *b = 1ul << 33; return 0; }
int cuDeviceGetUuid(char *u, int d) { memset(u, 0x11, 16); return 0; }
int cuDeviceGetAttribute(int *v, int a, int d) {
  *v = a == 75 ? 8 : a == 76 ? 6 : 0; return 0; }
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
@pytest.mark.parametrize("status", [0, 803])
def test_a_driver_of_our_own(status: int, tmp_path: Path) -> None:
    """What a library with the driver's functions says arrives as it is."""
    source = tmp_path / "driver.c"
    source.write_text(FAKE_DRIVER)
    built = f"cc -shared -fPIC -DSTATUS={status} -o {tmp_path}/libcuda.so.1 {source}"
    assert os.system(built) == 0
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    facts = Machine(environment=environment).ask("driver", seconds=30).facts
    assert (facts["driver"], facts["cuda"]) == (True, "12.9")
    if status:
        assert (facts["status"], facts["status_name"]) == (803, "CUDA_ERROR_MADE_UP")
        return
    assert facts["gpus"] == [
        {
            "name": "Made Up 1",
            "memory_bytes": 2**33,
            "uuid": "GPU-11111111-1111-1111-1111-111111111111",
            "compute_capability": "8.6",
            "compute_mode": 0,
        }
    ]

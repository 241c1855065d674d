"""Questions that could take a process down or never end: each is asked in its own.

Run as a script: ``questions.py NAME [ARGUMENT]``. The last line that it prints is the
answer, as JSON; ``error`` in it says what was raised. What a question imports is imported
when it is asked.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

_MOST_SAID = 600


def main(arguments: list[str]) -> int:
    """Answer a question; return the exit status."""
    # The folder of this script would hide packages of the same names as its files.
    here = Path(__file__).resolve()
    rest_of_path = [p for p in sys.path if Path(p).resolve() != here.parent]
    sys.path[:] = [str(here.parents[3]), *rest_of_path]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    name, *rest = arguments
    facts: dict[str, Any]
    try:
        facts = _QUESTIONS[name](*rest)
    except Exception as err:  # noqa: BLE001 - libraries raise what they like
        facts = {
            "error": " ".join(f"{err}".split())[:_MOST_SAID] or type(err).__name__,
            "error_type": type(err).__name__,
            "missing": err.name if isinstance(err, ModuleNotFoundError) else "",
        }
    sys.stdout.write("\n" + json.dumps(facts) + "\n")
    sys.stdout.flush()
    return 0


def _ask_driver() -> dict[str, Any]:
    """What the driver says of itself and of the GPUs; needs no package."""
    import ctypes  # noqa: PLC0415 - asked for here alone

    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as err:
        return {"driver": False, "error": str(err)}
    number = ctypes.c_int()
    cuda.cuDriverGetVersion(ctypes.byref(number))
    facts: dict[str, Any] = {"driver": True, "cuda": _dotted(number.value), "gpus": []}
    status = cuda.cuInit(0)
    if status:
        return {**facts, "status": status, "status_name": _status(cuda, status)}
    count = ctypes.c_int()
    cuda.cuDeviceGetCount(ctypes.byref(count))
    facts["gpus"] = [_gpu(cuda, index) for index in range(count.value)]
    return facts


def _dotted(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"


def _status(cuda: Any, status: int) -> str:
    import ctypes  # noqa: PLC0415

    name = ctypes.c_char_p()
    cuda.cuGetErrorName(status, ctypes.byref(name))
    return (name.value or b"").decode() or f"error {status}"


def _gpu(cuda: Any, index: int) -> dict[str, Any]:
    import ctypes  # noqa: PLC0415
    import uuid  # noqa: PLC0415

    device, number = ctypes.c_int(), ctypes.c_int()
    name, raw = ctypes.create_string_buffer(256), ctypes.create_string_buffer(16)
    size = ctypes.c_size_t()
    cuda.cuDeviceGet(ctypes.byref(device), index)
    cuda.cuDeviceGetName(name, 256, device)
    cuda.cuDeviceTotalMem_v2(ctypes.byref(size), device)
    cuda.cuDeviceGetUuid(raw, device)
    attributes = {}
    for key, attribute in (("major", 75), ("minor", 76), ("compute_mode", 20)):
        cuda.cuDeviceGetAttribute(ctypes.byref(number), attribute, device)
        attributes[key] = number.value
    return {
        "name": name.value.decode("utf-8", "replace"),
        "memory_bytes": size.value,
        "uuid": f"GPU-{uuid.UUID(bytes=raw.raw)}",
        "compute_capability": f"{attributes['major']}.{attributes['minor']}",
        "compute_mode": attributes["compute_mode"],
    }


def _ask_nvml() -> dict[str, Any]:
    nvml = importlib.import_module("pynvml")
    nvml.nvmlInit()
    version = nvml.nvmlSystemGetDriverVersion()
    memory = nvml.nvmlDeviceGetMemoryInfo(nvml.nvmlDeviceGetHandleByIndex(0))
    clocks = _clocks()
    return {
        "driver": version.decode() if isinstance(version, bytes) else str(version),
        "memory_bytes": int(memory.total),
        "free_bytes": int(memory.free),
        "clocks": clocks.to_dict(),
        "slowed": clocks.in_words(),
    }


def _clocks() -> Any:
    """Return the clocks of the GPU that is graded on, of now."""
    from graders.harness.device.gpu_clocks import ClockLog  # noqa: PLC0415
    from graders.harness.device.gpu_facts import gpu_name  # noqa: PLC0415

    with ClockLog(gpu_name()) as log:
        log.read()
    return log.clocks()


def _ask_library(name: str) -> dict[str, Any]:
    """The version of a CUDA library, and the file that was loaded, as nvmath finds it."""
    version = _LIBRARIES[name]()
    file = _FILES.get(name, f"lib{name.removeprefix('lib')}")
    return {"version": version, "path": _loaded(file)}


def _loaded(file: str) -> str:
    maps = Path("/proc/self/maps")
    lines = maps.read_text("utf-8", "replace").splitlines() if maps.exists() else []
    paths = (line.split(maxsplit=5)[-1] for line in lines if "/" in line)
    wanted = file.lower()
    return next((p for p in paths if Path(p).name.lower().startswith(wanted)), "")


def _binding(name: str, function: str, divisor: int) -> str:
    number = int(getattr(importlib.import_module(name), function)())
    return f"{number // divisor}.{number % divisor // 100}.{number % 100}"


def _joined(name: str, function: str) -> str:
    numbers = getattr(importlib.import_module(name), function)()
    return ".".join(str(number) for number in numbers)


def _cudss() -> str:
    cudss = importlib.import_module("nvmath.bindings.cudss")
    return ".".join(str(cudss.get_property(place)) for place in range(3))


def _nvrtc() -> str:
    _, major, minor = importlib.import_module("cuda.bindings.nvrtc").nvrtcVersion()
    return f"{major}.{minor}"


def _cupti() -> str:
    pathfinder = importlib.import_module("cuda.pathfinder")
    pathfinder.load_nvidia_dynamic_lib("cupti")
    # The package does not tell CUPTI's version in each of its own.
    importlib.import_module("cupti.cupti").ActivityKind  # noqa: B018 - it is there
    return str(metadata.version("cupti-python"))


def _cupy() -> str:
    importlib.import_module("nvmath")  # first, as when grading: it finds the libraries
    cupy = importlib.import_module("cupy")
    return _dotted(int(cupy.cuda.runtime.runtimeGetVersion()))


def _cpu_fft() -> str:
    importlib.import_module("nvmath.fft._exec_utils")._check_init_fftw()
    inner = importlib.import_module("nvmath.bindings.nvpl._internal.fft")
    return str(inner._get_current_lib_so_name())


_LIBRARIES: dict[str, Callable[[], str]] = {
    "cuFFT": lambda: _binding("nvmath.bindings.cufft", "get_version", 1000),
    "cuBLASLt": lambda: _binding("nvmath.bindings.cublasLt", "get_version", 10000),
    "cuDSS": _cudss,
    "libmathdx": lambda: _joined("nvmath.bindings.mathdx", "get_version_ex"),
    "nvJitLink": lambda: _joined("cuda.bindings.nvjitlink", "version"),
    "NVRTC": _nvrtc,
    "CUPTI": _cupti,
    "CuPy": _cupy,
    "CPU FFT": _cpu_fft,
}
_FILES = {"CuPy": "libcudart", "CPU FFT": "libmkl_rt"}


def _ask_nvvm() -> dict[str, Any]:
    """Compile a callback as the simulator does, which needs no GPU."""
    from graders.harness.device.toolchain import load_matching_nvvm  # noqa: PLC0415

    load_matching_nvvm()
    pathfinder = importlib.import_module("cuda.pathfinder")
    path = pathfinder.load_nvidia_dynamic_lib("nvvm").abs_path
    modules: Any = importlib.import_module(
        "graders.harness.device.simulator.cupy_package.modules"
    )
    modules.install()
    importlib.import_module("graders.harness.device.simulator.nvmath_bridge").install()
    fft = importlib.import_module("nvmath").fft

    def twice(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        return data_in[offset] * 2

    code = fft.compile_prolog(twice, "float32", "float32", compute_capability="90")
    return {"path": str(path), "version": _owner_version(path), "bytes": len(code)}


def _owner_version(path: str) -> str:
    """Return the version of what a library came with: its package, or the toolkit."""
    import re  # noqa: PLC0415
    from importlib import metadata  # noqa: PLC0415

    real = os.path.realpath(path)
    for package in ("nvidia-nvvm", "nvidia-cuda-nvcc-cu12"):
        try:
            files = metadata.files(package) or []
        except metadata.PackageNotFoundError:
            continue
        if any(os.path.realpath(str(f.locate())) == real for f in files):
            return metadata.version(package)
    found = re.search(r"/cuda-(\d+\.\d+)", real)
    return found[1] if found else ""


def _ask_worker(device: str) -> dict[str, Any]:
    """Start a worker as a grading does; say which layers of the sandbox it has."""
    importlib.import_module("graders.harness.cli")  # what grading itself needs
    from graders.harness.session import choose_device  # noqa: PLC0415
    from graders.harness.supervisor import ForkServer  # noqa: PLC0415

    with ForkServer(device) as server:
        worker = server.fork()
        try:
            facts = worker.describe()
            layers, missing = list(worker.layers), dict(worker.missing)
        finally:
            worker.finish()
    chosen, why = choose_device("auto")
    return {
        "layers": layers,
        "missing_layers": missing,
        "device": facts,
        "chosen": chosen,
        "chosen_because": why,
    }


_QUESTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "driver": _ask_driver,
    "nvml": _ask_nvml,
    "library": _ask_library,
    "nvvm": _ask_nvvm,
    "worker": _ask_worker,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

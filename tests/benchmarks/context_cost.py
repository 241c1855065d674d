"""What it costs to make CUDA contexts side by side, by the number of hardware queues.

    python tests/benchmarks/context_cost.py --output FILE.json

A worker has a CUDA context of its own, and the driver makes and ends them one after the
other. Bare processes, without Python packages, make one each, all at the same time, and
end; ``CUDA_DEVICE_MAX_CONNECTIONS`` is 1, 2, 4 and 8 in turns. 8 is CUDA's default, 2 what
workers get.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from graders.harness.session import choose_device, describe_host  # noqa: E402
from graders.harness.supervisor import ForkServer  # noqa: E402

QUEUES = (1, 2, 4, 8)
_CONTEXT = """
import ctypes, os
cuda = ctypes.CDLL("libcuda.so.1")
device, context = ctypes.c_int(), ctypes.c_void_p()
code = cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0)
code = code or cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device)
os._exit(min(code, 255))
"""


def seconds(processes: int, queues: int) -> float:
    """Return the seconds in which so many processes made a context each, and ended."""
    environment = {**os.environ, "CUDA_DEVICE_MAX_CONNECTIONS": str(queues)}
    command = [sys.executable, "-S", "-c", _CONTEXT]
    started = time.perf_counter()
    running = [subprocess.Popen(command, env=environment) for _ in range(processes)]
    codes = [process.wait() for process in running]
    took = time.perf_counter() - started
    if any(codes):
        msg = f"CUDA made no context: {codes}"
        raise SystemExit(msg)
    return took


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    options = parser.parse_args()
    choose_device("cuda")  # says what is wrong with this machine
    with ForkServer("cuda") as server:
        worker = server.fork()
        facts = worker.describe()
        worker.finish()
    samples: dict[str, list[float]] = {str(queues): [] for queues in QUEUES}
    for _ in range(options.rounds):
        for queues in QUEUES:
            samples[str(queues)].append(seconds(options.processes, queues))
    result: dict[str, Any] = {
        "what": "tests/benchmarks/context_cost.py",
        "machine": {**describe_host(), **facts},
        "processes": options.processes,
        "seconds_by_queues": samples,
        "median_by_queues": {q: statistics.median(s) for q, s in samples.items()},
    }
    for queues, median in result["median_by_queues"].items():
        print(f"{queues} queues: {options.processes} contexts in {median:.2f} s")
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Exercises the whole device interface once and prints what it saw, as JSON.

    python tests/benchmarks/device_check.py --device cuda

It works as the harness does: the parent preloads and forks, the child makes the context
and does everything else. Exit code 0: each check held; 1: some did not; 3: the child
died. It needs a GPU with ``--device cuda`` and takes well under a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from graders.harness.device.evidence import Evidence
from graders.harness.device.interface import load_device

_TIMEOUT = 120.0
_CLOCKED = """
import time
import cupy as cp

def busy(a):
    start = time.perf_counter()
    for _ in range(20):
        a @ a
    return time.perf_counter() - start

def waited(a):
    start = time.perf_counter()
    a @ a
    cp.cuda.get_current_stream().synchronize()
    return time.perf_counter() - start
"""
_SPIN = r"""
extern "C" __global__ void spin_then_write(float* out, long long clocks) {
    long long start = clock64();
    while (clock64() - start < clocks) {}
    out[threadIdx.x] = 7.0f;
}
"""


class Checks:
    """Runs programs on a device and keeps what was seen and what held."""

    def __init__(self, device: Any) -> None:
        self.device = device
        self.seen: dict[str, Any] = {}
        self.held: dict[str, bool] = {}

    def run(self, name: str, program: Callable[[], None]) -> None:
        began = time.perf_counter()
        try:
            program()
        except Exception:  # noqa: BLE001 - the report is the point of this script
            self.held[f"{name}: runs"] = False
            self.seen.setdefault(name, {})["traceback"] = traceback.format_exc()
        self.seen.setdefault(name, {})["seconds"] = time.perf_counter() - began

    def expect(self, name: str, held: Any) -> None:
        self.held[name] = bool(held)

    def call(
        self, name: str, function: Callable[[], Any], *, poison: bool = True
    ) -> tuple[Any, Evidence]:
        """Call as the worker does, and note a summary of the evidence."""
        began = time.perf_counter()
        self.device.begin(poison=poison, trace=True, operands=[])
        begun = time.perf_counter()
        value = function()
        called = time.perf_counter()
        evidence = self.device.end()
        ended = time.perf_counter()
        # Through JSON, as between the worker and the grading process.
        evidence = Evidence.from_dict(json.loads(json.dumps(evidence.to_dict())))
        self.seen.setdefault(name, {})["evidence"] = summary(evidence)
        self.seen[name]["milliseconds"] = {
            "begin": (begun - began) * 1e3,
            "call": (called - begun) * 1e3,
            "end": (ended - called) * 1e3,
        }
        return value, evidence


def summary(evidence: Evidence) -> dict[str, Any]:
    """Return the evidence in a form that a person can read at once."""
    return {
        "available": evidence.available,
        "because": evidence.unavailable_because,
        "kernels": [
            f"{k.kind} {k.name[:70]} stream={k.stream} n={k.elements} "
            f"{k.seconds * 1e6:.1f}us at {k.start:.6f}"
            for k in evidence.kernels[:14]
        ],
        "kernel_count": len(evidence.kernels),
        "kinds": dict(Counter(k.kind for k in evidence.kernels)),
        "copies": [
            f"{c.direction} {c.nbytes} pinned={c.pinned} {c.seconds * 1e6:.1f}us"
            for c in evidence.copies[:14]
        ],
        "operations": [
            f"{o.library}#{o.handle} {o.phase} {o.kind} {o.direction} "
            f"prolog={o.prolog} epilog={o.epilog} {o.shape} x{o.batch}"
            for o in evidence.operations
        ],
        "clock_reads": [(r.at, r.idle) for r in evidence.clock_reads],
        "allocations": evidence.allocations,
        "peak_bytes": evidence.peak_bytes,
        "threads_left": evidence.threads_left,
        "notes": evidence.notes,
    }


def check_transfers(checks: Checks) -> None:
    import numpy as np

    device = checks.device
    base = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    hosts: dict[str, Any] = {
        "C": base,
        "F": np.asfortranarray(base),
        "permuted": base.transpose(1, 2, 0),
        "complex": (base + 1j * base).astype(np.complex64),
        "empty": base[:0],
        "scalar": np.array(3.0),
    }
    for name, host in hosts.items():
        array = device.to_device(host)
        back = device.from_device(array)
        checks.expect(f"transfers: {name} values", np.array_equal(back, host))
        checks.expect(
            f"transfers: {name} strides",
            # An array without elements has no memory to stride through.
            not host.size or array.strides == back.strides == host.strides,
        )
    view = device.to_device(base)[:, ::-1, ::2]
    checks.expect(
        "transfers: a view",
        np.array_equal(device.from_device(view), base[:, ::-1, ::2]),
    )
    checks.expect("transfers: not an array", device.from_device([1, 2]) is None)


def check_fft(checks: Checks) -> None:
    import cupy as cp
    import numpy as np
    import nvmath

    def prolog(data_in: Any, offset: Any, user_info: Any, reserved: Any) -> Any:
        return data_in[offset] * 2.0

    def epilog(
        data_out: Any, offset: Any, data: Any, user_info: Any, reserved: Any
    ) -> None:
        data_out[offset] = data / 12288.0

    image = np.random.default_rng(1).random((96, 128), np.float32)
    operand = checks.device.to_device(image)

    def program() -> Any:
        load = nvmath.fft.compile_prolog(prolog, "float32", "float32")
        store = nvmath.fft.compile_epilog(epilog, "float32", "float32")
        spectrum = nvmath.fft.rfft(operand, prolog={"ltoir": load})
        return nvmath.fft.irfft(spectrum, epilog={"ltoir": store})

    for name in ("fft cold", "fft"):
        value, evidence = checks.call(name, program)
    executed = [o for o in evidence.operations if o.phase == "execute"]
    checks.expect(
        "fft: operations",
        [(o.kind, o.direction, o.prolog, o.epilog, o.shape) for o in executed]
        == [
            ("R2C", "forward", True, False, (96, 128)),
            ("C2R", "inverse", False, True, (96, 128)),
        ],
    )
    checks.expect(
        "fft: kernels of kind fft", any(k.kind == "fft" for k in evidence.kernels)
    )
    checks.expect(
        "fft: nothing elementwise",
        all(k.kind != "elementwise" for k in evidence.kernels),
    )
    checks.expect(
        "fft: the image does not pass through the host",
        all(
            c.direction == "device_to_device" or c.nbytes < image.nbytes // 4
            for c in evidence.copies
        ),
    )
    got = checks.device.from_device(value)
    checks.expect("fft: values", np.allclose(got, 2 * image, atol=1e-5))
    _, evidence = checks.call(
        "cupy fft", lambda: cp.fft.irfft2(cp.fft.rfft2(operand * 2))
    )
    checks.expect("cupy fft: no operations", not evidence.operations)
    checks.expect(
        "cupy fft: an elementwise kernel",
        any(k.kind == "elementwise" for k in evidence.kernels),
    )


def check_matmul(checks: Checks) -> None:
    import cupy as cp
    import numpy as np
    from nvmath.linalg.advanced import Matmul, MatmulEpilog, matmul

    rng = np.random.default_rng(2)
    a, b = rng.random((300, 200), np.float32), rng.random((200, 100), np.float32)
    value, evidence = checks.call("matmul cpu", lambda: matmul(a, b))
    up = sum(c.nbytes for c in evidence.copies if c.direction == "host_to_device")
    down = sum(c.nbytes for c in evidence.copies if c.direction == "device_to_host")
    checks.expect("matmul cpu: bytes up", up == a.nbytes + b.nbytes)
    checks.expect("matmul cpu: bytes down", down == value.nbytes)
    checks.expect("matmul cpu: gemm", any(k.kind == "gemm" for k in evidence.kernels))
    checks.expect("matmul cpu: values", np.allclose(value, a @ b, rtol=1e-4))
    on_gpu = [checks.device.to_device(x) for x in (a, b, rng.random(300, np.float32))]

    def fused() -> Any:
        with Matmul(on_gpu[0], on_gpu[1]) as product:
            product.plan(
                epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": on_gpu[2]}
            )
            product.autotune(iterations=1)
            return product.execute()

    _, evidence = checks.call("matmul fused", fused)
    checks.expect(
        "matmul fused: operations",
        [(o.phase, o.kind, o.epilog, o.shape) for o in evidence.operations]
        == [
            (phase, "RELU_BIAS", True, (300, 100, 200))
            for phase in ("plan", "autotune", "execute", "free")
        ],
    )
    _, evidence = checks.call(
        "cupy matmul", lambda: cp.maximum(on_gpu[0] @ on_gpu[1], 0)
    )
    checks.expect("cupy matmul: gemm", any(k.kind == "gemm" for k in evidence.kernels))


def check_benchmark(checks: Checks) -> None:
    import cupy as cp
    import numpy as np
    from cupyx.profiler import benchmark

    host = np.ones((512, 512), np.float32)
    operand = checks.device.to_device(host)
    result, evidence = checks.call(
        "benchmark",
        lambda: benchmark(cp.multiply, (operand, 2.0), n_repeat=7, n_warmup=3),
    )
    multiplied = [k for k in evidence.kernels if "multiply" in k.name]
    checks.seen["benchmark"]["gpu_us"] = float(result.gpu_times.mean() * 1e6)
    checks.expect("benchmark: ten kernels", len(multiplied) == 10)
    _, evidence = checks.call(
        "benchmark copies",
        lambda: benchmark(cp.asarray, (host,), n_repeat=3, n_warmup=1),
    )
    checks.expect(
        "benchmark: four copies",
        [c.nbytes for c in evidence.copies] == [host.nbytes] * 4,
    )
    pinned = __import__("cupyx").empty_pinned((512, 512), np.float32)
    _, evidence = checks.call("pinned", lambda: operand.get(out=pinned))
    checks.expect("pinned: seen", [c.pinned for c in evidence.copies] == [True])


def check_poison(checks: Checks) -> None:
    import cupy as cp

    def fresh_and_reused() -> list[bool]:
        seen = []
        for _ in range(3):
            array = cp.empty((1000,), cp.float32)
            seen.append(bool(cp.isnan(array).all()))
            array.fill(1)
            del array
        return seen

    value, evidence = checks.call("poison", fresh_and_reused)
    checks.expect("poison: seen in fresh and reused blocks", value == [True] * 3)
    checks.expect(
        "poison: counted", evidence.allocations >= 3 and evidence.peak_bytes >= 4000
    )
    value, _ = checks.call("no poison", fresh_and_reused, poison=False)
    checks.expect("no poison: not seen", not all(value))
    zeros, _ = checks.call("zeros", lambda: float(cp.zeros(1000).sum()))
    checks.expect("poison: zeros stay zeros", zeros == 0.0)


def check_late_write(checks: Checks) -> None:
    import cupy as cp
    import numpy as np

    device = checks.device
    spin = cp.RawKernel(_SPIN, "spin_then_write")
    spin((1,), (32,), (cp.zeros(32, cp.float32), np.int64(1)))
    device.synchronize()

    def program(*, non_blocking: bool) -> Any:
        out = cp.zeros(32, cp.float32)
        cp.cuda.get_current_stream().synchronize()
        with cp.cuda.Stream(non_blocking=non_blocking):
            spin((1,), (32,), (out, np.int64(400_000_000)))
        return out

    for non_blocking in (True, False):
        device.begin(poison=True, trace=True, operands=[])
        value = program(non_blocking=non_blocking)
        at_return = device.snapshot(value)
        evidence = device.end()
        idle = device.from_device(value)
        name = "late write" if non_blocking else "blocking stream"
        checks.seen[name] = {"evidence": summary(evidence)}
        checks.seen[name]["values"] = [float(at_return[0]), float(idle[0])]
        differs = not np.array_equal(at_return, idle)
        checks.expect(
            f"{name}: found" if non_blocking else f"{name}: not late",
            differs == non_blocking,
        )
        checks.expect(f"{name}: the snapshot leaves no copy", not evidence.copies)
        checks.expect(f"{name}: own stream", any(k.stream for k in evidence.kernels))


def check_proxy(checks: Checks) -> None:
    """The grader's own transfers within a call are not in its evidence."""
    import cupy as cp
    import numpy as np

    device = checks.device
    host = np.ones((64, 64), np.float32)
    operand = device.to_device(host)

    def program() -> Any:
        inner = device.to_device(device.from_device(operand) + 1)
        return cp.asnumpy(inner)

    value, evidence = checks.call("proxy", program)
    checks.expect(
        "proxy: one copy, the learner's",
        [c.direction for c in evidence.copies] == ["device_to_host"],
    )
    checks.expect("proxy: no allocation", evidence.allocations == 0)
    checks.expect("proxy: values", (value == 2).all())


def check_clocks(checks: Checks) -> None:
    import numpy as np

    device = checks.device
    device.is_learner_file = lambda name: name == "learner.py"
    names: dict[str, Any] = {}
    exec(compile(_CLOCKED, "learner.py", "exec"), names)
    operand = device.to_device(np.ones((4096, 4096), np.float32))
    names["waited"](operand)
    for name, expected in {"busy": [True, False], "waited": [True, True]}.items():
        _, evidence = checks.call(f"clock {name}", partial(names[name], operand))
        seen = [read.idle for read in evidence.clock_reads]
        checks.expect(f"clock: {name}", seen == expected)


def check_threads(checks: Checks) -> None:
    stop = threading.Event()
    _, evidence = checks.call(
        "threads", lambda: threading.Thread(target=stop.wait).start()
    )
    stop.set()
    checks.expect("threads: one left", evidence.threads_left == 1)


def check_untraced(checks: Checks) -> None:
    import cupy as cp

    device = checks.device
    device.begin(poison=False, trace=False, operands=[])
    cp.ones(10).sum()
    evidence = device.end()
    checks.expect(
        "untraced: says so", not evidence.available and evidence.unavailable_because
    )
    checks.expect(
        "untraced: nothing recorded", not (evidence.kernels or evidence.operations)
    )
    times = []
    for _ in range(50):
        began = time.perf_counter()
        device.begin(poison=False, trace=True, operands=[])
        device.end()
        times.append(time.perf_counter() - began)
    checks.seen["window"] = {"median_ms": sorted(times)[25] * 1e3}


_PROGRAMS = (
    check_transfers,
    check_fft,
    check_matmul,
    check_benchmark,
    check_poison,
    check_late_write,
    check_proxy,
    check_clocks,
    check_threads,
    check_untraced,
)


def child(device: Any, folder: str) -> dict[str, Any]:
    """Do all checks in the forked process."""
    os.chdir(folder)
    checks = Checks(device)
    began = time.perf_counter()
    device.start()
    started = time.perf_counter() - began
    checks.run("describe", lambda: checks.seen.update(describe=device.describe()))
    for program in _PROGRAMS:
        checks.run(program.__name__, partial(program, checks))
    checks.expect(
        "fork: no context before it", not getattr(device, "context_before_fork", False)
    )
    return {
        "start_seconds": started,
        "total_seconds": time.perf_counter() - began,
        "seen": checks.seen,
        "failed": sorted(name for name, held in checks.held.items() if not held),
        "held": sum(checks.held.values()),
        "checks": len(checks.held),
    }


def fork_and_collect(device: Any) -> dict[str, Any] | None:
    """Run :func:`child` in a forked process and return what it says, if anything."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        pid = os.fork()
        if pid == 0:
            try:
                answer.write_text(json.dumps(child(device, folder), default=str))
            except BaseException:  # noqa: BLE001 - the parent reports the missing answer
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(0)
        deadline = time.monotonic() + _TIMEOUT
        while not os.waitpid(pid, os.WNOHANG)[0]:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                break
            time.sleep(0.05)
        return json.loads(answer.read_text()) if answer.exists() else None


def main() -> int:
    """Preload, fork twice, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    device = load_device(parser.parse_args().device)
    began = time.perf_counter()
    device.preload()
    preload = time.perf_counter() - began
    results = [fork_and_collect(device) for _ in range(2)]
    first, second = results
    report = {
        "preload_seconds": preload,
        "context_before_fork": getattr(device, "context_before_fork", None),
        "first_child": first,
        "second_child": second
        and {key: second[key] for key in second if key.endswith("seconds")},
    }
    print(json.dumps(report, indent=1))
    failed = [r["failed"] if r else ["the child died"] for r in results]
    print("FAILED:", failed if any(failed) else "none", file=sys.stderr)
    if None in results:
        return 3
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())

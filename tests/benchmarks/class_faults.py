"""Grade a class while its processes are killed at random, and compare with peace.

    python tests/benchmarks/class_faults.py --submissions 200 --kills 50 --output FILE.json

First the class is graded undisturbed, by the command alone. Then by two Dask workers of a
scheduler, all three processes of this machine, while learners' workers, fork servers,
shards, stations, Dask workers, the scheduler and the grader itself are killed with
SIGKILL, one after the other, each when so many more submissions are done. What has to be
started again by hand is started again: scheduler, Dask workers, the command. Told are
submissions that were lost or have two results, checks that end otherwise, submissions that
were set aside, and what is left behind. Goal: none of any.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from class_mix import ROOT, mix, write

from graders.harness.session import choose_device, describe_host
from tests.security.remains import adopt_orphans, children, descendants

KINDS = ("worker", "server", "shard", "station", "dask worker", "scheduler", "grader")
DASK_WORKERS = 2
# Seconds without a new result after which the benchmark gives up.
STALL = 300.0
Verdicts = dict[str, tuple[str, str | None]]


def command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


class Site:
    """A scheduler, Dask workers and the command, with all that they start."""

    def __init__(
        self, folder: Path, handed_in: Path, device: str, threads: int
    ) -> None:
        self.results = folder / "results"
        self._folder = folder
        self._device = device
        self._threads = threads
        self._log = (folder / "site.log").open("ab")
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder / "tmp"),
            "DASK_TEMPORARY_DIRECTORY": str(folder),  # its own is not what is looked at
        }
        self._contact = folder / "scheduler.json"
        self._handed_in = handed_in
        self.starts: Counter[str] = Counter()
        self.scheduler = self._start_scheduler()
        self.dask = [self._start_worker() for _ in range(DASK_WORKERS)]
        self.grader = self._start_grader()

    def _start(self, kind: str, *command: str) -> subprocess.Popen[bytes]:
        self.starts[kind] += 1
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self._environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def _start_scheduler(self) -> subprocess.Popen[bytes]:
        self._contact.unlink(missing_ok=True)
        started = self._start(
            "scheduler", "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0",
            "--no-dashboard", "--dashboard-address", "127.0.0.1:0",
            "--scheduler-file", str(self._contact),
        )  # fmt: skip
        while not (self._contact.exists() and self._contact.read_text().strip()):
            time.sleep(0.05)
        return started

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return self._start(
            "dask worker", "-m", "dask", "worker", "--scheduler-file", str(self._contact),
            "--no-nanny", "--no-dashboard", "--dashboard-address", "127.0.0.1:0",
            "--nthreads", str(self._threads), "--local-directory", str(self._folder),
            "--resources", f"GPU={1 / DASK_WORKERS}",
        )  # fmt: skip

    def _start_grader(self) -> subprocess.Popen[bytes]:
        address = json.loads(self._contact.read_text())["address"]
        return self._start(
            "grader", "grade.py", "class", str(self._handed_in), "-o", str(self.results),
            "--device", self._device, "--scheduler", address,
        )  # fmt: skip

    def tend(self) -> bool:
        """Start again what ended; return whether the class is graded."""
        if self.scheduler.poll() is not None:
            for worker in self.dask:
                worker.kill()  # one that has not noticed yet
                worker.wait()
            self.scheduler = self._start_scheduler()
            self.dask = [self._start_worker() for _ in range(DASK_WORKERS)]
        for number, worker in enumerate(self.dask):
            if worker.poll() is not None:
                self.dask[number] = self._start_worker()
        code = self.grader.poll()
        if code in (0, 1):
            return True
        if code is not None:
            self.grader = self._start_grader()
        return False

    def found(self) -> dict[str, list[int]]:
        """Return the processes of each kind."""
        stations = [
            pid
            for worker in self.dask
            for pid in children(worker.pid)
            if "classroom.grading_process" in command_line(pid)
        ]
        below = [pid for station in stations for pid in children(station)]
        servers = [pid for pid in below if "worker/server.py" in command_line(pid)]
        return {
            "worker": [pid for server in servers for pid in children(server)],
            "server": servers,
            "shard": [pid for pid in below if pid not in servers],
            "station": stations,
            "dask worker": [worker.pid for worker in self.dask],
            "scheduler": [self.scheduler.pid],
            "grader": [self.grader.pid],
        }

    def close(self) -> None:
        for process in (self.grader, *self.dask, self.scheduler):
            process.terminate()
        for process in (self.grader, *self.dask, self.scheduler):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
        self._log.close()


def done(results: Path) -> int:
    return len(list((results / "results").glob("*.json")))


def kill(site: Site, kind: str, rng: random.Random) -> bool:
    """Kill a process of a kind, where there is one now."""
    if not (there := site.found()[kind]):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(rng.choice(there), signal.SIGKILL)
        return True
    return False


def wait_until(site: Site, so: Callable[[], bool]) -> bool:
    """Look after the site until something is so; return whether the class is graded."""
    count, since = done(site.results), time.monotonic()
    while not so():
        if site.tend():
            return True
        if done(site.results) != count:
            count, since = done(site.results), time.monotonic()
        if time.monotonic() - since > STALL:
            message = f"nothing more was graded for {STALL:g} s, at {count}"
            raise SystemExit(message)
        time.sleep(0.05)
    return False


def disturbed(site: Site, count: int, kills: int, rng: random.Random) -> Counter[str]:
    """Kill while the class is graded; return how often what was killed."""
    killed: Counter[str] = Counter()
    kinds = [KINDS[number % len(KINDS)] for number in range(kills)]
    rng.shuffle(kinds)
    for number, kind in enumerate(kinds):
        wanted = count * number // (kills + 1)
        if wait_until(site, lambda least=wanted: done(site.results) >= least):
            break
        moment = time.monotonic() + rng.random()
        wait_until(site, lambda moment=moment: time.monotonic() >= moment)
        if wait_until(site, lambda kind=kind: kill(site, kind, rng)):
            break
        killed[kind] += 1
        print(f"{done(site.results)} of {count}: killed a {kind}", flush=True)
    while not site.tend():
        wait_until(site, lambda: site.grader.poll() is not None)
    return killed


def verdicts(results: Path) -> dict[str, Verdicts]:
    """Return how each check of each submission ended."""
    found = {}
    for path in sorted((results / "results").glob("*.json")):
        result = json.loads(path.read_text())
        exercises = (result["report"] or {"exercises": []})["exercises"]
        found[path.stem] = {
            f"{exercise['name']} {check['name']}": (check["status"], check["reason"])
            for exercise in exercises
            for check in exercise["checks"]
        }
    return found


def compared(peace: Path, war: Path, keys: list[str]) -> dict[str, Any]:
    """Return what the two gradings differ in."""
    before, after = verdicts(peace), verdicts(war)
    events = []
    for line in (war / "journal.jsonl").read_text().splitlines():
        with contextlib.suppress(ValueError):
            events.append(json.loads(line))
    finished = Counter(e["key"] for e in events if e["event"] == "finished")
    told = Counter(e["event"] for e in events)
    states = [
        json.loads((war / "results" / f"{key}.json").read_text())["state"]
        for key in after
    ]
    return {
        "lost": sorted(set(keys) - after.keys()),
        "double": sorted(key for key, times in finished.items() if times > 1),
        "differ": {
            key: {
                check: [ended, after[key].get(check)]
                for check, ended in before[key].items()
                if after[key].get(check) != ended
            }
            for key in before.keys() & after.keys()
            if before[key] != after[key]
        },
        "set_aside": states.count("set_aside"),
        "events": dict(told),
        "reasons": dict(Counter(e["why"] for e in events if "why" in e)),
    }


def undisturbed(handed_in: Path, results: Path, device: str) -> float:
    """Grade the class in peace; return how long that took in seconds."""
    command = [sys.executable, "grade.py", "class", str(handed_in), "-o", str(results)]
    command += ["--device", device, "--quiet", "--exit-zero"]
    started = time.perf_counter()
    subprocess.run(
        command, cwd=ROOT, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    return time.perf_counter() - started


def left_behind(temporary: Path, results: Path) -> dict[str, list[str]]:
    """Return processes and files that are there after all has ended."""
    until = time.monotonic() + 10
    while (left := list(descendants(os.getpid()))) and time.monotonic() < until:
        time.sleep(0.1)
    files = [path.name for path in temporary.iterdir()]
    files += [str(path.relative_to(results)) for path in results.rglob(".*")]
    return {"processes": [command_line(pid)[:200] for pid in left], "files": files}


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1, help="of what is killed when")
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    options = parser.parse_args()
    adopt_orphans()
    device, _ = choose_device(options.device)
    made = mix(options.submissions, device)
    threads = max(2, len(os.sched_getaffinity(0)) // DASK_WORKERS)
    with tempfile.TemporaryDirectory(prefix="class-faults-") as name:
        folder = Path(name)
        for open_folder in (folder, folder / "tmp"):
            open_folder.mkdir(exist_ok=True)
            open_folder.chmod(0o711)  # workers have users of their own
        handed_in = write(made, folder / "submissions")
        seconds = undisturbed(handed_in, folder / "peace", device)
        print(f"undisturbed: {seconds:.1f} s", flush=True)
        site = Site(folder, handed_in, device, threads)
        started = time.perf_counter()
        try:
            rng = random.Random(options.seed)
            killed = disturbed(site, len(made), options.kills, rng)
        finally:
            site.close()
        result = {
            "what": "tests/benchmarks/class_faults.py",
            "device": device,
            "host": describe_host(),
            "submissions": len(made),
            "kills": dict(killed),
            "starts": dict(site.starts),
            "seconds_undisturbed": seconds,
            "seconds_disturbed": time.perf_counter() - started,
            **compared(folder / "peace", folder / "results", [one.key for one in made]),
            "left": left_behind(folder / "tmp", folder / "results"),
        }
    text = json.dumps(result, indent=2)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")
    bad = ("lost", "double", "differ", "set_aside")
    return int(any(result[name] for name in bad) or any(result["left"].values()))


if __name__ == "__main__":
    sys.exit(main())

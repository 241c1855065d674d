"""How fast a class is graded, against what is done without it.

    python tests/benchmarks/class_speed.py --device simulator --output FILE.json

In one run it measures ``grade.py class`` on N submissions of the corpus, mixed, one module
each, against (a) one ``pytest`` process a submission, one after the other, on a sample of
them, and (b) the time that the programs themselves take, compiled, linked and run with
nothing checked, spread over the cores (or of a sample, as if the others took as long). That
is measured twice: with each program called once, and with all calls that the checks make of
it and of the reference, as ``replayed_class.py`` repeats them. Then whether it grows: the
same submissions (N / 4 of them) once and several times over (4), with the memory of the
class's process and of the station's at their highest. On a GPU also without the checks that
take times and without the exercise whose programs do: in a copy of the graders in which
those checks give "not run" at once, through a station without the command. There a class of
one comes first, and its seconds are told by themselves: it reads the libraries from the
disk and compiles what is kept for all that follow, (a) among them.

``--resume`` keeps the parts that the output holds already and measures the others, where
the time on a machine does not suffice for all of them: on a machine of the same kind.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from class_bare import bare, environment, same_calls
from class_mix import ROOT, Made, mix, repeated, sampled, write

from graders.harness.classroom.station import Station, visible_gpus
from graders.harness.session import describe_host

GOALS = {
    "times_pytest": {"cuda": 15.0, "simulator": 5.0},
    "a_minute_with_timing": {"cuda": 60.0},
    "a_minute_numeric_only": {"cuda": 120.0},
    "times_bare": 1.5,
    "growth": 1.1,
}
_SLOWEST = 8
_MEASURES = ("transfer_cost",)
PLUGIN = "graders.harness.plugin"


class Memory:
    """Follows the highest resident memory of a command and of its station, in bytes."""

    def __init__(self, pid: int) -> None:
        self.highest = {"class": 0, "station": 0}
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._over.wait(0.1):
            with contextlib.suppress(OSError):
                self._look("class", self._pid)
                for task in Path(f"/proc/{self._pid}/task").iterdir():
                    for child in (task / "children").read_text().split():
                        line = Path(f"/proc/{child}/cmdline").read_bytes()
                        if b"classroom.grading_process" in line:
                            self._look("station", int(child))

    def _look(self, name: str, pid: int) -> None:
        text = Path(f"/proc/{pid}/status").read_text()
        if found := re.search(r"VmHWM:\s+(\d+) kB", text):
            self.highest[name] = max(self.highest[name], int(found[1]) * 1024)

    def stop(self) -> dict[str, int]:
        self._over.set()
        self._thread.join()
        return self.highest


def through_command(made: list[Made], device: str) -> dict[str, Any]:
    """Grade a class with ``grade.py class``; return seconds, memory and what disagrees."""
    with tempfile.TemporaryDirectory(prefix="class-speed-") as name:
        handed_in = write(made, Path(name) / "submissions")
        results = Path(name) / "results"
        command = [sys.executable, "grade.py", "class", str(handed_in)]
        command += ["-o", str(results), "--device", device, "--quiet", "--exit-zero"]
        started, used = time.perf_counter(), cpu_seconds()
        with subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL
        ) as running:
            memory = Memory(running.pid)
            code = running.wait()
        seconds = time.perf_counter() - started
        found = [
            json.loads(path.read_text())
            for path in sorted((results / "results").glob("*.json"))
        ]
    used = cpu_seconds() - used
    states = statistics.multimode(result["state"] for result in found)
    if code or len(found) != len(made) or states != ["graded"]:
        message = f"{command} ended with {code} and {len(found)} results, {states}"
        raise SystemExit(message)
    return {
        "submissions": len(made),
        "seconds": seconds,
        "a_minute": 60 * len(made) / seconds,
        "cpu_seconds": used,
        "peak_bytes": memory.stop(),
        **slowest(made, {result["key"]: result["seconds"] for result in found}),
        "judged_otherwise": judged_otherwise(made, found, device),
    }


def cpu_seconds() -> float:
    """Return what all processes took of the cores that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def judged_otherwise(
    made: list[Made], found: list[dict[str, Any]], device: str
) -> dict[str, str]:
    """Return which submissions lost other checks than their programs state, and why."""
    reports = {result["key"]: result["report"] for result in found}
    differ = {}
    for one in made:
        name = one.program.exercise.name
        exercises = reports[one.key]["exercises"]
        (exercise,) = (e for e in exercises if e["name"] == name)
        seen = {
            check["name"]: check["reason"]
            for check in exercise["checks"]
            if check["status"] in ("failed", "error")
        }
        if seen != dict(one.program.expected_on(device)):
            differ[f"{one.key} {name}/{one.program.path.stem}"] = json.dumps(seen)
    return differ


def slowest(made: list[Made], seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return which submissions took longest, and how long an exercise takes on average."""
    each: dict[str, list[float]] = {}
    for one in made:
        each.setdefault(one.program.exercise.name, []).append(seconds[one.key])
    ordered = sorted(made, key=lambda one: -seconds[one.key])
    return {
        "slowest_seconds": {
            f"{one.program.exercise.name}/{one.program.path.stem}": seconds[one.key]
            for one in ordered[:_SLOWEST]
        },
        "mean_seconds": {name: statistics.mean(each[name]) for name in sorted(each)},
    }


def through_station(made: list[Made], device: str, root: Path) -> dict[str, Any]:
    """Grade a class in a warm station; its start is not counted."""
    used = cpu_seconds()
    with Station(device, root=root) as station:
        station.grade({})
        started = time.perf_counter()

        def took(one: Made) -> float:
            began = time.perf_counter()
            station.grade(one.files)
            return time.perf_counter() - began

        with ThreadPoolExecutor(station.slots) as threads:
            times = list(threads.map(took, made))
        seconds = time.perf_counter() - started
    return {
        "submissions": len(made),
        "seconds": seconds,
        "a_minute": 60 * len(made) / seconds,
        "cpu_seconds": cpu_seconds() - used,
        **slowest(made, {one.key: each for one, each in zip(made, times, strict=True)}),
    }


def one_pytest_each(made: list[Made], device: str, sample: int) -> dict[str, Any]:
    """Grade a sample, each with a process of its own; return the seconds of each."""
    times = []
    with tempfile.TemporaryDirectory(prefix="class-speed-") as name:
        for one in sampled(made, sample):
            exercise = one.program.exercise
            module = Path(name) / one.key / f"{exercise.slug}.py"
            module.parent.mkdir()
            shutil.copyfile(one.program.path, module)
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            command += [f"graders/{exercise.assignment}", "--submission", str(module)]
            command += ["--grading-device", device]
            if not any(p.value == PLUGIN for p in entry_points(group="pytest11")):
                command += ["-p", PLUGIN]  # not installed: pytest does not load it
            started = time.perf_counter()
            done = subprocess.run(
                command, cwd=ROOT, env=environment(), capture_output=True, check=False
            )
            times.append(time.perf_counter() - started)
            if done.returncode not in (0, 1):
                message = f"{command} failed:\n{(done.stdout + done.stderr).decode()}"
                raise SystemExit(message)
    mean = statistics.mean(times)
    return {"sample": len(times), "seconds_each": mean, "a_minute": 60 / mean}


def growth(count: int, times: int, device: str) -> dict[str, Any]:
    """Grade submissions once and several times over, and a single one: the start."""
    few = mix(count, device)
    start = through_command(few[:1], device)["seconds"]
    small = through_command(few, device)
    large = through_command(repeated(few, times), device)
    each = [
        (found["seconds"] - start) / found["submissions"] for found in (small, large)
    ]
    return {
        "start_seconds": start,
        "small": small,
        "large": large,
        "seconds_each": each,
        "ratio": each[1] / each[0],
        "goal": GOALS["growth"],
    }


@contextlib.contextmanager
def without_timing() -> Iterator[Path]:
    """Give a copy of the repository's trees in which checks that need a GPU are not run."""
    with tempfile.TemporaryDirectory(prefix="class-speed-") as name:
        root = Path(name)
        for tree in ("assignments", "reference", "graders"):
            ignored = shutil.ignore_patterns("__pycache__", "harness")
            shutil.copytree(ROOT / tree, root / tree, ignore=ignored)
        for rubric in root.glob("graders/*/rubric.toml"):
            for table in rubric.read_text().split("\n[")[1:]:
                found = re.match(r"exercises\.(\w+)\.checks\.(\w+)\]", table)
                if found and 'needs = "cuda"' in table:
                    leave_out(rubric.with_name(f"test_{found[1]}.py"), found[2])
        yield root


def leave_out(grader: Path, check: str) -> None:
    """Put a check in a check's place that says at once that it is not run."""
    text = (
        f'\n\ndef test_{check}() -> None:\n    """Left out."""\n'
        "    from graders.harness.errors import NotRun\n\n"
        '    raise NotRun("left out by class_speed.py")\n'
    )
    with grader.open("a") as file:
        file.write(text)


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "simulator"), default="simulator")
    parser.add_argument("--submissions", type=int, default=40, metavar="N")
    parser.add_argument("--sample", type=int, default=10, help="how many for (a)")
    parser.add_argument(
        "--bare-sample",
        type=int,
        default=0,
        help="how many for (b); the default is all",
    )
    parser.add_argument(
        "--growth",
        type=int,
        nargs=2,
        metavar=("FEW", "TIMES"),
        help="how many submissions are graded once and how many times over (N / 4 and 4)",
    )
    parser.add_argument(
        "--leave-out",
        nargs="*",
        default=[],
        choices=("numeric", "pytest", "bare", "same-calls", "growth"),
        help="what is not measured",
    )
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    parser.add_argument("--resume", action="store_true", help="keep what it holds")
    options = parser.parse_args()
    device, made = options.device, mix(options.submissions, options.device)
    result: dict[str, Any] = {
        "what": "tests/benchmarks/class_speed.py",
        "device": device,
        "gpus": visible_gpus(),
        "machine": describe_host(),
        "goals": GOALS,
    }

    if options.resume:
        result = earlier(options.output, result)

    def save(**found: Any) -> None:
        result.update(found)
        if options.output:  # after each part: it stays where the rest is cut off
            options.output.write_text(json.dumps(result, indent=1) + "\n")

    if device == "cuda" and "first_seconds" not in result:
        first = through_command(made[:1], device)["seconds"]
        save(first_seconds=first)
        say(f"a class of one, perhaps the first on this machine: {first:.1f} s")
    if "class" not in result:
        measure_class(made, device, save)
    left_out = options.leave_out
    if device == "cuda" and "numeric_only" not in result and "numeric" not in left_out:
        measure_numeric(made, device, save)
    if "times_pytest" not in result and "pytest" not in left_out:
        compare(made, device, options.sample, result, save)
    sample = options.bare_sample
    if "times_bare" not in result and "bare" not in left_out:
        least = bare(made, device, sample)
        compare_bare("bare", "each program once", least, result, save)
    if "times_same_calls" not in result and "same-calls" not in left_out:
        least = same_calls(made, device, sample)
        compare_bare("same_calls", "its checks' calls", least, result, save)
    if "growth" not in result and "growth" not in left_out:
        few, times_over = options.growth or (max(1, options.submissions // 4), 4)
        measure_growth(few, times_over, device, save)


def earlier(output: Path | None, result: dict[str, Any]) -> dict[str, Any]:
    """Return what an earlier run on a machine like this one wrote, or what there is."""
    if output is None or not output.exists():
        return result
    found: dict[str, Any] = json.loads(output.read_text())
    for name in ("device", "machine"):
        if found[name] != result[name]:
            message = f"{output} was measured on another {name}: {found[name]}"
            raise SystemExit(message)
    return found


def measure_class(made: list[Made], device: str, save: Callable[..., None]) -> None:
    """Grade the class as users do."""
    graded = through_command(made, device)
    save(**{"class": graded})
    say(
        f"class: {len(made)} submissions in {graded['seconds']:.1f} s, "
        f"{graded['a_minute']:.1f} a minute"
        + (" (goal: at least 60)" if device == "cuda" else "")
        + f"; {len(graded['judged_otherwise'])} judged otherwise than they state"
    )


def measure_numeric(made: list[Made], device: str, save: Callable[..., None]) -> None:
    """Grade the class without the checks that take times."""
    with without_timing() as root:
        # A program that measures has the GPU to itself, whatever is checked of it.
        others = [one for one in made if one.program.exercise.slug not in _MEASURES]
        numeric = through_station(others, device, root)
    save(numeric_only=numeric)
    say(f"numeric only: {numeric['a_minute']:.1f} a minute (goal: at least 120)")


def compare(
    made: list[Made],
    device: str,
    sample: int,
    result: Mapping[str, Any],
    save: Callable[..., None],
) -> None:
    """Compare the class with (a) one pytest process each."""
    each = one_pytest_each(made, device, sample)
    times = result["class"]["a_minute"] / each["a_minute"]
    save(pytest=each, times_pytest=times)
    goal = GOALS["times_pytest"][device]  # type: ignore[index]
    say(
        f"(a) one pytest each, {each['sample']} of them: {each['a_minute']:.1f} a minute; "
        f"a class is {times:.1f} times as fast (goal: at least {goal:g})"
    )


def compare_bare(
    name: str,
    what: str,
    least: Mapping[str, Any],
    result: Mapping[str, Any],
    save: Callable[..., None],
) -> None:
    """Compare the class with (b) its programs bare, called once or as checks call them."""
    ratio = result["class"]["seconds"] / least["seconds_over_the_cores"]
    save(**{name: least, f"times_{name}": ratio})
    say(
        f"(b) bare, {what}, over {least['cores']} cores: "
        f"{least['seconds_over_the_cores']:.1f} s; a class takes {ratio:.2f} times that "
        f"(goal: at most {GOALS['times_bare']:g})"
    )
    if least.get("alone"):
        turns = least["seconds_with_turns"]
        times = result["class"]["seconds"] / turns
        say(
            f"    with nothing beside rounds alone: {turns:.1f} s, {times:.2f} times that"
        )


def measure_growth(
    few: int, times_over: int, device: str, save: Callable[..., None]
) -> None:
    """Grade a few submissions once and many times over."""
    grown = growth(few, times_over, device)
    save(growth=grown)
    peaks = [
        f"{name} {grown['small']['peak_bytes'][name] / 1e6:.0f} and "
        f"{grown['large']['peak_bytes'][name] / 1e6:.0f} MB"
        for name in ("class", "station")
    ]
    say(
        f"growth: {grown['seconds_each'][0]:.3f} s each for "
        f"{grown['small']['submissions']}, {grown['seconds_each'][1]:.3f} s for "
        f"{grown['large']['submissions']}, ratio {grown['ratio']:.3f} (goal: at most "
        f"{GOALS['growth']:g}); at most {', '.join(peaks)}"
    )


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


if __name__ == "__main__":
    main()

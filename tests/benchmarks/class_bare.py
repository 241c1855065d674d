"""What a class's programs take bare: once each, and called as their checks call them."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from class_mix import ROOT, Made, sampled

from graders.harness.threads import one_thread_each

ONCE = Path(__file__).with_name("bare_class.py")
REPLAYED = Path(__file__).with_name("replayed_class.py")


def bare(made: list[Made], device: str, sample: int) -> dict[str, Any]:
    """
    Run programs bare, one after the other; return the sum of the seconds of all.

    Of a sample where that is smaller, of which the mean then stands for the others.
    """
    times = told_of(ONCE, sampled(made, sample), device)
    cores = len(os.sched_getaffinity(0))
    in_all = len(made) * statistics.mean(times)
    return {
        "sample": len(times),
        "seconds_in_all": in_all,
        "cores": cores,
        "seconds_over_the_cores": in_all / cores,
        "stopped": sum(seconds >= 59 for seconds in times),
    }


def same_calls(made: list[Made], device: str, sample: int) -> dict[str, Any]:
    """
    Return what programs take, bare, for the calls that their checks make of them.

    As for :func:`bare`: sums of a sample are multiplied to those of all. Besides what
    ``replayed_class.py`` tells of the sample it has ``seconds_with_turns``, where the
    rounds that have the GPU for themselves follow one another, with nothing beside them,
    and the rest is spread over the cores.
    """
    chosen = sampled(made, sample)
    found = told_of(REPLAYED, chosen, device)
    times = len(made) / len(chosen)
    cores = len(os.sched_getaffinity(0))
    in_all = times * (found["programs"] + found["references"])
    alone = times * found["alone"]
    return {
        "sample": len(chosen),
        **found,
        "seconds_in_all": in_all,
        "cores": cores,
        "seconds_over_the_cores": in_all / cores,
        "seconds_with_turns": alone + (in_all - alone) / cores,
    }


def told_of(program: Path, chosen: list[Made], device: str) -> Any:
    """Return what a benchmark of programs prints of these."""
    programs = [[one.program.exercise.name, str(one.program.path)] for one in chosen]
    done = subprocess.run(
        [sys.executable, str(program), device],
        input=json.dumps(programs),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def environment() -> dict[str, str]:
    """Return the environment of commands: this repository, then the caller's path."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(":")
    found = {**os.environ, "PYTHONPATH": path}
    one_thread_each(found)  # as the class has it: pytest takes a thread for each core
    return found

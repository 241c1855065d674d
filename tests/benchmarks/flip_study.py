"""How often a verdict on a time ratio flips, ours beside the usual one, on a GPU.

    python tests/benchmarks/flip_study.py --verdicts 200 --output FILE.json

A program is compared with another that takes exactly as long, with one that takes a tenth
less and with one that takes a tenth more; the threshold is a ratio of 1. What is judged
does not change, and so all verdicts on it should be one: those in the minority are flips.
The usual method is the least of ten rounds, one program's block after the other's, as
``cupyx.profiler.benchmark`` measures; it is asked in turn with ours, on the same GPU.

Ours is what ``expect_faster`` does: rounds in pairs, an interval, and a second run where
the first one did not tell, after which credit is given. Here the second run has the same
processes as the first one. What ``--evidence`` measures is what it costs to record kernels
and copies: the time of a call with and without, in turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from graders.harness.checks import Learner, agreeing, gpu  # noqa: E402
from graders.harness.checks.speed import Rounds  # noqa: E402
from graders.harness.measure.lease import Lease  # noqa: E402
from graders.harness.measure.ratio import Answer, device_time  # noqa: E402
from graders.harness.session import choose_device, describe_host  # noqa: E402
from graders.harness.supervisor import ForkServer  # noqa: E402

PROGRAMS = Path(__file__).parent / "programs" / "flips.py"
#: Each submission, and what the ratio of the other's time to its own is.
CASES = {"ten": 1.0, "eleven": 10 / 11, "nine": 10 / 9}
SHAPE = (1080, 1920)
THRESHOLD = 1.0
_SAVED_EVERY = 20


@contextmanager
def programs(server: ForkServer) -> Iterator[tuple[Learner, Learner]]:
    """Yield the submission and the other program, in two workers that take turns."""
    lease = Lease("flip-study")
    both = [
        Learner(PROGRAMS, "flips", server, timeout=1200, lease=lease, owner="ours")
        for _ in range(2)
    ]
    try:
        yield both[0], both[1]
    finally:
        for program in both:
            program.close()


def ours(
    submission: Learner, other: Learner, name: str, image: Any, rng: np.random.Generator
) -> dict[str, Any]:
    """Return one verdict of the harness."""
    started = time.perf_counter()
    rounds = Rounds(
        submission,
        other,
        name,
        "ten",
        (image,),
        "device_time",
        device_time,
        agreeing(1e-5),
    )
    found = rounds.measure(THRESHOLD, rng)
    runs = 1
    if found.answer is Answer.INCONCLUSIVE:
        found, runs = rounds.measure(THRESHOLD, rng), 2
    return {
        "passed": found.answer is not Answer.BELOW,
        "answer": found.answer.value,
        "ratio": found.ratio,
        "pairs": found.pairs,
        "runs": runs,
        "slowed_by": list(found.clocks.slowed_by),
        "seconds": time.perf_counter() - started,
    }


def usual(submission: Learner, name: str, image: Any) -> dict[str, Any]:
    """Return one verdict of the usual method."""
    started = time.perf_counter()
    times = submission.call(
        "usual", image, name, fresh=True, alone=True, trace=False, poison=False
    ).value
    ratio = times[0] / times[1]
    return {
        "passed": ratio >= THRESHOLD,
        "ratio": ratio,
        "seconds": time.perf_counter() - started,
    }


def summary(verdicts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the verdicts on one program come to."""
    passed = sum(v["passed"] for v in verdicts)
    ratios = [v["ratio"] for v in verdicts]
    answers = [v["answer"] for v in verdicts if "answer" in v]
    return {
        "verdicts": len(verdicts),
        "passed": passed,
        "flips": min(passed, len(verdicts) - passed),
        "answers": {a: answers.count(a) for a in sorted(set(answers))},
        "slowed_down": sum(bool(v.get("slowed_by")) for v in verdicts),
        "median_seconds": statistics.median(v["seconds"] for v in verdicts),
        "ratios": {
            "least": min(ratios),
            "median": statistics.median(ratios),
            "most": max(ratios),
        },
        "all_ratios": [round(r, 4) for r in ratios],
        "all_seconds": [round(v["seconds"], 2) for v in verdicts],
    }


def study(
    server: ForkServer, verdicts: int, save: Callable[[dict[str, Any]], None]
) -> None:
    """Judge each case as often as asked, both methods in turns, and save now and then."""
    rng = np.random.default_rng()
    image = gpu(rng.random(SHAPE, dtype=np.float32))
    found: dict[str, Any] = {}
    with programs(server) as (submission, other):
        for name, ratio in CASES.items():
            seen: dict[str, list[dict[str, Any]]] = {"ours": [], "usual": []}
            for number in range(1, verdicts + 1):
                seen["ours"].append(ours(submission, other, name, image, rng))
                seen["usual"].append(usual(submission, name, image))
                if number % _SAVED_EVERY == 0 or number == verdicts:
                    told = {method: summary(v) for method, v in seen.items()}
                    save(found | {name: {"true_ratio": ratio, **told}})
            found[name] = {"true_ratio": ratio, **told}
            for method in seen:
                print(f"{name} {method}: {line(found[name][method])}", flush=True)


def line(counted: dict[str, Any]) -> str:
    """Return a line on the verdicts of one method."""
    ratios = counted["ratios"]
    return (
        f"{counted['flips']} flips in {counted['verdicts']} verdicts, "
        f"{counted['passed']} passed, ratios {ratios['least']:.3f} to "
        f"{ratios['most']:.3f}, {counted['median_seconds']:.2f} s a verdict"
    )


def evidence(server: ForkServer, calls: int) -> dict[str, Any]:
    """Measure what recording costs a call, as ratios of paired calls."""
    image = gpu(np.random.default_rng().random(SHAPE, dtype=np.float32))
    with programs(server) as (program, _):
        program.hold((image,))

        def seconds(*, trace: bool) -> tuple[float, float]:
            seen = program.call_held("ten", trace=trace)
            return seen.seconds, seen.claimed_seconds

        for trace in (True, False):  # plans, and whatever is loaded once
            seconds(trace=trace)
        pairs = [(seconds(trace=True), seconds(trace=False)) for _ in range(calls)]
    names = ("as the grading process sees it", "as the worker does")

    def sides(which: int) -> list[tuple[float, float]]:
        return [(one[which], two[which]) for one, two in pairs]

    return {
        name: {
            "recorded_seconds": statistics.median(one for one, _ in sides(which)),
            "bare_seconds": statistics.median(two for _, two in sides(which)),
            "ratio": statistics.median(one / two for one, two in sides(which)),
        }
        for which, name in enumerate(names)
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdicts", type=int, default=200, help="for each program")
    parser.add_argument("--evidence", type=int, default=100, metavar="CALLS")
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    options = parser.parse_args()
    choose_device("cuda")  # says what is wrong with this machine
    with ForkServer("cuda") as server:
        worker = server.fork()
        gpu_facts = worker.describe()
        worker.finish()
        result: dict[str, Any] = {
            "what": "tests/benchmarks/flip_study.py",
            "machine": {**describe_host(), **gpu_facts},
            "goals": {"flips_in_200": 1, "usual_flips_in_200": 20, "median_seconds": 2},
            "evidence": evidence(server, options.evidence),
        }
        for name, cost in result["evidence"].items():
            print(
                f"recording, {name}: {cost['recorded_seconds'] * 1e3:.2f} ms against "
                f"{cost['bare_seconds'] * 1e3:.2f} ms, ratio {cost['ratio']:.2f}"
            )

        def save(cases: dict[str, Any]) -> None:
            result["cases"] = cases
            if options.output:
                options.output.write_text(json.dumps(result, indent=1) + "\n")

        study(server, options.verdicts, save)


if __name__ == "__main__":
    main()

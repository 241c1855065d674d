"""Copies of the tutorial's notebook on memory spaces are graded for ``transfer_cost``."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from graders.harness.checks import Copy, Evidence, Kernel, Operation
from graders.harness.models import ExerciseResult
from graders.memory_spaces import tutorial_transfer_cost
from graders.memory_spaces.figures import read_figures
from graders.memory_spaces.journeys import Bytes, read_work
from graders.memory_spaces.printed_figures import FIGURES, Printed, find_figures
from tests.graders.tutorial_grading import failures, grade, told
from tests.graders.tutorial_notebooks import (
    MEMORY_GIVEN,
    MEMORY_UNFILLED,
    SHAPE,
    memory,
)

BEST = """
product = nvmath.linalg.advanced.matmul
def best(f):
    return float(np.min(benchmark(f, n_repeat=6, n_warmup=1).gpu_times))
"""
BY_HAND = """
import time
product = nvmath.linalg.advanced.matmul
def best(f, repeats=6):
    times = []
    for _ in range(repeats):
        cp.cuda.Device().synchronize()
        start = time.perf_counter()
        f()
        cp.cuda.Device().synchronize()
        times.append(time.perf_counter() - start)
    return sorted(times)[repeats // 2]
"""
EVENTS = """
product = nvmath.linalg.advanced.matmul
def best(f):
    f()
    times = []
    for _ in range(5):
        start, stop = cp.cuda.Event(), cp.cuda.Event()
        start.record(); f(); stop.record(); stop.synchronize()
        times.append(cp.cuda.get_elapsed_time(start, stop) * 1e-3)
    return min(times)
"""
CPU = "t1 = best(lambda: product(a_cpu, b_cpu))\n"
GPU = "t2 = best(lambda: product(a_gpu, b_gpu))\n"
UP = "t3 = best(lambda: (cp.asarray(a_cpu), cp.asarray(b_cpu)))\n"
DOWN = "c = product(a_gpu, b_gpu)\nt4 = best(lambda: cp.asnumpy(c))\n"
ESTIMATES = "e1, e2 = t1 - t2, t3 + t4\n"
MEASURED = CPU + GPU + UP + DOWN + ESTIMATES
LABELS = """
for label, t in (
    ("Benchmark 1: CPU -> GPU -> matmul -> CPU", t1), ("Benchmark 2: GPU -> GPU", t2),
    ("Estimate", e1), ("Benchmark 3: CPU -> GPU", t3), ("Benchmark 4: GPU -> CPU", t4),
    ("Estimate", e2),
):
    print(f"{label} for {m}x{n}x{k} float32: {t:.6f} s")
"""
BARE = "print(t1, t2, e1, t3, t4, e2, sep='\\n')\n"
TABLE = """
print(f"{'what':20}|{'time [ms]':>12}")
for name, t in dict(cpu=t1, gpu=t2, up=t3, down=t4, by_difference=e1, by_sum=e2).items():
    print(f"{name:20}|{1e3 * t:12.4f}")
print(f"{t1 / t2:.1f}x, share of copies {100 * e2 / t1:.0f} %")
"""
ONE_OPERAND = """
t3 = best(lambda: cp.asarray(a_cpu))
t4 = best(lambda: cp.asnumpy(a_gpu))
"""
FIFTH = "print('Benchmark 5:', best(lambda: cp.asarray(b_cpu)), 's')\n"


def filled(*parts: str) -> str:
    return MEMORY_GIVEN + "".join(parts)


RIGHT = {
    "labels": [filled(BEST, MEASURED, LABELS)],
    "bare_by_hand": [filled(BY_HAND, MEASURED, BARE)],
    "events_in_two_cells": [filled(EVENTS, CPU, GPU), UP + DOWN + ESTIMATES + BARE],
    "table_in_milliseconds": [filled(BEST, MEASURED, TABLE)],
    "one_operand_each_way": [
        filled(BEST, CPU, GPU, ONE_OPERAND, ESTIMATES, LABELS, FIFTH)
    ],
    "copies_by_hand": [
        filled(BEST, MEASURED, LABELS).replace(
            "product(a_cpu, b_cpu)",
            "cp.asnumpy(product(cp.asarray(a_cpu), cp.asarray(b_cpu)))",
        )
    ],
}
SMALLER = "1000, 250, 500"  # the same is measured, and computed sooner
EVERY = ("figures", "what_was_timed", "agreement", "arithmetic")
WRONG = {
    "unfilled": (MEMORY_UNFILLED, dict.fromkeys(EVERY, "unimplemented")),
    "raises": (
        filled(BEST, MEASURED, LABELS).replace("a_gpu, b_gpu", "a_gp, b_gpu"),
        {"figures": "crashed", "what_was_timed": "crashed"}
        | dict.fromkeys(EVERY[2:], "crashed"),
    ),
    "milliseconds_called_seconds": (
        filled(BEST, MEASURED, LABELS).replace("{t:.6f}", "{1e3 * t:.6f}"),
        {"agreement": "wrong_value"},
    ),
    "sum_for_difference": (
        filled(BEST, MEASURED, LABELS).replace("t1 - t2", "t1 + t2"),
        {"arithmetic": "wrong_value"},
    ),
    "larger_copy_for_sum": (
        filled(BEST, MEASURED, LABELS).replace("t3 + t4", "max(t3, t4)"),
        {"arithmetic": "wrong_value"},
    ),
    "negative_estimate": (
        filled(BEST, MEASURED, LABELS).replace("t1 - t2", "t2 - t1"),
        {"figures": "wrong_value"},
    ),
    "two_decimals": (
        filled(BEST, MEASURED, LABELS).replace(".6f", ".2f"),
        {"figures": "wrong_value"},
    ),
    "products_exchanged": (
        filled(BEST, MEASURED, BARE).replace("t1, t2", "t2, t1"),
        {"agreement": "wrong_value", "arithmetic": "wrong_value"},
    ),
    "no_download": (
        filled(BEST, CPU, GPU, UP, "e1 = t1 - t2\nprint(t1, t2, e1, t3, sep='\\n')"),
        {"figures": "wrong_value", "what_was_timed": "wrong_value"},
    ),
    "small_copies": (
        filled(BEST, MEASURED, LABELS)
        .replace("cp.asarray(a_cpu), cp.asarray(b_cpu)", "cp.asarray(a_cpu[:9]),"),
        {"what_was_timed": "wrong_value", "agreement": "wrong_value"},
    ),
    "one_sample": (
        filled(BEST, MEASURED, LABELS).replace("n_repeat=6", "n_repeat=1"),
        {"what_was_timed": "wrong_value", "agreement": "wrong_value"},
    ),
    "slowest": (
        filled(BEST, MEASURED, LABELS).replace("n_repeat=6", "n_repeat=12")
        .replace("np.min", "np.max"),
        {"agreement": "wrong_value"},
    ),
    "made_up": (
        filled("print(0.0051, 0.0009, 0.0042, 0.0013, 0.0013, 0.0026, sep='\\n')"),
        {"what_was_timed": "wrong_value", "agreement": "wrong_value"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExerciseResult]:
    cells = RIGHT | {name: [cell] for name, (cell, _) in WRONG.items()}
    notebooks = {name: memory(*cells) for name, cells in cells.items()}
    for name in notebooks.keys() - {"products_exchanged"}:  # it needs times far apart
        notebooks[name] = [c.replace(SHAPE, SMALLER) for c in notebooks[name]]
    return grade(tmp_path_factory.mktemp("n"), "memory_spaces/transfer_cost", notebooks)


@pytest.mark.parametrize("name", RIGHT)
def test_right_notebooks_earn_all(
    name: str, results: dict[str, ExerciseResult]
) -> None:
    found = results[name]
    assert failures(found) == {}, told(found)
    assert found.score == found.max_score == 10


@pytest.mark.parametrize("name", WRONG)
def test_wrong_notebooks_fail_where_they_are_wrong(
    name: str, results: dict[str, ExerciseResult]
) -> None:
    assert failures(results[name]) == WRONG[name][1], told(results[name])


def test_what_is_not_filled_in_is_named_with_its_cell(
    results: dict[str, ExerciseResult],
) -> None:
    said = told(results["unfilled"])
    assert "Code cell 5 is still as the tutorial gives it" in said
    assert "Begin with benchmark 1" in said


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("0.0445", [0.0445]),
        ("took 44.5 ms", [0.0445]),
        ("took 44500 us (0.0445 sec)", [0.0445, 0.0445]),
        ("1,234.5 µs", [0.0012345]),
        ("upload (ms): 20.5", [0.0205]),
        ("time [s] | 0.0205 |", [0.0205]),
        ("H2D: 2.05e-02 seconds", [0.0205]),
        ("np.float64(0.0444)", [0.0444]),
        ("8000x2000x4000 float32", []),
        ("speedup = 11.3x, 12.5 GB/s, 93 %, 10 runs", []),
        ("GPU0 took -0.5 s", [-0.5]),
        ("no figure here", []),
        ("what    time [ms]\nupload    20.5\ndownload  20.0 ms", [0.0205, 0.02]),
    ],
)
def test_figures_are_read_in_any_unit(line: str, seconds: list[float]) -> None:
    assert [f.seconds for f in read_figures(line)] == pytest.approx(seconds)


def test_the_way_of_a_copy_is_read_from_its_label() -> None:
    lines = "CPU -> GPU 1.0\nD2H: 1.0\nCPU->GPU->CPU 1.0\nhost to device 1.0"
    assert [f.direction for f in read_figures(lines)] == ["up", "down", "", "up"]


TRUE = dict(zip(FIGURES, (44.5, 3.9, 40.6, 20.5, 20.0, 40.5), strict=True))


def found_in(text: str) -> Printed:
    accepts = {
        name: lambda s, value=TRUE[name] / 1e3: abs(s - value) < 0.1 * value
        for name in (*FIGURES[:2], *FIGURES[3:5])
    }
    return find_figures(read_figures(text), accepts)


def ms(*values: float) -> str:
    return "\n".join(f"line {i} of it: {value} ms" for i, value in enumerate(values))


def test_figures_are_found_among_other_numbers() -> None:
    rest = ms(40.6, 20.5, 20.0, 40.5)
    seen = found_in(f"shape 8000 x 2000\n{ms(44.5, 44.9)}\n3.9 ms or 4.0\n{rest}")
    assert {n: round(1e3 * f.seconds, 1) for n, f in seen.figures.items()} == TRUE


def test_a_repeated_estimate_does_not_stand_for_the_other() -> None:
    wrong_sum = f"{ms(44.5, 3.9, 40.6, 20.5, 20.0, 20.5)}\nonce more: 40.6 ms"
    assert found_in(wrong_sum).figures["transfer_measured"].seconds == 0.0205
    wrong_difference = f"{ms(44.5, 3.9, -40.6, 20.5, 20.0, 40.5)}\nonce more: 40.5 ms"
    assert found_in(wrong_difference).figures["transfer_estimate"].seconds < 0


def test_a_hundred_numbers_for_each_figure_are_searched_quickly() -> None:
    numbers = [44.5] * 100 + [3.9] * 100 + [20.2] * 200
    assert found_in("\n".join(f"{x} ms" for x in numbers)).lines == 400


@pytest.mark.parametrize(
    "text",
    [
        "9" * 190_000, "1e" * 90_000, f"1e{'9' * 5000} s", "1 s " * 45_000,
        "1,000" * 30_000,
        f"cpu{' ' * 150_000}to", f"({' ' * 150_000}ms", "1\n" * 90_000,
    ],
)  # fmt: skip
def test_a_strangers_text_is_read_in_no_time(text: str) -> None:
    started = time.process_time()
    found_in(text)
    assert time.process_time() - started < 3.0


A, B, RESULT = 8_000_000, 2_000_000, 4_000_000


def journey(at: float, space: str) -> Evidence:
    up = [Copy(direction="host_to_device", nbytes=n, start=at + i / 10, seconds=0.1)
          for i, n in enumerate((A, B))]  # fmt: skip
    down = Copy(direction="device_to_host", nbytes=RESULT, start=at + 0.3, seconds=0.1)
    kernel = Kernel(name="gemm", kind="gemm", start=at + 0.2, seconds=0.05)
    run = Operation(
        library="matmul", phase="execute", handle=0, start=at + 0.25, operands=space
    )
    return Evidence(copies=(*up, down), kernels=(kernel,), operations=(run,))


def test_journeys_are_told_from_copies_alone() -> None:
    one, other = journey(1.0, "cpu"), journey(2.0, "cuda")
    both = Evidence(
        copies=one.copies + other.copies,
        kernels=one.kernels + other.kernels,
        operations=one.operations + other.operations,
    )
    work = read_work(both, Bytes(A, B, RESULT))
    assert work.journeys == pytest.approx([0.4])
    assert work.products == pytest.approx([0.05])
    assert {word: len(times) for word, times in work.up.items()} == {"a": 1, "b": 1}
    assert work.expected_copies(work.up) == pytest.approx([0.1, 0.1, 0.2])
    assert [*work.down] == ["result"]


def test_repeats_of_copies_up_begin_apart() -> None:
    """On CUDA that holds the host's copy into page-locked memory, which no trace has."""
    one, *rest = (
        Copy(direction="host_to_device", nbytes=n, start=at, seconds=0.01)
        for n, at in ((A, 1.0), (B, 1.3), (A, 1.5), (B, 1.8), (A, 2.0), (B, 2.3))
    )
    between = replace(one, direction="device_to_host", nbytes=RESULT, start=1.9)
    sizes = Bytes(A, B, RESULT)
    work = read_work(Evidence(copies=(one, *rest)), sizes)
    assert work.up_apart["a"] == pytest.approx([0.5, 0.5])
    assert work.up_apart["b"] == pytest.approx([0.5, 0.5])
    work = read_work(Evidence(copies=(one, *rest, between)), sizes)
    assert work.up_apart["a"] == pytest.approx([0.5])
    assert not read_work(journey(1.0, "cpu"), sizes).up_apart


def test_the_hosts_part_of_a_copy_up_counts_on_cuda() -> None:
    """A figure may be the repeat's time there; in the simulator the copy's alone."""
    times = [1.0, 1.04, 1.08, 1.12]
    copies = [
        Copy(direction="host_to_device", nbytes=A, start=t, seconds=4e-3) for t in times
    ]
    work = read_work(Evidence(copies=tuple(copies)), Bytes(A, B, RESULT))
    limits = {"product_least": 0.6, "product_most": 4.0, "product_host_seconds": 2e-3}
    limits |= {"figure_factor_cuda": 3.0, "figure_factor_simulator": 1.75}
    for device, seconds, right in (
        ("cuda", 0.04, True),
        ("cuda", 4e-3, True),
        ("cuda", 0.4, False),
        ("simulator", 0.04, False),
    ):
        accepts = tutorial_transfer_cost._accepts(work, limits, device)
        assert accepts["host_to_device"](seconds) is right, (device, seconds)


def test_pinned_copies_up_are_cupys_own_on_cuda() -> None:
    """Of the way down the program decides; of the way up ``cupy.asarray`` does, there."""
    up = Copy(direction="host_to_device", nbytes=A, start=1.0, seconds=0.1, pinned=True)
    down = replace(up, direction="device_to_host", start=2.0, nbytes=RESULT)
    evidence, sizes = Evidence(copies=(up, up, down)), Bytes(A, B, RESULT)
    assert read_work(evidence, sizes).pinned == 3
    assert read_work(evidence, sizes, pinned_up=False).pinned == 1


def test_a_journey_may_be_made_by_hand() -> None:
    work = read_work(journey(1.0, "cuda"), Bytes(A, B, RESULT))
    assert work.journeys == pytest.approx([0.4])
    assert not work.up
    assert not work.products

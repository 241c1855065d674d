"""The trace of a transfer benchmark, read from made-up evidence."""

from __future__ import annotations

import pytest

from graders.harness.device.evidence import (
    Benchmark,
    ClockRead,
    Copy,
    Evidence,
    Kernel,
    Operation,
)
from graders.memory_spaces.trace import (
    Sizes,
    launch_only,
    pinned,
    read_recipe,
    span,
    strangers,
    too_few_repeats,
)

SIZES = Sizes(a=1_000_000, b=10_000, result=100_000)
ROUNDS = 6
SPACES = {"P": "", "Pc": "cpu", "Pg": "cuda"}


def evidence(script: str) -> Evidence:
    """
    Build a trace from words: a b both r (copies), x:N odd copies, products, t T clock.

    ``P`` is a product of operands in an unknown memory space, ``Pc`` in CPU memory,
    ``Pg`` in GPU memory; ``t`` is a reading on an idle device, ``T`` one while it works.
    A copy with ``!`` is one from or to page-locked memory.
    ``[W:N`` begins N repeats of a benchmark after W warm-ups, which ``]`` ends.
    """
    copies, kernels, operations, reads, benchmarks = [], [], [], [], []
    sizes = {"a": SIZES.a, "b": SIZES.b, "both": SIZES.a + SIZES.b, "r": SIZES.result}
    for at, written in enumerate(script.split()):
        word = written.removesuffix("!")
        if word in SPACES:
            step = {"library": "matmul", "phase": "execute", "handle": at}
            operations.append(Operation(start=at, operands=SPACES[word], **step))
            kernels.append(
                Kernel(name="gemm", kind="gemm", start=at + 0.1, seconds=0.5)
            )
        elif word == "]":
            begun, warm_ups, repeats = benchmarks.pop()
            benchmarks.append(
                Benchmark(
                    start=begun, seconds=at - begun, repeats=repeats, warm_ups=warm_ups
                )
            )
        elif word.startswith("["):
            benchmarks.append((at, *map(int, word[1:].split(":"))))
        elif word in ("t", "T"):
            reads.append(ClockRead(at=at, idle=word == "t"))
        else:
            down = word.startswith(("r", "x:"))
            copies.append(
                Copy(
                    direction="device_to_host" if down else "host_to_device",
                    nbytes=int(word[2:]) if word.startswith("x:") else sizes[word],
                    start=at,
                    seconds=0.5,
                    pinned=written.endswith("!"),
                )
            )
    return Evidence(
        copies=tuple(copies),
        kernels=tuple(kernels),
        operations=tuple(operations),
        clock_reads=tuple(reads),
        benchmarks=tuple(benchmarks),
    )


def recipe(script: str):
    return read_recipe(evidence(script), SIZES, ROUNDS)


CPU, GPU, UP, DOWN = "a b P r ", "P ", "a b ", "r "


@pytest.mark.parametrize(
    "script",
    [
        6 * CPU + 6 * GPU + 6 * UP + 6 * DOWN,
        6 * DOWN + 6 * UP + 6 * GPU + 6 * CPU,
        6 * GPU + 6 * DOWN + 6 * CPU + 6 * "a " + 6 * "b ",
        6 * UP + 8 * CPU + 6 * GPU + 20 * DOWN,
        6 * "both " + 6 * GPU + 6 * DOWN + 6 * "b a P r ",
        6 * ("t a b P r t " + "t a b t " + "t P t " + "t r t "),
        6 * (CPU + UP + GPU + DOWN),
        6 * (GPU + DOWN + UP + CPU),
        6 * (CPU + GPU + UP + DOWN),
    ],
)
def test_right_orders_are_complete(script):
    assert recipe(script).is_complete(ROUNDS)


@pytest.mark.parametrize(
    ("script", "field"),
    [
        (11 * CPU + 11 * GPU + 11 * "a " + 11 * DOWN, "b_up"),
        (21 * CPU + 21 * GPU + 21 * "b " + 21 * DOWN, "a_up"),
        (21 * CPU + 3 * GPU + 21 * UP + 21 * DOWN, "gpu_products"),
        (3 * CPU + 21 * GPU + 21 * UP + 21 * DOWN, "cpu_products"),
        (21 * CPU + 21 * GPU + 21 * UP + 2 * DOWN, "result_down"),
        (5 * (CPU + GPU + UP + DOWN), "cpu_products"),
        (42 * CPU + 21 * UP + 21 * DOWN + GPU, "gpu_products"),
    ],
)
def test_what_is_missing_is_counted(script, field):
    assert getattr(recipe(script), field) < ROUNDS


def timed(work: str, repeats: int, warm_ups: int = 10) -> str:
    """Return the script of a benchmark."""
    return warm_ups * work + f"[{warm_ups}:{repeats} " + repeats * work + "] "


EACH = {"cpu_products": "a b Pc r ", "gpu_products": "Pg ", "result_down": DOWN}


@pytest.mark.parametrize(("field", "work"), EACH.items())
def test_warm_ups_of_a_benchmark_are_no_repeats(field, work):
    whole = {name: timed(other, 5) for name, other in EACH.items()}
    whole["a_up"] = timed(UP, 5)
    assert too_few_repeats(evidence("".join(whole.values())), SIZES, 5) == {}
    whole[field] = timed(work, 4)
    script = "".join(whole.values())
    assert recipe(script).is_complete(ROUNDS)
    assert too_few_repeats(evidence(script), SIZES, 5) == {field: 4}


def test_both_operands_are_repeated():
    found = too_few_repeats(evidence(timed(UP, 2) + timed("a ", 3)), SIZES, 5)
    assert found == {"b_up": 2}


@pytest.mark.parametrize(
    "script",
    [
        "Pg " + 5 * timed("Pg ", 1),  # one repeat, five times
        timed("Pg ", 2, 0) + 6 * "t Pg t ",  # a look beforehand, then by hand
        6 * "t Pg t ",
        timed("r ", 7, 1),
    ],
)
def test_repeats_may_be_spread_and_timed_otherwise(script):
    assert too_few_repeats(evidence(script), SIZES, 5) == {}


def test_copies_within_the_gpu_product_are_found():
    fed = recipe(8 * CPU + 8 * "a b P " + 8 * UP + 8 * DOWN)
    assert fed.fed_from_host == 8
    sent = recipe(8 * CPU + 8 * "P r " + 8 * UP + 8 * DOWN)
    assert sent.sent_to_host == 8


def test_products_of_cpu_operands_alone_are_never_those_of_gpu_operands():
    alone = recipe(30 * "a b Pc r ")
    assert (alone.cpu_products, alone.gpu_products, alone.a_up) == (30, 0, 0)


def test_turns_are_told_apart_by_their_operands():
    turns = recipe(8 * "a b Pc r a b Pg r ")
    assert turns.is_complete(ROUNDS)
    assert (turns.cpu_products, turns.gpu_products, turns.a_up) == (8, 8, 8)


def test_operands_that_stay_on_the_device_make_no_journey():
    kept = recipe("a b " + 9 * "Pc r " + 9 * "Pg " + 9 * "a b " + 9 * "r ")
    assert (kept.cpu_products, kept.kept_operands, kept.gpu_products) == (1, 8, 9)


def test_split_products_count_once():
    whole = evidence(12 * GPU)
    split = [
        Kernel(name="splitKreduce", kind="gemm", start=k.start + 0.6, seconds=0.1)
        for k in whole.kernels
    ]
    twice = Evidence(
        kernels=(*whole.kernels, *split), operations=whole.operations, copies=()
    )
    assert read_recipe(twice, SIZES, ROUNDS).gpu_products == 12


def test_products_of_other_libraries_do_not_count():
    kernels = evidence(12 * GPU).kernels
    assert read_recipe(Evidence(kernels=kernels), SIZES, ROUNDS).gpu_products == 0


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (6 * "t P t ", (0, 6)),
        (6 * "t P T ", (6, 0)),
        ("t " + 10 * "P " + "t ", (0, 10)),
        ("t " + 10 * "P " + "T ", (10, 0)),
        ("t P P T " + 5 * "P t ", (2, 5)),
        (10 * "P ", (0, 0)),
        (6 * "t a b P r t ", (0, 0)),
    ],
)
def test_readings_before_the_gpu_is_done_are_found(script, expected):
    assert launch_only(evidence(script), SIZES) == expected


def test_strangers_are_large_copies_of_other_sizes():
    assert len(strangers(evidence("a b r x:1000000 x:100000 x:8"), SIZES)) == 1
    assert SIZES.describe(SIZES.a) == "1,000,000 bytes, the size of a"


def test_pinned_copies_up_count_only_where_they_tell_something():
    way = {"direction": "host_to_device", "nbytes": SIZES.a, "start": 0, "seconds": 1}
    up = Evidence(copies=(Copy(pinned=True, **way),))
    assert pinned(up, SIZES, also_up=True)
    assert not pinned(up, SIZES, also_up=False)


@pytest.mark.parametrize(
    ("script", "count"),
    [
        (3 * "a! b! Pc r ", 6),
        (3 * "a b! Pc r ", 3),
        (3 * "a b Pc r! ", 3),
        ("a! b! " + 3 * "a b Pc r ", 0),
        (3 * "a! b! " + 3 * "Pg " + 3 * "r ", 0),
        (3 * "a! b! P r ", 0),
        ("Pc b! r", 0),
    ],
)
def test_pinned_operands_of_a_product_with_cpu_operands_are_found(script, count):
    assert len(pinned(evidence(script), SIZES, also_up=False)) == count


def test_span_is_the_time_from_first_to_last():
    assert span(Evidence()) == 0
    assert span(evidence("a b P")) == pytest.approx(2.6)

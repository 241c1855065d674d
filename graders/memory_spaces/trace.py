"""Reads a benchmark's recipe out of the evidence: what was timed, and how often.

Owns the vocabulary of the transfer_cost trace. It judges nothing: the checks do.
"""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from graders.harness.device.evidence import (
    Benchmark,
    Copy,
    Evidence,
    Kernel,
    Operation,
)

Word = Literal["a", "b", "both", "result", "product", "clock"]
_Timed = TypeVar("_Timed", Copy, Kernel, Operation)
_DONE = ("cpu_products", "gpu_products", "a_up", "b_up", "result_down")
_UP: tuple[Word, ...] = ("a", "b", "both")
_SMALL_CHANGE = 4096  # bytes: scalars and tables of a library, no operand
_DIGITS = 9  # of a time in seconds
_A_RUN = 3  # so many in a row are a benchmark, fewer are a warm-up or preparation


@dataclass(frozen=True)
class Sizes:
    """
    The bytes of the three matrices, all different.

    Attributes:
        a: The first operand.

        b: The second operand.

        result: Their product.

        extents: (m, k, n) of the product, or None where any product is theirs.
    """

    a: int
    b: int
    result: int
    extents: tuple[int, int, int] | None = None

    def is_theirs(self, step: Operation) -> bool:
        """Return whether nvmath's product has their extents, as it is or transposed."""
        if self.extents is None or not step.shape:
            return True
        m, k, n = self.extents
        return step.shape in ((m, n, k), (n, m, k)) and step.batch == 1

    def word(self, copy: Copy) -> Word | None:
        """Return what this copy moved, or None where it moved none of the three."""
        if copy.direction == "device_to_host":
            return "result" if copy.nbytes == self.result else None
        if copy.direction == "host_to_device":
            words: dict[int, Word] = {
                self.a: "a",
                self.b: "b",
                self.a + self.b: "both",
            }
            return words.get(copy.nbytes)
        return None

    def describe(self, nbytes: int) -> str:
        """Say which matrix has so many bytes."""
        names = {self.a: "a", self.b: "b", self.result: "the result"}
        known = names.get(nbytes)
        return f"{nbytes:,} bytes" + (f", the size of {known}" if known else "")


@dataclass(frozen=True)
class Recipe:
    """
    How often each of the four things was done in a call, warm-ups included.

    Attributes:
        cpu_products: Products that brought both operands up and their result down.

        gpu_products: The products with operands in GPU memory.

        kept_operands: Products with operands in CPU memory that did not bring both of
            them up, or their result down.

        a_up: Copies of the first operand to the device, those of ``cpu_products``
            excluded.

        b_up: The same of the second operand.

        result_down: Copies of the result to the host, those of ``cpu_products``
            excluded.

        fed_from_host: How many of ``gpu_products`` had an operand copied up for them
            beside a benchmark of the copies.

        sent_to_host: How many of ``gpu_products`` had their result copied down after
            them beside a benchmark of the copies.
    """

    cpu_products: int
    gpu_products: int
    kept_operands: int
    a_up: int
    b_up: int
    result_down: int
    fed_from_host: int
    sent_to_host: int

    def is_complete(self, rounds: int) -> bool:
        """Return whether each of the four was done at least so often, and cleanly."""
        least = min(
            self.cpu_products,
            self.gpu_products,
            self.a_up,
            self.b_up,
            self.result_down,
        )
        return least >= rounds and not self.fed_from_host and not self.sent_to_host


@dataclass(frozen=True)
class _Step:
    word: Word
    at: float
    space: str = ""
    copy: Copy | None = None


def strangers(evidence: Evidence, sizes: Sizes) -> list[Copy]:
    """Return the copies between host and device that moved no whole matrix."""
    return [
        copy
        for copy in evidence.copies
        if copy.direction != "device_to_device"
        and copy.nbytes >= _SMALL_CHANGE
        and sizes.word(copy) is None
    ]


def pinned(evidence: Evidence, sizes: Sizes, *, also_up: bool) -> list[Copy]:
    """
    Return the copies of the three matrices from or to page-locked host memory.

    Args:
        evidence: What the call did.

        sizes: The three matrices.

        also_up: Whether all copies to the device are looked at. On CUDA,
            ``cupy.asarray`` itself goes through page-locked memory: there only those that
            nvmath made for a product tell, which come from where the operand lies.
    """
    if also_up:
        return [c for c in evidence.copies if c.pinned and sizes.word(c)]
    steps = [step for step in _steps(evidence, sizes) if step.word != "clock"]
    trips = {id(step) for step in _round_trips(steps) if step.space == "cpu"}
    found = []
    for i, step in enumerate(steps):
        if step.word == "result":
            found.append(step.copy)
        elif id(step) in trips:
            found += [before.copy for before in steps[i - 2 : i]]
    return [copy for copy in found if copy is not None and copy.pinned]


def span(evidence: Evidence) -> float:
    """Return the device's time from the first recorded work to the last, in seconds."""
    work: list[Kernel | Copy] = [*evidence.kernels, *evidence.copies]
    if not work:
        return 0.0
    return max(w.start + w.seconds for w in work) - min(w.start for w in work)


def read_recipe(evidence: Evidence, sizes: Sizes, rounds: int) -> Recipe:
    """
    Count how often each of the four benchmarks did its work.

    A product with operands in CPU memory shows as both operands up, product, result
    down. A program that takes turns (both up, a product with operands in GPU memory,
    the result down) looks the same: what is known of each product's operands tells the
    two apart. Where it is not known, the readings of the clock between them do, and
    where there are none, the absence of any other copies. The first reading of the
    trace that is complete is returned, else the plainest.

    Args:
        evidence: What the call did.

        sizes: The three matrices.

        rounds: How often each must have been done, warm-up included.
    """
    timed = _steps(evidence, sizes)
    plain = [step for step in timed if step.word != "clock"]
    if all(step.space for step in plain if step.word == "product"):
        return _count(timed, _round_trips(plain))
    readings: list[Callable[[], Recipe]] = [
        lambda: _count(timed, _round_trips(plain)),
        lambda: _count(timed, _round_trips(timed)),
        lambda: _count(timed, _every_other(plain)),
    ]
    for reading in readings:
        recipe = reading()
        if recipe.is_complete(rounds):
            return recipe
    return readings[0]()


def too_few_repeats(evidence: Evidence, sizes: Sizes, least: int) -> dict[str, int]:
    """
    Return what ``cupyx.profiler.benchmark`` repeated less often than it must be.

    Its warm-ups do not count; in the trace they look like repeats. The simulator notes when
    the repeats of each of its calls began and ended. What was done still more often beside
    them and their warm-ups is timed by other means, and left out.

    Args:
        evidence: What the call did.

        sizes: The three matrices.

        least: How often each of the four things must be repeated.

    Returns:
        Fields of :class:`Recipe`, and how often benchmarks repeated each.
    """
    inside: Counter[str] = Counter()
    warm_ups: Counter[str] = Counter()
    for benchmark in evidence.benchmarks:
        part = read_recipe(_during(evidence, benchmark), sizes, 0)
        for name in _DONE:
            count = getattr(part, name)
            inside[name] += count
            warm_ups[name] += count // max(benchmark.repeats, 1) * benchmark.warm_ups
    whole = read_recipe(evidence, sizes, least)
    return {
        name: count
        for name, count in inside.items()
        if 0 < count < least and getattr(whole, name) - count - warm_ups[name] < least
    }


def _during(evidence: Evidence, benchmark: Benchmark) -> Evidence:
    """Return what the repeats of a benchmark did."""
    ended = benchmark.start + benchmark.seconds

    def within(work: Iterable[_Timed]) -> tuple[_Timed, ...]:
        return tuple(each for each in work if benchmark.start <= each.start <= ended)

    return replace(
        evidence,
        kernels=within(evidence.kernels),
        copies=within(evidence.copies),
        operations=within(evidence.operations),
        clock_reads=(),
    )


def plans_on_gpu(evidence: Evidence, sizes: Sizes) -> int:
    """Return how often nvmath planned the product with operands in GPU memory."""
    return sum(
        (step.library, step.phase, step.operands) == ("matmul", "plan", "cuda")
        and sizes.is_theirs(step)
        for step in evidence.operations
    )


def launch_only(evidence: Evidence, sizes: Sizes) -> tuple[int, int]:
    """
    Count the GPU-operand products that a clock reading cut short, and those it did not.

    Returns:
        How many such products ran between two readings of the host's clock of which the
        second found the device still at work, and of which it found the device idle.
    """
    steps = _steps(evidence, sizes)
    inside = set(_round_trips([step for step in steps if step.word != "clock"]))
    products = [
        s.at
        for s in steps
        if s.word == "product" and s.space != "cpu" and s not in inside
    ]
    reads = sorted(evidence.clock_reads, key=lambda read: read.at)
    cut = whole = 0
    for before, after in itertools.pairwise(reads):
        first, last = (bisect.bisect_left(products, r.at) for r in (before, after))
        count = last - first
        if after.idle:
            whole += count
        else:
            cut += count
    return cut, whole


def _steps(evidence: Evidence, sizes: Sizes) -> list[_Step]:
    steps = [_Step("product", at, space) for at, space in _products(evidence, sizes)]
    steps += [_Step("clock", read.at) for read in evidence.clock_reads]
    for copy in evidence.copies:
        word = sizes.word(copy)
        if word is not None:
            steps.append(_Step(word, copy.start, copy=copy))
    return sorted(steps, key=lambda step: step.at)


def _products(evidence: Evidence, sizes: Sizes) -> list[tuple[float, str]]:
    """Return when nvmath's products of them began, and where the operands were."""
    kernels = [k for k in evidence.kernels if k.kind == "gemm"]
    kernels.sort(key=lambda kernel: kernel.start)
    starts = [kernel.start for kernel in kernels]
    # CUDA notes the call, which the kernel follows; the simulator the end of the
    # kernel.
    ended = {round(k.start + k.seconds, _DIGITS): k.start for k in kernels}
    found = []
    for step in evidence.operations:
        if step.library != "matmul" or step.phase != "execute":
            continue
        if not sizes.is_theirs(step):
            continue
        index = bisect.bisect_left(starts, step.start)
        following = starts[index] if index < len(starts) else step.start
        at = ended.get(round(step.start, _DIGITS), following)
        found.append((at, step.operands))
    return found


def _round_trips(steps: Sequence[_Step]) -> list[_Step]:
    """Return the products that stand between both operands up and the result down."""
    found = []
    for i, step in enumerate(steps):
        if step.word != "product" or step.space == "cuda" or i + 1 >= len(steps):
            continue
        before = {s.word for s in steps[max(0, i - 2) : i]}
        if before == {"a", "b"} and steps[i + 1].word == "result":
            found.append(step)
    return found


def _every_other(steps: Sequence[_Step]) -> list[_Step]:
    """Return half of the round trips, if hardly anything else was done."""
    trips = _round_trips(steps)
    products = sum(step.word == "product" for step in steps)
    uploads = sum(step.word == "a" for step in steps)
    if max(products, uploads) - len(trips) >= _A_RUN:
        return trips
    return trips[::2]


def _count(steps: Sequence[_Step], cpu_products: Sequence[_Step]) -> Recipe:
    words = [step.word for step in steps]
    trips = len(cpu_products)
    a_up = words.count("a") + words.count("both") - trips
    b_up = words.count("b") + words.count("both") - trips
    result_down = words.count("result") - trips

    mine = {id(step) for step in cpu_products}
    fed = sent = kept = 0
    for i, step in enumerate(steps):
        if step.word != "product" or id(step) in mine:
            continue
        if step.space == "cpu":
            kept += 1
            continue
        fed += i > 0 and words[i - 1] in _UP
        sent += i + 1 < len(words) and words[i + 1] == "result"
    # Copies beside the products are the benchmark of the copies, taken in turns, unless
    # such a benchmark stands elsewhere.
    elsewhere_up = max(a_up, b_up) - fed
    elsewhere_down = result_down - sent
    return Recipe(
        cpu_products=trips,
        gpu_products=words.count("product") - trips - kept,
        kept_operands=kept,
        a_up=a_up,
        b_up=b_up,
        result_down=result_down,
        fed_from_host=fed if min(fed, elsewhere_up) >= _A_RUN else 0,
        sent_to_host=sent if min(sent, elsewhere_down) >= _A_RUN else 0,
    )

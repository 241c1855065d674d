"""Reads the evidence of a tutorial's benchmarks: journeys, products, and copies alone.

A journey is a product whose operands go up for it and whose result comes down after it,
whether nvmath makes the copies or the program does. Owns that reading; it judges nothing.
"""

from __future__ import annotations

import bisect
import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from graders.harness.checks import Copy, Evidence, Kernel, product_kernels

Word = Literal["a", "b", "both", "result", "product"]
Shape = tuple[int, int, int]

_FLOATS = (4, 8)  # bytes of an element: what a learner may have made of the operands
_DIGITS = 9  # of a time in seconds


@dataclass(frozen=True)
class Bytes:
    """The bytes of the three matrices."""

    a: int
    b: int
    result: int

    def word(self, copy: Copy) -> Word | None:
        """Return which matrix a copy moved as a whole, or None."""
        words: dict[int, Word] = {self.a + self.b: "both"}
        if copy.direction == "device_to_host":
            words |= {self.b: "b", self.a: "a", self.result: "result"}
        else:
            words |= {self.b: "b", self.a: "a"}
        return words.get(copy.nbytes)


@dataclass(frozen=True, kw_only=True)
class Work:
    """
    What the benchmarks did, in seconds of the device's clock.

    Attributes:
        journeys: How long each journey took, from its first copy to its last.

        products: How long the kernels of the other products took: their operands were on
            the GPU.

        kept: How many products with operands in CPU memory did not bring both of them up
            and their result down.

        up: Seconds of copies to the GPU that belong to no journey, by the matrix.

        up_apart: Seconds from one of these copies to the next of the same matrix, where
            nothing but copies to the GPU is between them.

        down: The same as ``up`` of copies to the host.

        pinned: How many of these copies used page-locked host memory.

        others: Bytes of copies of that size or more that moved no whole matrix.
    """

    journeys: Sequence[float]
    products: Sequence[float]
    kept: int
    up: Mapping[Word, Sequence[float]]
    up_apart: Mapping[Word, Sequence[float]]
    down: Mapping[Word, Sequence[float]]
    pinned: int
    others: Sequence[int]

    def expected_copies(self, way: Mapping[Word, Sequence[float]]) -> list[float]:
        """
        Return what a benchmark of these copies may rightly report: one matrix, or several.

        Args:
            way: :attr:`up` or :attr:`down`.
        """
        times = [statistics.median(way[word]) for word in way if way[word]]
        return [
            sum(chosen)
            for count in range(1, len(times) + 1)
            for chosen in itertools.combinations(times, count)
        ]


@dataclass
class _Step:
    word: Word
    start: float
    end: float
    space: str = ""
    is_up: bool = False
    pinned: bool = False
    taken: bool = field(default=False)


def shape_of_products(evidence: Evidence, usual: Shape) -> Shape:
    """Return the (m, n, k) that most of nvmath's products had; else the usual one."""
    shapes = Counter(
        op.shape
        for op in evidence.operations
        if (op.library, op.phase) == ("matmul", "execute")
        and len(op.shape) == len(usual)
    )
    if not shapes:
        return usual
    m, n, k = max(shapes, key=lambda shape: (shapes[shape], shape))
    return m, n, k


def bytes_of(evidence: Evidence, shape: Shape) -> Bytes:
    """Return the matrices' bytes, for the elements that explain most of the copies."""
    m, n, k = shape
    found = [Bytes(m * k * size, k * n * size, m * n * size) for size in _FLOATS]
    return max(
        found,
        key=lambda b: sum(b.word(copy) is not None for copy in _host_copies(evidence)),
    )


def read_work(evidence: Evidence, sizes: Bytes, *, pinned_up: bool = True) -> Work:
    """
    Return what the benchmarks did.

    Args:
        evidence: What their cells did.

        sizes: The three matrices.

        pinned_up: Whether copies up through page-locked memory are counted. On CUDA
            ``cupy.asarray`` itself makes them so.
    """
    copies = [copy for copy in _host_copies(evidence) if sizes.word(copy)]
    smallest = min(sizes.a, sizes.b, sizes.result) // 2
    others = [
        copy.nbytes
        for copy in _host_copies(evidence)
        if sizes.word(copy) is None and copy.nbytes >= smallest
    ]
    steps = sorted([*_copied(copies, sizes), *_products(evidence)], key=_start)
    journeys = _journeys(steps, "cpu") or _journeys(steps, "cuda")
    alone = [step for step in steps if not step.taken]
    products = [step for step in alone if step.word == "product"]
    moved = [step for step in alone if step.word != "product"]
    return Work(
        journeys=journeys,
        products=[s.end - s.start for s in products if s.space != "cpu"],
        kept=sum(s.space == "cpu" for s in products),
        up=_by_word(s for s in moved if s.is_up),
        up_apart=_apart(steps),
        down=_by_word(s for s in moved if not s.is_up),
        pinned=sum(s.pinned for s in moved if pinned_up or not s.is_up),
        others=others,
    )


def _host_copies(evidence: Evidence) -> list[Copy]:
    return [c for c in evidence.copies if c.direction != "device_to_device"]


def _start(step: _Step) -> float:
    return step.start


def _copied(copies: Sequence[Copy], sizes: Bytes) -> list[_Step]:
    return [
        _Step(
            word=sizes.word(copy) or "result",
            start=copy.start,
            end=copy.start + copy.seconds,
            is_up=copy.direction == "host_to_device",
            pinned=copy.pinned,
        )
        for copy in copies
    ]


def _products(evidence: Evidence) -> list[_Step]:
    """Return the products' kernels; nvmath's own know where their operands were."""
    kernels = sorted(product_kernels(evidence), key=_kernel_start)
    spaces = _spaces(evidence, kernels)
    return [
        _Step("product", k.start, k.start + k.seconds, spaces.get(i, "cuda"))
        for i, k in enumerate(kernels)
    ]


def _kernel_start(kernel: Kernel) -> float:
    return kernel.start


def _spaces(evidence: Evidence, kernels: Sequence[Kernel]) -> dict[int, str]:
    """Return the operands' memory space of the kernels that nvmath ran, by number."""
    starts = [kernel.start for kernel in kernels]
    # CUDA notes the call, which the kernel follows; the simulator the kernel's end.
    ended = {round(k.start + k.seconds, _DIGITS): i for i, k in enumerate(kernels)}
    spaces = {}
    for op in evidence.operations:
        if (op.library, op.phase) == ("matmul", "execute"):
            following = bisect.bisect_left(starts, op.start)
            index = ended.get(round(op.start, _DIGITS), following)
            spaces[index] = op.operands
    return spaces


def _journeys(steps: Sequence[_Step], space: str) -> list[float]:
    """Mark the steps of journeys with operands in this space; return their lengths."""
    lengths = []
    for i, step in enumerate(steps):
        if step.word != "product" or step.space != space or i + 1 >= len(steps):
            continue
        down = steps[i + 1]
        up = _both_up(steps[max(0, i - 2) : i])
        if up and down.word == "result" and not down.is_up:
            for one in (*up, step, down):
                one.taken = True
            lengths.append(down.end - up[0].start)
    return lengths


def _both_up(before: Sequence[_Step]) -> Sequence[_Step]:
    """Return the last steps in which both operands went up, or nothing."""
    if before and before[-1].word == "both" and before[-1].is_up:
        return before[-1:]
    is_pair = {step.word for step in before} == {"a", "b"}
    return before if is_pair and all(step.is_up for step in before) else ()


def _by_word(steps: Iterable[_Step]) -> dict[Word, list[float]]:
    found: dict[Word, list[float]] = {}
    for step in steps:
        found.setdefault(step.word, []).append(step.end - step.start)
    return found


def _apart(steps: Iterable[_Step]) -> dict[Word, list[float]]:
    """Return how far apart copies up of each matrix begin, in spells of such copies."""
    found: dict[Word, list[float]] = {}
    begun: dict[Word, float] = {}
    for step in steps:
        if step.taken or not step.is_up:
            begun.clear()
            continue
        if step.word in begun:
            found.setdefault(step.word, []).append(step.start - begun[step.word])
        begun[step.word] = step.start
    return found

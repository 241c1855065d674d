"""Arguments that the learner's function gets one by one, and results given so.

A stream reaches the learner as a generator, which can be read once and has no length.
Its producer hands out arrays of their own, or one buffer that it fills again for each
item, as a camera or a network card would. Imports nothing of the engine but ``wire``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from graders.harness.worker import sharing, sparse, wire

if TYPE_CHECKING:
    from graders.harness.worker.unchanged import Contents

#: So many items of an iterator are read; a program that gives more is not read on.
MAX_ITEMS = 4000


class Stream:
    """
    An argument that is read item by item.

    Args:
        value: The decoded argument.

        build: Turns a decoded item into what the learner is to get.

        refill: Puts other values into a device array (``Device.refill``).

        contents: Tells what an item holds, and whether it still does.

    Attributes:
        items: What the producer hands out, in order; one item where it reuses its
            buffer.

        iterator: What the learner's function gets.

        changed: Whether somebody wrote into the buffer before the producer did.
    """

    def __init__(
        self,
        value: wire.StreamValue,
        build: Callable[[Any], Any],
        refill: Callable[[Any, Any], None],
        contents: Contents,
    ) -> None:
        self._values = value.items
        self._refill = refill
        self._contents = contents
        self._handed: Any = None
        self.changed = False
        self.reuses_buffer = value.reuse_buffer and bool(value.items)
        built = value.items[:1] if self.reuses_buffer else value.items
        self.items: list[Any] = [build(item) for item in built]
        self.iterator = self._refilled() if self.reuses_buffer else _handed(self.items)

    def look(self) -> None:
        """Compare the buffer with what the producer last put into it."""
        if self._handed is not None:
            self.changed |= self._contents.differ(self.items[0], self._handed)

    def _refilled(self) -> Iterator[Any]:
        for number, value in enumerate(self._values):
            self.look()
            if number:
                self._fill(self.items[0], value)
            self._handed = self._contents.of(self.items[0])
            yield self.items[0]

    def _fill(self, buffer: Any, value: Any) -> None:
        if isinstance(value, wire.ArrayValue):
            if value.memory_space == "cuda":
                self._refill(buffer, value.array)
            else:
                buffer[...] = value.array
        elif isinstance(value, list | tuple):
            for inner, new in zip(buffer, value, strict=True):
                self._fill(inner, new)


def _handed(items: list[Any]) -> Iterator[Any]:
    yield from items


def drain(value: Any, seen: wire.Encoder | None) -> tuple[Any, Any]:
    """
    Run an iterator to its end, as whoever called the function would.

    Args:
        value: What the learner's function returned.

        seen: Encodes each item as it comes, before the next one is asked for; None
            where values are not wanted.

    Returns:
        The items as a list, and its node; the value itself and None where it is no
        iterator.
    """
    if not hasattr(type(value), "__next__"):  # as Python itself looks for it
        return value, None
    items: list[Any] = []
    nodes: list[Any] = []
    for item in value:
        items.append(item)
        if seen is not None:
            nodes.append(seen.encode(item, 1))
        if len(items) >= MAX_ITEMS or (seen is not None and seen.overflowed):
            name = f"iterator of {len(items):,} items or more"
            return items, {"t": "opaque", "type": name}
    return items, {"t": "list", "items": nodes}


def arrays_among(args: list[Any]) -> list[Any]:
    """Return the arrays in a call's arguments: a stream's items, a matrix's parts."""
    return sharing.arrays_among([_arrays_of(arg) for arg in args])


def _arrays_of(arg: Any) -> Any:
    if isinstance(arg, Stream):
        return arg.items
    return sparse.parts_of(arg) if sparse.is_sparse(arg) else arg

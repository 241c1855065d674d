"""The figures of a run: printed at its end, and written where ``--record`` says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graders.harness.session import describe_host

_SHOWN = 100


class Figures:
    """Named groups of figures, in the order in which they came."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, Any]] = {}

    def take(self, group: str, values: dict[str, Any]) -> None:
        """Take figures in under the name of a group."""
        self._groups.setdefault(group, {}).update(values)

    def to_dict(self) -> dict[str, Any]:
        """Return all of them with the machine that they were taken on."""
        return {"host": describe_host(), **self._groups}

    def lines(self) -> Iterator[str]:
        """Yield what is printed: the plain figures."""
        for group, values in self._groups.items():
            yield f"{group}:"
            for name, value in values.items():
                if isinstance(value, dict | list):
                    value = f"{len(value)}: {', '.join(map(str, value))}"[:_SHOWN]
                yield f"  {name}: {value}"

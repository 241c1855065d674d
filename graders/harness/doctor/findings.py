"""What a probe finds. Imports nothing of the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

State = Literal["ok", "note", "problem"]
_LEAST_NAME = 3  # letters of a user's name: shorter ones are parts of other words
_SHARED_NAMES = frozenset({"root", "user", "nobody", "admin"})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """
    One thing that a probe found.

    Attributes:
        probe: The probe's name, such as ``"driver"``.

        state: ``ok``, ``note`` (worth knowing, nothing is broken) or ``problem``.

        text: What was seen, in one or two sentences.

        run: The commands that mend it, in order.

        advice: What to do where no command does it.

        stops: The devices on which nothing can be graded as long as it is so.

        lacks: The libraries that are not there for programs on the GPU, by the names of
            :mod:`graders.harness.doctor.points`.

        facts: Figures for support.
    """

    probe: str
    state: State
    text: str
    run: tuple[str, ...] = ()
    advice: str = ""
    stops: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class Privacy:
    """
    Takes out of texts who uses this machine.

    Args:
        home: The user's home folder.

        user: The user's name; empty where it is not known.
    """

    def __init__(self, home: Path, user: str) -> None:
        homes = {str(home), str(home.resolve())} - {"/", "."}
        self._homes = sorted(homes, key=len, reverse=True)
        known = len(user) >= _LEAST_NAME and user not in _SHARED_NAMES
        self._user = re.compile(rf"(?<!\w){re.escape(user)}(?!\w)") if known else None

    def text(self, text: str) -> str:
        """Return a text with the home folder as ``~`` and without the user's name."""
        for home in self._homes:
            text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
        return self._user.sub("USER", text) if self._user else text

    def value(self, value: Any) -> Any:
        """Return a tree of plain values with every text in it made private."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(k)): self.value(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def finding(self, finding: Finding) -> Finding:
        """Return a finding that can be shown to others."""
        return replace(
            finding,
            text=self.text(finding.text),
            run=tuple(self.text(line) for line in finding.run),
            advice=self.text(finding.advice),
            facts=self.value(finding.facts),
        )

"""The machine that probes look at; tests put a made-up one in its place.

Probes that could crash or hang a process ask their question in another one
(``questions.py``). Imports nothing of the engine.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[3]
_QUESTIONS = Path(__file__).with_name("questions.py")
_ENDING_SECONDS = 2.0
_MOST_SAID = 300
# A question is asked of the same packages that this process has.
_AS_STARTED = ["-S"] if sys.flags.no_site else []


@dataclass(frozen=True, kw_only=True)
class Answer:
    """
    What a question in another process came to.

    Attributes:
        facts: What it answered; empty where it did not.

        problem: Why there is no answer, or empty.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    def why_not(self) -> str:
        """Return why what was asked about cannot be used; empty where it can."""
        if missing := self.facts.get("missing"):
            return f"the package {missing} is not installed"
        return (self.problem or str(self.facts.get("error") or "")).rstrip(".")


class Machine:
    """
    What this machine has.

    Attributes:
        root: The folder that ``/dev``, ``/proc``, ``/sys`` and ``/etc`` lie in.

        project: The folder that holds ``grade.py``.

        environment: The environment variables.

        system: As ``sys.platform``.
    """

    def __init__(
        self,
        *,
        root: Path = Path("/"),
        project: Path = PROJECT,
        environment: Mapping[str, str] | None = None,
        system: str = sys.platform,
    ) -> None:
        self.root = root
        self.project = project
        self.environment = dict(os.environ if environment is None else environment)
        self.system = system
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._answers: dict[str, Answer] = {}

    def version(self, package: str) -> str | None:
        """Return the version of an installed package, None where there is none."""
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return None

    def packages(self) -> dict[str, str]:
        """Return all installed packages, by their names in lower case, with versions."""
        found: dict[str, str] = {}
        for package in metadata.distributions():
            name = package.metadata["Name"]
            if name:
                found.setdefault(name.lower().replace("_", "-"), package.version)
        return found

    def requirements(self, package: str) -> list[str]:
        """Return what an installed package requires, as its metadata says."""
        try:
            return metadata.requires(package) or []
        except metadata.PackageNotFoundError:
            return []

    def kernel(self) -> str:
        """Return the kernel's release, such as ``"6.18.44"``."""
        return platform.release()

    def read(self, path: str) -> str:
        """Return a file below ``root``, empty where it cannot be read."""
        try:
            return (self.root / path).read_text("utf-8", "replace")
        except OSError:
            return ""

    def nodes(self, *patterns: str) -> list[Path]:
        """Return the paths below ``root`` that match, sorted."""
        return sorted(path for pattern in patterns for path in self.root.glob(pattern))

    def driver(self) -> Answer:
        """Return what the CUDA driver says of itself and of the GPUs."""
        return self._once("driver", seconds=15)

    def nvvm(self) -> Answer:
        """Return which NVVM there is, once it has compiled a callback."""
        return self._once("nvvm", seconds=45)

    def gpus(self) -> list[Mapping[str, Any]]:
        """Return what the driver says of each GPU; empty where none answers."""
        if not self.system.startswith("linux"):
            return []
        return list(self.driver().facts.get("gpus") or [])

    def _once(self, question: str, *, seconds: float) -> Answer:
        """Ask a question that several probes ask; whoever comes first waits for it."""
        with self._locks[question]:
            if question not in self._answers:
                self._answers[question] = self.ask(question, seconds=seconds)
            return self._answers[question]

    def ask(self, question: str, *arguments: str, seconds: float) -> Answer:
        """
        Ask a question of ``questions.py`` in a process of its own.

        Args:
            question: Its name.

            arguments: What it is about.

            seconds: Until the process is ended.
        """
        asked = subprocess.Popen(
            [sys.executable, *_AS_STARTED, str(_QUESTIONS), question, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        try:
            said, complaint = asked.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(asked)
            return Answer(problem=f"it gave no answer within {seconds:g} s")
        except BaseException:  # an interruption: leave nothing behind
            _end(asked)
            raise
        return _answer(asked.returncode, said, complaint)


def _answer(code: int, said: str, complaint: str) -> Answer:
    with contextlib.suppress(ValueError, IndexError):
        facts = json.loads(said.splitlines()[-1])
        if isinstance(facts, dict):
            return Answer(facts=facts)
    if code < 0:
        return Answer(problem=f"it took its process down (signal {-code})")
    last = " ".join(complaint.strip().splitlines()[-1:])[:_MOST_SAID]
    return Answer(problem=last or f"it ended with exit status {code}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()  # questions.py then takes away what it made
    try:
        process.communicate(timeout=_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_ENDING_SECONDS)

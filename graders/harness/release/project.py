"""What is known of the project itself: its version, and the packages that it runs with."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from graders.harness.errors import EnvironmentUnavailable


def version(root: Path) -> str:
    """Return the project's version, as its ``pyproject.toml`` has it."""
    return str(_project(root)["version"])


def constraints(root: Path) -> str:
    """
    Return a constraints file for pip: what the project needs, and at which version it is
    installed here.

    Source of the format: https://pip.pypa.io/en/stable/user_guide/#constraints-files

    Raises:
        EnvironmentUnavailable: A package that the project needs is not installed here.
    """
    pins = sorted(_installed(_project(root)["dependencies"]).items())
    head = (
        "# The packages with which this bundle was made: with them verdicts are the same.\n"
        "# pip install --constraint constraints.txt ...\n"
    )
    return head + "".join(f"{name}=={pinned}\n" for name, pinned in pins)


def _project(root: Path) -> dict[str, Any]:
    data = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    return dict(data["project"])


def _installed(needed: list[str]) -> dict[str, str]:
    """Return the installed versions of packages, and of those that they need."""
    found: dict[str, str] = {}
    waiting = [Requirement(text) for text in needed]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) in done:
            continue
        done.add((name, extras))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError as err:
            msg = (
                f"{name} is not installed, so that its version is not known. Make the "
                "bundle in an environment with the project: pip install -e ."
            )
            raise EnvironmentUnavailable(msg) from err
        found[name] = distribution.version.partition("+")[0]
        waiting += _needs(distribution, extras)
    return found


def _needs(
    distribution: metadata.Distribution, extras: frozenset[str]
) -> Iterator[Requirement]:
    for text in distribution.requires or ():
        needed = Requirement(text)
        marker = needed.marker
        if marker is None or any(
            marker.evaluate({"extra": extra}) for extra in (*extras, "")
        ):
            yield needed

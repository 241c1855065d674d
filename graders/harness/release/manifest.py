"""``bundle.json``: what a bundle says of itself, and how a bundle is told from the whole.

The doctor reads it where no package is installed: only the standard library is imported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = "bundle.json"
FORMAT = 1
#: The kind of a bundle without solutions and hidden checks.
LEARNERS = "learners"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """
    What a bundle says of itself.

    Attributes:
        kind: ``"learners"`` or the platform's name.

        version: The project's version.

        files: The SHA-256 of each file, in hexadecimal, by its path in the bundle.

        libraries: What each exercise needs on a GPU, which is read from the references
            where they are there.
    """

    kind: str
    version: str
    files: Mapping[str, str]
    libraries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return the file's text."""
        data = {
            "format": FORMAT,
            "kind": self.kind,
            "version": self.version,
            "libraries": {name: list(of) for name, of in self.libraries.items()},
            "files": dict(sorted(self.files.items())),
        }
        return json.dumps(data, indent=1) + "\n"


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of the bundle in a folder, or None where there is none."""
    try:
        data: Any = json.loads((folder / NAME).read_text("utf-8"))
        if data["format"] != FORMAT:
            return None
        return Manifest(
            kind=str(data["kind"]),
            version=str(data["version"]),
            files={str(path): str(known) for path, known in data["files"].items()},
            libraries={name: tuple(of) for name, of in data["libraries"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def is_learners_bundle(root: Path) -> bool:
    """Return whether a repository is a learners' bundle: it has no solutions."""
    found = read_manifest(root)
    return found is not None and found.kind == LEARNERS


def sha256(content: bytes) -> str:
    """Return a file's digest as a manifest says it."""
    return hashlib.sha256(content).hexdigest()

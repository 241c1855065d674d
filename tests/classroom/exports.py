"""Folders of submissions for tests, made of short descriptions."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

#: What a file holds where a test does not care.
PROGRAM = b"def scale(image, factor):\n    return image * factor\n"


def plant(folder: Path, *names: str) -> Path:
    """Write a small program under each name, a zip of one under those of zips."""
    folder.mkdir(exist_ok=True, parents=True)
    for name in names:
        put(folder / name, packed(("scale.py",)) if name.endswith(".zip") else PROGRAM)
    return folder


def put(path: Path, content: bytes = PROGRAM) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def packed(files: Mapping[str, bytes] | tuple[str, ...]) -> bytes:
    """Return a zip of files."""
    table = files if isinstance(files, Mapping) else dict.fromkeys(files, PROGRAM)
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in table.items():
            archive.writestr(name, content)
    return memory.getvalue()


GRADESCOPE = """\
---
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@example.org
  :created_at: 2026-03-04 05:06:07.123456000 Z
  :score: 3.5
  :status: processed
  :history:
  - :id: 99
    :created_at: 2026-03-01 05:06:07.000000000 Z
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests:
    - output: |
        submission_999:
          :submitters:
          - :name: Nobody
submission_102:
  :submitters:
  - :name: "Bashkirtseff, Мария"
    :sid:
    :email: maria@example.org
  - :name: Émile Zola
    :sid: zola
    :email: emile@example.org
  :created_at: 2026-03-05 05:06:07.123456000 +01:00
submission_103:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@example.org
  :created_at: 2026-03-06 05:06:07.123456000 Z
submission_104:
  :submitters:
  - :name: Lost Luggage
    :sid: lost
    :email: lost@example.org
  :created_at: 2026-03-06 05:06:07.123456000 Z
"""

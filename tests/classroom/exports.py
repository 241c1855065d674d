"""Folders of submissions for tests, made of short descriptions."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from graders.harness.classroom.entries import Classroom, Entry
from graders.harness.errors import UsageError

#: What a file holds where a test does not care.
PROGRAM = b"def scale(image, factor):\n    return image * factor\n"

#: A download of Canvas's.
CANVAS = (
    "lovelaceada_42_1001_scale-2.py",
    "lovelaceada_42_990_scale.py",
    "lovelaceada_42_1002_total (1).py",
    "zolaémile_LATE_43_1003_work-1.ipynb",
    "zolaémile_LATE_43_1004_work-2.ipynb",
    "obrien_44_1005_toys.zip",
    "typist_45_text.html",
    "mixed_46_text.html",
    "mixed_46_1006_scale.py",
    "anon_aB3xY_1007_scale.py",
)


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


def by_key(classroom: Classroom) -> dict[str, Entry]:
    """Return the submissions by key, of which there is one each."""
    entries = {entry.key: entry for entry in classroom.entries}
    assert len(entries) == len(classroom.entries)
    return entries


def files(classroom: Classroom) -> dict[str, list[str]]:
    """Return the names of what was handed in, by key; a refusal in its words."""
    found = {}
    for entry in classroom.entries:
        try:
            found[entry.key] = list(entry.handed.read())
        except UsageError as err:
            found[entry.key] = [str(err)]
    return found


def zipped(folder: Path) -> Path:
    """Return a zip of a folder, which stands beside it."""
    path = folder.with_name(f"{folder.name} export.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(file, file.relative_to(folder))
    return path

"""Read a learner's notebook: a stranger's file, of which the cells' texts are taken.

Outputs, widgets and most metadata are left behind: what they claim is not graded, and the
notebook is executed again. nbformat is imported where a notebook of ours is asked for only;
it takes half a second, which a grading without notebooks must not pay.
"""

from __future__ import annotations

import gc
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graders.harness import jupyter_packages
from graders.harness.errors import ImportFailed
from graders.harness.submission.plain_file import NotPlain, read_plain

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: How the name of a notebook ends.
SUFFIX = ".ipynb"
#: The key of our own notes in a notebook's metadata.
METADATA_KEY = "gpu_exercise_grader"
#: The most bytes that a notebook's file may have, outputs included.
MAX_FILE = 20 * 2**20
_LEVELS = (1, 2, 3, 4, 5, 6)  # of headings
_MAX_CELLS = 5_000
_MAX_SOURCE = 4 * 2**20
_MAX_TAGS = 100
_NEWEST = 4
_SAVE_AGAIN = "Open it in Jupyter, save it there, and hand in that file."


@dataclass(frozen=True, kw_only=True)
class Cell:
    """
    One cell.

    Attributes:
        kind: ``"code"``, ``"markdown"`` or ``"raw"``.

        tags: Its tags, such as ``skip-execution``.

        pictures: What its text shows: by name, and by type as in ``image/png``, in base64.
    """

    kind: str
    source: str
    tags: tuple[str, ...] = ()
    pictures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NotebookFile:
    """
    A notebook as it was handed in, read and bounded.

    Attributes:
        name: The file's name.

        cells: All cells, from the top.

        notes: The texts of our own entry in its metadata, :data:`METADATA_KEY`.

        exercises: The exercises that this entry names: a stranger's words, as all of it.
    """

    name: str
    cells: tuple[Cell, ...]
    notes: Mapping[str, str]
    exercises: tuple[str, ...] = ()

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells; number 4 is at index 3."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @property
    def node(self) -> NotebookNode:
        """The notebook in nbformat 4, valid, with empty outputs; a new one each time."""
        nbformat = jupyter_packages.load("nbformat")

        data = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {
                "kernelspec": {
                    "name": "python3", "display_name": "Python 3", "language": "python",
                },
                "language_info": {"name": "python"},
                **({METADATA_KEY: dict(self.notes)} if self.notes else {}),
            },
            "cells": [_cell_data(n, cell) for n, cell in enumerate(self.cells)],
        }  # fmt: skip
        node: NotebookNode = nbformat.from_dict(data)
        nbformat.validate(node)
        return node


def is_notebook(path: Path) -> bool:
    """Return whether a path is called like a notebook."""
    return path.suffix.lower() == SUFFIX


def read(path: Path) -> NotebookFile:
    """
    Read a notebook of nbformat 4, or an older one, which is brought up to 4.

    Args:
        path: The file. A link is not followed.

    Raises:
        ImportFailed: It is missing, too large, not a notebook, or not one of Python's.
    """
    data = _version_4(_parsed(_text(path), path.name), path.name)
    metadata = data.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    _expect_python(metadata, path.name)
    notes = metadata.get(METADATA_KEY)
    notes = notes if isinstance(notes, dict) else {}
    named = notes.get("exercises")
    named = named[:_MAX_TAGS] if isinstance(named, list) else []
    return NotebookFile(
        name=path.name,
        cells=_cells(data["cells"], path.name),
        notes=_texts(notes),
        exercises=tuple(name for name in named if isinstance(name, str)),
    )


def _text(path: Path) -> str:
    try:
        content = read_plain(path, MAX_FILE)
    except NotPlain as err:
        hint = "Hand in the notebook's own file."
        if "MB" in str(err):
            hint = (
                "Clear its outputs (in Jupyter: Edit, Clear Outputs of All Cells), save "
                "it, and hand in that."
            )
        msg = f"{path.name} {err}. Expected was a notebook."
        raise ImportFailed(msg, hint=hint) from err
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        msg = f"{path.name} is not UTF-8 text (byte {err.start:,}), as notebooks are."
        raise ImportFailed(msg, hint=_SAVE_AGAIN) from err
    if not text.strip():
        msg = f"{path.name} is empty. Expected was a notebook."
        raise ImportFailed(msg, hint=_SAVE_AGAIN)
    return text


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        data = _loaded(text)
    except RecursionError as err:
        msg = f"{name} is not a notebook: lists within lists, too deep to be read."
        raise ImportFailed(msg, hint=_SAVE_AGAIN) from err
    except ValueError as err:
        msg, hint = _not_json(text, name, err)
        raise ImportFailed(msg, hint=hint) from err
    if not isinstance(data, dict):
        msg = f"{name} is JSON, but no notebook: it has no cells."
        raise ImportFailed(msg, hint=_SAVE_AGAIN)
    return data


def _loaded(text: str) -> Any:
    """Return what a text of JSON says; millions of small lists must not hold us up."""
    was_enabled = gc.isenabled()
    gc.disable()  # the collector would go through all of them again and again
    try:
        return json.loads(text)
    finally:
        if was_enabled:
            gc.enable()


def _not_json(text: str, name: str, error: ValueError) -> tuple[str, str]:
    """Return what is wrong with a file that is no JSON, and what to do."""
    if text.lstrip()[:1] == "<" and "<html" in text[:2000].lower():
        msg = f"{name} is a web page, not a notebook."
        return msg, "Download the file itself: on GitHub the button is called Raw."
    if conflict := re.search(r"^(<{7}|>{7}) ", text, re.MULTILINE):
        line = text.count("\n", 0, conflict.start()) + 1
        msg = f"{name} has marks of a merge conflict in line {line:,}."
        return msg, "Decide which version to keep, remove the marks, and save it again."
    where = ""
    if isinstance(error, json.JSONDecodeError):
        where = f" (line {error.lineno:,}, column {error.colno:,})"
    msg = f"{name} is not a notebook: it is no valid JSON{where}."
    return msg, f"It may have been cut off, or edited as text. {_SAVE_AGAIN}"


def _version_4(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the notebook as one of nbformat 4, with ``cells`` a list of a fair length."""
    version = data.get("nbformat", _NEWEST if "cells" in data else None)
    if version is None or not isinstance(version, int) or isinstance(version, bool):
        msg = f"{name} is JSON, but no notebook: it has no cells."
        raise ImportFailed(msg, hint=_SAVE_AGAIN)
    if version > _NEWEST or version < 1:
        msg = f"{name} says that it is of nbformat {version}; 1 to {_NEWEST} are read."
        raise ImportFailed(msg, hint=_SAVE_AGAIN)
    _expect_few(data, name)
    if version < _NEWEST:
        data = _upgraded(data, version, name)
    if not isinstance(data.get("cells"), list):
        msg = f"{name} is JSON, but no notebook: it has no list of cells."
        raise ImportFailed(msg, hint=_SAVE_AGAIN)
    return data


def _expect_few(data: dict[str, Any], name: str) -> None:
    sheets = data.get("worksheets")
    sheets = (
        [s for s in sheets if isinstance(s, dict)] if isinstance(sheets, list) else []
    )
    lists = [s.get("cells") for s in (data, *sheets)]
    count = sum(len(cells) for cells in lists if isinstance(cells, list))
    if count > _MAX_CELLS:
        msg = f"{name} has {count:,} cells; at most {_MAX_CELLS:,} are read."
        raise ImportFailed(msg, hint="Hand in a notebook with your answer alone.")


def _upgraded(data: dict[str, Any], version: int, name: str) -> dict[str, Any]:
    """Return a notebook of nbformat 1 to 3 as one of nbformat 4."""
    nbformat = jupyter_packages.load("nbformat")

    try:
        for sheet in data.get("worksheets", []):
            for cell in sheet["cells"]:
                if cell["cell_type"] == "code":
                    cell["outputs"] = []  # graded are the texts; these break upgrades
                elif cell["cell_type"] == "heading":
                    # So many # are written.
                    known = cell.get("level") in _LEVELS
                    cell["level"] = int(cell["level"]) if known else 1
        data["nbformat_minor"] = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = nbformat.versions[version].to_notebook_json(data)
            return dict(nbformat.convert(old, _NEWEST))
    except Exception as err:  # whatever nbformat's own upgrades stumble over
        msg = f"{name} is no valid notebook of nbformat {version}."
        raise ImportFailed(msg, hint=_SAVE_AGAIN) from err


def _expect_python(metadata: dict[str, Any], name: str) -> None:
    for key, entry in (("kernelspec", "language"), ("language_info", "name")):
        table = metadata.get(key)
        language = table.get(entry) if isinstance(table, dict) else None
        if isinstance(language, str) and language and "python" not in language.lower():
            msg = f"{name} is a notebook of {language[:40]!r}. Expected was Python."
            raise ImportFailed(msg, hint="Choose a Python kernel, and save it again.")


def _cells(entries: Sequence[Any], name: str) -> tuple[Cell, ...]:
    cells = tuple(_cell(number, entry, name) for number, entry in enumerate(entries, 1))
    total = sum(len(cell.source) for cell in cells)
    if total > _MAX_SOURCE:
        msg = (
            f"{name} has {total / 2**20:.1f} million characters of text in its cells; at "
            f"most {_MAX_SOURCE / 2**20:.1f} million are read."
        )
        raise ImportFailed(msg, hint="Read data from files, not from cells.")
    return cells


def _cell(number: int, entry: Any, name: str) -> Cell:
    kind = entry.get("cell_type") if isinstance(entry, dict) else None
    if kind not in ("code", "markdown", "raw"):
        msg = f"{name} is not a valid notebook: cell {number} is of no known type."
        raise ImportFailed(msg, hint=_SAVE_AGAIN)
    source = entry.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        msg = f"{name} is not a valid notebook: the source of cell {number} is no text."
        raise ImportFailed(msg, hint=_SAVE_AGAIN)
    metadata = entry.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    tags = tags[:_MAX_TAGS] if isinstance(tags, list) else []
    return Cell(
        kind=kind,
        source=_writable(source),
        tags=tuple(dict.fromkeys(_writable(tag) for tag in tags if _is_tag(tag))),
        pictures=_pictures(entry.get("attachments")) if kind == "markdown" else {},
    )


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    table = attachments if isinstance(attachments, dict) else {}
    return {
        _writable(name): {
            kind: _writable(data)
            for kind, data in forms.items()
            if kind.startswith("image/") and isinstance(data, str)
        }
        for name, forms in list(table.items())[:_MAX_TAGS]
        if isinstance(forms, dict)
    }


def _is_tag(tag: Any) -> bool:
    return isinstance(tag, str) and bool(tag) and "," not in tag


def _writable(text: str) -> str:
    """Return a text that can be encoded: JSON can name half a character."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _texts(table: Mapping[Any, Any]) -> dict[str, str]:
    return {
        _writable(key): _writable(value)
        for key, value in list(table.items())[:_MAX_TAGS]
        if isinstance(key, str) and isinstance(value, str)
    }


def _cell_data(index: int, cell: Cell) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": f"cell-{index + 1}",
        "cell_type": cell.kind,
        "metadata": {"tags": list(cell.tags)} if cell.tags else {},
        "source": cell.source,
    }
    if cell.pictures:
        data["attachments"] = {
            name: dict(forms) for name, forms in cell.pictures.items()
        }
    if cell.kind == "code":
        data |= {"execution_count": None, "outputs": []}
    return data

"""Executed notebooks as feedback: what a learner's cells printed and showed when graded."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from graders.harness.catalog import Exercise
from graders.harness.errors import HarnessError
from graders.harness.models import Submission
from graders.harness.report.files import is_special, write_whole
from graders.harness.submission.locate import EXECUTED
from graders.harness.submission.notebook_file import is_notebook

_MAX_EXECUTED = 20 * 2**20
_MAX_STEM = 200


def keep_executed(folder: Path, exercise: str, content: bytes) -> None:
    """
    Keep what a shard executed until the grading is over.

    Args:
        folder: The grading's own temporary folder.

        exercise: ``assignment/exercise``.

        content: The executed notebook.
    """
    with contextlib.suppress(OSError):  # it is feedback: no verdict rests on it
        _kept(folder, exercise).write_bytes(content)


class Feedback:
    """
    Writes each graded notebook as it was executed, once: ``<name>.executed.ipynb``.

    Meanwhile shards keep them in a temporary folder, which is there within the ``with``.

    Args:
        work: What is graded.

        output: Where graded pictures go, or None.

        reports: Where reports go. The notebooks are written to ``output``, else to the
            folder of the first report that is a file, else nowhere.
    """

    def __init__(
        self,
        work: Sequence[tuple[Exercise, Submission]],
        output: Path | None,
        reports: Sequence[Path],
    ) -> None:
        self._notebooks = _graded_notebooks(work)
        self._folder = output or next(
            (path.parent for path in reports if not is_special(path)), None
        )
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        #: The folder for :func:`keep_executed`, or None where nothing is to be kept.
        self.kept: Path | None = None

    def __enter__(self) -> Feedback:
        if self._notebooks and self._folder is not None:
            self._temporary = tempfile.TemporaryDirectory(
                prefix="gpu-exercise-notebooks-"
            )
            self.kept = Path(self._temporary.name)
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()

    def write(self) -> Iterator[str]:
        """Write the notebooks; yield a sentence for each: where it is, or why not."""
        if self.kept is None or self._folder is None:
            return
        names: dict[str, int] = {}
        for notebook, exercises in self._notebooks.items():
            files = [f for e in exercises if (f := _kept(self.kept, e)).is_file()]
            if files:
                stem = _printable(notebook.stem)[:_MAX_STEM]
                names[stem] = names.get(stem, 0) + 1
                again = f"-{names[stem]}" if names[stem] > 1 else ""
                path = self._folder / f"{stem}{again}{EXECUTED}"
                yield f"{notebook.name} as it was executed{_written(files[0], path)}"


def _written(kept: Path, path: Path) -> str:
    """Write one notebook; return the end of the sentence about it."""
    size = kept.stat().st_size
    if size > _MAX_EXECUTED:
        most = _MAX_EXECUTED // 2**20
        return f" was not saved: it has {size / 2**20:.0f} MB, more than {most} MB."
    try:
        write_whole(path, kept.read_text("utf-8", "replace"))
    except HarnessError as err:
        return f" was not saved: {err}"
    return f": {path}"


def _graded_notebooks(
    work: Sequence[tuple[Exercise, Submission]],
) -> dict[Path, list[str]]:
    """Return the graded notebooks, each with the exercises that it was graded for."""
    notebooks: dict[Path, list[str]] = {}
    for exercise, submission in work:
        if is_notebook(submission.path):
            notebooks.setdefault(submission.path, []).append(exercise.name)
    return notebooks


def _kept(folder: Path, exercise: str) -> Path:
    return folder / f"{exercise.replace('/', '.')}.ipynb"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "_" for c in text)

"""What ``--report`` asks for: which formats are written where, and when.

Files come before the terminal's report, and standard output after it: Autolab reads the
very last line there. A format whose platform stops graders without a word is also written
after each exercise, so that what was graded by then is kept.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from graders.harness.errors import HarnessError
from graders.harness.models import Report
from graders.harness.report.classroom50 import IDENTITY
from graders.harness.report.files import expect_writable, is_special, write_whole
from graders.harness.report.identity import classroom50_identity

Writer = Callable[[Report], str]
Target = tuple[str, Path]
#: Written again after each exercise.
FOLLOWING = frozenset({"gradescope"})
# Of what goes to standard output, this comes last.
_LAST = "autolab"


class Targets:
    """
    The reports of one grading.

    Args:
        targets: Formats and paths, as the command line names them.

        writers: The formats' writers.

        files: Each exercise's file relative to the repository, for annotations.

        variables: The process's environment variables.

    Raises:
        UsageError: A path cannot be written, or a format lacks what it needs to know.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        writers: Mapping[str, Writer],
        files: Mapping[str, str],
        variables: Mapping[str, str],
    ) -> None:
        for _, path in targets:
            expect_writable(path)
        self._writers = writers
        self._targets = targets
        # What a writer needs beyond the report, put into the environment for it alone.
        self._facts: dict[str, dict[str, Any]] = {"github": {"files": dict(files)}}
        if any(form == IDENTITY for form, _ in targets):
            self._facts[IDENTITY] = {IDENTITY: classroom50_identity(variables)}

    @property
    def follows(self) -> bool:
        """Whether a report is wanted after each exercise."""
        return any(form in FOLLOWING for form, _ in self._files())

    def follow(self, report: Report) -> None:
        """Write what is known so far, where the format wants it."""
        for form, path in self._files():
            if form in FOLLOWING:
                with contextlib.suppress(HarnessError):  # said at the end
                    write_whole(path, self._text(form, report))

    def write_files(self, report: Report) -> list[str]:
        """Write the reports that are files; return what is wrong with the others."""
        return self._write(self._files(), report)

    def write_streams(self, report: Report) -> list[str]:
        """Write the reports that go to standard output, a pipe or the like, in order."""
        streams = [target for target in self._targets if is_special(target[1])]
        streams.sort(key=lambda target: target[0] == _LAST)
        return self._write(streams, report)

    def _files(self) -> list[Target]:
        return [target for target in self._targets if not is_special(target[1])]

    def _write(self, targets: Sequence[Target], report: Report) -> list[str]:
        problems = []
        for form, path in targets:
            try:
                write_whole(path, self._text(form, report))
            except HarnessError as err:
                problems.append(str(err))
        return problems

    def _text(self, form: str, report: Report) -> str:
        facts = self._facts.get(form, {})
        environment = {**report.environment, **facts}
        return self._writers[form](replace(report, environment=environment))


def repository_files(
    paths: Mapping[str, Path], variables: Mapping[str, str]
) -> dict[str, str]:
    """
    Return where the graded files lie in the repository, as far as they lie there.

    Args:
        paths: Each exercise's file.

        variables: Environment variables: ``GITHUB_WORKSPACE`` is where GitHub Actions has
            the repository. The default is the current folder.
    """
    root = Path(os.path.realpath(variables.get("GITHUB_WORKSPACE") or "."))
    found = {}
    for name, path in paths.items():
        file = Path(os.path.realpath(path))
        if file.is_relative_to(root) and file.is_file():
            found[name] = file.relative_to(root).as_posix()
    return found

"""Whatever the names in a class's folder are: keys are safe, and nothing falls over."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from graders.harness.classroom.intake import LAYOUTS, read_class
from graders.harness.errors import UsageError
from tests.classroom.exports import PROGRAM

SAFE = re.compile(r"[a-z0-9]([a-z0-9._-]{0,78}[a-z0-9])?")
_WORDS = st.sampled_from(
    [
        "ada",
        "Ada",
        "Émile Zola",
        "王",
        "\u202e",
        "a\nb",
        "..",
        "con",
        "-",
        " ",
        "_",
        "_12",
        "_12_34",
        "_LATE",
        "_attempt_",
        ".",
        "1",
        "-1",
        " (1)",
        "_assignsubmission_file_",
        "_assignsubmission_onlinetext",
        "_assignfeedback_file",
        "anon_aB3xY",
        "+ps1+2026-01-01",
        "2026-01-30-15-00-00",
        "submission_1",
        "submission_metadata.yml",
        "submitted",
        "journal.jsonl",
        "timestamp.txt",
        ".git",
        "assignments",
        "__MACOSX",
        "pyvenv.cfg",
        ".py",
        ".ipynb",
        ".zip",
        ".tar.gz",
        ".txt",
        ".html",
        "text.html",
    ]
)
_NAMES = st.lists(_WORDS, min_size=1, max_size=5).map("".join) | st.text(
    st.characters(exclude_characters="/\\\0", exclude_categories=("Cs",)), min_size=1
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)


def _is_visible(text: str) -> bool:
    """Return whether a text prints, but for what joins letters."""
    return re.sub("[\u200c\u200d]", "", text).isprintable()


def packed_class(paths: list[str]) -> bytes:
    """Return the zip of a class, with some paths that a folder cannot have."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for path in dict.fromkeys(paths):
            archive.writestr(zipfile.ZipInfo(path), PROGRAM)
    return memory.getvalue()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_PATHS, max_size=12), st.sampled_from(["", *LAYOUTS]))
@example(["ada_1_2_x.py", "ada_1_2_x.py/y"], "canvas")
@example(["submission_metadata.yml/x", "submission_1/x.py"], "gradescope")
def test_any_names_are_a_class_or_refused(paths: list[str], layout: str) -> None:
    """Every submission has a key of its own, and is read or refused in words."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "class.zip"
        path.write_bytes(packed_class(paths))
        try:
            classroom = read_class(path, layout=layout)
        except UsageError as err:
            str(err).encode()
            return
        keys = [entry.key for entry in classroom.entries]
        assert len({key.casefold() for key in keys}) == len(keys)
        assert all(SAFE.fullmatch(key) for key in keys)
        told = (*classroom.notes, *classroom.strays)
        assert all(_is_visible(text) for text in told), told
        for entry in classroom.entries:
            assert entry.members
            assert all(_is_visible(m.id) for m in entry.members)
            try:
                files = entry.handed.read()
            except UsageError as err:
                str(err).encode()
                continue
            assert files
            for name in files:
                assert name.isprintable()
                assert not name.startswith("/")
                assert ".." not in name.split("/")

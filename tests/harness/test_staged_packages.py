"""Which packages beside a program are taken along, and which are not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.harness.errors import ImportFailed
from graders.harness.submission import packages, stage
from graders.harness.submission.stage import staged_files
from tests.harness import notebook_files

Taken = Callable[..., list[str]]


@pytest.fixture
def taken(tmp_path: Path) -> Taken:
    """Write files, and return the names of those that are staged with one of them."""

    def staged(
        files: dict[str, str], program: str = "scale.py", folder: str = ""
    ) -> list[str]:
        root = tmp_path / "in"
        for name, text in files.items():
            path = root / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        found = staged_files(root / folder / program)
        return sorted(str(p.relative_to(root / folder)) for p in found)

    return staged


def test_a_package_that_is_imported_comes_along(tmp_path: Path, taken: Taken) -> None:
    """With the packages in it; whoever the worker is may read it."""
    files = {
        "scale.py": "import os\nfrom mylib.deep import go\n",
        "mylib/__init__.py": "",
        "mylib/one.py": "x = 1",
        "mylib/table.csv": "1",
        "mylib/deep/__init__.py": "",
        "mylib/data/no_package.py": "",
    }
    names = ["mylib/__init__.py", "mylib/deep/__init__.py", "mylib/one.py", "scale.py"]
    assert taken(files) == names
    scratch = tmp_path / "scratch"
    (scratch / "submission").mkdir(parents=True)
    stage(tmp_path / "in" / "scale.py", "scale", scratch, functions=["scale"])
    staged = scratch / "submission" / "mylib"
    assert (staged / "one.py").read_text() == "x = 1"
    assert (staged.stat().st_mode & 0o777) == 0o755
    assert ((staged / "deep" / "__init__.py").stat().st_mode & 0o777) == 0o644


def test_a_text_of_a_million_letters_is_read_at_once(taken: Taken) -> None:
    started = time.perf_counter()
    long = f"x = '''\nfrom {'a' * 10**6}\nimport {'b ' * 10**5}\n'''\n"
    files = {"scale.py": long + "import mylib\n", "mylib/__init__.py": ""}
    assert taken(files) == ["mylib/__init__.py", "scale.py"]
    assert time.perf_counter() - started < 5.0


@pytest.mark.parametrize(
    "text",
    [
        "import mylib",
        "import math, mylib as m",
        "    from mylib.one import x",
        "import helper",
        "import otherlib",
    ],
)
def test_it_counts_who_imports_whom(text: str, taken: Taken) -> None:
    """Also by way of a file or a package that is imported itself."""
    files = {
        "scale.py": text,
        "helper.py": "from mylib import x",
        "otherlib/__init__.py": "import mylib",
        "mylib/__init__.py": "",
    }
    assert "mylib/__init__.py" in taken(files)


@pytest.mark.parametrize("text", ["", "# import mylib", "mylib = 1", "import mylibs"])
def test_what_nobody_imports_stays_there(text: str, taken: Taken) -> None:
    """So a stub gets none, whatever lies beside it: its result is known by its text."""
    files = {
        "scale.py": text,
        "total.py": "import mylib",
        "mylib/__init__.py": "",
    }
    assert taken(files) == ["scale.py", "total.py"]


@pytest.mark.parametrize(
    "name", ["graders", "reference", "tests", "assignments", "numpy", "json", "pytest"]
)
def test_neither_our_folders_nor_a_librarys_name(name: str, taken: Taken) -> None:
    """Beside a module in our own folder lie the solutions; libraries stay what they are."""
    files = {"scale.py": f"import {name}.x", f"{name}/__init__.py": "SECRET = 1"}
    assert taken(files) == ["scale.py"]


def test_links_are_left_out(tmp_path: Path, taken: Taken) -> None:
    """As the package, as a folder or a module in it, and as what makes it a package."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "__init__.py").write_text("")
    (theirs / "secret.py").write_text("")
    root = tmp_path / "in"
    (root / "own").mkdir(parents=True)
    (root / "linked").symlink_to(theirs)
    (root / "own" / "inner").symlink_to(theirs)
    (root / "own" / "secret.py").symlink_to(theirs / "secret.py")
    files = {"scale.py": "import linked, own", "own/__init__.py": ""}
    assert taken(files) == ["own/__init__.py", "scale.py"]


def test_number_and_size_are_bounded(
    monkeypatch: pytest.MonkeyPatch, taken: Taken
) -> None:
    many = {f"lib/m{n:03}.py": "" for n in range(packages.MAX_FILES + 9)}
    files = {"scale.py": "import lib", "lib/__init__.py": "", **many}
    assert len(taken(files)) == 1 + packages.MAX_FILES
    monkeypatch.setattr(packages, "MAX_BYTES", 10)
    large = {"big/__init__.py": "#", "big/a.py": "#" * 8, "big/b.py": "#" * 8}
    files = {"scale.py": "import big", **large}
    assert taken(files, folder="x") == ["big/__init__.py", "big/a.py", "scale.py"]


def test_depth_is_bounded(taken: Taken) -> None:
    inner = ["/".join(["lib"] * depth) for depth in range(1, 9)]
    files = {f"{place}/__init__.py": "" for place in inner}
    assert len(taken({"scale.py": "import lib", **files})) == 1 + 4


def test_a_notebook_gets_the_packages_beside_it(tmp_path: Path, taken: Taken) -> None:
    """Its cells may import any of them."""
    notebook_files.write(tmp_path / "in" / "work.ipynb", "import mylib")
    names = taken({"mylib/__init__.py": "", "mylib/m.py": ""}, "work.ipynb")
    assert names == ["mylib/__init__.py", "mylib/m.py", "work.ipynb"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "scale.py is empty: it has no characters. Expected was your program."),
        (b" \n\n", "scale.py is empty: it has 3 blank characters."),
        (
            "x = 1".encode("utf-16"),
            "scale.py is not valid Python: it is in UTF-16. Expected",
        ),
        (b"x = 1\0", "scale.py is not valid Python: byte 6 is zero."),
    ],
)
def test_what_is_no_program_is_said(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "scale.py").write_bytes(content)
    (tmp_path / "submission").mkdir()
    with pytest.raises(ImportFailed) as caught:
        stage(tmp_path / "scale.py", "scale", tmp_path, functions=["scale"])
    assert caught.value.message.startswith(told)
    assert "Save" in caught.value.hint or "saved" in caught.value.hint


def test_a_mark_of_utf_8_is_taken(tmp_path: Path) -> None:
    (tmp_path / "scale.py").write_text("x = 1", "utf-8-sig")
    (tmp_path / "submission").mkdir()
    assert stage(tmp_path / "scale.py", "scale", tmp_path, functions=["scale"]).exists()

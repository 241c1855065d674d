"""Hidden checks leave no trace in what learners get, and all else stays as it is."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.errors import CatalogError
from graders.harness.release import sources
from graders.harness.release.files import BundleFile, write_folder
from graders.harness.release.hidden import public_graders
from graders.harness.release.learners import learners_bundle
from graders.harness.rubric import load_rubric
from tests.release.conftest import ROOT, copy_repository, grade

CANARY = "canary_4711"
ASSIGNMENT = "fft_callbacks"
EXERCISE = "gaussian_blur"


def hide(root: Path) -> None:
    """Give an exercise a hidden check with all that one may bring along."""
    graders = root / "graders" / ASSIGNMENT
    rubric = graders / "rubric.toml"
    text = rubric.read_text("utf-8")
    limits = f"[exercises.{EXERCISE}.limits]\n"
    assert limits in text
    text = text.replace(
        limits, f"{limits}# What {CANARY} allows.\n{CANARY}_limit = 3.5\n", 1
    )
    following = "[exercises.sepia_blur]\n"
    assert following in text
    table = (
        f"# Why {CANARY} is hidden.\n[exercises.{EXERCISE}.checks.{CANARY}]\n"
        f'points = 2\nvisibility = "hidden"\nhint = "{CANARY}"\n\n'
    )
    rubric.write_text(text.replace(following, table + following, 1))
    (graders / f"{CANARY}_helpers.py").write_text(
        f'"""Only {CANARY} uses it."""\n\n\ndef {CANARY}_case():\n    return 7\n'
    )
    grader = graders / f"test_{EXERCISE}.py"
    lines = grader.read_text("utf-8")
    imported = f"from graders.{ASSIGNMENT}.{CANARY}_helpers import {CANARY}_case\n"
    first = lines.index("from graders.harness")
    lines = lines[:first] + imported + lines[first:]
    lines += (
        f"\n\n# {CANARY}: drawn larger.\n@pytest.fixture\ndef _{CANARY}_operand():\n"
        f"    return _{CANARY}_size() * {CANARY}_case()\n\n\ndef _{CANARY}_size():\n"
        f"    return 1\n\n\n# {CANARY}.\ndef test_{CANARY}(_{CANARY}_operand, limits):\n"
        f'    """{CANARY} holds."""\n'
        f'    assert limits["{CANARY}_limit"] < _{CANARY}_operand\n'
    )
    if "import pytest" not in lines:
        lines = lines[:first] + "import pytest\n" + lines[first:]
    grader.write_text(lines)
    oracles = root / "reference" / ASSIGNMENT / "oracles.py"
    oracles.write_text(
        oracles.read_text("utf-8") + f"\n\ndef {CANARY}_truth():\n    return 1\n"
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with a hidden check."""
    root = copy_repository(tmp_path_factory.mktemp("whole"))
    hide(root)
    return root


@pytest.fixture(scope="module")
def marked(whole: Path) -> list[BundleFile]:
    """The learners' bundle of that copy."""
    return learners_bundle(Catalog(whole))


def test_the_copy_has_a_hidden_check(whole: Path) -> None:
    (exercise,) = Catalog(whole).select([EXERCISE])
    assert exercise.rubric.checks[CANARY].visibility == "hidden"


def test_no_trace_of_it_is_left(marked: list[BundleFile]) -> None:
    """Not its name, title, limits, helpers, cases, comments, or what computes its truth."""
    for file in marked:
        assert CANARY.encode() not in file.content, file.path
        assert CANARY not in file.path


def test_all_else_is_as_it_was(marked: list[BundleFile]) -> None:
    """The grader and the rubric are those of the repository, byte for byte."""
    content = {file.path: file.content for file in marked}
    for name in (f"test_{EXERCISE}.py", "rubric.toml"):
        before = (ROOT / "graders" / ASSIGNMENT / name).read_text("utf-8")
        after = content[f"graders/{ASSIGNMENT}/{name}"].decode()
        assert after.replace("import pytest\n", "") == before.replace(
            "import pytest\n", ""
        ), name
    said = " ".join(content["README.md"].decode().split())
    assert "Checks that are kept back are not among them" in said


@pytest.mark.slow
def test_learners_grade_with_the_rest(marked: list[BundleFile], tmp_path: Path) -> None:
    """What is left is whole: rubric and grader name the same checks, which run."""
    folder = tmp_path / "bundle"
    write_folder(folder, marked)
    path = tmp_path / "report.json"
    words = ("--submission", str(ROOT / "reference"), "--device", "simulator")
    ended = grade(folder, EXERCISE, *words, "--report", f"json:{path}")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (exercise,) = json.loads(path.read_text())["exercises"]
    rubric = load_rubric(ROOT / "graders" / ASSIGNMENT / "rubric.toml")
    assert [c["name"] for c in exercise["checks"]] == [
        *rubric.exercises[EXERCISE].checks
    ]


def test_without_hidden_checks_graders_are_handed_out_as_they_are() -> None:
    for assignment in Catalog().assignments:
        for name, text in public_graders(Catalog(), assignment).items():
            path = ROOT / "graders" / assignment / name
            assert text == path.read_text("utf-8"), path


# ------------------------------------------------------------------------- refusals


def change(pattern: str, new: str) -> Callable[[Path], None]:
    def changed(root: Path) -> None:
        path = root / "graders" / ASSIGNMENT / "rubric.toml"
        text, count = re.subn(pattern, new, path.read_text("utf-8"))
        assert count
        path.write_text(text)

    return changed


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (
            change(
                rf"(\[exercises\.{EXERCISE}\.checks\.\w+\]\n)",
                r'\1visibility = "hidden"\n',
            ),
            f"{ASSIGNMENT}/{EXERCISE}: all checks are hidden",
        ),
        (
            change(
                r"(\[exercises\.sepia_blur\.checks\.faster\]\n)",
                r'\1visibility = "hidden"\n',
            ),
            "Hide as many points in both",
        ),
        (
            change(
                rf"\[exercises\.{EXERCISE}\.checks\.fused\]\npoints = 3\n",
                f"[exercises.{EXERCISE}.checks]\n"
                'fused = {points = 3, visibility = "hidden"}\n',
            ),
            "the hidden checks could not be taken out",
        ),
    ],
    ids=["all of an exercise", "of one form", "inline table"],
)
def test_what_cannot_be_hidden_is_refused(
    spoil: Callable[[Path], None], problem: str, tmp_path: Path
) -> None:
    """Nothing is handed out where something of a hidden check would be left."""
    root = copy_repository(tmp_path)
    spoil(root)
    with pytest.raises(CatalogError, match=problem):
        public_graders(Catalog(root), ASSIGNMENT)


# ---------------------------------------------------------------------------- sources

MODULE = '''\
"""Doc."""

import json
from os import (
    path,
    sep,
)

LIMIT = 3
"""How many."""

# Kept: a comment of its own.

# About f.
@decorator
def f(x):
    return json.loads(x)


def g():
    return path, LIMIT, h


def h():
    return g


class Used:
    pass
'''


def test_a_definition_goes_with_its_comment_and_decorator() -> None:
    left = sources.without(MODULE, lambda part: "f" in part.names)
    assert "About f" not in left
    assert "decorator" not in left
    assert "# Kept: a comment of its own.\n\ndef g" in left
    assert ast.parse(left)


def test_what_is_used_no_more_goes_with_it() -> None:
    """Also where two functions only mention each other, and a text below a constant."""
    left = sources.prune({"m": MODULE}, {"g", "h"})["m"]
    assert "def g" not in left
    assert "def h" not in left
    assert "LIMIT" not in left
    assert "How many" not in left
    assert "path" not in left
    assert "import json" in left
    assert "class Used" in left


def test_what_is_mentioned_stays() -> None:
    """By a root, by another module's import, by an attribute or by a text."""
    roots = {"m": MODULE}
    assert sources.prune(roots, {"g", "h"}, {"h"}) == roots
    for user in (
        "from m import g\n\n\nx = g\n",
        "import m\n\nx = m.h()\n",
        "x = 'g'\n",
    ):
        modules = {"m": MODULE, "user": user}
        assert sources.prune(modules, {"g", "h"}) == modules, user


def test_a_module_that_lost_everything_is_left_out() -> None:
    helper = "import json\n\n\ndef only():\n    return json\n"
    left = sources.prune({"m": MODULE, "helper": helper}, {"only"})
    assert left == {"m": MODULE}


def test_an_import_loses_names_and_stays_readable() -> None:
    left = sources.without_imports(MODULE, {"sep"})
    assert "from os import path\n" in left
    assert "sep" not in left
    assert "import json" in left

"""What the tests of bundles share: one of each, made once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.release.files import BundleFile, write_folder
from graders.harness.release.learners import learners_bundle
from graders.harness.release.platforms import PLATFORMS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The assignments of this repository."""
    return Catalog()


@pytest.fixture(scope="session")
def files(catalog: Catalog) -> list[BundleFile]:
    """The files of the learners' bundle."""
    return learners_bundle(catalog)


@pytest.fixture(scope="session")
def bundle(files: list[BundleFile], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The learners' bundle in a folder; nobody writes into it."""
    folder = tmp_path_factory.mktemp("learners") / "bundle"
    write_folder(folder, files)
    return folder


@pytest.fixture(scope="session")
def gradescope(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Gradescope unpacks: the autograder of one assignment, in its folder source/."""
    root = tmp_path_factory.mktemp("autograder")
    exercises = catalog.select(["fft_callbacks"])
    write_folder(root / "source", PLATFORMS["gradescope"](catalog, exercises))
    return root


def python_of_ours(path: Path) -> Path:
    """Write a program in the place of an environment's Python: it is the one that runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    path.chmod(0o755)
    return path


def copy_repository(target: Path) -> Path:
    """Copy what bundles are made of, for a test to change."""
    skipped = shutil.ignore_patterns("__pycache__", ".*_cache")
    for tree in ("assignments", "graders", "reference", "docs"):
        shutil.copytree(ROOT / tree, target / tree, ignore=skipped)
    for name in ("LICENSE", "README.md", "grade.py", "pyproject.toml"):
        shutil.copy(ROOT / name, target / name)
    return target


def grade(
    folder: Path, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``grade.py`` of a bundle, which finds its own graders and no others."""
    words: Sequence[str] = [sys.executable, "-B", str(folder / "grade.py"), *arguments]
    return subprocess.run(
        words,
        cwd=cwd or folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

"""The learners' bundle: whole enough to grade, and without a line of a solution."""

from __future__ import annotations

import ast
import io
import json
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.errors import CatalogError
from graders.harness.release import solutions
from graders.harness.release.files import BundleFile, text_file, zip_bytes
from graders.harness.release.learners import learners_bundle
from graders.harness.release.manifest import is_learners_bundle, read_manifest, sha256
from tests.release.conftest import ROOT, copy_repository, grade

NOT_RUN = 6  # points that only a GPU gives


def words(path: Path) -> set[str]:
    """Return the lines of a program's code, without those that say nothing."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    said: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            said |= set(range(node.lineno, (node.end_lineno or 0) + 1))
        if isinstance(node, ast.FunctionDef):  # the header: the stub has the same
            said |= set(range(node.lineno, node.body[0].lineno))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            said |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    code = {line.strip() for i, line in enumerate(lines, 1) if i not in said}
    short = r"return [\w, ]+|[\d\s.,\[\]()-]+|@functools\.cache|raise .*|.{0,15}"
    extents = r"[\w, ]+ = \w+(\[0\])?\.shape"
    return {line for line in code if not re.fullmatch(f"{short}|{extents}", line)}


def texts(files: list[BundleFile]) -> dict[str, str]:
    found = {}
    for file in files:
        if file.path.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
                found |= {n: archive.read(n).decode() for n in archive.namelist()}
        found[file.path] = file.content.decode("utf-8", "replace")
        if file.path.endswith(".ipynb"):
            cells = json.loads(file.content)["cells"]
            found[f"{file.path} cells"] = "\n".join("".join(c["source"]) for c in cells)
    return found


def test_no_line_of_a_solution_is_in_it(
    files: list[BundleFile], catalog: Catalog
) -> None:
    """No reference, and no line of code of one that the lessons do not have."""
    taught = {
        line.strip()
        for path in (ROOT / "assignments").rglob("*.*")
        if path.suffix in (".py", ".md")
        for line in path.read_text("utf-8").splitlines()
    }
    lines = {
        name: {line.strip() for line in text.splitlines()}
        for name, text in texts(files).items()
    }
    exercises = catalog.select(())
    searched = 0
    for exercise in exercises:
        secret = words(exercise.reference) - taught
        searched += len(secret)
        assert f"reference/{exercise.name}.py" not in lines
        for name, found in lines.items():
            assert not secret & found, (name, exercise.name)
    assert searched > 10 * len(exercises)


def test_nothing_of_ours_is_in_it(files: list[BundleFile]) -> None:
    """No tests, no corpus, no history, no caches, nothing of how bundles are made."""
    paths = [file.path for file in files]
    assert len(paths) == len(set(paths))
    for path in paths:
        parts = path.split("/")
        assert parts[0] not in ("tests", ".git", ".ci", "scripts"), path
        assert "__pycache__" not in parts, path
        assert not path.endswith((".pyc", "messages.md", "for-instructors.md")), path
        assert "templates" not in parts, path
    assert {p for p in paths if p.startswith("reference/")} == {
        "reference/device_api/baselines.py",
        "reference/fft_callbacks/baselines.py",
        "reference/stateful_api/baselines.py",
        *(f"reference/{name}/oracles.py" for name in Catalog().assignments),
    }


def test_the_same_tree_gives_the_same_bytes(
    files: list[BundleFile], catalog: Catalog
) -> None:
    """Twice made, it is the same zip, with the modes and times of no machine."""
    once, again = zip_bytes(files), zip_bytes(reversed(learners_bundle(catalog)))
    assert once == again
    with zipfile.ZipFile(io.BytesIO(once)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {
            (1980, 1, 1, 0, 0, 0)
        }


def test_its_links_lead_somewhere(bundle: Path) -> None:
    """Each relative link of its pages leads to a file of the bundle."""
    pages = list(bundle.rglob("*.md"))
    assert len(pages) > 10
    found = 0
    for page in pages:
        for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", page.read_text("utf-8")):
            if not re.match(r"https?:|#", target):
                found += 1
                place = page.parent / target.partition("#")[0]
                assert place.exists(), f"{page}: {target}"
    assert found > 10


def test_its_readme_tells_all_exercises(bundle: Path, catalog: Catalog) -> None:
    """Each exercise with its points; no command that the bundle cannot follow."""
    text = (bundle / "README.md").read_text("utf-8")
    for exercise in catalog.select(()):
        assert f"| `{exercise.name}` | {exercise.rubric.points:g} |" in text
    assert not re.search(r"\{\w+\}|tests/|selfcheck|--submission reference", text)


def test_its_manifest_lists_all_files(
    bundle: Path, files: list[BundleFile], catalog: Catalog
) -> None:
    """Each file with its digest, and what the exercises need on a GPU."""
    manifest = read_manifest(bundle)
    assert manifest is not None
    assert is_learners_bundle(bundle)
    assert not is_learners_bundle(ROOT)
    listed = {f.path: sha256(f.content) for f in files if f.path != "bundle.json"}
    assert manifest.files == listed
    assert manifest.libraries["sparse_solver/multiple_rhs"] == ("cuDSS",)
    assert set(manifest.libraries) == {e.name for e in catalog.select(())}


# --------------------------------------------------------------------- grading with it


# Those whose checks may ask the reference, and one more of each other assignment.
SOLVED = (
    "memory_spaces/transfer_cost", "memory_spaces/execution_spaces",
    "sparse_solver/multiple_rhs", "sparse_solver/reuse_factorization",
    "device_api/device_convolution", "fft_callbacks/gaussian_blur",
    "kernel_fusion/gemm_fusion", "stateful_api/autotuned_matmul",
)  # fmt: skip


@pytest.mark.slow
def test_it_grades_on_its_own(bundle: Path, tmp_path: Path) -> None:
    """Stubs earn nothing; solutions that are put in earn all but what needs a GPU."""
    own = tmp_path / "own"
    shutil.copytree(bundle, own)
    for name in SOLVED:
        shutil.copy(
            ROOT / "reference" / f"{name}.py", own / "assignments" / f"{name}.py"
        )
    ended = grade(own, "--device", "simulator", "--report", f"json:{tmp_path}/r.json")
    assert ended.returncode == 1, ended.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["not_run_points"] == NOT_RUN
    assert len(report["exercises"]) == 18
    for exercise in report["exercises"]:
        reasons = {c["reason"] for c in exercise["checks"]}
        if exercise["name"] in SOLVED:
            assert reasons <= {None, "needs_gpu"}, exercise["name"]
            left = exercise["max_score"] - exercise["not_run_points"]
            assert exercise["score"] == left > 0
        else:
            assert reasons <= {"unimplemented", "needs_gpu", "prerequisite"}
            assert exercise["score"] == 0


@pytest.mark.slow
def test_selfcheck_says_what_is_missing(bundle: Path) -> None:
    """It checks the stubs and says that nothing else is here; --full is refused."""
    ended = grade(bundle, "selfcheck", "gaussian_blur", "--device", "simulator")
    assert ended.returncode == 0, ended.stderr
    said = " ".join(ended.stdout.split())
    assert "learners' bundle. It has no reference solutions" in said
    assert "stubs earn nothing" in said
    assert "references earn" not in said
    refused = grade(bundle, "selfcheck", "--full")
    assert refused.returncode == 4
    assert "no corpus" in refused.stderr


def test_it_makes_no_bundles(bundle: Path, tmp_path: Path) -> None:
    """A bundle says that it cannot be made into another one."""
    refused = grade(bundle, "release", str(tmp_path / "other"))
    assert refused.returncode == 4
    assert "learners' bundle itself" in refused.stderr
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_it_installs_in_a_fresh_environment(bundle: Path, tmp_path: Path) -> None:
    """``pip install -e .`` makes its graders importable, and its plugin known."""
    own = tmp_path / "own"
    shutil.copytree(bundle, own)
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "-e", own]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if "setuptools" in done.stderr and "No matching distribution" in done.stderr:
        pytest.skip("no package index answers: setuptools cannot be had")
    assert done.returncode == 0, done.stderr
    program = "import graders, grade; print(graders.__file__)"
    said = subprocess.run(
        [python, "-I", "-c", program],  # a PYTHONPATH may lead to this repository
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(said.stdout.strip()).is_relative_to(own)


# ------------------------------------------------------------------------ what it refuses


def leaking(path: str, content: bytes) -> list[str]:
    return list(solutions.leaks([BundleFile(path, content)], {"secret = line": "here"}))


def test_leaks_are_found_wherever_they_are() -> None:
    """In a module, in a cell of a notebook, and in a file of a zip within a zip."""
    module = text_file("a.py", "def f():\n    secret = line\n")
    assert leaking("a.py", module.content) == [
        "a.py, line 2, is a line of here: secret = line"
    ]
    cells = {"cells": [{"source": ["x = 1\n", "secret = line\n"]}]}
    assert leaking("n.ipynb", json.dumps(cells).encode())
    inner = BundleFile("inner.zip", zip_bytes([module]))
    assert leaking("outer.zip", zip_bytes([inner]))
    assert not leaking("a.py", b"secret = line + 1\nnot secret = line\n")


def test_a_solution_in_the_assignments_stops_it(tmp_path: Path) -> None:
    """A stub that somebody filled in is not handed out, nor an oracle that tells."""
    root = copy_repository(tmp_path)
    stub = root / "assignments" / "fft_callbacks" / "gaussian_blur.py"
    before = stub.read_text("utf-8")
    stub.write_text((root / "reference/fft_callbacks/gaussian_blur.py").read_text())
    with pytest.raises(CatalogError, match=r"gaussian_blur\.py: has no TODO"):
        learners_bundle(Catalog(root))
    stub.write_text(before)
    oracles = root / "reference" / "kernel_fusion" / "oracles.py"
    line = "    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)\n"
    assert line in (root / "reference/kernel_fusion/gemm_fusion.py").read_text()
    text = oracles.read_text("utf-8")
    head = "    result: Reals = alpha * (a @ b) + beta * c\n"
    assert head in text
    oracles.write_text(text.replace(head, line + head))
    with pytest.raises(CatalogError, match=r"oracles\.py, line \d+, is a line of"):
        learners_bundle(Catalog(root))


def test_links_stop_it(tmp_path: Path) -> None:
    """What a link leads to is nobody's to hand out."""
    root = copy_repository(tmp_path)
    (root / "assignments" / "fft_callbacks" / "mine.md").symlink_to("/etc/hostname")
    with pytest.raises(CatalogError, match=r"mine\.md: is a link"):
        learners_bundle(Catalog(root))


def test_python_runs_without_the_repository(bundle: Path) -> None:
    """The bundle imports its own modules: none of them needs what was left out."""
    program = (
        "import sys; sys.path.insert(0, '.'); import graders.harness.cli, "
        "graders.harness.release.manifest, graders.harness.selfcheck, graders.harness."
        "regrade; print(graders.__file__)"
    )
    ended = subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=bundle,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(ended.stdout.strip()).is_relative_to(bundle)

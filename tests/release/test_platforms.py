"""What goes to platforms: scripts and workflows that their own tools find no fault with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
from ruamel.yaml import YAML

from graders.harness.catalog import Catalog
from graders.harness.errors import EnvironmentUnavailable
from graders.harness.release import project
from graders.harness.release.files import BundleFile, write_folder
from graders.harness.release.platforms import PLATFORMS, grader_files
from tests.release.conftest import ROOT, python_of_ours

SCHEMAS = ROOT / "tests" / "harness" / "schemas"
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")
WORKFLOW = ".github/workflows/grade.yml"
BY_WORKFLOW = pytest.mark.parametrize("platform", ["github", "classroom50"])
EXERCISE = "kernel_fusion/fused_linear"


@pytest.fixture(scope="session")
def bundles(catalog: Catalog) -> dict[str, list[BundleFile]]:
    """The files of each platform's bundle, for one exercise."""
    exercises = catalog.select([EXERCISE])
    return {name: make(catalog, exercises) for name, make in PLATFORMS.items()}


def text(files: list[BundleFile], path: str) -> str:
    (found,) = (file for file in files if file.path == path)
    return found.content.decode()


def check(words: list[str | Path]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# ------------------------------------------------------------------------- scripts


@pytest.mark.parametrize(
    ("platform", "path"),
    [
        ("gradescope", "setup.sh"),
        ("gradescope", "run_autograder"),
        ("prairielearn", "grader-image/grade-exercise"),
    ],
)
def test_scripts_are_sound(
    platform: str, path: str, bundles: dict[str, list[BundleFile]], tmp_path: Path
) -> None:
    """Executable, valid for bash, without a finding of shellcheck, no place left open."""
    (file,) = (f for f in bundles[platform] if f.path == path)
    assert file.executable
    assert not re.search(rb"\{names\}|\{title\}", file.content)
    script = tmp_path / "script"
    script.write_bytes(file.content)
    check(["bash", "-n", script])
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    check(["shellcheck", script])


# ------------------------------------------------------------------------ workflows


def workflow(files: list[BundleFile]) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(text(files, WORKFLOW))
    return loaded


@pytest.mark.slow
def test_workflows_are_valid_and_safe(
    bundles: dict[str, list[BundleFile]], tmp_path: Path
) -> None:
    """GitHub's schema holds, and zizmor finds nothing."""
    paths = []
    for platform in ("github", "classroom50"):
        paths.append(tmp_path / platform / WORKFLOW)
        paths[-1].parent.mkdir(parents=True)
        paths[-1].write_text(text(bundles[platform], WORKFLOW))
    schema = ["--builtin-schema", "vendor.github-workflows"]
    check([sys.executable, "-m", "check_jsonschema", *schema, *paths])
    zizmor = Path(sys.executable).with_name("zizmor")
    check([zizmor, "--offline", "--no-config", "--persona", "pedantic", *paths])


@BY_WORKFLOW
def test_workflows_may_do_little(
    platform: str, bundles: dict[str, list[BundleFile]]
) -> None:
    """Read contents, for a bounded time, with pinned actions and no token left behind."""
    loaded = workflow(bundles[platform])
    assert loaded["permissions"] == {"contents": "read"}
    for job in loaded["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert "permissions" not in job
        assert "GPU_RUNNER" in job["runs-on"]
        assert "'ubuntu-" in job["runs-on"]
        checkouts = 0
        for step in job["steps"]:
            if "uses" in step:
                assert PINNED.fullmatch(step["uses"]), step["uses"]
            if "actions/checkout" in step.get("uses", ""):
                checkouts += 1
                assert step["with"]["persist-credentials"] is False
            # What somebody typed reaches a shell as a variable, never as its text.
            assert "${{" not in step.get("run", "")
        assert checkouts == 2


def test_the_graders_are_not_the_students(
    bundles: dict[str, list[BundleFile]],
) -> None:
    """The submission is checked out beside the graders, and only read as one."""
    (job,) = workflow(bundles["github"])["jobs"].values()
    with_repository = [
        s["with"] for s in job["steps"] if "repository" in s.get("with", {})
    ]
    assert [w["path"] for w in with_repository] == ["submission"]
    runs = " ".join(step.get("run", "") for step in job["steps"])
    assert re.findall(r"\S*grade\.py", runs) == ["grader/grade.py"]
    assert f"grade.py {EXERCISE} " in " ".join(runs.split())
    assert re.findall(r"\S*submission\S*", runs) == ["--submission", "submission"]


# --------------------------------------------------------------------------- packages


def test_packages_are_pinned_as_installed() -> None:
    """All that the project needs, and what that needs, at the versions of this machine."""
    lines = project.constraints(ROOT).splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    for name, pinned in pins.items():
        assert metadata.version(name).partition("+")[0] == pinned
    assert {"numpy", "nvmath-python", "llvmlite", "cuda-bindings", "pluggy"} <= set(
        pins
    )
    assert not {"ruff", "mypy", "jupyterlab"} & set(pins)


def test_an_environment_that_lacks_a_package_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["no-such-package-4711"]\n'
    )
    with pytest.raises(EnvironmentUnavailable, match="no-such-package-4711"):
        project.constraints(tmp_path)


def test_a_platform_gets_all_that_grading_needs(catalog: Catalog) -> None:
    """Solutions and hidden checks are in it, tests and caches are not."""
    paths = {file.path for file in grader_files(catalog)}
    for exercise in catalog.select(()):
        for path in (exercise.reference, exercise.grader, exercise.stub):
            assert path.relative_to(ROOT).as_posix() in paths
    assert not any("__pycache__" in p or p.startswith(("tests", ".")) for p in paths)


# ------------------------------------------------------------------------ PrairieLearn


def test_a_question_an_exercise(catalog: Catalog) -> None:
    """Each with an identity that stays, the stub to fill in, and the grader's image."""
    files = PLATFORMS["prairielearn"](catalog, ())
    again = PLATFORMS["prairielearn"](catalog, ())
    known = set()
    for exercise in catalog.select(()):
        folder = f"questions/gpu_exercises/{exercise.name}"
        info = json.loads(text(files, f"{folder}/info.json"))
        known.add(uuid.UUID(info["uuid"]))
        options = info["externalGradingOptions"]
        assert (info["type"], info["gradingMethod"]) == ("v3", "External")
        assert options["enabled"] is True
        assert options["enableNetworking"] is False
        limit = int(text(files, f"{folder}/tests/time_limit"))
        assert limit + 45 <= options["timeout"]
        assert text(files, f"{folder}/tests/exercise").strip() == exercise.name
        stub = text(files, f"{folder}/{exercise.slug}.py")
        assert stub == exercise.stub.read_text("utf-8")
        page = text(files, f"{folder}/question.html")
        assert page.count(f'"{exercise.slug}.py"') == 2
    assert len(known) == len(catalog.select(()))
    assert {f.path: f.content for f in files} == {f.path: f.content for f in again}


@pytest.mark.slow
def test_prairielearn_grades(
    bundles: dict[str, list[BundleFile]], tmp_path: Path
) -> None:
    """The entry point, with a folder of our own for /grade, in the form of its results."""
    files = bundles["prairielearn"]
    write_folder(tmp_path / "course", files)
    grade = tmp_path / "grade"
    shutil.copytree(tmp_path / "course/serverFilesCourse", grade / "serverFilesCourse")
    question = tmp_path / "course/questions/gpu_exercises" / EXERCISE
    shutil.copytree(question / "tests", grade / "tests")
    (grade / "student").mkdir()
    shutil.copy(ROOT / "reference" / f"{EXERCISE}.py", grade / "student")

    def run() -> dict[str, Any]:
        python = python_of_ours(tmp_path / "bin" / "python")
        environment = {"GRADE_ROOT": str(grade), "GRADE_PYTHON": str(python)}
        subprocess.run(
            [tmp_path / "course/grader-image/grade-exercise"],
            env={**os.environ, **environment},
            capture_output=True,
            check=True,
        )
        found: dict[str, Any] = json.loads((grade / "results/results.json").read_text())
        schema = json.loads((SCHEMAS / "prairielearn-results.schema.json").read_text())
        jsonschema.validate(found, schema)
        return found

    assert run()["score"] == 1
    (grade / "results/results.json").unlink()
    grader = grade / "serverFilesCourse" / "gpu_exercise_grader" / "grade.py"
    grader.write_text("raise SystemExit(3)\n")
    died = run()
    assert died["gradable"] is False
    assert "status 3" in died["format_errors"][0]


# ------------------------------------------------------------------------ Classroom 50

VARIABLES = {
    "CLASSROOM": "gpu-2026",
    "ASSIGNMENT": "fused-linear",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-11-22T14-00-00Z",
    "COMMIT_URL": "https://example.org/commit/1",
    "RELEASE_URL": "https://example.org/releases/1",
    "REVIEW_URL": "https://example.org/pull/1",
}


@pytest.mark.slow
def test_classroom50_grades(
    bundles: dict[str, list[BundleFile]], tmp_path: Path
) -> None:
    """0 and a result where it graded; another status and no result where it could not."""
    folder, submission = tmp_path / "bundle", tmp_path / "submission"
    write_folder(folder, bundles["classroom50"])
    submission.mkdir()
    shutil.copy(ROOT / "assignments" / f"{EXERCISE}.py", submission)
    variables = {
        **VARIABLES,
        "CLASSROOM50_BUNDLE_DIR": str(folder),
        "GRADER_PYTHON": str(python_of_ours(tmp_path / "bin" / "python")),
        "RESULT_PATH": str(tmp_path / "result.json"),
    }

    def run() -> int:
        ended = subprocess.run(
            [sys.executable, folder / "autograder.py"],
            cwd=submission,
            env={**os.environ, **variables},
            capture_output=True,
            check=False,
        )
        return ended.returncode

    assert run() == 0
    found = json.loads((tmp_path / "result.json").read_text())
    schema = json.loads((SCHEMAS / "classroom50-result-v1.schema.json").read_text())
    jsonschema.validate(found, schema)
    assert (found["score"], found["max-score"]) == (0, 10)
    (tmp_path / "result.json").unlink()
    (folder / "grader" / "grade.py").write_text("raise SystemExit(3)\n")
    assert run() == 3
    assert not (tmp_path / "result.json").exists()

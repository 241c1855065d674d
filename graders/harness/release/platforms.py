"""What goes to a platform: graders, solutions and hidden checks, and its scripts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from graders.harness.catalog import Catalog, Exercise
from graders.harness.release.files import (
    BundleFile,
    below,
    digests,
    read_tree,
    text_file,
)
from graders.harness.release.manifest import NAME, Manifest
from graders.harness.release.project import constraints, version

_TEMPLATES = Path(__file__).with_name("templates")
_GRADER = (
    "LICENSE", "README.md", "grade.py", "pyproject.toml", "assignments", "graders",
    "reference",
)  # fmt: skip
#: The folder of the graders in a bundle.
FOLDER = "grader"
# Questions of a course are told apart by these; the same exercise keeps its own.
_NAMESPACE = uuid.UUID("5b0c8f5e-6d5c-4c53-9f0c-3f1a3f1e2a77")
# The seconds that a question's grading may take, and those of it for the programs.
_QUESTION_TIMEOUT = 300
_QUESTION_LIMIT = 240

Names = Sequence[Exercise]


def grader_files(catalog: Catalog) -> list[BundleFile]:
    """Return all that grading needs: the three trees, and the versions of packages."""
    files = [f for part in _GRADER for f in read_tree(catalog.root, part)]
    return [*files, text_file("constraints.txt", constraints(catalog.root))]


def gradescope(catalog: Catalog, exercises: Names) -> list[BundleFile]:
    """Return the files of a Gradescope autograder: ``setup.sh`` and ``run_autograder``."""
    said = {"{names}": _names(exercises)}
    files = [
        _script("setup.sh", "gradescope/setup.sh"),
        _script("run_autograder", "gradescope/run_autograder", said),
        *below(FOLDER, grader_files(catalog)),
    ]
    return _with_manifest(catalog, "gradescope", files)


def prairielearn(catalog: Catalog, exercises: Names) -> list[BundleFile]:
    """Return the files for a PrairieLearn course: a question an exercise, and an image."""
    grader = grader_files(catalog)
    image = [
        _script("grade-exercise", "prairielearn/grade-exercise"),
        text_file("Dockerfile", _template("prairielearn/Dockerfile")),
        *(file for file in grader if file.path == "constraints.txt"),
    ]
    files = [
        *below("grader-image", image),
        *below("serverFilesCourse/gpu_exercise_grader", grader),
    ]
    for exercise in exercises or catalog.select(()):
        files += below(f"questions/gpu_exercises/{exercise.name}", _question(exercise))
    return _with_manifest(catalog, "prairielearn", files)


def github(catalog: Catalog, exercises: Names) -> list[BundleFile]:
    """Return a repository that grades others' repositories with GitHub Actions."""
    said = {"{names}": _names(exercises)}
    files = [
        text_file(".github/workflows/grade.yml", _template("github/grade.yml", said)),
        *below(FOLDER, grader_files(catalog)),
    ]
    return _with_manifest(catalog, "github", files)


def classroom50(catalog: Catalog, exercises: Names) -> list[BundleFile]:
    """Return a Classroom 50 autograder: ``autograder.py``, and a workflow that runs it."""
    listed = ", ".join(f'"{exercise.name}"' for exercise in exercises)
    program = _template("classroom50/autograder.py", {'"{names}"': listed})
    files = [
        text_file("autograder.py", program),
        text_file(".github/workflows/grade.yml", _template("classroom50/grade.yml")),
        *below(FOLDER, grader_files(catalog)),
    ]
    return _with_manifest(catalog, "classroom50", files)


#: What ``--platform`` can name, and the function that gives the bundle's files. No
#: exercises stand for all of them.
PLATFORMS: dict[str, Callable[[Catalog, Names], list[BundleFile]]] = {
    "classroom50": classroom50,
    "github": github,
    "gradescope": gradescope,
    "prairielearn": prairielearn,
}


def _with_manifest(
    catalog: Catalog, kind: str, files: list[BundleFile]
) -> list[BundleFile]:
    manifest = Manifest(kind=kind, version=version(catalog.root), files=digests(files))
    return [*files, text_file(NAME, manifest.to_text())]


def _template(name: str, replaced: Mapping[str, str] | None = None) -> str:
    text = (_TEMPLATES / name).read_text("utf-8")
    for place, content in (replaced or {}).items():
        text = text.replace(place, content)
    return text


def _script(
    path: str, template: str, replaced: Mapping[str, str] | None = None
) -> BundleFile:
    return text_file(path, _template(template, replaced), executable=True)


def _names(exercises: Names) -> str:
    """Return names for a command line: they are words of letters, ``_`` and ``/``."""
    return " ".join(exercise.name for exercise in exercises)


def _question(exercise: Exercise) -> list[BundleFile]:
    """Return a PrairieLearn question, which opens with the exercise's stub."""
    name = f"{exercise.slug}.py"
    info = {
        "uuid": str(uuid.uuid5(_NAMESPACE, exercise.name)),
        "title": exercise.rubric.title,
        "topic": exercise.assignment,
        "type": "v3",
        "singleVariant": True,
        "gradingMethod": "External",
        "externalGradingOptions": {
            "enabled": True,
            "image": "gpu-exercise-grader",
            "entrypoint": "/usr/local/bin/grade-exercise",
            "serverFilesCourse": ["gpu_exercise_grader/"],
            "timeout": _QUESTION_TIMEOUT,
            "enableNetworking": False,
        },
    }
    page = _template(
        "prairielearn/question.html",
        {"{title}": escape(exercise.rubric.title), "{file}": escape(name, quote=True)},
    )
    return [
        text_file("info.json", json.dumps(info, indent=2) + "\n"),
        text_file("question.html", page),
        BundleFile(name, exercise.stub.read_bytes()),
        text_file("tests/exercise", f"{exercise.name}\n"),
        text_file("tests/time_limit", f"{_QUESTION_LIMIT}\n"),
    ]

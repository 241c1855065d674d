"""The learners' bundle: all that the exercises need, no solution, no hidden check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from graders.harness.catalog import Catalog, Exercise
from graders.harness.doctor.points import needed_libraries
from graders.harness.errors import CatalogError
from graders.harness.mirror import tree_problems
from graders.harness.release.files import BundleFile, digests, read_tree, text_file
from graders.harness.release.hidden import hidden_checks, public_graders
from graders.harness.release.manifest import LEARNERS, NAME, Manifest
from graders.harness.release.markdown import section, table_rows, without_dead_links
from graders.harness.release.project import version
from graders.harness.release.solutions import leaks, telling_lines, without_solutions

# What is taken as it is, beside what each assignment has.
_AS_IT_IS = (
    "LICENSE", "grade.py", "pyproject.toml", "assignments", "graders/__init__.py",
    "graders/order.txt", "graders/harness", "docs/simulator.md", "docs/threat-model.md",
    "docs/notebook.png",
)  # fmt: skip
_FOR_MAKING_BUNDLES = "graders/harness/release/templates/"
# What the README for learners takes over from the whole one.
_SECTIONS = ("What a learner does", "In a notebook or at a prompt", "With a GPU")
_TEMPLATE = Path(__file__).with_name("templates") / "learners" / "README.md"
_MOST_SHOWN = 5


def learners_bundle(catalog: Catalog) -> list[BundleFile]:
    """
    Return the files of the learners' bundle, its manifest included.

    Raises:
        CatalogError: The trees are not whole, or a line of a solution would be in it.
    """
    _expect_none("not whole", tree_problems(catalog))
    secret = telling_lines(catalog)
    files = [
        file
        for part in _AS_IT_IS
        for file in read_tree(catalog.root, part)
        if not file.path.startswith(_FOR_MAKING_BUNDLES)
    ]
    for assignment in catalog.assignments:
        files += _assignment(catalog, assignment, secret)
    files.append(text_file("README.md", _readme(catalog)))
    present = {file.path for file in files}
    files = [_with_links(file, present) for file in files]
    _expect_none("a solution would be handed out", leaks(files, secret))
    manifest = Manifest(
        kind=LEARNERS,
        version=version(catalog.root),
        files=digests(files),
        libraries={
            exercise.name: tuple(sorted(needed_libraries(exercise)))
            for exercise in catalog.select(())
        },
    )
    return [*files, text_file(NAME, manifest.to_text())]


def _expect_none(what: str, problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        more = f"\n... and {len(found) - _MOST_SHOWN} more" * (len(found) > _MOST_SHOWN)
        shown = "\n".join(found[:_MOST_SHOWN])
        msg = f"No bundle was made, {what}:\n{shown}{more}"
        raise CatalogError(msg)


def _assignment(
    catalog: Catalog, assignment: str, secret: dict[str, str]
) -> Iterator[BundleFile]:
    graders = public_graders(catalog, assignment)
    for name, text in graders.items():
        yield text_file(f"graders/{assignment}/{name}", text)
    folder = catalog.root / "reference" / assignment
    oracles, baselines = without_solutions(
        (folder / "oracles.py").read_text("utf-8"),
        (folder / "baselines.py").read_text("utf-8"),
        [text for name, text in graders.items() if name.endswith(".py")],
        secret,
    )
    if oracles:
        yield text_file(f"reference/{assignment}/oracles.py", oracles)
    if baselines:
        yield text_file(f"reference/{assignment}/baselines.py", baselines)


def _with_links(file: BundleFile, present: set[str]) -> BundleFile:
    if not file.path.endswith(".md"):
        return file
    text = without_dead_links(file.path, file.content.decode(), present)
    return text_file(file.path, text)


# -------------------------------------------------------------------------- the README


def _readme(catalog: Catalog) -> str:
    whole = (catalog.root / "README.md").read_text("utf-8")
    exercises = catalog.select(())
    hidden = any(hidden_checks(exercises))
    kept_back = (
        " Checks that are kept back are not among them: they run where your work is "
        "handed in."
    )
    replaced = {
        "{exercises}": _table(catalog, whole),
        "{hidden}": kept_back if hidden else "",
        "{sections}": "\n".join(section(whole, heading) for heading in _SECTIONS),
    }
    text = _TEMPLATE.read_text("utf-8")
    for place, content in replaced.items():
        text = text.replace(place, content)
    return text


def _table(catalog: Catalog, whole: str) -> str:
    """Return the table of exercises, with the points of their public checks."""
    said = {row[0].strip("`"): row[-1] for row in table_rows(whole) if len(row) > 1}
    lines = ["| Exercise | Points | GPU | What it asks |", "| --- | --- | --- | --- |"]
    for assignment in _in_order(catalog):
        title = catalog.rubric(assignment).title
        lines.append(f"| **[{title}](assignments/{assignment}/README.md)** | | | |")
        for exercise in catalog.exercises(assignment):
            total, on_gpu = _points(exercise)
            asked = said.get(exercise.name, exercise.rubric.title)
            lines.append(
                f"| `{exercise.name}` | {total:g} | {f'{on_gpu:g}' if on_gpu else ''} "
                f"| {asked} |"
            )
    return "\n".join(lines)


def _in_order(catalog: Catalog) -> list[str]:
    path = catalog.root / "graders" / "order.txt"
    order = path.read_text("utf-8").split() if path.is_file() else []
    return sorted(
        catalog.assignments,
        key=lambda name: (order.index(name) if name in order else len(order), name),
    )


def _points(exercise: Exercise) -> tuple[float, float]:
    public = [c for c in exercise.rubric.checks.values() if c.visibility != "hidden"]
    on_gpu = [check.points for check in public if check.needs]
    return sum(check.points for check in public), sum(on_gpu)

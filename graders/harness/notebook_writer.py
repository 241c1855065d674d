"""``grade.py notebook``: an assignment as a notebook to fill in.

It is made of the assignment's ``README.md``, its stubs, and the ``examples/`` that show
what an exercise does. It is never kept by hand: the same files give the same bytes.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from graders.harness import jupyter_packages
from graders.harness.catalog import Catalog, Exercise
from graders.harness.cli import ExitCode
from graders.harness.errors import UsageError
from graders.harness.notebook_text import Section, contracts, read_lesson, stub_code
from graders.harness.report.terminal import make_console

nbformat = jupyter_packages.load("nbformat")
_v4 = jupyter_packages.load("nbformat.v4")
#: The key under which a notebook's metadata name its exercises, and a stub's cell its own.
METADATA = "gpu_exercise_grader"

_PREPARE = """\
# Run this cell first. Where no GPU answers, a simulated one takes its place.
from grade import check, prepare

prepare()"""

_WELCOME = """\
# {title}

The lesson, and its exercises to fill in right here. Run the cells in order, with Shift and
Enter. An exercise is four cells: what is asked, the code to write, a look at what it does,
and its check. Replace the line under the `TODO`, run that cell and the two below it, read
what the check says, and go back to the code.

No GPU is needed. Stuck? In a terminal, `python grade.py hint {name}` gives one hint at a
time."""

_END = """\
## When you are done

Save the notebook. In a terminal, in the folder of `grade.py`,

    python grade.py --submission {file}

runs it from the top in a fresh session and grades it: what you ran here, and in which
order, does not count there. Name its folder too, if it lies in another."""

_EXAMPLE = """\
# A look at what it does. Change what is shown as you like: it is not graded.
{code}


try:
    show_{slug}({functions})
except NotImplementedError as missing:
    print(str(missing) or "Not written yet: the cell above raises NotImplementedError.")"""


@dataclass(frozen=True, kw_only=True)
class _Planned:
    """A notebook to be written: its file, and with it the data that its cells read."""

    path: Path
    files: dict[Path, bytes]


def main(argv: Sequence[str]) -> int:
    """
    Write notebooks and return the exit code.

    Raises:
        UsageError: There is no such assignment or exercise, or a file that may hold a
            learner's work is in the way.
    """
    try:
        options = _parser().parse_args(argv)
    except SystemExit as end:  # argparse has said what is wrong
        return ExitCode.USAGE if end.code else ExitCode.PASSED
    catalog = Catalog()
    if options.output.exists() and not options.output.is_dir():
        msg = f"-o: {options.output} is a file. Name a folder."
        raise UsageError(msg)
    names = options.names or catalog.assignments
    planned = [p for name in names for p in _plan(catalog, name, options.output)]
    if not options.force:
        _expect_nothing_lost(planned)
    console = make_console()
    for notebook in planned:
        for path, content in notebook.files.items():
            _write(path, content)
        console.print(f"Wrote {notebook.path}", soft_wrap=True, markup=False)
    install = "" if find_spec("jupyterlab") else "pip install -e '.[notebook]' && "
    command = f"{install}jupyter lab {shlex.quote(str(planned[0].path))}"
    console.print(f"Open it with: {command}", soft_wrap=True, markup=False)
    return ExitCode.PASSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="grade.py notebook",
        description="Write an assignment as a notebook to fill in.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="an assignment, or one exercise of it; the default is all assignments",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the folder to write to; the default is the current one",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace a notebook that is there already, and what was filled in",
    )
    return parser


def _plan(catalog: Catalog, name: str, folder: Path) -> Iterator[_Planned]:
    exercises = catalog.select([name])
    whole = name.strip("/") in catalog.assignments
    for group in [exercises] if whole else [(e,) for e in exercises]:
        stem = group[0].assignment if whole else group[0].slug
        path = folder / f"{stem}.ipynb"
        notebook = build_notebook(catalog, group, file=path.name)
        data = {folder / "data" / name: content for name, content in _data(group[0])}
        text = nbformat.writes(notebook) + "\n"
        yield _Planned(path=path, files={**data, path: text.encode()})


def _data(exercise: Exercise) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(exercise.data.rglob("*")):
        if path.is_file():
            yield path.relative_to(exercise.data), path.read_bytes()


def _expect_nothing_lost(planned: Iterable[_Planned]) -> None:
    """
    Raise where a file is in the way that is not what would be written.

    Raises:
        UsageError: There is one; nothing has been written yet.
    """
    for notebook in planned:
        for path, content in notebook.files.items():
            if path.exists() and not (path.is_file() and path.read_bytes() == content):
                msg = (
                    f"{path} is there already, and not as it would be written: it may hold "
                    "your work. Nothing was written. Name another folder with -o, or "
                    "replace the file with --force."
                )
                raise UsageError(msg)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: what is there may be a learner's work."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)


def build_notebook(
    catalog: Catalog, exercises: Sequence[Exercise], *, file: str
) -> Any:
    """
    Return a notebook with the lesson and some or all exercises of one assignment.

    Args:
        catalog: The assignments.

        exercises: The exercises, in order. Sections of the lesson that are named after
            others are left out.

        file: The name that the notebook will have.
    """
    assignment = exercises[0].assignment
    lesson = read_lesson(catalog.root / "assignments" / assignment / "README.md")
    slugs = [e.slug for e in catalog.exercises(assignment)]
    ours = {e.slug: e for e in exercises}
    cells = [*_opening(lesson[0], exercises)]
    for number, section in enumerate(lesson[1:], 2):
        if section.title in slugs and section.title not in ours:
            continue
        cells.append(_section(section, number))
        if section.title in ours:
            cells.extend(_exercise(ours.pop(section.title)))
    for exercise in ours.values():
        cells.extend(_exercise(exercise))
    cells.append(_markdown("end", _END.format(file=file)))
    notebook = _v4.new_notebook(
        cells=cells,
        metadata={
            METADATA: {
                "assignment": assignment,
                "exercises": [e.name for e in exercises],
            },
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
    )
    nbformat.validate(notebook)
    return notebook


def _opening(section: Section, exercises: Sequence[Exercise]) -> Iterator[Any]:
    """Yield the title, the cell that prepares the session, and the lesson's beginning."""
    welcome = _WELCOME.format(title=section.heading, name=exercises[0].name)
    yield _markdown("welcome", welcome)
    yield _code("prepare", _PREPARE)
    yield _markdown("lesson-1", section.body, attachments=section.pictures)


def _section(section: Section, number: int) -> Any:
    text = f"{'#' * section.level} {section.heading}\n\n{section.body}"
    return _markdown(f"lesson-{number}", text, attachments=section.pictures)


def _exercise(exercise: Exercise) -> Iterator[Any]:
    """Yield an exercise's cells: contract, stub, what it does, check."""
    source = exercise.stub.read_text("utf-8")
    slug = exercise.slug
    heading = f"### Exercise: {exercise.rubric.title}"
    yield _markdown(
        f"{slug}-contract", f"{heading}\n\n{_worth(exercise)}\n\n{contracts(source)}"
    )
    yield _code(
        f"{slug}-stub", stub_code(source), **{METADATA: {"exercise": exercise.name}}
    )
    example = _example(exercise)
    if example:
        # A wrong result that cannot be shown must not keep the check from being run.
        yield _code(f"{slug}-example", example, tags=["raises-exception"])
    yield _code(f"{slug}-check", f'check("{exercise.name}")')


def _worth(exercise: Exercise) -> str:
    checks = exercise.rubric.checks.values()
    points = sum(c.points for c in checks)
    on_gpu = sum(c.points for c in checks if c.needs)
    more = (
        f", {on_gpu:g} of them for speed, which only a GPU can tell" if on_gpu else ""
    )
    return f"`{exercise.name}`: {points:g} points{more}."


def _example(exercise: Exercise) -> str:
    """Return the cell that shows what a program does, empty where there is none."""
    path = exercise.stub.parent / "examples" / f"{exercise.slug}.py"
    if not path.is_file():
        return ""
    return _EXAMPLE.format(
        code=stub_code(path.read_text("utf-8")),
        slug=exercise.slug,
        functions=", ".join(exercise.rubric.functions),
    )


def _markdown(name: str, text: str, **more: Any) -> Any:
    return _v4.new_markdown_cell(text, id=name, **{k: v for k, v in more.items() if v})


def _code(name: str, text: str, **metadata: Any) -> Any:
    return _v4.new_code_cell(text, id=name, metadata=metadata)

"""``grade.py notebook``: what it writes is the lesson and the stubs, and no more."""

from __future__ import annotations

import ast
import base64
import functools
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from markdown_it import MarkdownIt

from graders.harness import cli
from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import CatalogError
from graders.harness.notebook_text import contracts, read_lesson, stub_code
from graders.harness.notebook_writer import METADATA, build_notebook

CATALOG = Catalog()
EXERCISES = CATALOG.select(())
BY_ASSIGNMENT = pytest.mark.parametrize("assignment", CATALOG.assignments)
BY_EXERCISE = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)

FFT = "fft_callbacks"
SEPIA = "fft_callbacks/sepia_blur"


@functools.cache
def built(*names: str) -> Any:
    """Return the notebook of some exercises of one assignment."""
    return build_notebook(CATALOG, CATALOG.select(names), file="work.ipynb")


def cell(notebook: Any, name: str) -> Any:
    (found,) = (c for c in notebook.cells if c.id == name)
    return found


def markdown(notebook: Any) -> str:
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def words(text: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r":func:", "", text))


def program(source: str) -> str:
    """Return what a program does: its tree without docstrings."""
    tree = ast.parse(source)
    for node in [tree, *(n for n in tree.body if isinstance(n, ast.FunctionDef))]:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


# ----------------------------------------------------------------------- the whole


@BY_ASSIGNMENT
def test_is_valid_and_has_run_nothing(assignment: str) -> None:
    notebook = built(assignment)
    nbformat.validate(notebook, relax_add_props=False)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata[METADATA].assignment == assignment
    codes = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(c.outputs == [] and c.execution_count is None for c in codes)
    ids = [c.id for c in notebook.cells]
    assert len(set(ids)) == len(ids)


@BY_ASSIGNMENT
def test_same_files_give_the_same_bytes(assignment: str) -> None:
    exercises = CATALOG.exercises(assignment)
    first, second = (
        build_notebook(CATALOG, exercises, file="a.ipynb") for _ in range(2)
    )
    assert nbformat.writes(first) == nbformat.writes(second)


@BY_ASSIGNMENT
def test_first_code_prepares_the_session(assignment: str) -> None:
    codes = [c for c in built(assignment).cells if c.cell_type == "code"]
    assert program(codes[0].source) == program(
        "from grade import check, prepare\nprepare()"
    )


@BY_ASSIGNMENT
def test_each_exercise_is_four_cells_in_order(assignment: str) -> None:
    ids = [c.id for c in built(assignment).cells]
    for exercise in CATALOG.exercises(assignment):
        start = ids.index(f"{exercise.slug}-contract")
        kinds = ("contract", "stub", "example", "check")
        assert ids[start : start + 4] == [f"{exercise.slug}-{kind}" for kind in kinds]


@BY_ASSIGNMENT
def test_holds_the_whole_lesson(assignment: str) -> None:
    """Every word of it, in order, but for the command line at its end."""
    path = CATALOG.root / "assignments" / assignment / "README.md"
    lesson = path.read_text("utf-8").replace(
        f"\n    python grade.py {assignment}\n", ""
    )
    notebook = built(assignment)
    shown = words(markdown(notebook))
    position = 0
    for word in words(lesson):
        position = shown.index(word, position) + 1
    assert f"    python grade.py {assignment}\n" not in markdown(notebook)


@BY_ASSIGNMENT
def test_no_link_leads_to_a_file(assignment: str) -> None:
    """The notebook is read elsewhere than the lesson."""
    tokens = MarkdownIt().parse(markdown(built(assignment)))
    inline = [child for token in tokens for child in token.children or ()]
    targets = [str(t.attrGet("href") or t.attrGet("src") or "https://") for t in inline]
    assert [t for t in targets if not t.startswith(("https://", "attachment:"))] == []


@BY_ASSIGNMENT
def test_holds_no_hint(assignment: str) -> None:
    """Hints are asked for."""
    path = CATALOG.root / "assignments" / assignment / "hints.md"
    hints = re.findall(r"^\d+\. (.+)$", path.read_text("utf-8"), re.MULTILINE)
    text = nbformat.writes(built(assignment))
    assert len(hints) > 3
    assert [hint for hint in hints if hint in text] == []


# ----------------------------------------------------------------------- an exercise


@BY_EXERCISE
def test_stub_cell_is_the_stub(exercise: Exercise) -> None:
    """As a program: imports, constants, functions, and the place to edit."""
    source = exercise.stub.read_text("utf-8")
    code = cell(built(exercise.assignment), f"{exercise.slug}-stub")
    assert program(code.source) == program(source)
    todos = re.findall(r"# TODO.*", source)
    assert re.findall(r"# TODO.*", code.source) == todos
    assert code.metadata[METADATA].exercise == exercise.name
    functions = [
        n for n in ast.parse(code.source).body if isinstance(n, ast.FunctionDef)
    ]
    for function in functions:
        assert "\n" not in (ast.get_docstring(function) or "")


@BY_EXERCISE
def test_contract_says_all_that_the_docstrings_say(exercise: Exercise) -> None:
    tree = ast.parse(exercise.stub.read_text("utf-8"))
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    said = []
    for function in functions:
        said += [function.name, *(a.arg for a in function.args.args)]
        docstring = ast.get_docstring(function) or ""
        said += words(re.sub(r"^Args:$", "Arguments:", docstring, flags=re.MULTILINE))
    contract = cell(built(exercise.assignment), f"{exercise.slug}-contract").source
    head, _, rest = contract.partition("\n#### ")
    assert words(rest) == said
    points = sum(check.points for check in exercise.rubric.checks.values())
    assert f"`{exercise.name}`: {points:g} points" in head
    assert exercise.rubric.title in head


@BY_EXERCISE
def test_check_cell_asks_for_the_check(exercise: Exercise) -> None:
    code = cell(built(exercise.assignment), f"{exercise.slug}-check")
    assert code.source == f'check("{exercise.name}")'


@BY_EXERCISE
def test_example_takes_the_functions_and_leaves_nothing_behind(
    exercise: Exercise,
) -> None:
    """A name of its own beside the learner's could change what is graded."""
    path = exercise.stub.parent / "examples" / exercise.stub.name
    body = ast.parse(path.read_text("utf-8")).body
    assert isinstance(body[0], ast.Expr)  # its docstring
    *imports, show = body[1:]
    assert all(isinstance(n, ast.Import | ast.ImportFrom) for n in imports)
    assert isinstance(show, ast.FunctionDef)
    assert show.name == f"show_{exercise.slug}"
    given = [a.arg for a in show.args.args]
    without_default = given[: len(given) - len(show.args.defaults)]
    assert without_default == list(exercise.rubric.functions)
    imported = "\n".join(ast.unparse(n) for n in imports)
    assert "matplotlib" not in imported

    code = cell(built(exercise.assignment), f"{exercise.slug}-example")
    call = f"show_{exercise.slug}({', '.join(exercise.rubric.functions)})"
    assert call in code.source
    assert code.metadata.tags == ["raises-exception"]


def test_examples_belong_to_exercises() -> None:
    found = {p for p in (CATALOG.root / "assignments").glob("*/examples/*")}
    files = {p for p in found if p.is_file()}
    assert files == {e.stub.parent / "examples" / e.stub.name for e in EXERCISES}


def test_a_notebook_of_one_exercise() -> None:
    """The lesson without what is named after the others."""
    notebook = built("kernel_fusion/fused_linear")
    assert notebook.metadata[METADATA].exercises == ["kernel_fusion/fused_linear"]
    headings = re.findall(r"^## (.+)$", markdown(notebook), re.MULTILINE)
    assert headings == ["`fused_linear`", "When you are done"]
    checks = [c.source for c in notebook.cells if c.source.startswith("check(")]
    assert checks == ['check("kernel_fusion/fused_linear")']


def test_an_exercise_follows_the_section_that_is_named_after_it() -> None:
    ids = [c.id for c in built("kernel_fusion").cells]
    at = ids.index("fused_linear-contract")
    assert ids[at - 1] == "lesson-3"
    assert ids[at + 4] == "lesson-4"


def test_an_exercise_without_an_example_has_three_cells(toys: Catalog) -> None:
    notebook = build_notebook(toys, toys.select(["scale"]), file="scale.ipynb")
    ids = [c.id for c in notebook.cells]
    assert ids[-4:] == ["scale-contract", "scale-stub", "scale-check", "end"]


# ------------------------------------------------------------------------------- texts

LESSON = """\
# A lesson

See [the other](../other/README.md#top), [nvmath](https://docs.nvidia.com), [below](#more)
and `kernel[blocks](x)`.

```python
# not a heading
[x](y.md)
```

## More of `it`

![a plot](data/plot.png)

    python grade.py toy
"""


def lesson_file(folder: Path, text: str) -> Path:
    path = folder / "assignments" / "toy" / "README.md"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return path


def test_links_and_pictures_come_along(tmp_path: Path) -> None:
    path = lesson_file(tmp_path, LESSON)
    (path.parent / "data").mkdir()
    (path.parent / "data" / "plot.png").write_bytes(b"a picture")
    first, second = read_lesson(path)
    assert (first.title, second.title) == ("A lesson", "More of it")
    assert "the other (`assignments/other/README.md`)" in first.body
    assert "[nvmath](https://docs.nvidia.com)" in first.body
    assert "[below](#more)\nand `kernel[blocks](x)`" in first.body
    assert "# not a heading\n[x](y.md)" in first.body
    assert second.body == "![a plot](attachment:data-plot.png)"
    encoded = base64.b64encode(b"a picture").decode()
    assert second.pictures == {"data-plot.png": {"image/png": encoded}}


def test_a_missing_picture_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"README.md: shows plot\.png"):
        read_lesson(lesson_file(tmp_path, LESSON))


def test_a_lesson_begins_with_its_title(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="begins with a heading"):
        read_lesson(lesson_file(tmp_path, f"Words.\n\n{LESSON}"))


def test_a_contract_keeps_formulas_and_lists() -> None:
    source = '''
def f(x, scale):
    """
    Scale ``x``.

    It returns

        scale * x

    for each :func:`g`.

    Args:
        x: Numbers, of
            any kind.

        scale: One.

    It is done when
        - it is right,
          everywhere;
        - ``x`` is unchanged.
    """
'''
    assert contracts(source) == (
        "#### `f(x, scale)`\n\nScale `x`.\n\nIt returns\n\n    scale * x\n\n"
        "for each `g`.\n\n"
        "**Arguments**\n\n- **`x`**: Numbers, of\n  any kind.\n\n- **`scale`**: One.\n\n"
        "**It is done when**\n\n- it is right,\n  everywhere;\n- `x` is unchanged."
    )


def test_a_stub_keeps_its_helpers() -> None:
    source = (
        '"""Exercise."""\n\nimport math\n\nTWO = 2  # as given\n\n\n'
        'def f(x):\n    """\n    Double \\\\ it.\n\n    More.\n    """\n'
        "    # TODO: Use TWO.\n    raise NotImplementedError\n"
    )
    assert stub_code(source) == (
        "import math\n\nTWO = 2  # as given\n\n\n"
        'def f(x):\n    """Double \\\\ it."""\n'
        "    # TODO: Use TWO.\n    raise NotImplementedError"
    )


# --------------------------------------------------------------------------- the command


def test_writes_a_notebook_and_its_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my work"
    assert cli.main(["notebook", FFT, "-o", str(folder)]) == 0
    said = capsys.readouterr().out
    path = folder / f"{FFT}.ipynb"
    assert f"Wrote {path}\n" in said
    assert f"jupyter lab '{path}'" in said
    assert nbformat.read(path, 4).metadata[METADATA].assignment == FFT
    data = CATALOG.root / "assignments" / FFT / "data"
    for name in ("coffee.png", "README.md"):
        assert (folder / "data" / name).read_bytes() == (data / name).read_bytes()
    assert {p.name for p in folder.iterdir()} == {path.name, "data"}


def test_writes_all_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["notebook"]) == 0
    assert {p.stem for p in tmp_path.glob("*.ipynb")} == set(CATALOG.assignments)


def test_writes_those_that_are_named(tmp_path: Path) -> None:
    assert cli.main(["notebook", SEPIA, "device_api/", "-o", str(tmp_path)]) == 0
    names = {p.name for p in tmp_path.glob("*.ipynb")}
    assert names == {"sepia_blur.ipynb", "device_api.ipynb"}


def filled_in(path: Path) -> str:
    """Fill in a notebook as a learner would, and return it."""
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][-2]["source"] = ["mine"]
    path.write_text(json.dumps(notebook), "utf-8")
    return path.read_text("utf-8")


def test_refuses_to_replace_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And then writes none of the others either; unchanged ones are no reason."""
    arguments = ["notebook", "device_api", FFT, "-o", str(tmp_path)]
    assert cli.main(["notebook", FFT, "-o", str(tmp_path)]) == 0
    path = tmp_path / f"{FFT}.ipynb"
    mine = filled_in(path)
    assert cli.main(arguments) == 4
    said = capsys.readouterr().err
    assert str(path) in said
    assert "--force" in said
    assert path.read_text("utf-8") == mine
    assert not (tmp_path / "device_api.ipynb").exists()

    assert cli.main([*arguments, "--force"]) == 0
    assert path.read_text("utf-8") != mine
    assert cli.main(arguments) == 0


def test_refuses_to_replace_other_data(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "README.md").write_text("mine")
    assert cli.main(["notebook", FFT, "-o", str(tmp_path)]) == 4
    assert (tmp_path / "data" / "README.md").read_text() == "mine"
    assert not list(tmp_path.glob("*.ipynb"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sepia_blurr"], "Did you mean 'sepia_blur'?"),
        ([FFT, "-o", "{file}"], "Name a folder."),
        ([FFT, "--colour"], "unrecognized arguments"),
    ],
    ids=["unknown name", "a file as folder", "unknown option"],
)
def test_a_wrong_command_is_said(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    words_given = [a.format(file=file) for a in arguments]
    assert cli.main(["notebook", *words_given]) == 4
    assert said in capsys.readouterr().err

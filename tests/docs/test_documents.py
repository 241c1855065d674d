"""The documents say what is so: commands run, names exist, tables hold."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from graders.harness import checks, notes, plugin, regrade
from graders.harness.catalog import Catalog
from graders.harness.classroom import command as class_command
from graders.harness.cli import build_parser
from graders.harness.corpus import disagreement, read_corpus
from graders.harness.errors import UsageError
from graders.harness.models import Submission
from graders.harness.release import command as release
from graders.harness.run import Grader, Request
from graders.harness.submission import locate
from tests.docs.documents import (
    BLOCK,
    BY_NAME,
    DOCUMENTS,
    HARNESS,
    HEADING,
    INSTRUCTORS,
    LINK,
    OTHERS_PACKAGES,
    PLACEHOLDER,
    README,
    ROOT,
    commands,
    inline,
    members,
    prose,
)

# ------------------------------------------------------------------ links, files, names


def anchors(path: Path) -> set[str]:
    titles = HEADING.findall(BLOCK.sub("", path.read_text("utf-8")))
    return {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles}


@BY_NAME
def test_links_resolve(document: Path) -> None:
    for target in LINK.findall(prose(document)):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{document.name}: {target}"
        assert not anchor or anchor in anchors(path), f"{document.name}: {target}"


def is_path(text: str) -> bool:
    plain = re.fullmatch(r"[\w.-]*(/[\w.-]+)*/?", text) is not None
    suffix = text.endswith((".py", ".md", ".toml", ".json", ".ini"))
    return plain and not text.startswith(("/", "--")) and ("/" in text or suffix)


def example_files() -> dict[str, str]:
    """Return the files of the instructors' example: a path, then a block."""
    found = re.finditer(
        r"`([\w./]+)`:\n\n```(?:toml|python)\n(.*?)^```$",
        INSTRUCTORS.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return {match[1]: match[2] for match in found}


@BY_NAME
def test_files_exist(document: Path) -> None:
    exercises = {e.name for e in Catalog().select(())}
    trees = (ROOT / tree for tree in ("assignments", "reference", "graders"))
    names = {path.name for tree in trees for path in tree.rglob("*.*")}
    places = (ROOT, ROOT / "docs", ROOT / "tests" / "harness" / "programs")
    for text in filter(is_path, inline(document)):
        known = any((place / text).exists() for place in places)
        known = known or text in exercises or text in example_files()
        known = known or ("/" not in text and text in names) or text == notes.NAME
        assert known, f"{document.name}: {text}"


def exists_in_engine(dotted: str) -> bool:
    """Whether ``module.Class.method`` names something under ``graders/harness/``."""
    place = HARNESS
    parts = dotted.removeprefix("graders.harness.").split(".")
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    if not parts:
        return True
    file = place / f"{parts[0]}.py"
    if file.is_file():
        parts = parts[1:]
    else:
        file = place / "__init__.py"
    body = ast.parse(file.read_text("utf-8")).body
    for part in parts:
        node = members(body).get(part)
        if node is None:
            return False
        body = getattr(node, "body", [])
    return True


@BY_NAME
def test_functions_exist(document: Path) -> None:
    for text in inline(document):
        if is_path(text) or not re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+", text):
            continue
        first, _, rest = text.partition(".")
        if text.startswith(OTHERS_PACKAGES):
            continue
        public = getattr(checks, first, None)
        known = exists_in_engine(text) or hasattr(public, rest)
        assert known, f"{document.name}: {text}"


@BY_NAME
def test_tests_exist(document: Path) -> None:
    named = {t for t in inline(document) if re.fullmatch(r"test_\w+", t)}
    texts = [p.read_text("utf-8") for p in (ROOT / "tests").rglob("test_*.py")]
    defined = set(re.findall(r"^def (test_\w+)", "\n".join(texts), re.MULTILINE))
    assert named <= defined, document.name


@BY_NAME
def test_options_exist(document: Path) -> None:
    names = ("cli.py", "selfcheck.py", "plugin.py", "doctor/command.py", "hints.py")
    more = (
        "notebook_writer.py",
        "regrade.py",
        "release/command.py",
        "classroom/command.py",
    )
    files = [HARNESS / name for name in (*names, *more)]
    files.append(ROOT / "tests" / "security" / "conftest.py")
    sources = "\n".join(path.read_text("utf-8") for path in files)
    known = {*re.findall(r'"(--[a-z-]+)"', sources), "--dist"}  # pytest-xdist's
    known |= {"--nworkers", "--nthreads", "--resources"}  # of Dask's own command
    said = "\n".join([*inline(document), *commands(document)])
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", said)) <= known, document.name


def test_text_is_for_users() -> None:
    """No path of a machine, and lines that fit a screen."""
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        machine = re.search(r"(?<![\w.])/(home|tmp|work|root|usr)/", text)
        assert machine is None, document.name
        long = [
            line
            for line in BLOCK.sub("", text).splitlines()
            if len(line) > 120 and not line.startswith("|")
        ]
        assert not long, document.name


# -------------------------------------------------------------------------- commands


#: These tests, by README's command: two files of them at a time.
TESTS = "python -m pytest -n 2 --dist loadfile"


def grade_commands() -> Iterator[tuple[str, list[str]]]:
    for document in DOCUMENTS:
        for text in [*commands(document), *inline(document)]:
            for part in text.split("&&"):
                words = shlex.split(part)
                if words[:2] == ["python", "grade.py"]:
                    yield document.name, words[2:]


def test_grading_commands_are_understood() -> None:
    """Each command parses; names and files exist where they are no placeholders."""
    found = list(grade_commands())
    assert len(found) > 15
    parser = build_parser()
    for name, words in found:
        shown = f"{name}: {words}"
        if words[:1] == ["selfcheck"]:
            options_said = {w for w in words[1:] if w.startswith("-")}
            known = {"--full", "--device", "--json", "--messages"}
            assert options_said <= known, shown
            continue
        if words[:1] == ["notebook"]:
            Catalog().select(words[1:])
            continue
        if words[:1] == ["hint"]:
            names = [w for w in words[1:] if not w.startswith("-")]
            assert len(names) == 1, shown
            Catalog().select([n for n in names if not PLACEHOLDER.search(n)])
            continue
        if words[:1] == ["release"]:
            Catalog().select(release.build_parser().parse_args(words[1:]).names)
            continue
        if words[:1] == ["regrade"]:
            regrade.build_parser().parse_args(words[1:])
            continue
        if words[:1] == ["class"]:
            placed = {"N": "2", "ADDRESS": "tcp://HOST:8786"}
            words = [placed.get(w, w) for w in words[1:]]
            options = class_command.build_parser().parse_args(words)
            Catalog().select(options.exercise)
            continue
        if words[:1] == ["doctor"]:
            assert set(words[1:]) <= {"--json", "PATH"}, shown
            continue
        stood_in = {"N": "2", "json:PATH": "json:report.json"}
        options = parser.parse_args([stood_in.get(w, w) for w in words])
        Catalog().select([n for n in options.names if not PLACEHOLDER.search(n)])
        path = options.submission
        if path is not None and len(path.parts) > 1:
            assert (ROOT / path).exists(), shown


def extras_of(command: str) -> list[str]:
    words = shlex.split(command)
    assert words[:3] == ["pip", "install", "-e"], command
    match = re.fullmatch(r"\.(?:\[(\w+)\])?", words[3])
    assert match is not None, command
    return [match[1]] if match[1] else []


@BY_NAME
def test_install_commands_name_extras_that_exist(document: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for command in commands(document):
        if command.startswith("pip"):
            asked = set(extras_of(command.split("&&")[0]))
            assert asked <= set(project["optional-dependencies"]), command


def test_readme_begins_with_the_command() -> None:
    assert commands(README)[0] == "pip install -e . && python grade.py"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert list(project["entry-points"]["pytest11"].values()) == [plugin.__name__]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """The second command runs these tests; .ci/run takes it from the README."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    pattern = re.search(r"grep .*?'(\^.*?)' README.md", script)
    assert pattern is not None
    found = [line for line in commands(README) if re.search(pattern[1], line)]
    assert found == [f"pip install -e '.[test]' && {TESTS}"]


def readme_runs() -> list[tuple[str, str]]:
    """Return README's grading commands with the output that it shows for each."""
    blocks = BLOCK.findall(README.read_text("utf-8"))
    runs = []
    for (kind, text), following in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if kind != "sh":
            continue
        for line in text.splitlines():
            command = line.split("&&")[-1].strip()
            if command.startswith("pip install") or command == TESTS:
                continue  # test_install_commands_..., test_ci_runs_...
            runs.append((command, following[1] if following[0] == "text" else ""))
    return runs


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    left_out = ("COLUMNS", "PYTEST_ADDOPTS")
    environment = {k: v for k, v in os.environ.items() if k not in left_out}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def shown_line(line: str) -> str:
    """Return a pattern for one line of shown output: ``...`` stands for anything."""
    if line.startswith("Grading "):
        line = line.partition(":")[0]  # the reason for the device is the machine's
    pattern = re.escape(" ".join(line.split())).replace(re.escape("..."), ".*?")
    if line.startswith(" " * 6):  # of drawn inputs words, not figures; lines stay
        figure = r"(?<!line\\ )(?<!\d)\d[\d,]*(\\\.\d+)?"
        pattern = re.sub(figure, lambda _: r"[\d.,e+]+", pattern)
    return pattern.replace(r"\ ", " ")


@pytest.mark.parametrize(
    ("command", "shown"),
    readme_runs(),
    ids=[command[:60] for command, _ in readme_runs()],
)
def test_readme_commands_print_what_it_shows(command: str, shown: str) -> None:
    words = shlex.split(command)
    assert words[:2] == ["python", "grade.py"], command
    assert shown, f"README shows no output of {command}"
    on_any_machine = words[2:3] == ["doctor"]
    device = [] if on_any_machine else ["--device", "simulator"]
    ended = run([*words[1:], *device])
    said = " ".join(ended.stdout.split())
    position = 0
    for line in shown.splitlines():
        if line.strip() in ("", "..."):
            continue
        found = re.compile(shown_line(line)).search(said, position)
        assert found is not None, f"not printed: {line}\n{ended.stdout}{ended.stderr}"
        position = found.end()
    codes = (0, 1) if on_any_machine else ((0,) if "\nPassed: " in shown else (1,))
    assert ended.returncode in codes


def test_graders_run_as_ordinary_pytest() -> None:
    installed = [e.value for e in metadata.entry_points(group="pytest11")]
    load = [] if plugin.__name__ in installed else ["-p", plugin.__name__]
    words = ["-m", "pytest", *load, "-q", "-p", "no:cacheprovider"]
    grader = "graders/fft_callbacks/test_gaussian_blur.py"
    rest = ["--submission", "reference", "--grading-device", "simulator"]
    ended = run([*words, grader, *rest])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "4 passed" in ended.stdout


def test_an_unknown_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="Did you mean 'sepia_blur'"):
        Catalog().select(["sepia_blurr"])


# --------------------------------------------------------------------------- example


def test_the_instructors_example_grades(tmp_path: Path) -> None:
    """Its stub earns nothing, its reference all, and its wrong program is caught."""
    files = example_files()
    assert len(files) == 6
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    catalog = Catalog(tmp_path)
    exercises = catalog.select(["double"])
    (program,) = read_corpus(catalog, tmp_path / "tests" / "submissions")
    work = [
        pair
        for tree in ("assignments", "reference")
        for pair in locate(tmp_path / tree, exercises, named=True)
    ]
    work.append((exercises[0], Submission(exercise="demo/double", path=program.path)))
    with Grader("simulator", catalog) as grader:
        stub, solution, wrong = grader.results(Request(work=work, device="simulator"))
    assert [c.reason for c in stub.checks] == ["unimplemented", "prerequisite"]
    assert solution.score == solution.max_score == 3
    assert disagreement(program, wrong) == ""
    assert wrong.checks[0].hint == "The sign is lost."

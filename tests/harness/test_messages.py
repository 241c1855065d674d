"""The page of messages: what is on it, that it is the same twice, that it is not stale."""

from __future__ import annotations

import re
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from graders.harness import selfcheck
from graders.harness.catalog import ROOT, Catalog
from graders.harness.corpus import read_corpus
from graders.harness.errors import UsageError
from graders.harness.messages import make_page, messages_of, program_name, steady
from graders.harness.models import CheckResult, ExerciseResult, Reason, Status
from graders.harness.run import Grader

PAGE = ROOT / "docs" / "messages.md"
PROGRAMS = {
    "right_plain": "# Multiplies.\n# expect: passed\n\n\n"
    "def scale(image, factor):\n    return image * factor\n",
    "wrong_adds": "# Adds instead.\n# expect: failed values wrong_value\n\n\n"
    "def scale(image, factor):\n    return image + factor\n",
    "wrong_raises": "# Raises.\n# expect: failed values crashed\n\n\n"
    "def scale(image, factor):\n    raise ValueError(hex(id(image)))\n",
    "wrong_on_a_gpu": "# Is wrong on a GPU.\n# expect: failed values wrong_value\n"
    "# devices: cuda\n\n\ndef scale(image, factor):\n    return image\n",
}


def programs_on(page: str) -> dict[str, set[str]]:
    """Return the wrong programs that a page lists, by exercise."""
    found: dict[str, set[str]] = {}
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    for section in sections:
        title, _, text = section.partition("\n")
        names = re.findall(r"^(wrong_[\w.]+): ", text, re.MULTILINE)
        found.setdefault(title, set()).update(names)
        for exercise, name in re.findall(r"^(\w+/\w+)/(wrong_[\w.]+)$", text, re.M):
            found.setdefault(exercise, set()).add(name)
    return found


def test_the_page_lists_the_corpus_as_it_is_today() -> None:
    """Each wrong program by name and by its own words, and none that is gone."""
    text = PAGE.read_text("utf-8")
    found = programs_on(text)
    flat = " ".join(text.split())
    wanted: dict[str, set[str]] = {}
    stale = []
    for program in read_corpus(Catalog(), ROOT / "tests" / "submissions"):
        if program.right:
            continue
        name = program_name(program.path)
        wanted.setdefault(program.exercise.name, set()).add(name)
        said = " ".join(f"{name}: {program.summary}".split())
        if "simulator" in program.devices and said not in flat:
            stale.append(f"{program.exercise.name}/{name}")
    again = "python grade.py selfcheck --full --messages docs/messages.md"
    assert stale == [], f"not on the page as they are: {again}"
    assert {k: v for k, v in found.items() if v} == wanted, f"make it again: {again}"


@pytest.fixture
def root(toys: Catalog, tmp_path: Path) -> Path:
    """The toys with a corpus of their own."""
    copy = tmp_path / "repository"
    shutil.copytree(toys.root, copy, ignore=shutil.ignore_patterns("__pycache__"))
    folder = copy / "tests" / "submissions" / "toys" / "scale"
    folder.mkdir(parents=True)
    for name, text in PROGRAMS.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    return copy


def test_the_page_of_a_small_corpus(
    root: Path,
    toy_grader: Grader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Program, summary, checks, reason, message and hint are there, twice the same."""
    catalog = Catalog(root)
    monkeypatch.setattr(selfcheck, "Catalog", lambda: catalog)
    monkeypatch.setattr(selfcheck, "Grader", lambda *_: nullcontext(toy_grader))
    monkeypatch.setattr(toy_grader, "_catalog", catalog)
    pages = []
    for name in ("one.md", "two.md"):
        target = tmp_path / name
        selfcheck.main(
            ["--full", "--device", "simulator", "scale", "--messages", str(target)]
        )
        pages.append(target.read_text("utf-8"))
    assert "BROKEN  the corpus" not in capsys.readouterr().out
    page = pages[0]
    assert pages[1] == page
    assert page.index("## toys/scale") < page.index(
        "### values: Each element is scaled."
    )
    assert "stub: As the learner gets it.\n    values [unimplemented]\n" in page
    flat = " ".join(page.split())
    assert "wrong_raises: Raises. values [crashed] scale raised ValueError on " in flat
    assert "(raise ValueError(hex(id(image)))): 0x..." in flat
    assert (
        "wrong_adds: Adds instead.\n    values [wrong_value]\n      The result " in page
    )
    assert "right_plain" not in page
    assert (
        "## Programs for another device\n\n```text\ntoys/scale/wrong_on_a_gpu\n" in page
    )
    assert programs_on(page)["toys/scale"] == {
        "wrong_adds", "wrong_raises", "wrong_on_a_gpu",
    }  # fmt: skip
    assert "[needs_gpu]" in page


def test_the_page_needs_the_corpus() -> None:
    """--messages without --full is refused before anything is graded."""
    with pytest.raises(UsageError, match="needs --full"):
        selfcheck.main(["--messages", "page.md"])


def check(name: str, message: str, status: Status = Status.FAILED) -> CheckResult:
    return CheckResult(
        name=name, title="A title.", status=status, points=0, max_points=1,
        reason=Reason.WRONG_VALUE, message=message, hint="Look.",
    )  # fmt: skip


def result(*checks: CheckResult) -> ExerciseResult:
    return ExerciseResult(name="a/b", title="B", checks=checks)


def test_what_is_said_twice_stands_once() -> None:
    """Equal messages are one, under the first check; errors of ours are none."""
    found = messages_of(
        "p",
        "Does it.",
        result(
            check("one", "Wrong."),
            check("two", "Other."),
            check("three", "Wrong."),
            check("four", "Ours.", Status.ERROR),
            check("five", "Good.", Status.PASSED),
        ),
    )
    assert [(m.checks, m.message) for m in found] == [
        (("one", "three"), "Wrong."),
        (("two",), "Other."),
    ]
    page = make_page([result(check("one", "Wrong."))], [])
    assert "| `wrong_value` | 1 |" in page


def test_a_page_without_everything_is_not_written(
    root: Path,
    toy_grader: Grader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where a program could not be graded, the page before stays as it was."""
    broken = root / "graders" / "toys" / "test_scale.py"
    broken.write_text(broken.read_text("utf-8").replace("* 2.0", "* 2.0 / nothing"))
    catalog = Catalog(root)
    monkeypatch.setattr(selfcheck, "Catalog", lambda: catalog)
    monkeypatch.setattr(selfcheck, "Grader", lambda *_: nullcontext(toy_grader))
    monkeypatch.setattr(toy_grader, "_catalog", catalog)
    target = tmp_path / "page.md"
    target.write_text("before")
    arguments = ["--full", "--device", "simulator", "scale", "--messages", str(target)]
    assert selfcheck.main(arguments) == 1
    assert target.read_text("utf-8") == "before"
    assert "BROKEN  all messages are learners' own" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("<object at 0x7f3a5c001e50>", "<object at 0x...>"),
        ("memory: 3.2 GB of at most 9.4 GB", "memory: ... GB of at most ... GB"),
        ("it was stopped after 0.53 s", "it was stopped after ... s"),
        ("within 5 s; an error of 0.53, 12 GB", "within 5 s; an error of 0.53, 12 GB"),
    ],
)
def test_what_changes_is_replaced(text: str, same: str) -> None:
    """Addresses, times and the machine's memory; figures of the task stay."""
    assert steady(text) == same


def test_a_message_cannot_end_its_block() -> None:
    """Text of a program's that looks like Markdown stays in the block."""
    page = make_page([result(check("one", "Raised: ```\n## Title"))], [])
    assert page.count("```") == 2

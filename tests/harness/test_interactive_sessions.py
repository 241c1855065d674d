"""What is handed in from IPython, from Python's prompt and from a script."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import ROOT

NAME = "fft_callbacks/sepia_blur"
START = "from grade import check"
# Runs cells as a kernel would, and shows what check would have had graded.
IPYTHON = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="NoColor")
from graders.harness.interactive import checking
asked = {}
def ask(request):
    asked.update(request)
    folder = __import__("pathlib").Path(request["work"][0]["path"]).parent
    asked["beside"] = sorted(
        str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    return {"text": "graded", "html": "<p>graded</p>", "report": {}}
checking.CLIENT.ask = ask
shell.user_ns["answers"] = []
for cell in json.loads(sys.argv[1]):
    source, name = cell if isinstance(cell, list) else (cell, None)
    shell.run_cell(source, store_history=True, cell_id=name)
answers = shell.user_ns["answers"]
answers = [{"text": repr(a), "programs": dict(a.programs)} for a in answers]
print(json.dumps({"answers": answers, "asked": asked}), file=sys.__stdout__)
"""

Session = Callable[..., dict[str, Any]]


@pytest.fixture
def ipython(tmp_path: Path) -> Session:
    """A function that runs cells in a session of IPython; the last one checks."""

    def run(*cells: object, last: str = "answers.append(check())") -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-c", IPYTHON, json.dumps([START, *cells, last])],
            capture_output=True, text=True, cwd=tmp_path, check=True,
            env={"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path / ".ipython"),
                 "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run


def program(found: dict[str, Any]) -> str:
    """Return the module that was handed in, without the comments in it."""
    (answer,) = found["answers"]
    lines = answer["programs"][NAME].splitlines()
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def test_all_exercises_that_are_defined_are_chosen(ipython: Session) -> None:
    """Without a name, what the session defines is graded, and nothing else."""
    found = ipython(
        "def sepia_blur(image, sigma): ...",
        "def gaussian_blur(image, sigma): ...",
        "def blur_batch(images, sigma): ...",  # one of two functions
    )
    names = ["fft_callbacks/gaussian_blur", NAME]
    assert [item["exercise"] for item in found["asked"]["work"]] == names


def test_cells_count_as_they_were_run_last(ipython: Session) -> None:
    """A cell that was run again, and one that failed half-way, count for what they did."""
    found = ipython(
        ["N = 1\ndef sepia_blur(image, sigma):\n    return N + M", "a"],
        ["M = 1\n1 / 0\nM = 2", "b"],
        ["N = 5\nraise ValueError(\n    'later'\n)\nN = 6", "c"],
        ["def sepia_blur(image, sigma) return 3", "a"],
        ["M = 3 +", "b"],
    )
    assert program(found) == (
        "def sepia_blur(image, sigma):\n    return N + M\nM = 1\nN = 5"
    )
    assert found["asked"]["notes"] == [
        f"{names} came from In [{n}], an earlier version of the cell that is now In [{m}]. "
        "Run all cells again in a fresh session, to see whether the notebook still defines "
        "it all."
        for names, n, m in [("sepia_blur", 2, 5), ("M", 3, 6)]
    ]


def test_what_follows_the_check_has_not_been_run(ipython: Session) -> None:
    """In the check's own cell only what stands above it counts."""
    both = "def sepia_blur(image, sigma):\n    return 1\n"
    last = f"{both}answers.append(check())\n{both.replace('1', '2')}"
    assert program(ipython(last=last)) == both.strip()


def test_magics_do_not_hinder(ipython: Session) -> None:
    """Magics, and what they ran, leave the rest of their cells as it was."""
    found = ipython(
        "\n\n%precision 3\n%time N = 2\n!ls\nK = 1",
        "%%time\n\nimport math\ndef half(x):\n    return x / N + K",
        "%%capture said\ndef sepia_blur(image, sigma):\n    return half(math.pi)",
        "%%timeit -n1 -r1\nN = 3",
        "%%writefile other.py\nN = 4",
        "sepia_blur?",
    )
    assert program(found) == (
        "N = 2\nK = 1\nimport math\ndef half(x):\n    return x / N + K\n"
        "def sepia_blur(image, sigma):\n    return half(math.pi)"
    )
    places = found["asked"]["work"][0]["places"]
    assert ["In [2]", 4] in places
    assert ["In [3]", 3] in places
    assert ["In [4]", 3] in places


def test_modules_beside_the_notebook_come_along(
    ipython: Session, tmp_path: Path
) -> None:
    """Functions from the learner's own files are graded, also of the exercise's name."""
    (tmp_path / "helper.py").write_text("def half(x):\n    return x / 2\n")
    (tmp_path / "sepia_blur.py").write_text(
        "from helper import half\n\ndef sepia_blur(image, sigma):\n    return half(image)\n"
    )
    found = ipython("from sepia_blur import *")
    assert found["asked"]["beside"] == [
        "helper.py",
        "sepia_blur.py",
        "sepia_blur_beside.py",
    ]
    assert "from sepia_blur import *" in program(found)
    namespace: dict[str, Any] = {"__name__": "sepia_blur"}
    folder = tmp_path / "staged"
    folder.mkdir()
    for name in ("helper", "sepia_blur"):
        target = {"helper": "helper", "sepia_blur": "sepia_blur_beside"}[name]
        (folder / f"{target}.py").write_text((tmp_path / f"{name}.py").read_text())
    check = f"import sys; sys.path.insert(0, {str(folder)!r})\n{program(found)}"
    check += "\nprint(sepia_blur(3, 1))"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1.5\n", namespace


def test_packages_beside_the_notebook_come_along(
    ipython: Session, tmp_path: Path
) -> None:
    """Those that the program imports, or a module of its own does; no others."""
    files = {
        "helper.py": "from inner import half\n",
        "mine/__init__.py": "from mine.deep.part import third\n",
        "mine/deep/__init__.py": "",
        "mine/deep/part.py": "def third(x):\n    return x / 3\n",
        "inner/__init__.py": "def half(x):\n    return x / 2\n",
        "other/__init__.py": "",
        "data/readme.txt": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "mine" / "link.py").symlink_to(tmp_path / "helper.py")
    found = ipython(
        "import sys; sys.path.insert(0, '')",
        "from mine import third\nfrom helper import half\n"
        "def sepia_blur(image, sigma):\n    return half(third(image))",
    )
    assert found["asked"]["beside"] == [
        "helper.py",
        "inner/__init__.py",
        "mine/__init__.py",
        "mine/deep/__init__.py",
        "mine/deep/part.py",
        "sepia_blur.py",
    ]


def test_names_that_no_cell_bound_come_along(ipython: Session, tmp_path: Path) -> None:
    """What ``%run`` brought, a startup file, or a widget, is written down."""
    (tmp_path / "mine.py").write_text(
        "def scale(x):\n    return x * SIZE\n\ndef sepia_blur(image, sigma):\n"
        "    return np.sum(scale(image))\n"
    )
    found = ipython(
        "%run mine.py",
        "globals()['SIZE'] = (1, 2.5)\nglobals()['np'] = __import__('math')",
    )
    text = program(found)
    assert "import math as np" in text
    assert "SIZE = (1, 2.5)" in text
    assert "def scale(x):\n    return x * SIZE" in text


def test_what_cannot_be_graded_is_said(ipython: Session) -> None:
    """A wrong name, or a function that is missing, is an answer and no exception."""
    said = {
        "check('sepia_blurr')": "Did you mean 'sepia_blur'?",
        "check('sepia_blur')": "There is a 'sepia_blurred': rename it.",
        "check('kernel_fusion')": "are not defined in this session",
        "check()": "No exercise's functions are defined in this session yet.",
        "check(sepia_blurred)": "not function",
        "check('sepia_blur', device='gpu')": "device is one of auto, cuda, simulator",
    }
    cells = [f"answers.append({call})" for call in said]
    found = ipython("def sepia_blurred(x): ...", *cells, last="")
    answers = [answer["text"] for answer in found["answers"]]
    assert len(answers) == len(said)
    for words, answer in zip(said.values(), answers, strict=True):
        assert words in answer
    assert found["asked"] == {}


PLAIN = """
from graders.harness.interactive import checking
checking.CLIENT.ask = lambda request: {"text": "graded", "html": "", "report": {}}
from grade import check
"""


def python(*arguments: str, text: str = "") -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        input=text, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_a_script_can_check_itself(tmp_path: Path) -> None:
    """In a script, what stands above the check is handed in."""
    script = tmp_path / "work.py"
    script.write_text(
        PLAIN
        + "N = 1\ndef sepia_blur(image, sigma):\n    return N\nprint(sepia_blur(1, 2))\n"
        "print(check('sepia_blur').programs)\nN = 2\n"
    )
    said = python(str(script))
    assert "def sepia_blur" in said
    assert "N = 1" in said
    assert "N = 2" not in said
    assert "# work.py" in said


def test_a_prompt_without_sources_says_what_to_do() -> None:
    """Where Python keeps no text of what is typed, the answer says how to go on."""
    typed = PLAIN + "def sepia_blur(image, sigma): return 1\n\nprint(check())\n"
    said = python("-i", "-q", text=typed)
    if sys.version_info >= (3, 13):
        assert "graded" in said
    else:
        assert "this version of Python keeps no text" in said
        assert "Save it as sepia_blur.py" in said


def test_a_prompt_with_sources_is_read() -> None:
    """What newer versions of Python keep of their prompt is handed in."""
    typed = textwrap.dedent(
        """
        import linecache
        def typed(number, text):
            name = f"<python-input-{number}>"
            lines = [line + "\\n" for line in text.split("\\n")]
            linecache.cache[name] = (len(text), None, lines, "<stdin>")
            exec(compile(text, name, "exec"), globals())
        typed(10, "N = 2")
        typed(9, "N = 1")
        typed(2, "def sepia_blur(image, sigma):\\n    return N")
        typed(11, "print(N)")
        print(check().programs)
        """
    )
    said = python("-c", PLAIN + typed)
    assert "# <python-input-10>\\nN = 2" in said
    assert "N = 1" not in said


def test_importing_grade_brings_nothing_of_the_engine() -> None:
    """The command line starts as fast as before, and a wrong name is told as any other."""
    said = python(
        "-c",
        "import grade, sys\nprint([m for m in sys.modules if m.startswith('graders')])\n"
        "try: grade.chek\nexcept AttributeError as err: print(err)\n"
        "from grade import check\nprint(check.__module__)\n"
        "print([m for m in ('numpy', 'pytest', 'rich', 'IPython') if m in sys.modules])",
    )
    assert said.splitlines() == [
        "[]",
        "module 'grade' has no attribute 'chek'",
        "graders.harness.interactive.checking",
        "[]",
    ]

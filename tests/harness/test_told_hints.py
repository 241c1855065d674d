"""What learners are told to do next where a worker says what an exception leaves unsaid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graders.harness.checks import Learner
from graders.harness.errors import CompileFailed, Failure, ImportFailed
from graders.harness.supervisor import ForkServer

Outcome = Callable[[str], Failure]

CALLBACK = (
    "import nvmath, numpy as np\ndef f(x):\n    def epilog(o, i, v, p, _):\n        "
)
COMPILE = (
    "\n        o[i] = v\n    nvmath.fft.compile_epilog(epilog, 'complex64', 'float64')"
)
TUPLE = "t = (1.0, 2.0)\n        "


@pytest.fixture
def outcome(kernel_server: ForkServer, tmp_path: Path) -> Outcome:
    """What a program comes to when its function is called."""

    def called(text: str) -> Failure:
        (tmp_path / "work.py").write_text(text)
        opened = Learner(
            tmp_path / "work.py", "work", kernel_server, timeout=60, functions=["f"]
        )
        try:
            with pytest.raises(Failure) as caught:
                opened.call("f", 1)
        finally:
            opened.close()
        return caught.value

    return called


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("v = v * np.sqrt(2.0)", "use the functions of Python's module math"),
        (
            f"{TUPLE}for a in t: v = v * a",
            "nor index a tuple by a variable or loop over",
        ),
        (
            f"{TUPLE}for n in range(2): v = v * t[n]",
            "nor index a tuple by a variable or",
        ),
    ],
)
def test_what_a_compiler_refuses(body: str, hint: str, outcome: Outcome) -> None:
    failure = outcome(f"{CALLBACK}{body}{COMPILE}")
    assert isinstance(failure, CompileFailed)
    assert hint in failure.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "from nvmath.linalg.advanced import MatmulEpilog as M\nM.BIAS_RELU",
            "that list",
        ),
        ("def f(x):\n    input()", "Leave out input"),
        ("input()", "Leave out input"),
        ("open('x.csv')", "What an exercise needs comes in its arguments"),
        ("import reference", "Give that file of yours another name"),
        ("from grade import go", "Give that file of yours another name"),
        ("import mylib", "a folder of that name with an __init__.py"),
        ("import numpyy", "Use the packages that the stub imports."),
        ("1 / 0", "Run the file by itself"),
    ],
)
def test_what_to_do_next(text: str, hint: str, outcome: Outcome) -> None:
    assert hint in outcome(text).hint


@pytest.mark.parametrize(
    "last", ["f = None", "f: object = None", "del f", "del g, f", "f  =  None  # later"]
)
def test_a_name_that_is_bound_again_is_told_with_its_line(
    last: str, outcome: Outcome
) -> None:
    failure = outcome(
        f"def f(x):\n    return x\ng = 1\n{last}\nx = f == 1 if 0 else 2\n"
    )
    assert isinstance(failure, ImportFailed)
    assert failure.message == (
        "work.py has no function 'f' in the end: line 4 is the last that binds the name "
        f"({' '.join(last.split())})."
    )
    assert failure.hint == "Leave that line out, or give what it binds another name."


def test_a_name_that_is_not_there_is_told_as_before(outcome: Outcome) -> None:
    assert outcome("def g(x): pass").message.startswith("work.py has no function 'f'.")

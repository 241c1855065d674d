"""What a worker adds to exceptions that say too little, and what it leaves alone."""

from __future__ import annotations

import enum
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import Learner
from graders.harness.errors import CompileFailed, Crashed, Failure, ImportFailed
from graders.harness.supervisor import ForkServer
from graders.harness.worker import loading
from graders.harness.worker.loading import RESERVED, describe_exception

Outcome = Callable[..., Failure]

CALLBACK = """
import math, nvmath, numpy as np
def epilog(out, offset, data, info, _):
    out[offset] = data * np.{name}({argument})
"""
COMPILE = "nvmath.fft.compile_epilog(epilog, 'complex64', 'float64')\n"


@pytest.fixture
def outcome(kernel_server: ForkServer, tmp_path: Path) -> Outcome:
    """What a program comes to when its function is called."""

    def called(text: str, **beside: str) -> Failure:
        (tmp_path / "work.py").write_text(text)
        for name, content in beside.items():
            (tmp_path / f"{name}.py").write_text(content)
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


def described(raising: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - any
        raising()
    return describe_exception(caught.value, "/nowhere")


# ------------------------------------------------------------------- NumPy in a callback


@pytest.mark.parametrize(
    ("name", "argument", "told"),
    [
        ("sqrt", "2.0", "Use math.sqrt, or cmath.sqrt for complex numbers"),
        ("exp", "data", "Use math.exp, or cmath.exp for complex numbers"),
        ("floor", "2.0", "Use math.floor"),
    ],
)
def test_a_ufunc_does_not_compile(
    name: str, argument: str, told: str, outcome: Outcome
) -> None:
    """In a call it is the compiler's refusal, with the line that compiles."""
    text = CALLBACK.format(name=name, argument=argument)
    failure = outcome(f"{text}def f(x):\n    {COMPILE}")
    assert isinstance(failure, CompileFailed)
    assert f"np.{name} does not compile in a kernel or a callback" in failure.message
    assert told in failure.message
    assert "line 6 of work.py" in failure.message


def test_nor_does_it_when_the_module_is_imported(outcome: Outcome) -> None:
    text = CALLBACK.format(name="sqrt", argument="2.0")
    failure = outcome(f"{text}{COMPILE}def f(x): pass")
    assert isinstance(failure, CompileFailed)
    assert "Use math.sqrt" in failure.message


def test_nor_in_a_kernel(outcome: Outcome) -> None:
    kernel = (
        "import numpy as np\nfrom numba import cuda\nimport cupy as cp\n@cuda.jit\n"
    )
    kernel += "def k(x):\n    x[0] = np.exp(x[0])\n"
    failure = outcome(f"{kernel}def f(x):\n    k[1, 1](cp.zeros(3))")
    assert isinstance(failure, CompileFailed)
    assert "np.exp does not compile" in failure.message


def test_a_table_of_the_learners_is_another_thing(outcome: Outcome) -> None:
    """A KeyError of the program's own, of the same key."""
    failure = outcome("import numpy as np\ndef f(x):\n    return {}[np.sqrt]")
    assert isinstance(failure, Crashed)
    assert "does not compile" not in failure.message


# ---------------------------------------------------------------------- what is not there


@pytest.mark.parametrize("name", RESERVED)
def test_names_of_the_graders_own_are_said(name: str, outcome: Outcome) -> None:
    text = f"from {name} import go\ndef f(x): pass"
    failure = outcome(text, **{name: "def go(): pass"})
    assert isinstance(failure, ImportFailed)
    assert f"{name} is a name of the grader's own" in failure.message
    assert f"Rename {name}.py" in failure.message


def test_a_module_that_did_not_come_along_is_said(outcome: Outcome) -> None:
    failure = outcome("import mylib\ndef f(x): pass")
    assert "No module named 'mylib'. It is not installed here, and" in failure.message
    assert "beside your program" in failure.message


@pytest.mark.parametrize("name", ["numpyy", "nvmath.nothing"])
def test_a_misspelt_library_is_no_file_of_the_learners(
    name: str, outcome: Outcome
) -> None:
    assert "beside your program" not in outcome(f"import {name}").message


@pytest.mark.parametrize("name", ["'sepia.csv'", "Path(__file__).parent / 'sepia.csv'"])
def test_a_data_file_beside_the_program_is_not_there(
    name: str, outcome: Outcome
) -> None:
    text = f"from pathlib import Path\ndef f(x):\n    return open({name})"
    message = outcome(text).message
    assert "Of the files beside your program only Python's" in message
    assert "sepia.csv" in message


def test_a_file_elsewhere_is_another_thing() -> None:
    problem = described(Path("/nowhere-else/x.csv").read_text)
    assert "beside your program" not in problem["message"]


# ------------------------------------------------------------------------ misspelt members


class Epilog(enum.IntEnum):
    RELU = 1
    RELU_BIAS = 2


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "BIAS_RELU",
            "did you mean RELU_BIAS? list(Epilog) names all 2 that there are",
        ),
        ("RELUU", "did you mean RELU? list(Epilog)"),
        ("NOTHING", "Epilog has no NOTHING: list(Epilog) names all 2"),
    ],
)
def test_members_are_named(name: str, told: str) -> None:
    assert told in described(lambda: getattr(Epilog, name))["message"]


def test_the_members_of_nvmath_are(outcome: Outcome) -> None:
    text = "from nvmath.linalg.advanced import MatmulEpilog\n"
    message = outcome(f"{text}def f(x):\n    MatmulEpilog.BIAS_RELU").message
    assert "MatmulEpilog has no BIAS_RELU: did you mean RELU_BIAS?" in message


# ------------------------------------------------------------------------------- questions


def test_nobody_can_type(outcome: Outcome) -> None:
    """In a call and at import, with what was asked."""
    for text in ("def f(x):\n    input('How many? ')", "n = input('How many? ')"):
        message = outcome(text).message
        assert "nobody can answer 'How many? ' while the program is graded" in message
        assert "write the answer into the program" in message


def test_who_expects_no_answer_goes_on(outcome: Outcome) -> None:
    """A program that is ready for the end of the input still gets it."""
    text = "try:\n    input()\nexcept EOFError:\n    pass\ndef f(x): raise ValueError('ok')"
    assert "ok" in outcome(text).message


# ------------------------------------------------------------------------------- hostility


class Nasty(FileNotFoundError):
    @property
    def filename(self) -> str:
        raise SystemExit

    def __str__(self) -> str:
        return "its own words"


def test_an_exception_that_cannot_be_looked_at_keeps_its_text() -> None:
    def raising() -> None:
        raise Nasty

    assert described(raising)["message"] == "its own words"


def test_long_texts_stay_bounded() -> None:
    def raising() -> None:
        raise ModuleNotFoundError("x" * 10_000, name="mylib")

    assert len(described(raising)["message"]) == 6000


def test_it_imports_neither_cupy_nor_numba() -> None:
    """A worker describes exceptions before it has imported any of them."""
    code = (
        "import sys, graders.harness.worker.loading as l; "
        "sys.exit(bool({'numba', 'cupy', 'IPython'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert isinstance(np.sqrt, np.ufunc)


@pytest.mark.parametrize("encoding", ["rot13", "foo-8", "hex"])
def test_a_line_of_a_file_in_no_encoding_is_left_out(
    encoding: str, tmp_path: Path
) -> None:
    """Reading it must not raise: the exception at hand is to be told."""
    module = tmp_path / f"in_{encoding.replace('-', '_')}.py"
    module.write_text(f"# coding: {encoding}\nx = 1\n")
    frame = loading._frame(str(module), f"{tmp_path}/", 2, "f")
    assert frame["file"] == module.name
    assert frame["source"] in ("", "x = 1")

"""What the grader calls is what the program's own callers would call."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graders.harness.worker import loading
from graders.harness.worker.loading import load_module, signature_problem


def handed(*more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator whose functions are called with these arguments as well."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(a: Any, b: Any) -> Any:
            return function(a, b, *more)

        return run

    return decorate


def test_arguments_that_a_decorator_hands_over_are_not_missed() -> None:
    @handed("stream")
    def product(a: Any, b: Any, stream: Any) -> Any:
        return a, b, stream

    assert signature_problem(product, 2) is None
    problem = signature_problem(product, 3)
    assert problem is not None
    assert "b" in problem
    assert "stream" not in problem


def test_a_function_without_room_for_the_arguments_is_told() -> None:
    def product(a: int) -> int:
        return a

    problem = signature_problem(product, 2)
    assert problem is not None
    assert problem.startswith("takes (a")


def test_a_module_may_put_an_object_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "put_in_its_place.py"
    path.write_text(
        "import sys\nclass Api:\n    def answer(self): return 42\n"
        "sys.modules[__name__] = Api()\n"
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    # In a worker nobody is there to be asked; this process is not one.
    monkeypatch.setattr(loading, "refuse_questions", lambda _what: None)
    try:
        assert load_module(path).answer() == 42
    finally:
        del sys.modules[path.stem]

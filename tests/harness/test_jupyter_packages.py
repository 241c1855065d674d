"""Importing Jupyter's packages is quick where JupyterLab stands beside them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from graders.harness import jupyter_packages

SLOW = "rfc3987_syntax"


@pytest.mark.parametrize(
    "first",
    [
        "import graders.harness.notebook_writer",
        "from graders.harness import jupyter_packages; jupyter_packages.load('nbclient')",
    ],
)
def test_no_parsers_are_built_that_no_notebook_needs(first: str) -> None:
    """And who needs them finds the package as it was."""
    program = f"""
import sys
{first}
assert {{"jsonschema", "nbformat"}} <= set(sys.modules)
assert {SLOW!r} not in sys.modules
import {SLOW}
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match="nbabsent"):
        jupyter_packages.load("nbabsent")

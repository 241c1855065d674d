"""Import Jupyter's packages without what makes their import slow.

jsonschema, which nbformat uses, builds parsers of web addresses when rfc3987-syntax is
there, as it is beside JupyterLab. That takes seconds, and no notebook needs it.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

_SLOW = "rfc3987_syntax"


def load(name: str) -> Any:
    """
    Import nbformat or nbclient.

    Args:
        name: The package's or module's name.

    Raises:
        ImportError: It is not installed.
    """
    if "jsonschema" in sys.modules or _SLOW in sys.modules:
        return importlib.import_module(name)
    sys.modules[_SLOW] = None  # type: ignore[assignment]  # what marks it missing
    try:
        return importlib.import_module(name)
    finally:
        del sys.modules[_SLOW]

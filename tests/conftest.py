"""What all tests share: that importing them, and what they import, takes no longer than it
must.

Two processes collect some 7,000 tests, and some hundred more are started by them.
"""

from __future__ import annotations

import os
import sys

from graders.harness import jupyter_packages

# Pytest rewrites the assertions of each module that it imports, which takes 10 s for all
# of them: what comes of it is kept beside the modules, whatever the environment says.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Several tests import jsonschema, which builds parsers for seconds unless kept from it.
jupyter_packages.load("nbformat")

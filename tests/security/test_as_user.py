"""Where root runs the tests, hostile programs are graded by an ordinary user as well."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.harness.run import Grader
from graders.harness.worker import landlock
from graders.harness.worker.confinement import REQUIRED
from tests.security import remains
from tests.security.figures import Figures
from tests.security.hostile_corpus import ROOT, STEPS, read_hostile

_NOBODY = 65534
_PARTS = (
    "assignments",
    "graders",
    "reference",
    "tests/security",
    "tests/submissions/hostile",
)
_SECONDS = 600

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become another"
)


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    """A copy of the repository that belongs to an ordinary user."""
    folder = Path(tempfile.mkdtemp(prefix="ordinary-user-"))
    for part in _PARTS:
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, folder / part, symlinks=True, ignore=unwanted)
    for name in ("grade.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "home").mkdir()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
    yield folder
    remains.remove(folder)


@pytest.fixture
def expected(grader: Grader) -> set[str]:
    """The required layers that hold for root's workers and need no user of their own."""
    worker = grader._server.fork()
    worker.start()
    worker.finish()
    layers = set(worker.layers) & set(REQUIRED)
    if not landlock.scopes_signals(landlock.abi()):
        layers -= {"other processes"}
    return layers


def test_ordinary_users_are_as_safe(
    copy: Path, pytestconfig: pytest.Config, figures: Figures, expected: set[str]
) -> None:
    """The same tests pass for a user without rights."""
    part = pytestconfig.getoption("--as-user", "tenth")
    if part == "none":
        pytest.skip("not asked for (--as-user)")
    if not _readable(copy):
        pytest.skip("Python or its packages cannot be read by an ordinary user")
    record = copy / "home" / "figures.json"
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short",
        "--hostile", part, "--record", str(record), "--grading-device",
        pytestconfig.getoption("--grading-device"), "tests/security/test_hostile.py",
    ]  # fmt: skip
    ended = _run(copy, command)
    said = ended.stdout[-6000:] + ended.stderr[-2000:]
    assert ended.returncode == 0, said
    recorded: dict[str, Any] = json.loads(record.read_text())
    found = recorded["as ordinary user"]
    figures.take("as ordinary user", found)
    # Neither skipped nor without its sandbox: what root's workers have, but a user.
    sample = len(read_hostile()) // STEPS[part]
    assert found["attacks tried"] + len(found["skipped"]) >= sample
    assert found["attacks tried"] >= 0.75 * sample, found["skipped"]
    assert found["user"] == "ordinary"
    assert expected <= set(found["layers"]), found["missing layers"]


def _readable(copy: Path) -> bool:
    try:
        return _run(copy, [sys.executable, "-c", "import pytest"]).returncode == 0
    except OSError:
        return False


def _run(copy: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command as an ordinary user in the copy."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
    }
    home = str(copy / "home")
    user = f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"
    return subprocess.run(
        [*_with_python_in_view(copy), "setpriv", *user, *command],
        cwd=copy,
        env={**environment, "HOME": home, "TMPDIR": home},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


# In a mount namespace of its own: what bars the way to a folder gives way to an empty one
# in which nothing but that folder lies.
_IN_VIEW = """
mkdir -p "$3" && mount --bind "$2" "$3" && mount -t tmpfs -o mode=755 none "$1" &&
mkdir -p "$2" && mount --bind "$3" "$2" && shift 3 && exec "$@"
"""


def _with_python_in_view(copy: Path) -> list[str]:
    """Return a command's beginning that shows Python to it, where root's home hides it."""
    command: list[str] = []
    for number, prefix in enumerate(dict.fromkeys((sys.base_prefix, sys.prefix))):
        python = Path(prefix).resolve()
        barred = [p for p in python.parents if not p.stat().st_mode & stat.S_IXOTH]
        if barred:
            aside = copy / f"python-{number}"
            places = [str(barred[-1]), str(python), str(aside)]
            command += ["sh", "-euc", _IN_VIEW, "sh", *places]
    return ["unshare", "--mount", *command] if command else []

"""The Gradescope bundle as Gradescope runs it: at /autograder, in a fresh Ubuntu, as root.

Opt-in, for it takes minutes and needs root, debootstrap and the network:

    GRADESCOPE_IMAGE=1 python -m pytest tests/release/test_gradescope_image.py

In the place of 1 it may be the path of a fresh root that debootstrap has made.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import Catalog
from graders.harness.release.files import write_folder
from graders.harness.release.platforms import PLATFORMS
from tests.release.conftest import ROOT

ASKED = os.environ.get("GRADESCOPE_IMAGE", "")
TOOLS = ("debootstrap", "unshare", "chroot")
ARCHIVE = "http://archive.ubuntu.com/ubuntu"
# In namespaces of its own, so that mounts and processes end with it.
ENTER = (
    'root=$1; shift; mount --rbind /dev "$root/dev"; mount -t proc proc "$root/proc"; '
    'mount -t tmpfs tmpfs "$root/tmp"; exec chroot "$root" env -i HOME=/root '
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin PIP_CERT=/etc/pip-certificates.pem "$@"'
)
CORPUS = ROOT / "tests" / "submissions"
USER = 4711
HANGS = (
    "import cupy\n\n\ndef blur_batch(images, sigma):\n    while True:\n        pass\n"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ASKED, reason="opt-in: set GRADESCOPE_IMAGE=1"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make a root"),
    pytest.mark.skipif(
        not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}"
    ),
]


def enter(
    root: Path, *words: str, seconds: int = 900
) -> subprocess.CompletedProcess[str]:
    """Run a command in the root."""
    isolated = ["unshare", "--mount", "--pid", "--fork", "bash", "-c", ENTER, "_"]
    return subprocess.run(
        [*isolated, str(root), *words],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh Ubuntu 22.04 with the bundle at its place, set up."""
    root = tmp_path_factory.mktemp("image") / "root"
    if ASKED == "1":
        make = ["debootstrap", "--variant=minbase", "--components=main,universe"]
        subprocess.run([*make, "jammy", str(root), ARCHIVE], check=True)
    else:
        subprocess.run(["cp", "-a", ASKED, str(root)], check=True)
    sources = root / "etc" / "apt" / "sources.list"
    suites = ("jammy", "jammy-updates")
    sources.write_text("".join(f"deb {ARCHIVE} {s} main universe\n" for s in suites))
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    certificates = os.environ.get("PIP_CERT", "/etc/ssl/certs/ca-certificates.crt")
    shutil.copy(certificates, root / "etc" / "pip-certificates.pem")

    autograder = root / "autograder"
    catalog = Catalog()
    names = ["fft_callbacks", "kernel_fusion/fused_linear"]
    files = PLATFORMS["gradescope"](catalog, catalog.select(names))
    write_folder(autograder / "source", files)
    shutil.copy(autograder / "source" / "run_autograder", autograder)
    ended = enter(root, "/autograder/source/setup.sh")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "layers of the sandbox hold" in ended.stdout
    yield root
    shutil.rmtree(root, ignore_errors=True)


def graded(root: Path, *as_user: str) -> dict[str, Any]:
    """Hand in a right, a wrong, a hanging and a hostile program; return the results."""
    autograder = root / "autograder"
    for name in ("submission", "results"):
        shutil.rmtree(autograder / name, ignore_errors=True)
        (autograder / name).mkdir(parents=True)
    programs = {
        "fused_linear.py": ROOT / "reference/kernel_fusion/fused_linear.py",
        "sepia_blur.py": CORPUS / "fft_callbacks/sepia_blur/wrong_reads_next_pixel.py",
        "gaussian_blur.py": CORPUS / "hostile" / "writes_a_verdict_to_every_file.py",
    }
    for name, source in programs.items():
        shutil.copy(source, autograder / "submission" / name)
    (autograder / "submission" / "batch_blur.py").write_text(HANGS)
    if as_user:
        for path in (autograder, *autograder.rglob("*")):
            os.chown(path, USER, USER, follow_symlinks=False)
    variables = ("GRADING_TIME_LIMIT=40", "HOME=/tmp")
    ended = enter(root, *as_user, "env", *variables, "/autograder/run_autograder")
    assert ended.returncode == 0, ended.stderr
    path = autograder / "results" / "results.json"
    assert path.stat().st_size > 100, ended.stderr
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def scores(found: dict[str, Any]) -> dict[str, float]:
    total: dict[str, float] = {}
    for test in found["tests"]:
        (exercise,) = test["tags"]
        total[exercise] = total.get(exercise, 0) + test.get("score", 0)
    return total


EXPECTED = {
    "fft_callbacks/gaussian_blur": 0,
    "fft_callbacks/sepia_blur": 7,
    "fft_callbacks/batch_blur": 0,
    "kernel_fusion/fused_linear": 10,
}


def test_as_root(image: Path) -> None:
    """As Gradescope does it: programs run as other users, behind all layers."""
    assert scores(graded(image)) == EXPECTED


def test_as_an_ordinary_user(image: Path) -> None:
    """The same verdicts, without the rights that root has."""
    as_user = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups")
    assert scores(graded(image, *as_user)) == EXPECTED

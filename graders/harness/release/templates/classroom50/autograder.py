"""Classroom 50's autograder: grades the repository in the working folder.

It ends with 0 where a result was written, whatever the score, and with another status where
nothing could be graded: then no result is written, and nobody gets a zero.

CLASSROOM50_BUNDLE_DIR is the folder of this file, RESULT_PATH where the result goes: the
default is result.json. CUDA_EXTRA, cu12 or cu13, installs the libraries for a GPU as well.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

NAMES = ["{names}"]
TIME_LIMIT = 1200  # seconds
OLDEST = (3, 11)


def main() -> int:
    """Install the grader, if need be, grade, and return the exit status."""
    if sys.version_info < OLDEST:
        sys.stderr.write(f"Python 3.11 or newer is needed, not {sys.version}.\n")
        return 3
    bundle = Path(os.environ.get("CLASSROOM50_BUNDLE_DIR") or Path(__file__).parent)
    grader = bundle.resolve() / "grader"
    result = os.environ.get("RESULT_PATH", "result.json")
    python = environment(grader)
    command = [
        str(python), str(grader / "grade.py"), *NAMES, "--submission", ".",
        "--device", "auto", "--time-limit", str(TIME_LIMIT), "--exit-zero",
        "--report", f"classroom50:{result}",
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode


def environment(grader: Path) -> Path:
    """Return the Python that has the grader's packages, in the versions that it names."""
    if os.environ.get("GRADER_PYTHON"):
        return Path(os.environ["GRADER_PYTHON"])
    constraints = (grader / "constraints.txt").read_text("utf-8")
    extra = os.environ.get("CUDA_EXTRA", "")
    known = f"{constraints} {extra} {sys.version}".encode()
    key = hashlib.sha256(known).hexdigest()[:16]
    # A runner's own folder where it has one: the same packages serve the next submission.
    caches = os.environ.get("RUNNER_TOOL_CACHE") or Path.home() / ".cache"
    folder = Path(caches) / f"gpu-exercise-grader-{key}"
    python = folder / "bin" / "python"
    if not (folder / ".finished").exists():
        venv.create(folder, clear=True, with_pip=True)
        pins = folder / "constraints.txt"
        lines = constraints.splitlines()
        if extra:  # its CUDA libraries go together by themselves
            lines = [x for x in lines if not x.startswith(("cuda-", "nvidia-"))]
        pins.write_text("\n".join(lines) + "\n", "utf-8")
        what = ["--constraint", str(pins), "--editable", f"{grader}[{extra}]"]
        if not extra:
            what = ["--requirement", str(pins)]
        install = [str(python), "-m", "pip", "install", "--quiet", *what]
        subprocess.run(install, check=True)
        (folder / ".finished").touch()
    return python


if __name__ == "__main__":
    sys.exit(main())

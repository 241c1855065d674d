"""How large the base install is, in a fresh environment.

    python tests/benchmarks/install_size.py --output FILE.json

It makes a virtual environment, installs the project without extras, and adds up what
lies in it (goal: under 900 MB). Of CUDA only NVVM and the runtime may be among it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOAL_MB = 900
ALLOWED = ("libcudart", "libnvvm")


def main() -> int:
    """Measure, print and save; return 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        started = time.perf_counter()
        command = [python, "-m", "pip", "install", "--quiet", "-e", ROOT]
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - started
        files = [
            p for p in Path(folder).rglob("*") if p.is_file() and not p.is_symlink()
        ]
        megabytes = sum(p.stat().st_size for p in files) / 1e6
        libraries = sorted(
            p.name for p in files if "nvidia" in p.parts and ".so" in p.name
        )
    others = [n for n in libraries if not n.startswith(ALLOWED)]
    print(f"base install: {megabytes:.0f} MB (goal: under {GOAL_MB}), {seconds:.0f} s")
    print(f"CUDA libraries: {', '.join(libraries)}")
    if options.output:
        result = {
            "what": "tests/benchmarks/install_size.py",
            "python": sys.version.split()[0],
            "megabytes": round(megabytes, 1),
            "goal_megabytes": GOAL_MB,
            "seconds": round(seconds, 1),
            "cuda_libraries": libraries,
        }
        options.output.write_text(json.dumps(result, indent=1) + "\n")
    return int(megabytes >= GOAL_MB or bool(others))


if __name__ == "__main__":
    sys.exit(main())

"""Grade exercises on nvmath-python and CuPy: ``python grade.py --help``."""

import sys

if __name__ == "__main__":
    try:
        from graders.harness.cli import main
    except ImportError as missing:
        sys.exit(f"grade.py: {missing.name} is not installed. Run: pip install -e .")
    sys.exit(main())

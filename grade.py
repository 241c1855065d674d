"""Grade exercises on nvmath-python and CuPy: ``python grade.py --help``."""

import sys

if __name__ == "__main__":
    try:
        from graders.harness.cli import main
    except ImportError as missing:
        print(  # noqa: T201 - the command line speaks
            f"grade.py: {missing.name} is not installed. Run: pip install -e .",
            file=sys.stderr,
        )
        sys.exit(3)  # the harness's code for a failure that is not the learner's
    sys.exit(main())

"""Grade exercises on nvmath-python and CuPy: ``python grade.py --help``.

In a notebook or at a prompt: ``from grade import check``, then ``check()``.
"""

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    """Import ``check`` and ``prepare`` when asked for them: the command needs neither."""
    if name in ("check", "prepare"):
        from graders.harness import interactive

        return getattr(interactive, name)
    msg = f"module 'grade' has no attribute {name!r}"
    raise AttributeError(msg)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever has an older one reads this
        print(  # noqa: T201 - the command line speaks
            f"grade.py: this is Python {sys.version.split()[0]}, and the grader needs "
            "3.11 or newer. Run: python3.11 -m venv .venv && . .venv/bin/activate "
            "&& pip install -e .",
            file=sys.stderr,
        )
        sys.exit(3)
    if sys.argv[1:2] == ["doctor"]:  # it runs where the rest cannot be imported
        from graders.harness.doctor import main as doctor

        sys.exit(doctor(sys.argv[2:]))
    try:
        from graders.harness.threads import one_thread_each

        one_thread_each()  # before NumPy is imported, which reads it only then
        from graders.harness.cli import main
    except ImportError as missing:
        print(  # noqa: T201 - the command line speaks
            f"grade.py: {missing.name} is not installed. Run: pip install -e .",
            file=sys.stderr,
        )
        sys.exit(3)  # the harness's code for a failure that is not the learner's
    except KeyboardInterrupt:  # as main says it, which is not there yet
        print("\nStopped.", file=sys.stderr)  # noqa: T201 - the command line speaks
        sys.exit(2)
    sys.exit(main())

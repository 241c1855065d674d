"""Reports that no grading made: a fixed one with everything in it, and random ones."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import strategies as st

from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    Visibility,
)

#: Escape sequences, overrides of direction, a null, half a character, a command, markup.
NASTY = (
    "<script>alert(1)</script> </style> \x1b[31mred\x1b]0;title\x07 \u202eright to left "
    "\x00 \ud800 ::error file=x::no %0A 100% ##[error]no a,b:c @everyone \u2028 end"
)
#: A PNG of one pixel.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJ"
    "RU5ErkJggg=="
)
LOCATION = {
    "file": "double.py",
    "line": 3,
    "source": [[2, "def double(x):"], [3, "    return x \u202e+ 1"], [4, ""]],
}
IDENTITY = {
    "classroom": "gpu-2026",
    "assignment": "fft",
    "assignment_type": "individual",
    "owner": "someone",
    "submission": "submit/1",
    "commit": "https://example.org/commit",
    "release": "https://example.org/release",
    "review": "https://example.org/review",
    "datetime": "2026-11-22T14:00:00Z",
}
ENVIRONMENT = {
    "seed": "5eed",
    "digests": {},
    "layers": [],
    "files": {"demo/double": "work/double.py", "demo/half": "work/half.ipynb"},
    "classroom50": IDENTITY,
}


def check(
    name: str, status: str, points: float, most: float, **more: Any
) -> CheckResult:
    reason = more.pop("reason", "")
    return CheckResult(
        name=name,
        title=f"The {name} are right.",
        status=Status(status),
        points=points,
        max_points=most,
        reason=Reason(reason) if reason else None,
        seconds=1.25,
        **more,
    )


def exercise(name: str, *checks: CheckResult, output: str = "") -> ExerciseResult:
    title = name.rpartition("/")[2].capitalize()
    return ExerciseResult(
        name=name, title=title, checks=checks, seconds=2.0, output=output
    )


def report(*exercises: ExerciseResult, **environment: Any) -> Report:
    return Report(
        device="simulator",
        exercises=exercises,
        environment={**ENVIRONMENT, **environment},
        seconds=12.345,
    )


def image(label: str, png: str) -> dict[str, Any]:
    """Return a figure as ``checks.figures`` makes it."""
    return {
        "kind": "image", "label": label, "case": "a case", "what": "result", "png": png,
        "width": 1, "height": 1, "alt": label, "scale": None,
    }  # fmt: skip


PASSED = check("values", "passed", 3, 3)
NEEDS_GPU = check("faster", "skipped", 0, 1, reason="needs_gpu", message="A GPU tells.")
NOT_MODELLED = check(
    "later",
    "skipped",
    0,
    2,
    reason="needs_gpu",
    message="It is not modelled.",
    details={"not_modelled_points": 2.0},
)
OURS = check("ours", "error", 0, 2, reason="harness", message="We broke.")
PENDING = check(
    "pending",
    "error",
    0,
    2,
    reason="environment",
    message="It was not graded.",
    details={"not_graded_yet": True},
)

#: Judged in every way but by an error of ours: 5.5 of 13.5 points that could be checked.
MIXED = report(
    exercise(
        "demo/double",
        check(
            "values",
            "failed",
            0,
            5,
            reason="wrong_value",
            message=f"It is 3, not 4. {NASTY}",
            hint=f"Add. {NASTY}",
            details={
                "location": LOCATION,
                "error": math.nan,
                "figures": [
                    image(f"Yours {NASTY}", PIXEL),
                    {"kind": "timeline", "device": "simulator", "records": [],
                     "omitted": 0, "busy": 0.0},
                ],
            },
        ),
        check("shapes", "failed", 1, 1.5, reason="wrong_shape", message="It is flat."),
        check("built", "skipped", 0, 1.5, reason="prerequisite", message="It builds."),
        NEEDS_GPU,
        check(
            "fine", "passed", 2.5, 2.5, details={"leaderboard": "speed", "ratio": {
                "ratio": 3.0009, "low": 2.9, "high": 3.1, "threshold": 1.0,
                "samples": [[2.5e-3, 7.5e-3], [2.4e-3, 7.2e-3], [9e-3, 9e-3]]}},
        ),
        output=f"said {NASTY}",
    ),
    exercise(
        "demo/half",
        check("values", "passed", 2, 2),
        check("cells", "failed", 0, 1, reason="crashed", message="Cell 3 raised.",
              details={"location": {"file": "half.ipynb", "cell": 3, "line": 2,
                                    "source": [[2, "1 / 0"]]}}),
    ),
    nan=math.inf,
)  # fmt: skip
#: One check of the harness's own failed, the others were judged.
BROKEN = report(
    exercise("demo/double", PASSED, NEEDS_GPU), exercise("demo/half", PASSED, OURS)
)
#: Nothing was judged, each for another reason.
UNGRADED = {
    "empty": report(),
    "no checks": report(exercise("demo/double")),
    "only for a GPU": report(exercise("demo/double", NEEDS_GPU)),
    "all ours": report(exercise("demo/double", OURS)),
    "no time": report(exercise("demo/double", PENDING), exercise("demo/half", PENDING)),
}
ALL_PASSED = report(exercise("demo/double", PASSED, NEEDS_GPU))
UNGRADED_CASES = pytest.mark.parametrize("case", UNGRADED)
#: The time ran out in the middle.
CUT_SHORT = report(
    exercise("demo/double", PASSED, PENDING), exercise("demo/half", PENDING)
)

# ------------------------------------------------------------------------ random ones

_TEXT = st.text(max_size=60) | st.just(NASTY) | st.just("long " * 3_000)
_POINTS = st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 7.0, 1 / 3])
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)
_LINES = st.tuples(st.integers(1, 9999), _TEXT).map(list)
_LOCATIONS = st.fixed_dictionaries(
    {
        "file": st.sampled_from(["double.py", "a b.py", "half.ipynb"]),
        "line": st.integers(1, 9999),
        "source": st.lists(_LINES, max_size=5),
    },
    optional={"cell": st.integers(1, 99)},
)
_IMAGES = st.builds(image, _TEXT, st.just(PIXEL) | _TEXT)
_DETAILS = st.fixed_dictionaries(
    {"any": _PLAIN},
    optional={
        "location": _LOCATIONS,
        "figures": st.lists(_IMAGES, max_size=2),
        "leaderboard": st.just("speed"),
        "ratio": st.fixed_dictionaries(
            {"ratio": st.floats(), "samples": st.lists(st.lists(st.floats()))}
        ),
    },
)
_REASONS = {
    Status.PASSED: [None],
    Status.FAILED: [Reason.WRONG_VALUE, Reason.CRASHED, Reason.HIDDEN],
    Status.ERROR: [Reason.HARNESS, Reason.ENVIRONMENT],
    Status.SKIPPED: [Reason.NEEDS_GPU, Reason.PREREQUISITE],
}


@st.composite
def checks(draw: st.DrawFn, judged: bool) -> CheckResult:
    statuses = [s for s in Status if not judged or s is not Status.ERROR]
    status = draw(st.sampled_from(statuses))
    most = draw(_POINTS)
    earned = {Status.PASSED: 1.0, Status.FAILED: draw(st.sampled_from([0.0, 0.5]))}
    details = draw(_DETAILS)
    reason = draw(st.sampled_from(_REASONS[status]))
    if reason is Reason.NEEDS_GPU and draw(st.booleans()):
        details["not_modelled_points"] = most
    if status is Status.ERROR and draw(st.booleans()):
        details["not_graded_yet"] = True
    return CheckResult(
        name=draw(st.sampled_from(["values", "faster", "unchanged"])),
        title=draw(st.sampled_from(["It is right.", NASTY])),
        status=status,
        reason=reason,
        points=round(most * earned.get(status, 0.0), 6),
        max_points=most,
        message=draw(_TEXT),
        hint=draw(_TEXT),
        seconds=draw(st.floats(0, 1e4)),
        details=details,
        visibility=draw(st.sampled_from(Visibility)),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    judged = draw(st.booleans())  # else errors of ours make most of them ungraded
    names = draw(
        st.lists(st.from_regex(r"[a-z]{1,5}/[a-z_]{1,5}", fullmatch=True),
                 max_size=3, unique=True)
    )  # fmt: skip
    return report(
        *(
            ExerciseResult(
                name=name,
                title=draw(st.sampled_from(["Twice as much", NASTY])),
                checks=tuple(draw(st.lists(checks(judged), max_size=4))),
                output=draw(_TEXT),
            )
            for name in names
        ),
        any=draw(_PLAIN),
    )


def read(text: str) -> Any:
    """Return JSON; NaN and infinity, which it has no words for, fail."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))

"""``check``: grade the functions of this session as they are defined now."""

from __future__ import annotations

import difflib
import html
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import HarnessError, UsageError
from graders.harness.interactive.client import CLIENT
from graders.harness.interactive.handing_in import CannotHandIn, HandedIn, hand_in
from graders.harness.interactive.preparing import DEVICES, prepared_device
from graders.harness.interactive.session import Session, current_session, watch_cells

watch_cells()


class Answer:
    """
    What a check found: shown as text at a prompt, as a table in a notebook.

    Attributes:
        report: The report, as in the JSON report; empty where nothing was graded.

        programs: The modules that were graded, by exercise.
    """

    def __init__(
        self,
        text: str,
        html_text: str = "",
        report: Mapping[str, Any] | None = None,
        programs: Mapping[str, str] | None = None,
    ) -> None:
        self.report: Mapping[str, Any] = report or {}
        self.programs: Mapping[str, str] = programs or {}
        self._text = text.strip("\n")
        self._html = html_text or f"<p>{html.escape(self._text)}</p>"

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return self._html


def check(*names: str, device: str = "auto") -> Answer:
    """
    Grade functions as they are defined in this session now.

    What they depend on is copied out of the session and graded in a process of its own,
    as a file would be. Nothing is run here, and no exception comes out of it.

    Args:
        names: Exercises, such as ``"fft_callbacks/sepia_blur"``, or assignments. The
            default is every exercise whose functions are defined.

        device: ``"auto"``, ``"cuda"`` or ``"simulator"``. The default is that of
            ``prepare``, where it was called, and else a GPU where one answers.

    Returns:
        The answer, which shows itself at the end of a cell.
    """
    try:
        return _checked(names, device)
    except UsageError as err:
        return Answer(str(err))
    except CannotHandIn as err:
        return Answer(str(err))
    except HarnessError as err:
        return Answer(f"Nothing was graded: {err}")
    except Exception as err:  # noqa: BLE001 - a learner's notebook goes on
        place = traceback.extract_tb(err.__traceback__)[-1]
        return Answer(
            f"Nothing was graded, and it is not your fault: {type(err).__name__}: {err} "
            f"({Path(place.filename).name}, line {place.lineno}). Tell your instructor."
        )


def _checked(names: Sequence[str], device: str) -> Answer:
    if device not in DEVICES:
        msg = f"device is one of {', '.join(DEVICES)} (got {device!r})."
        raise UsageError(msg)
    session = current_session()
    exercises = _chosen(names, session)
    with tempfile.TemporaryDirectory(prefix="grade-session-") as folder:
        handed_in = [
            hand_in(e, session, Path(folder).resolve() / e.assignment / e.slug)
            for e in exercises
        ]
        answer = CLIENT.ask(
            {
                "device": prepared_device() if device == "auto" else device,
                "work": [_as_request(item) for item in handed_in],
                "notes": _once(note for item in handed_in for note in item.notes),
            }
        )
    if "problem" in answer:
        blame = (
            " It is not your fault; tell your instructor." if "ours" in answer else ""
        )
        return Answer(f"Nothing was graded: {answer['problem']}{blame}")
    programs = {item.exercise.name: item.program.text for item in handed_in}
    return Answer(answer["text"], answer["html"], answer["report"], programs)


def _once(notes: Any) -> list[str]:
    return list(dict.fromkeys(notes))


def _as_request(item: HandedIn) -> dict[str, Any]:
    return {
        "exercise": item.exercise.name,
        "path": str(item.path),
        "places": item.program.places,
    }


def _chosen(names: Sequence[object], session: Session) -> list[Exercise]:
    """
    Return the exercises to grade.

    Raises:
        UsageError: There is no such exercise, or no function of it in the session.
    """
    for name in names:
        if not isinstance(name, str):
            msg = (
                f"check takes the names of exercises as texts, such as "
                f"check('assignment/exercise'), not {type(name).__name__}."
            )
            raise UsageError(msg)
    exercises = Catalog().select([str(name) for name in names])
    if names:
        found = [e for e in exercises if any(_defined(e, session))]
        if not found:
            raise UsageError(_nothing_defined(exercises, session))
        return found
    found = [e for e in exercises if all(_defined(e, session))]
    if not found:
        msg = (
            "No exercise's functions are defined in this session yet. Run the cell that "
            "defines them, then check again."
        )
        raise UsageError(msg)
    return found


def _defined(exercise: Exercise, session: Session) -> list[bool]:
    return [name in session.names for name in exercise.rubric.functions]


def _nothing_defined(exercises: Sequence[Exercise], session: Session) -> str:
    wanted = [name for e in exercises for name in e.rubric.functions]
    own = [n for n, value in session.names.items() if callable(value)]
    near = difflib.get_close_matches(wanted[0], own, 1)
    guess = f" There is a {near[0]!r}: rename it." if near else ""
    verb = "is" if len(wanted) == 1 else "are"
    which = "it" if len(wanted) == 1 else "them"
    return (
        f"{', '.join(wanted)} {verb} not defined in this session.{guess} Run the cell that "
        f"defines {which}, then check again."
    )

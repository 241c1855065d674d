"""What an earlier run left to do: which submissions are graded, and which are kept."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from graders.harness.classroom import doubts
from graders.harness.classroom.entries import Classroom, Entry, Result, State
from graders.harness.classroom.journal import History
from graders.harness.classroom.results import ResultsFolder, files_digest
from graders.harness.errors import UsageError

_READERS = 4
_MOST_NAMED = 3
_MOST_OFFERED = 8


@dataclass(frozen=True)
class Plan:
    """
    What a run has to do.

    Attributes:
        to_grade: Submissions without a result that may be kept.

        kept: How many have one.

        said: Sentences for the instructor.
    """

    to_grade: tuple[Entry, ...]
    kept: int
    said: tuple[str, ...]


def make_plan(
    classroom: Classroom,
    folder: ResultsFolder,
    history: History,
    *,
    device: str,
    judged_by: Mapping[str, str],
) -> Plan:
    """
    Return what is left to do in a folder of results.

    A result is kept where the same files were handed in as then, all of it could be
    judged, and nobody asked for it to be graded again.

    Args:
        classroom: What was handed in.

        folder: Where results lie.

        history: What happened in it so far.

        device: ``"cuda"`` or ``"simulator"``.

        judged_by: Digests of the engine and of each assignment's checks.
    """
    with ThreadPoolExecutor(_READERS) as pool:
        reasons = list(
            pool.map(lambda e: _reason(e, folder, history), classroom.entries)
        )
    found = list(zip(classroom.entries, reasons, strict=True))
    kept = [entry for entry, why in found if why is None]
    said = [
        _sentence([entry.key for entry, why in found if why == reason], text)
        for reason, text in _TEXTS.items()
    ]
    others = [e.key for e in kept if _is_of(folder.read(e.key), judged_by)]
    said.append(_sentence(others, _OTHER_GRADERS))
    elsewhere = [e.key for e in kept if _is_on_another(folder.read(e.key), device)]
    said.append(_sentence(elsewhere, _OTHER_DEVICE))
    gone = sorted(folder.keys() - {entry.key for entry in classroom.entries})
    said.append(_sentence(gone, _GONE))
    return Plan(
        tuple(entry for entry, why in found if why is not None),
        len(kept),
        tuple(sentence for sentence in said if sentence),
    )


_CHANGED, _UNJUDGED = "changed", "unjudged"
_TEXTS = {
    _CHANGED: "handed in anew since they were graded: they are graded again",
    _UNJUDGED: "of which not all could be judged: they are graded again",
}
_OTHER_GRADERS = (
    "graded by other checks or another engine than today's: they are kept. --regrade "
    "grades them again"
)
_OTHER_DEVICE = "graded on another device: they are kept. --regrade grades them again"
_GONE = "in the folder and not among the submissions any more: they are left there"


def _reason(entry: Entry, folder: ResultsFolder, history: History) -> str | None:
    """Return why a submission is to be graded; None where its result is kept."""
    result = folder.read(entry.key)
    if result is None or result.state is State.UNREADABLE or entry.key in history.due:
        return ""
    try:
        digest = files_digest(entry.handed.read())
    except Exception:  # noqa: BLE001 - whatever it is, it is told when it is read again
        return _CHANGED
    if digest != result.digest:
        return _CHANGED
    ours = result.report is not None and doubts.has_errors(result.report)
    return _UNJUDGED if ours else None


def _is_of(result: Result | None, judged_by: Mapping[str, str]) -> bool:
    """Return whether a result was made by other graders."""
    if result is None or result.report is None:
        return False
    then = result.report["environment"].get("judged_by", {})
    names = {"engine"}
    names |= {e["name"].partition("/")[0] for e in result.report["exercises"]}
    return any(then.get(name) != judged_by.get(name) for name in names)


def _is_on_another(result: Result | None, device: str) -> bool:
    if result is None or result.report is None:
        return False
    return bool(result.report["device"] != device)


def _sentence(keys: Sequence[str], text: str) -> str:
    if not keys:
        return ""
    named = ", ".join(keys[:_MOST_NAMED])
    more = ", ..." if len(keys) > _MOST_NAMED else ""
    return f"{len(keys)} {text} ({named}{more})."


def chosen_keys(classroom: Classroom, asked: Sequence[str] | None) -> set[str]:
    """
    Return the keys of what ``--regrade`` asks for.

    Args:
        classroom: What was handed in.

        asked: Keys; none stands for all of them, None for nothing.

    Raises:
        UsageError: There is no such submission; the message suggests the nearest.
    """
    keys = [entry.key for entry in classroom.entries]
    if asked is None:
        return set()
    for key in asked:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, 1)
            advice = f"Did you mean {near[0]!r}?" if near else _there_are(keys)
            msg = f"--regrade: there is no submission {key!r}. {advice}"
            raise UsageError(msg)
    return set(asked or keys)


def _there_are(keys: Sequence[str]) -> str:
    named = ", ".join(keys[:_MOST_OFFERED])
    left = len(keys) - _MOST_OFFERED
    return f"There are: {named}{f' and {left} more' if left > 0 else ''}."

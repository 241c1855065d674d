"""Find on the roster who handed in what: by id, login, address, then name. No guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from graders.harness.classroom.entries import Entry, Member
from graders.harness.classroom.intake.drafts import Claim, Draft, counted
from graders.harness.classroom.intake.names import (
    asked_name_key,
    canonical,
    name_keys,
    printable,
    some,
)
from graders.harness.classroom.intake.roster import Listed, Roster

_MOST_TOLD = 10
_Index = dict[str, dict[int, Listed]]


@dataclass
class Matched:
    """
    Submissions with their members.

    Attributes:
        missing: Members who handed in nothing.

        notes: What could not be decided, and who is not on the roster.
    """

    entries: list[Entry] = field(default_factory=list)
    missing: tuple[Member, ...] = ()
    notes: list[str] = field(default_factory=list)


def match(drafts: Sequence[Draft], roster: Roster) -> Matched:
    """Return submissions with the members of a roster."""
    index = _Indexes(roster.listed)
    matched = Matched()
    seen: dict[str, list[str]] = {}
    nobody, unsure = [], []
    for draft in drafts:
        members = []
        for claim in draft.claims:
            candidates = index.candidates(claim)
            if len(candidates) == 1:
                member = candidates[0].member
                seen.setdefault(member.id, []).append(draft.key)
                keeps = claim.keeps_id
                members.append(replace(member, id=claim.member.id) if keeps else member)
                continue
            members.append(claim.member)
            if candidates:
                unsure.append(_unsure(draft, claim, candidates))
            else:
                nobody.append(draft.key)
        matched.entries.append(draft.entry(tuple(members)))
    matched.missing = tuple(
        one.member for one in roster.listed if one.member.id not in seen
    )
    matched.notes = [*unsure, *_told_nobody(nobody), *_told_twice(seen)]
    return matched


def _unsure(draft: Draft, claim: Claim, candidates: Sequence[Listed]) -> str:
    who = claim.member.name or claim.member.id
    several = some([one.member.id for one in candidates])
    return (
        f"{draft.key}: {printable(who)} may be any of {len(candidates):,} on the roster "
        f"({several}). None was taken, and they are among the missing."
    )


def _told_nobody(keys: Sequence[str]) -> list[str]:
    if not keys:
        return []
    what = counted(len(keys), "submission is", "submissions are")
    told = some(list(dict.fromkeys(keys)), _MOST_TOLD)
    return [
        f"{what} of somebody who is not on the roster; graded all the same: {told}."
    ]


def _told_twice(seen: dict[str, list[str]]) -> list[str]:
    several = {who: keys for who, keys in seen.items() if len(set(keys)) > 1}
    if not several:
        return []
    told = some(
        [f"{who} ({', '.join(keys)})" for who, keys in several.items()], _MOST_TOLD
    )
    return [f"More than one submission is of the same member, each is graded: {told}."]


class _Indexes:
    """The roster by each kind of what identifies somebody."""

    def __init__(self, listed: Sequence[Listed]) -> None:
        self._ids = _index(listed, lambda one: map(_plain_key, one.ids))
        self._logins = _index(listed, lambda one: map(_plain_key, one.logins))
        self._emails = _index(listed, lambda one: map(_plain_key, one.emails))
        self._names = _index(
            listed, lambda one: {key for name in one.names for key in name_keys(name)}
        )

    def candidates(self, claim: Claim) -> list[Listed]:
        """Return whom a claim fits by the first kind by which it fits anybody."""
        kinds = (
            (self._ids, claim.ids, _plain_key),
            (self._logins, claim.logins, _plain_key),
            (self._emails, claim.emails, _plain_key),
            (self._names, claim.names, asked_name_key),
        )
        for index, values, key in kinds:
            for value in values:
                if fitting := index.get(key(value)):
                    return list(fitting.values())
        return []


def _index(listed: Sequence[Listed], keys: Callable[[Listed], Iterable[str]]) -> _Index:
    index: _Index = {}
    for position, one in enumerate(listed):
        for key in keys(one):
            if key:
                index.setdefault(key, {})[position] = one
    return index


def _plain_key(text: str) -> str:
    return canonical(text).strip().casefold()

"""Which statements of a session some names depend on, as far as their text can tell.

The session's inputs are one long program, in the order in which they were run. Walking it
backwards finds what bound each name last, what changed it since, and what those statements
needed in turn. What only showed or tried things is left out; where in doubt it stays in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from graders.harness.interactive.statements import Facts, Statement

#: Gives the names that a ``from module import *`` brought.
Exports = Callable[[str], frozenset[str]]


def needed(
    statements: Sequence[Statement], names: Iterable[str], exports: Exports
) -> tuple[list[Statement], set[str]]:
    """
    Return the statements that the names depend on, and the names that none of them binds.

    Args:
        statements: All that were run, in order.

        names: What is wanted after the last of them.

        exports: What a module gives to ``from module import *``.
    """
    walk = _Walk(statements, exports)
    walk.wanted[walk.end] = set(names)
    while True:
        before = walk.size()
        kept, unbound = walk.once()
        if walk.size() == before:
            return [statements[i] for i in sorted(kept)], unbound


class _Walk:
    """Walks backwards again and again, until nothing more is found to be wanted."""

    def __init__(self, statements: Sequence[Statement], exports: Exports) -> None:
        self.end = len(statements)
        #: What is wanted at each place: when a statement runs, or after the last one.
        self.wanted: dict[int, set[str]] = {self.end: set()}
        self._facts = [s.facts for s in statements]
        self._exports = exports
        imported = {n for f in self._facts if f.is_import for n in f.binds | f.may_bind}
        others = [f.binds | f.may_bind for f in self._facts if not f.is_import]
        self._modules = imported.difference(*others)
        #: What a call of a function binds, by the function's name.
        self._effects: dict[str, set[str]] = {}
        for facts in self._facts:
            for name in facts.binds if facts.declares else ():
                self._effects.setdefault(name, set()).update(facts.declares)

    def size(self) -> int:
        """Return how much is wanted in all; it only grows."""
        return sum(len(names) for names in self.wanted.values())

    def once(self) -> tuple[set[int], set[str]]:
        """Walk once; return which statements are needed, and names that none binds."""
        kept: set[int] = set()
        bound: set[str] = set()
        live = {name: {self.end} for name in self.wanted[self.end]}
        for index in range(self.end - 1, -1, -1):
            facts = self._facts[index]
            given = self._given(index, live)
            found = given | (self._changed(facts) & live.keys())
            if not found:
                continue
            kept.add(index)
            bound |= given
            at = {place for name in found for place in live[name]}
            for name in facts.binds & live.keys():
                del live[name]
            # A function reads its names when it is called, which may be at the end as well.
            for place in {*at, self.end}:
                self.wanted.setdefault(place, set()).update(facts.later)
            self.wanted.setdefault(index, set()).update(facts.at_once)
            for name in self.wanted[index]:
                live.setdefault(name, set()).add(index)
        return kept, live.keys() - bound

    def _given(self, index: int, live: dict[str, set[int]]) -> set[str]:
        """Return the wanted names that a statement binds, or may bind."""
        facts = self._facts[index]
        names = facts.binds | facts.may_bind
        for called in facts.calls:
            names |= self._effects.get(called, set())
        if facts.star:
            names |= self._exports(facts.star)
        return names & live.keys()

    def _changed(self, facts: Facts) -> set[str]:
        """Return the names whose object a statement changes, or may change."""
        called = facts.calls_on - self._modules
        return facts.changes | called | (facts.sets_up & self._modules)

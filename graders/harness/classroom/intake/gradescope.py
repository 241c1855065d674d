"""Gradescope: what "Export Submissions" gives.

``submission_metadata.yml`` beside folders ``submission_123/``, or files
``submission_123.zip``. The file has an entry for each submission, with Ruby's symbols for
keys: ``:submitters:``, a list of ``:name:``, ``:sid:`` and ``:email:`` (several in a
group), and ``:created_at:``. So reads it Otter-Grader 1.1.6, ``otter/grade/metadata.py``
(https://github.com/ucbds-infra/otter-grader); Gradescope has not published the format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graders.harness.classroom.entries import Member
from graders.harness.classroom.intake.drafts import (
    Claim,
    Draft,
    Findings,
    instant,
    unfit,
)
from graders.harness.classroom.intake.files import HandedFiles, Part
from graders.harness.classroom.intake.keys import key_of
from graders.harness.classroom.intake.names import printable
from graders.harness.classroom.intake.tree import Kind, Node
from graders.harness.errors import EnvironmentUnavailable, UsageError

METADATA = "submission_metadata.yml"
_SUBMISSION = re.compile(r"submission_\d+")
_MAX_METADATA = 500 * 2**20
_MAX_KEPT = 20 * 2**20
# Of each submission what learners wrote, and what graders found, is most of the file.
_KEPT = re.compile(rb"  :?(?:submitters|created_at|late)\s*:")


@dataclass(frozen=True)
class _Submitted:
    """What the metadata say of a submission."""

    people: tuple[Mapping[str, str], ...]
    submitted: str
    late: bool


def gradescope_evidence(root: Node, tops: Sequence[Node]) -> int:
    """Return how much of a folder is Gradescope's: all of it where the metadata are."""
    metadata = root.child(METADATA)
    if metadata is not None and metadata.kind is Kind.FILE:
        return len(tops)
    return sum(_SUBMISSION.fullmatch(_stem(node)) is not None for node in tops)


def _stem(node: Node) -> str:
    return node.name if node.kind is Kind.FOLDER else node.name.rpartition(".")[0]


def read_gradescope(root: Node, tops: Sequence[Node]) -> Findings:
    """Return a submission for each entry of the metadata, and for each other folder."""
    found = Findings()
    metadata = root.child(METADATA)
    said = _metadata(metadata) if metadata is not None else {}
    if metadata is None:
        found.notes.append(f"{METADATA} is missing: who handed in what is not known.")
    nodes: dict[str, list[Node]] = {}
    for node in unfit(tops, found.strays):
        stem = _stem(node)
        if stem in said or _SUBMISSION.fullmatch(stem):
            nodes.setdefault(stem, []).append(node)
        elif node.name != METADATA:
            found.strays.add(node.name, f"{METADATA} does not name it")
    last = _last_of_each(said)
    for name in sorted({*nodes, *said}):
        if name in said and name not in last:
            found.strays.add(name, "the same people handed in again, which counts")
        else:
            found.drafts.append(_draft(root, name, nodes.get(name, []), said.get(name)))
    return found


def _last_of_each(said: Mapping[str, _Submitted]) -> set[str]:
    """Return the names of those submissions that are the last of the same people."""
    last: dict[str, str] = {}
    for name, submitted in sorted(said.items(), key=lambda s: (s[1].submitted, s[0])):
        last[_identity(submitted) or name] = name
    return set(last.values())


def _identity(submitted: _Submitted) -> str:
    people = (
        p.get("sid") or p.get("email") or p.get("name", "") for p in submitted.people
    )
    return "+".join(sorted(filter(None, people)))


def _draft(
    root: Node, name: str, nodes: Sequence[Node], submitted: _Submitted | None
) -> Draft:
    shown = f"{root.shown}/{printable(name)}"
    problem = "" if nodes else f"{METADATA} names {shown}, but it is not there."
    handed = HandedFiles(tuple(Part(n) for n in nodes), shown, problem=problem)
    if submitted is None or not _identity(submitted):
        claim = Claim(member=Member(id=printable(name)))
        notes = (f"{METADATA} does not say who handed it in.",)
        return Draft(key=key_of(name), claims=(claim,), handed=handed, notes=notes)
    people = submitted.people
    return Draft(
        key=key_of(_identity(submitted), " ".join(p.get("name", "") for p in people)),
        claims=tuple(_claim(person) for person in people),
        handed=handed,
        submitted=submitted.submitted,
        late=submitted.late,
    )


def _claim(person: Mapping[str, str]) -> Claim:
    sid, email, name = (person.get(key, "") for key in ("sid", "email", "name"))
    return Claim(
        member=Member(
            id=printable(sid or email or name),
            name=printable(name),
            email=printable(email),
        ),
        ids=(sid,) if sid else (),
        emails=(email,) if email else (),
        names=(name,) if name else (),
    )


def _metadata(node: Node) -> dict[str, _Submitted]:
    try:
        import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - nothing else needs it
    except ImportError as err:
        msg = f"{METADATA} needs PyYAML: pip install -e '.[class]'."
        raise EnvironmentUnavailable(msg) from err
    text = b"\n".join(_kept_lines(node.read(_MAX_METADATA)))
    if len(text) > _MAX_KEPT:
        msg = f"{node.shown} names more submissions than are read."
        raise UsageError(msg)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # Composed, not constructed: Ruby's tags make no objects here.
        tree = _plain(yaml.compose(text, Loader=loader), {})
    except (yaml.YAMLError, RecursionError, UnicodeError) as err:
        msg = (
            f"{node.shown} is no YAML that can be read ({str(err)[:200]}). Export the "
            "submissions again, or name another layout with --layout."
        )
        raise UsageError(msg) from err
    if not isinstance(tree, dict):
        msg = f"{node.shown} holds no table of submissions. Export them again."
        raise UsageError(msg)
    entries = ((n, e) for n, e in tree.items() if isinstance(e, dict))
    return {name: _said(entry) for name, entry in entries}


def _kept_lines(content: bytes) -> Iterator[bytes]:
    """Yield the lines that say who handed in what and when; the rest is never parsed."""
    keeps = True
    for line in content.splitlines():
        if line[:1] not in (b" ", b""):
            keeps = True
        elif line[:2] == b"  " and line[2:3] not in (b" ", b"-", b""):
            keeps = _KEPT.match(line) is not None
        if keeps:
            yield line


def _plain(node: object, known: dict[int, object]) -> object:
    """
    Return a YAML node as dictionaries, lists and texts; keys without Ruby's colon.

    Args:
        node: What was composed.

        known: What became of nodes before, by their identity: one that is referred to
            often is looked at once.
    """
    import yaml  # noqa: PLC0415

    if id(node) in known:
        return known[id(node)]
    known[id(node)] = ""  # of what refers to itself nothing is left
    result: object = ""
    if isinstance(node, yaml.MappingNode):
        pairs = ((_plain(k, known), _plain(v, known)) for k, v in node.value)
        result = {k.strip(":"): value for k, value in pairs if isinstance(k, str)}
    elif isinstance(node, yaml.SequenceNode):
        result = [_plain(item, known) for item in node.value]
    elif isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":null"):
        result = str(node.value)
    known[id(node)] = result
    return result


def _said(facts: Mapping[str, object]) -> _Submitted:
    people = facts.get("submitters")
    return _Submitted(
        people=tuple(
            {k: v.strip() for k, v in person.items() if isinstance(v, str)}
            for person in (people if isinstance(people, list) else [])
            if isinstance(person, dict)
        ),
        submitted=instant(_text(facts.get("created_at"))),
        late=_text(facts.get("late")) == "true",
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

"""The plain layout: a folder, a zip, a notebook or a module for each learner.

Also clones of repositories, as ``gh classroom clone student-repos`` of GitHub's extension
(https://github.com/github/gh-classroom) leaves them: ``ASSIGNMENT-submissions/`` with a
folder ``ASSIGNMENT-USERNAME`` each. Clones of Classroom 50 have such names too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePosixPath

from graders.harness.classroom.entries import Member
from graders.harness.classroom.intake.drafts import Claim, Draft, Findings, unfit
from graders.harness.classroom.intake.files import HandedFiles, Part
from graders.harness.classroom.intake.keys import key_of
from graders.harness.classroom.intake.names import canonical, printable
from graders.harness.classroom.intake.tree import Kind, Node
from graders.harness.submission import archive

_DOUBLE = (".tar.gz", ".tar.bz2", ".tar.xz")
_ENDINGS = (".py", ".ipynb", *archive.OTHER_ARCHIVES)
_PROBED = 200
_CLONES = "-submissions"


def may_be_submission(node: Node) -> bool:
    """Return whether something is a folder, an archive, a module or a notebook."""
    return node.kind is Kind.FOLDER or node.name.lower().endswith(_ENDINGS)


def read_plain_layout(root: Node, tops: Sequence[Node]) -> Findings:
    """Return a submission for each name that is at the top of a folder."""
    found = Findings()
    groups: dict[str, list[Node]] = {}
    for node in unfit(tops, found.strays):
        if may_be_submission(node):
            groups.setdefault(_identity(node), []).append(node)
        else:
            found.strays.add(node.name, "no folder, zip, module or notebook")
    found.drafts = [
        _plain(identity, attempt)
        for identity, nodes in groups.items()
        for attempt in _attempts(nodes)
    ]
    found.notes = _plain_notes(root, groups)
    return found


def _plain_notes(root: Node, groups: dict[str, list[Node]]) -> list[str]:
    nodes = [node for group in groups.values() for node in group]
    if len(nodes) == 1 and nodes[0].kind is Kind.FOLDER:
        return [
            f"There is one submission, {printable(nodes[0].name)}. If that is a folder of "
            f"submissions, name it instead: {nodes[0].shown}."
        ]
    if nodes and all(node.name.lower().endswith(".py") for node in nodes):
        return [
            "Each module is taken for the submission of somebody. If they are all of one "
            f"learner: python grade.py --submission {root.shown}."
        ]
    return []


def _attempts(nodes: Sequence[Node]) -> list[list[Node]]:
    """
    Part what has one name into submissions, in each of which each file is there once.

    It is but one, unless a name was stored in two forms of Unicode: then two folders look
    the same, and neither is to get lost in the other.
    """
    stored_alike: dict[str, list[Node]] = {}
    for node in nodes:
        stored_alike.setdefault(_stem(node), []).append(node)
    attempts: list[list[Node]] = []
    for these in stored_alike.values():
        names = {canonical(node.name) for node in these}
        for attempt in attempts:
            if names.isdisjoint(canonical(node.name) for node in attempt):
                attempt += these
                break
        else:
            attempts.append(these)
    return attempts


def _identity(node: Node) -> str:
    return canonical(_stem(node))


def _stem(node: Node) -> str:
    name = node.name
    if node.kind is not Kind.FOLDER:
        lower = name.lower()
        double = next((d for d in _DOUBLE if lower.endswith(d)), "")
        name = name[: -len(double)] if double else PurePosixPath(name).stem
    return name


def _plain(identity: str, nodes: Sequence[Node]) -> Draft:
    counting = [n for n in nodes if n.kind is Kind.FOLDER] or list(nodes)
    left = [n for n in nodes if n not in counting]
    notes = tuple(
        f"{printable(n.name)} was not read: the folder of the same name counts."
        for n in left
    )
    shown = counting[0].shown
    return Draft(
        key=key_of(identity),
        claims=(any_claim(identity),),
        handed=HandedFiles(tuple(Part(n) for n in counting), shown),
        notes=notes,
    )


def any_claim(name: str) -> Claim:
    """Return the claim of a name that may be an id, a login, an address or a name."""
    return Claim(
        member=Member(id=printable(name)),
        ids=(name,),
        logins=(name,),
        emails=(name,),
        names=(name,),
    )


def clone_evidence(root: Node, tops: Sequence[Node]) -> int:
    """Return how many folders are clones of an assignment's repository."""
    folders = [n for n in tops if n.kind is Kind.FOLDER and not n.name.startswith(".")]
    probed = folders[:_PROBED]
    clones = sum(n.child(".git") is not None for n in probed)
    if not clones and _prefix(root, folders):
        clones = sum(n.child("assignments") is not None for n in probed)
    return len(folders) if clones and clones == len(probed) else clones


def read_clones(root: Node, tops: Sequence[Node]) -> Findings:
    """Return a submission for each repository."""
    found = Findings()
    fit = unfit(tops, found.strays)
    for node in fit:
        if node.kind is not Kind.FOLDER:
            found.strays.add(node.name, "no clone of a repository")
    folders = [n for n in fit if n.kind is Kind.FOLDER]
    prefix = _prefix(root, folders)
    found.drafts = [_clone(node, prefix) for node in folders]
    if prefix:
        name = printable(prefix)
        found.notes.append(f"Usernames are taken to be what follows {name!r}.")
    return found


def _prefix(root: Node, folders: Sequence[Node]) -> str:
    """Return the assignment's name and a hyphen, with which all names begin."""
    names = [n.name for n in folders]
    if root.name.endswith(_CLONES):
        said = f"{root.name.removesuffix(_CLONES)}-"
        if names and all(name.startswith(said) for name in names):
            return said
    if len(names) < 2:  # noqa: PLR2004 - of one nothing can be told
        return ""
    common = os.path.commonprefix(names)  # noqa: RUF071 - of names, not of paths
    return common[: common.rfind("-") + 1]


def _clone(node: Node, prefix: str) -> Draft:
    username = node.name.removeprefix(prefix) or node.name
    # All usernames may begin alike: then what names have in common is more than the
    # assignment's, and the longest ending that the roster knows is the username.
    ends = [n for n in range(len(prefix)) if n == 0 or prefix[n - 1] == "-"]
    logins = tuple(dict.fromkeys([*(node.name[n:] for n in ends), username]))
    claim = Claim(
        member=Member(id=printable(username)),
        ids=logins,
        logins=logins,
        names=(username,),
    )
    handed = HandedFiles((Part(node),), node.shown)
    return Draft(key=key_of(node.name), claims=(claim,), handed=handed)

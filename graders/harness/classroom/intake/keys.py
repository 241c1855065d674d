"""Keys of submissions: names of files and rows that are safe on every system.

A key follows from a submission's own identity alone. So one more submission changes nobody
else's key, and a run that goes on tomorrow finds what it wrote today. Keys are of lower
case: two that differ are different files on systems that do not tell cases apart, too.
"""

from __future__ import annotations

import hashlib
import re

from graders.harness.classroom.intake.names import ascii_words, canonical

_PLAIN = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
_MOST_PLAIN = 64
_MOST_WORDS = 40
_DIGITS = 12
_LIKE_A_HASH = re.compile(rf".*-[0-9a-f]{{{_DIGITS}}}", re.DOTALL)
_MOST_NUMBER = 20
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
_RESERVED = {"con", "prn", "aux", "nul", "conin", "conout"}
_RESERVED |= {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}


def key_of(identity: str, readable: str = "") -> str:
    """
    Return the key of what has an identity: the identity itself where that is a safe name.

    Args:
        identity: What nobody else in the class has, such as a folder's name, in any script.

        readable: What people call it, for a key that is not the identity; the default is
            the identity.
    """
    name = canonical(identity)
    if _is_safe(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    words = ascii_words(readable or name)[:_MOST_WORDS].strip("-") or "submission"
    return f"{words}-{digest[:_DIGITS]}"


def numbered_key(name: str, number: str) -> str:
    """
    Return the key of somebody whom a platform gave a number: their name and the number.

    Args:
        name: Their name, as the platform writes it.

        number: Digits that nobody else in the class has.
    """
    if not re.fullmatch(rf"[0-9]{{1,{_MOST_NUMBER}}}", number):
        return key_of(number, name)
    words = ascii_words(name)[:_MOST_WORDS].strip("-") or "submission"
    return f"{words}-{number}"


def _is_safe(name: str) -> bool:
    return (
        len(name) <= _MOST_PLAIN
        and _PLAIN.fullmatch(name) is not None
        and name.split(".")[0] not in _RESERVED
        and not _LIKE_A_HASH.fullmatch(name)
    )

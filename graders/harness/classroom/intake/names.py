"""Names of people and files as others wrote them: shown safely, and compared fairly."""

from __future__ import annotations

import re
import unicodedata

_MOST_SHOWN = 200
# Between letters they join or part them, in Persian and in languages of India.
_JOINERS = "\u200c\u200d"
_APOSTROPHES = re.compile("['\u2019\u02bc`\u00b4]")
# Letters that no decomposition turns into ASCII.
_LATIN = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d"})
_LATIN |= str.maketrans({"þ": "th", "\u0131": "i", "ħ": "h", "ŋ": "n"})
_MOST_TOKENS = 8


def printable(text: str) -> str:
    """
    Return a name that can be printed and encoded, cut where it is too long.

    Bytes of a file's name that are no UTF-8, control characters and characters that turn
    the direction of writing are shown as escapes.
    """
    cut = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
    if cut.isprintable():
        return cut
    return "".join(
        c if c.isprintable() or _joins(cut, at) else _escaped(c)
        for at, c in enumerate(cut)
    )


def _joins(text: str, at: int) -> bool:
    """Return whether a character joins or parts the letters around it."""
    around = text[at - 1 : at] + text[at + 1 : at + 2] if text[at] in _JOINERS else ""
    return len(around) > 1 and all(unicodedata.category(c)[0] in "LM" for c in around)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def canonical(text: str) -> str:
    """Return a name in composed form: systems differ in how they store an umlaut."""
    return unicodedata.normalize("NFC", text)


def ascii_words(text: str) -> str:
    """Return what of a name can be written with ``a-z``, ``0-9`` and hyphens."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LATIN)
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", _APOSTROPHES.sub("", letters)).strip("-")


def tokens(name: str) -> tuple[str, ...]:
    """Return the words of a person's name, without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", name.casefold()))
    kept = []
    for character in plain.translate(_LATIN):
        kind = unicodedata.category(character)[0]
        if kind in "LN":
            kept.append(character)
        elif kind != "M":
            kept.append(" ")
    return tuple("".join(kept).split())


def name_keys(name: str) -> frozenset[str]:
    """
    Return under which keys a person's name is found, whatever comes first in it.

    They are its words in alphabetical order, and the words run together from each of them
    on: Canvas writes ``lovelaceada``.
    """
    words = tokens(name)
    if not words:
        return frozenset()
    rotations = range(min(len(words), _MOST_TOKENS))
    run_together = {"".join(words[n:] + words[:n]) for n in rotations}
    return frozenset(run_together | {" ".join(sorted(words))})


def asked_name_key(name: str) -> str:
    """Return the key under which to look a name up among :func:`name_keys`."""
    return " ".join(sorted(tokens(name)))


def some(names: list[str] | tuple[str, ...], most: int = 5) -> str:
    """Return a few names for a sentence, and how many there are beside them."""
    shown = ", ".join(printable(name) for name in names[:most])
    left = len(names) - most
    return f"{shown} and {left:,} more" if left > 0 else shown

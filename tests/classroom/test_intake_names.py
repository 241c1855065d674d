"""Keys of submissions and names of people: in any script, safe and the same tomorrow."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.harness.classroom.intake.keys import key_of, numbered_key
from graders.harness.classroom.intake.names import (
    asked_name_key,
    name_keys,
    printable,
    some,
)

SAFE = re.compile(r"[a-z0-9]([a-z0-9._-]{0,78}[a-z0-9])?")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
#: Names as a file system can have them, bytes that are no UTF-8 among them.
NAMES = st.text(
    st.characters(exclude_characters="/\0") | st.sampled_from("aA1-._\udcff\u202eé王"),
    min_size=1,
    max_size=255,
)


@settings(deadline=None)
@given(NAMES, NAMES)
def test_keys_are_safe_and_unique(one: str, other: str) -> None:
    """On systems that tell no cases apart, too, and on Windows."""
    keys = [key_of(one), key_of(other)]
    for key in keys:
        assert SAFE.fullmatch(key)
        assert not RESERVED.fullmatch(key)
    same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    assert (keys[0] == keys[1]) is same


@settings(deadline=None)
@given(NAMES, st.integers(0, 10**25), st.integers(0, 10**25))
def test_numbered_keys_are_safe_and_unique(name: str, one: int, other: int) -> None:
    """Who has another number has another key, whatever they are called."""
    keys = [numbered_key(name, str(number)) for number in (one, other)]
    assert all(SAFE.fullmatch(key) for key in keys)
    assert (keys[0] == keys[1]) is (one == other)


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        ("ada", "ada"),
        ("ada.lovelace-2_b", "ada.lovelace-2_b"),
        ("0042", "0042"),
        ("Ada", "ada-"),
        ("Émile Zola", "emile-zola-"),
        ("Łódź Ørsted Weiß", "lodz-orsted-weiss-"),
        ("O'Brien, Zoë", "obrien-zoe-"),
        ("王小明", "submission-"),
        ("Мария", "submission-"),
        ("..", "submission-"),
        ("-rf", "rf-"),
        ("con", "con-"),
        ("aux.old", "aux-old-"),
        ("lpt1", "lpt1-"),
        ("ada.", "ada-"),
        ("ada-0123456789ab", "ada-0123456789ab-"),
        ("x" * 65, "x" * 40 + "-"),
    ],
)
def test_keys_can_be_read(identity: str, key: str) -> None:
    """They are the identity where that is safe, else its letters and twelve digits."""
    ending = "" if not key.endswith("-") else "[0-9a-f]{12}"
    assert re.fullmatch(re.escape(key) + ending, key_of(identity))


def test_keys_stay_as_they_are() -> None:
    """Results of last week carry them."""
    assert key_of("Ada Lovelace") == "ada-lovelace-767402161715"
    assert key_of("e\u0301") == key_of("\u00e9")
    assert key_of("a@b.c", "Ada Lovelace").startswith("ada-lovelace-")
    assert numbered_key("Ada Lovelace", "42") == "ada-lovelace-42"
    assert numbered_key("王小明", "42") == "submission-42"


@settings(deadline=None)
@given(st.text())
def test_shown_names_can_be_printed(name: str) -> None:
    """In any encoding's terms, on one line, and not turned about."""
    shown = printable(name)
    shown.encode("utf-8")
    assert len(shown) <= 12 * 200 + 3
    assert not any(
        unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in "\u202a\u202e\u2066"
        for c in shown
    )
    letters = [c for c in name if not c.isprintable()]
    assert letters or shown == name or len(name) > 200


def test_names_that_are_shown_as_they_are() -> None:
    """Letters of languages that join them are no trick."""
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    hindi = "\u0915\u094d\u200d\u0937"
    for name in (persian, hindi, "Nguyễn Văn A", "王小明", "O'Brien"):
        assert printable(name) == name
    assert printable("\u200c") == "\\u200c"
    assert printable("a\u200d") == "a\\u200d"
    assert printable("a\u202eb\n\udcff") == "a\\u202eb\\n\\udcff"
    assert some([f"n{i}" for i in range(7)], 2) == "n0, n1 and 5 more"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Lovelace", "Lovelace, Ada"),
        ("Émile Zola", "emile zola"),
        ("ADA LOVELACE", "ada  lovelace"),
        ("Zoë O'Brien", "OBrien Zoe\u0301".replace("e\u0301", "e\u0308")),
        ("Ada King Lovelace", "Lovelace, Ada King"),
        ("Ada Lovelace", "lovelaceada"),
        ("Lovelace, Ada King", "adakinglovelace"),
        ("小明 王", "王小明"),
        ("Weiß, Jørgen", "jorgen weiss"),
        ("Мария Башкирцева", "башкирцева_мария"),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    """Without case, accents, punctuation and order."""
    assert asked_name_key(other) in name_keys(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada Lovelace", "Ada Lovelac"), ("Ada Lovelace", "Ada"), ("Ann Lee", "Anne Le")],
)
def test_names_that_are_not(one: str, other: str) -> None:
    """What is only alike is somebody else."""
    assert asked_name_key(other) not in name_keys(one)


@settings(deadline=None)
@given(st.text())
def test_a_name_is_its_own(name: str) -> None:
    """Whatever its script, if it has a letter at all."""
    keys = name_keys(name)
    assert not keys or asked_name_key(name) in keys

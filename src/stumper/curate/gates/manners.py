"""Insults and obscene words in a question or a correction, by lists of our own for eight languages.

Lists are in ``words/``: a file a language, a line an entry. ``word`` is that word and its plural, ``stem*``
whatever begins so, ``*stem*`` whatever holds it, ``two words`` a phrase; a line that opens with ``?`` may
be harmless and is looked at by the operator. Words of animals, colours and things are not listed, however
they may be meant: questions about pictures are about those. All lists hold for all texts, because players
write in several languages at once. Text that a picture shows may be rude: the question says so, and then
nothing is refused at once.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from stumper.curate.gates.fold import fold

_VOWELS: Final = frozenset("aeiou")
_WITHOUT_SPACES: Final = re.compile("[\u4e00-\u9fff]")
_ARABIC: Final = re.compile("[\u0600-\u06ff]")
_ARABIC_LEADS: Final = "(?:[وفبكل]|ال|وال|يا)?"
_AGAIN: Final = re.compile(r"(.)\1+")


class Rude(NamedTuple):
    word: str
    """As it was folded."""
    clear: bool
    """No harmless reading; else the operator looks."""


class _Lists(NamedTuple):
    clear: re.Pattern[str]
    doubtful: re.Pattern[str]
    openings: frozenset[str]
    """How the entries' first words begin, without letters said twice: most texts hold none of them."""
    anywhere: re.Pattern[str]
    """What may stand within a word, likewise."""


def rude(text: str) -> Rude | None:
    """Returns the first insult of the text, a clear one before a doubtful one; None if there is none."""
    lists, folded = _lists(), fold(text)
    if not _suspect(folded, lists):
        return None
    for pattern, clear in ((lists.clear, True), (lists.doubtful, False)):
        if found := pattern.search(folded):
            return Rude(found[0].strip(), clear)
    return None


def _suspect(folded: str, lists: _Lists) -> bool:
    """Whether looking properly is worth a millisecond."""
    if "*" in folded or _ARABIC.search(folded) or _WITHOUT_SPACES.search(folded):
        return True
    short = _AGAIN.sub(r"\1", folded)
    if lists.anywhere.search(short):
        return True
    return any(word[:size] in lists.openings for word in short.split() for size in range(2, len(word) + 1))


@cache
def _lists() -> _Lists:
    found: dict[bool, list[str]] = {True: [], False: []}
    openings: set[str] = set()
    anywhere: set[str] = set()
    for file in sorted((files(__package__) / "words").iterdir(), key=lambda one: one.name):
        for entry in file.read_text("utf-8").splitlines():
            if not entry or entry.startswith("#"):
                continue
            bare = entry.removeprefix("? ")
            found[bare == entry].append(_pattern(bare))
            first = _AGAIN.sub(r"\1", fold(bare.strip("*")).split()[0])
            (anywhere if bare.startswith("*") else openings).add(first)
    clear, doubtful = (re.compile("|".join(found[kind])) for kind in (True, False))
    return _Lists(
        clear, doubtful, frozenset(openings), re.compile("|".join(map(re.escape, sorted(anywhere))))
    )


def _pattern(entry: str) -> str:
    stem = fold(entry.strip("*"))
    body = r"\s+".join("".join(map(_letter, word)) for word in stem.split())
    if _WITHOUT_SPACES.search(stem):
        return body
    start = r"(?<!\S)" + (r"\S*?" if entry.startswith("*") else "")
    if _ARABIC.search(stem):
        start += _ARABIC_LEADS
    plural = "(?:e?s)?" if stem.isascii() else ""
    return start + body + (r"\S*" if entry.endswith("*") else plural + r"(?!\S)")


def _letter(one: str) -> str:
    """One letter, however often it is said; a vowel may be crossed out."""
    if one in _VOWELS:
        return f"(?:{one}+|[*]+)"
    return re.escape(one) + ("+" if one.isalpha() and one.isascii() else "")

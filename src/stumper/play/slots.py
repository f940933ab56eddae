"""Finds the words of an answer that may be exchanged, and puts others in their place (pure).

A slot has a kind (what the word says) and a family: the answers of the same form, among which the model's own
frequencies tell how often it says which word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stumper.play.lexicon import COLOURS, HEIGHTS, NUMBERS, SIDES, STATES, THINGS, article, plural, singular


class Kind(StrEnum):
    YES_NO = "yes_no"
    HOUR = "hour"
    TEXT = "text"
    NUMBER = "number"
    SIDE = "side"
    HEIGHT = "height"
    COLOUR = "colour"
    STATE = "state"
    THING = "thing"
    WORD = "word"
    """The last word of an answer that holds nothing else of these."""


@dataclass(frozen=True, slots=True)
class Slot:
    kind: Kind
    family: str
    value: str
    """In lower case, except for texts."""
    start: int
    end: int
    """Where the word stands in the answer."""


_TOKEN: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_QUOTED: Final = re.compile(r"[\"“]([^\"”]{1,40})[\"”]|(?<!\w)'([^']{1,40})'(?!\w)")
_CAPITALS: Final = re.compile(r"\b(?=[A-Z0-9]*[A-Z])[A-Z0-9]{2,}\b")
_REFUSAL: Final = re.compile(
    r"\b(?:(?:do not|don't|cannot|can't|not) (?:know|see|sure|tell|clear|determine|answer)"
    r"|sorry|only see|unable)\b",
    re.IGNORECASE,
)
_OF_A_CLOCK: Final = re.compile(r"\s*(?:o['’ ]?clock|[ap]\.?m\b|:00)", re.IGNORECASE)
_FILLERS: Final = frozenset("a an the it is its it's at on in to there are i see this that of".split())
_STOPS: Final = frozenset(
    "in on at is are of to and with by near behind under from that who which here there visible".split()
)
_STATE_OF: Final = {word: group for group, words in STATES.items() for word in words}


def find_slots(answer: str) -> tuple[Slot, ...]:
    """Returns the exchangeable words in the order in which they stand; none for a refusal."""
    if _REFUSAL.search(answer):
        return ()
    turned = negate(answer)
    if turned is not None:
        first = Slot(Kind.YES_NO, f"yes_no:{turned.form}", turned.value, 0, len(answer))
        return (first, *_words(answer)) if turned.form != "word" else (first,)
    found = tuple(_texts(answer)) or tuple(_words(answer))
    return found or tuple(_last_word(answer))


def _words(answer: str) -> Iterator[Slot]:
    tokens = list(_TOKEN.finditer(answer))
    short = all(token[0].lower() in _FILLERS or _kind(token[0].lower()) is not None for token in tokens)
    form = "word" if short else "sentence"
    for token in tokens:
        word = token[0].lower()
        kind = _kind(word)
        if kind is None:
            continue
        if kind is Kind.NUMBER and _OF_A_CLOCK.match(answer, token.end()):
            kind = Kind.HOUR
        yield Slot(kind, _family(kind, word, form), word, token.start(), token.end())


def _kind(word: str) -> Kind | None:
    if word in NUMBERS or (word.isascii() and word.isdigit() and len(word) <= 3):
        return Kind.NUMBER
    if word in COLOURS:
        return Kind.COLOUR
    if word in SIDES:
        return Kind.SIDE
    if word in HEIGHTS:
        return Kind.HEIGHT
    if word in _STATE_OF:
        return Kind.STATE
    return Kind.THING if word in THINGS or singular(word) in THINGS else None


def _family(kind: Kind, word: str, form: str) -> str:
    if kind in (Kind.NUMBER, Kind.HOUR):
        return f"{kind}:{'digits' if word.isdigit() else 'words'}:{form}"
    if kind is Kind.STATE:
        return f"{kind}:{_STATE_OF[word]}:{form}"
    if kind is Kind.THING:
        return f"{kind}:{'one' if word in THINGS else 'many'}:{form}"
    return f"{kind}:{form}"


def _texts(answer: str) -> Iterator[Slot]:
    """What is read off a sign: in quotation marks or in capitals."""
    for found in _QUOTED.finditer(answer):
        group = 1 if found[1] is not None else 2
        yield Slot(Kind.TEXT, "text:quoted", found[group], found.start(group), found.end(group))
    if answer.upper() != answer or len(answer.split()) == 1:
        for found in _CAPITALS.finditer(answer):
            yield Slot(Kind.TEXT, "text:capitals", found[0], found.start(), found.end())


def _last_word(answer: str) -> Iterator[Slot]:
    """The last word, among what the model says in the same frame."""
    tokens = list(_TOKEN.finditer(answer))
    if not tokens or len(tokens) > 8:
        return
    last = tokens[-1]
    frame = " ".join(token[0].lower() for token in tokens[:-1])
    yield Slot(Kind.WORD, f"word:{frame}", last[0].lower(), last.start(), last.end())


@dataclass(frozen=True, slots=True)
class Negation:
    """A yes/no answer: which of the two it is, how it is put, and how the other one is put alike."""

    value: str
    form: str
    other: str


_BARE: Final = re.compile(r"(yes|no)([.!]?)", re.IGNORECASE)
_THERE: Final = re.compile(
    r"(?:(yes|no)(,? ))?there (is|are) (an? |no |not )?(.+)", re.IGNORECASE | re.DOTALL
)
_VERB: Final = re.compile(
    r"(yes|no)(,? )(?!there )((?:\S+ ){1,4}?)(is|are|can|has|does|do)( not)? (.+)", re.IGNORECASE | re.DOTALL
)


def negate(answer: str) -> Negation | None:
    """Returns a yes/no answer with its opposite; None if it is none or cannot be turned round in style."""
    bare = _BARE.fullmatch(answer)
    if bare:
        value = bare[1].lower()
        return Negation(value, "word", _cased("no" if value == "yes" else "yes", like=bare[1]) + bare[2])
    return _negate_there(answer) or _negate_verb(answer)


def _negate_there(answer: str) -> Negation | None:
    found = _THERE.fullmatch(answer)
    if not found:
        return None
    said, comma, verb, quantity, rest = found[1], found[2] or "", found[3], (found[4] or "").lower(), found[5]
    denied = quantity == "no "
    if (said is not None and (said.lower() == "no") is not denied) or quantity.startswith("not"):
        return None
    first = rest.split()[0].lower()
    one = verb.lower() == "is"
    if not denied and one is not (quantity in ("a ", "an ")):
        return None
    if not denied and (_kind(first) is Kind.NUMBER or first in ("some", "many")):
        return None  # the other side would not say how many
    amount = "no " if not denied else f"{article(rest)} " if one else ""
    opening = "" if said is None else _cased("yes" if denied else "no", like=said) + comma
    there = "There" if said is None and answer[0].isupper() else "there"
    form = f"there {verb.lower()}" if said is None else f"said, there {verb.lower()}"
    return Negation("no" if denied else "yes", form, f"{opening}{there} {verb} {amount}{rest}")


def _negate_verb(answer: str) -> Negation | None:
    found = _VERB.fullmatch(answer)
    if not found:
        return None
    said, comma, subject, verb, denial, rest = found.groups()
    denied = said.lower() == "no"
    plain = verb.lower() in ("is", "are", "can")
    if denied is not (denial is not None) or not plain:
        return None
    opening = _cased("yes" if denied else "no", like=said)
    middle = verb if denied else f"{verb} not"
    return Negation("no" if denied else "yes", "said, verb", f"{opening}{comma}{subject}{middle} {rest}")


def fill(answer: str, slot: Slot, value: str) -> str | None:
    """Returns the answer with another word in the slot; None if the sentence cannot take it."""
    if slot.kind is Kind.YES_NO:
        turned = negate(answer)
        return None if turned is None or turned.value == value else turned.other
    before, old, after = answer[: slot.start], answer[slot.start : slot.end], answer[slot.end :]
    new = value if slot.kind is Kind.TEXT else _cased(value, like=old)
    if slot.kind is Kind.NUMBER and (_is_one(slot.value) is not _is_one(value)):
        return _agreeing(before, new, after, one=_is_one(value))
    before = re.sub(
        r"\b(an?) $", lambda found: _cased(article(value), like=found[1]) + " ", before, flags=re.IGNORECASE
    )
    return before + new + after


def _is_one(word: str) -> bool:
    return word in ("one", "1")


def _agreeing(before: str, number: str, after: str, *, one: bool) -> str | None:
    """Puts verb and noun around a number into singular or plural; None if the noun does not say how."""
    words = list(_TOKEN.finditer(after))
    phrase = words[: next((i for i, word in enumerate(words) if word[0].lower() in _STOPS), len(words))]
    swap = {"is": "are", "are": "is"}
    verb = re.search(r"\b(is|are) $", before, re.IGNORECASE)
    if verb and phrase:
        before = before[: verb.start()] + ("is " if one else "are ")
    if phrase:
        noun = phrase[-1]
        bent = singular(noun[0].lower()) if one else plural(noun[0].lower())
        if bent is None:
            return None
        rest = after[noun.end() :]
        following = re.match(r" (is|are)\b", rest)
        if following:
            rest = f" {swap[following[1]]}" + rest[following.end() :]
        after = after[: noun.start()] + bent + rest
    return before + number + after


def _cased(word: str, *, like: str) -> str:
    if len(like) > 1 and like.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word

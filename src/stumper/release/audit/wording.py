"""What one question and one reference say, for statistics: normal forms, flags, counts (pure)."""

from __future__ import annotations

import re
from enum import IntFlag
from functools import lru_cache
from typing import Final

from stumper.curate.answers import fold, normal, words
from stumper.curate.forms import Form, clock, colours, count, form, polarity, refusal, sides, unusable
from stumper.records import Category
from stumper.vlm.question import defused

LONG: Final = 2000
"""Characters of a reference that is no answer to one question any more."""
_READ: Final = 1000
"""Characters of a reference that are looked at; its length is counted in full."""


class Flag(IntFlag):
    """What is wrong with a question or its reference."""

    MISSING = 1
    REFUSING = 2
    UNANSWERABLE = 4
    LONG = 8
    CONTROL = 16
    """Holds what a chat template or tokenizer takes for its own."""
    GARBLED = 32
    """Holds bytes that were not UTF-8, or UTF-8 that was read as something else."""
    NO_IMAGE = 64
    CUT = 128
    """Breaks off in the middle of a sentence."""


UNUSABLE: Final = Flag.MISSING | Flag.REFUSING | Flag.UNANSWERABLE

_NOTHING: Final = frozenset(
    ("", "nan", "null", "n/a", "na", "none given", "undefined", "todo", "tbd", "-", "?")
)
_SORRY: Final = re.compile(
    r"\bi am sorry\b|^sorry\b|\bas an ai\b"
    r"|\bi (?:can ?not|am (?:unable|not able)|do not (?:know|have|see enough))\b"
    r"|\b(?:es tut mir leid|lo siento|je suis desole|je ne peux pas|non posso|desculpe)\b"
)
_OPEN: Final = re.compile(
    r"\bcan ?not be (?:\w+ly )?"
    r"(?:determined|seen|identified|counted|confirmed|discerned|answered|known|read|provided)\b"
    r"|\b(?:impossible|not possible|not feasible|difficult|hard|challenging|unable) to (?:\w+ly )?"
    r"(?:determine|tell|say|count|identify|see|know|answer|read)\b"
    r"|\bnot (?:clearly |fully |explicitly )?"
    r"(?:discernible|legible|readable|specified|provided|mentioned|known|determinable)\b"
    r"|\b(?:unclear|unknown|illegible|indeterminate)\b|\bnot enough information\b"
)
_UNSEEN: Final = re.compile(
    r"\b(?:is|are) not (?:clearly |fully )?(?:visible|shown|present|in view)\b|\bno visible\b"
    r"|\b(?:image|picture|photo|scene) does not (?:clearly )?"
    r"(?:show|feature|include|contain|depict|have|display)\b"
)
_MANY: Final = re.compile(
    r"\b(?:several|numerous|multiple|many|dozens|hundreds|thousands|crowd(?:ed)?|large number)\b"
)
_EXACT: Final = re.compile(r"\b(?:exact|precise|accurate|specific)(?:ly)?\b")
_MOJIBAKE: Final = re.compile("\u00c3[\u0080-\u00bf]|\u00e2\u20ac|\u00c2[\u00a0-\u00bf]|\ufffd")
_END: Final = re.compile(r"[.!?\"'”’)\]:;…。！？]\s*$")
_CUT_WORDS: Final = 20


@lru_cache(maxsize=65_536)
def asked(question: str) -> str:
    """Returns the question up to case, punctuation, spelling variants and number words."""
    return " ".join(words(question)) or " ".join(question.casefold().split())


def said(question: str, answer: str, category: Category) -> str:
    """Returns the short form of a reference: 'There are eight tables.' is '8' where tables are counted."""
    text = answer[:_READ]
    found: str | None = None
    match form(question, text, category=category):
        case Form.COUNT:
            found = str(count(text))
        case Form.YES_NO:
            found = "yes" if polarity(text, question) else "no"
        case Form.COLOUR:
            found = " and ".join(sorted(colours(text)))
        case Form.SIDE:
            found = " and ".join(sorted(sides(text)))
        case Form.TIME:
            time = clock(text)
            found = f"{time.hour}:{time.minute:02}" if time else None
        case _:
            pass
    return found or normal(text) or text.strip().casefold()


def flags(question: str, answer: str, category: Category) -> Flag:
    """Returns what is wrong with a question and its reference; NO_IMAGE is not seen from here."""
    found = _about(question, answer[:_READ], category)
    if len(answer) > LONG:
        found |= Flag.LONG
    if defused(question) != question or defused(answer) != answer:
        found |= Flag.CONTROL
    if _MOJIBAKE.search(question) or _MOJIBAKE.search(answer):
        found |= Flag.GARBLED
    if len(answer) > 60 and not _END.search(answer) and len(answer.split()) > _CUT_WORDS:
        found |= Flag.CUT
    return found


def _about(question: str, answer: str, category: Category) -> Flag:
    if answer.strip().casefold() in _NOTHING:
        return Flag.MISSING
    if unusable(answer):
        return Flag.UNANSWERABLE
    folded = fold(answer)
    if _SORRY.search(folded):
        return Flag.REFUSING
    return Flag.UNANSWERABLE if _left_open(question, answer, folded, category) else Flag(0)


def _left_open(question: str, answer: str, folded: str, category: Category) -> bool:
    """'The foot is not visible' leaves 'Which foot?' open, but answers 'Is it visible?' and 'How many?'."""
    if words(answer)[:1] in (("yes",), ("no",)):
        return False
    vague = _OPEN.search(folded) is not None or refusal(answer)
    if category is Category.COUNTING:
        counted = count(answer) is not None and not _EXACT.search(folded)
        return not counted and (vague or (count(answer) is None and _MANY.search(folded) is not None))
    if vague or category is Category.EXISTENCE or not _UNSEEN.search(folded):
        return vague
    return form(question, answer, category=category) in (Form.OPEN, Form.TEXT)


def syllables(text: str) -> int:
    """Returns the groups of vowels, which is near enough for an average."""
    return len(re.findall(r"[aeiouyäöüéèàáíóú]+", text.casefold()))


def sentences(text: str) -> int:
    """Returns how many sentences a text has, at least one."""
    return max(1, len(re.findall(r"[.!?]+(?:\s|$)", text)))

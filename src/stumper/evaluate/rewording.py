"""The same question in other words, and what it becomes in the mirror: by rules that leave the answer alone.

Only what is safe is changed; a question that no rule fits is only introduced in other words.
"""

from __future__ import annotations

import re
from typing import Final

from stumper.curate.forms import Form, form
from stumper.records import Category

_RULES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), other)
    for pattern, other in (
        (
            r"^how many (?P<what>[\w' -]+?) are there\b(?P<rest>[^,?.]*)\??$",
            "what is the number of {what}{rest}?",
        ),
        (r"^what colou?r (?P<be>is|are) (?P<what>[^,?.]+)\??$", "which colour {be} {what}?"),
        (r"^which colou?r (?P<be>is|are) (?P<what>[^,?.]+)\??$", "what colour {be} {what}?"),
        (r"^is there (?P<what>an? [^,?.]+)\??$", "can you see {what}?"),
        (r"^are there any (?P<what>[^,?.]+)\??$", "can you see any {what}?"),
        (r"^where is (?P<what>[^,?.]+)\??$", "where can you see {what}?"),
    )
)
_INTRODUCED: Final = ("Look at the picture: {}", "Please tell me: {}")

_SIDE: Final = re.compile(r"\b(left|right)(?=\b|most\b|hand\b)", re.IGNORECASE)
_OTHER: Final = {"left": "right", "right": "left"}
_UNSAFE: Final = re.compile(
    # No side at all: "right now", "all right", "is left over", "how many are left".
    r"\bright (?:now|away|answer|order|angle)\b|\b(?:all|that's|is that|is it) right\b|"
    r"\bleft (?:over|out|behind|alone)\b|\b(?:is|are|be|was|were|been|has|have|had) left\b(?! (?:of|or)\b)|"
    # What reads otherwise in the mirror.
    r"\bclock|\btime\b|\bhour|\bminute|\bo'clock|\bwritten\b|\bwrites?\b|\bwriting\b|\bwords?\b|\bletters?\b|"
    r"\btexts?\b|\bsigns?\b|\bspell|\bsays?\b|\bread|\blabel|\bplates?\b|\blogo|\bbrand|\bname\b|"
    r"\bnumber on\b|\bdigits?\b|\beast|\bwest|\bmirror",
    re.IGNORECASE,
)


def reworded(question: str) -> tuple[str, str]:
    """Returns two other wordings with the same answer."""
    text = question.strip()
    for rule, other in _RULES:
        match = rule.match(text)
        if match:
            said = other.format(**match.groupdict())
            return said[0].upper() + said[1:], _INTRODUCED[0].format(text)
    return _INTRODUCED[0].format(text), _INTRODUCED[1].format(text)


def mirrored_text(question: str, reference: str, *, category: Category) -> tuple[str, str] | None:
    """Returns question and right answer for the mirrored picture: left and right change places.

    None where more than that may change: writing, clocks, or words that only look like sides.
    """
    if category in (Category.TEXT, Category.INVALID) or _UNSAFE.search(question) or _UNSAFE.search(reference):
        return None
    if form(question, reference, category=category) in (Form.TEXT, Form.TIME):
        return None
    return _swapped(question), _swapped(reference)


def _swapped(text: str) -> str:
    return _SIDE.sub(_other_side, text)


def _other_side(match: re.Match[str]) -> str:
    said = match[1]
    other = _OTHER[said.lower()]
    if said.isupper():
        return other.upper()
    return other.capitalize() if said[0].isupper() else other

"""What players type, made safe to store: one form, a length within limits, nothing that deceives unseen."""

from __future__ import annotations

import re
import unicodedata
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stumper.errors import BadCorrection, BadInput, BadQuestion

NICKNAME_CHARS = 40
# Marks that reorder what follows them: with them a page shows another text than the one stored.
_REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_NOT_A_WORD = re.compile(r"[\W_]+")
_ARTICLE = re.compile(r"^(?:a|an|the) (?=\S)")


def clean(text: str) -> str:
    """Returns the text in NFC on one line, without control, reordering and unpaired surrogate characters."""
    spaced = "".join(" " if c.isspace() else c for c in _REORDERING.sub("", text))
    visible = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs"))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def check_question(text: str, *, limit: int) -> str:
    """Returns the cleaned question. Raises BadQuestion if it is empty or above ``limit`` characters."""
    question = clean(text)
    if not question:
        raise BadQuestion(f"The question is empty. Ask about the picture in 1 to {limit} characters.")
    if len(question) > limit:
        raise BadQuestion(
            f"The question has {len(question):,} characters; the limit is {limit}. Ask one thing at a time."
        )
    return question


def check_correction(text: str | None, *, limit: int, shown: str) -> str:
    """Returns the cleaned right answer.

    Raises BadCorrection if it is missing, longer than ``limit`` characters, or the answer that was called
    wrong.
    """
    correction = clean(text or "")
    if not correction:
        raise BadCorrection(f"Say what the right answer is, in 1 to {limit} characters.")
    if len(correction) > limit:
        raise BadCorrection(
            f"The right answer has {len(correction):,} characters; the limit is {limit}. Write it shorter."
        )
    if plain(correction) == plain(shown):
        raise BadCorrection(
            f"{correction!r} is what the model said. Write the right answer, or mark this one as right."
        )
    return correction


def plain(text: str) -> str:
    """Returns the text without capitals, punctuation and leading article, to see whether two are the same.

    A text of signs only (an emoji) stays itself.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = _NOT_A_WORD.sub(" ", folded).strip()
    return _ARTICLE.sub("", words) if words else folded.strip()


def check_key(key: str) -> str:
    """Returns the key. Raises BadInput if it could not be stored and found again."""
    if not _KEY.fullmatch(key):
        raise BadInput("The key of a question has 1 to 64 letters, digits and . _ : - (a UUID will do).")
    return key


def check_nickname(text: str) -> str:
    """Returns the cleaned name. Raises BadInput if nothing is left or more than 40 characters."""
    nickname = clean(text)
    if not 1 <= len(nickname) <= NICKNAME_CHARS:
        raise BadInput(
            f"A name has 1 to {NICKNAME_CHARS} characters, yours has {len(nickname)}. Choose another one."
        )
    return nickname


def check_language(tag: str) -> str:
    """Returns the language tag, such as ``en`` or ``pt-BR``. Raises BadInput."""
    if len(tag) > 16 or not _LANGUAGE.fullmatch(tag):
        raise BadInput(f"{tag[:20]!r} names no language. Use a tag such as en, hi or pt-BR.")
    return tag


def check_time_zone(name: str) -> str:
    """Returns the IANA name, such as ``Asia/Kolkata``; UTC for one that is unknown: nobody is kept from
    playing by a clock set oddly.
    """
    try:
        return ZoneInfo(name).key if len(name) <= 64 else "UTC"
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"

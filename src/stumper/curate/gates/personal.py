"""Personal data in a question or a correction, by patterns and check digits: what one is reached or known by.

A shop's telephone number on a sign is fine and looks just the same. So nothing found here refuses a claim: it
goes to the operator. Digits of every script count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from typing import Final, NamedTuple


class Trace(NamedTuple):
    kind: str
    """In plain English, for the operator: 'e-mail address'."""
    found: str


_SITES: Final = "facebook|instagram|twitter|x|tiktok|linkedin|vk|t|wa|snapchat|onlyfans|weibo|ok"
_PHONE: Final = re.compile(r"(?<![\w.,:/-])\+?\(?\d[\d ().\-\u2010-\u2015/]{6,20}\d(?![\w,:/-]|\.\d)")
_WORTH_A_LOOK: Final = re.compile(r"[\d@]|\bdot\b|[(\[]at|/\w")
"""One of these is in everything that `_CHECKS` finds."""
_DATE: Final = re.compile(r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})(?: .*)?")
_NAME: Final = r"[^\W\d_a-zа-яё][^\W\d_]+"
_FULL_NAME: Final = rf"({_NAME}(?: (?:de|da|dos|van|von|bin|al|el))?(?: {_NAME}){{1,3}})"
_SAYS_NAME: Final = re.compile(
    r"\b(?:(?i:my|his|her|their|your) (?i:full |real )?(?i:name(?:'s| is| was|s are))|(?i:is called|"
    r"(?:me|se) llamo?a?|su nombre es|(?:me|se) chamo?a?|o nome d(?:ele|ela) é|namanya(?: adalah)?|"
    r"nama(?: saya| dia)? adalah|(?:меня|его|ее|её) зовут|my name))"
    rf":? {_FULL_NAME}"
)
_SAYS_NAME_ELSEWHERE: Final = re.compile(
    r"(?:(?:他|她|我)(?:的名字)?(?:叫|是叫)(?!什么|啥|做)[\u4e00-\u9fff]{2,4}(?![\u4e00-\u9fff])|"
    r"(?:(?:他|她|我)的名字是)(?!什么)[\u4e00-\u9fff]{2,4}(?![\u4e00-\u9fff])|"
    r"(?:उसका|उनका|मेरा|इसका) नाम (?!क्या)\S+ (?!है)\S+ है|"
    r"(?:اسمه|اسمها|اسمي)(?: هو| هي)? (?!ما)[\u0621-\u064a]+ [\u0621-\u064a]+)"
)
_ASKS_A_NAME: Final = re.compile(
    r"\b(?:(?:his|her|your|their) (?:full |real |first |last )?(?:name|surname)|"
    r"name of (?:the|this|that) (?:man|woman|boy|girl|person|lady|guy|child|player|baby|kid)|"
    r"what is (?:he|she) called)\b",
    re.IGNORECASE,
)
_WHOLE_NAME: Final = re.compile(rf"\W*{_FULL_NAME}\W*")


def traces(question: str, correction: str) -> list[Trace]:
    """Returns what may be personal in either text, in the order of the checks; empty if nothing is."""
    found = [trace for text in (question, correction) for trace in _in_text(_ascii_digits(text))]
    whole = _WHOLE_NAME.fullmatch(correction)
    if whole and _ASKS_A_NAME.search(question):
        found.append(Trace("full name", whole[1]))
    return found


def _ascii_digits(text: str) -> str:
    """Returns the text in one width with the digits 0 to 9 for those of any script."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in plain)


def _in_text(text: str) -> list[Trace]:
    found = []
    if _WORTH_A_LOOK.search(text):
        found = [
            Trace(kind, match[0].strip())
            for kind, pattern, holds in _CHECKS
            for match in pattern.finditer(text)
            if holds(match[0])
        ]
    if not found:
        found = [Trace("telephone number", one[0]) for one in _PHONE.finditer(text) if _dialled(one[0])]
    names = [match[1] for match in _SAYS_NAME.finditer(text)]
    names += [match[0] for match in _SAYS_NAME_ELSEWHERE.finditer(text)]
    return found + [Trace("full name", name) for name in names]


def _digits(text: str) -> list[int]:
    return [int(one) for one in text if one.isdigit()]


def _dialled(text: str) -> bool:
    """Nine to fifteen digits (E.164) as people write numbers to dial; no date, no decimal, no sum."""
    digits, plain = _digits(text), text.strip()
    if (
        not 9 <= len(digits) <= 15
        or re.fullmatch(r"\d+\.\d+", plain)
        or _DATE.fullmatch(plain)
        or _counts_up(digits)
    ):
        return False
    groups = re.findall(r"\d+", plain)
    if plain.startswith("+"):
        return True
    if len(groups) == 1:
        return len(digits) >= 10
    # '12 4 8 3 9 15 21' is a list of small numbers, '1 000 000' a large one
    thousands = len(groups[0]) <= 3 and all(len(one) == 3 for one in groups[1:]) and "-" not in plain
    return not thousands and max(map(len, groups)) >= 3 and len(groups) <= 5


def _counts_up(digits: list[int]) -> bool:
    """'1 2 3 4 5 6 7 8 9' on a ruler or a keypad."""
    return all(b - a == 1 for a, b in pairwise(digits[:9]))


def _luhn(text: str) -> bool:
    """Check digit of payment cards (ISO/IEC 7812-1)."""
    digits = _digits(text)
    doubled = (2 * one - 9 * (one > 4) for one in digits[-2::-2])
    return 13 <= len(digits) <= 19 and (sum(doubled) + sum(digits[-1::-2])) % 10 == 0 and any(digits)


def _iban(text: str) -> bool:
    """Check digits of ISO 13616: moved to the end and read as a number, 1 modulo 97."""
    plain = text.replace(" ", "").upper()
    return (
        15 <= len(plain) <= 34 and int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1
    )


def _cpf(text: str) -> bool:
    """Brazilian taxpayer's number: two check digits modulo 11."""
    digits = _digits(text)
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    return all(
        sum(one * (size + 1 - place) for place, one in enumerate(digits[:size])) * 10 % 11 % 10
        == digits[size]
        for size in (9, 10)
    )


def _chinese_id(text: str) -> bool:
    """Number of an identity card (GB 11643): a check digit modulo 11, X for ten."""
    values = [10 if one in "xX" else int(one) for one in text]
    return sum(one * pow(2, 17 - place, 11) for place, one in enumerate(values)) % 11 == 1


def _dni(text: str) -> bool:
    """Spanish identity number: the letter follows from the number modulo 23."""
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(text[:8]) % 23] == text[-1].upper()


def _always(_text: str) -> bool:
    return True


_CHECKS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    (
        "e-mail address",
        re.compile(
            r"[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*[\w-]+(?:\s*(?:\.|\(dot\)|\[dot\])\s*[\w-]+)*"
            r"\s*(?:\.|\(dot\)|\[dot\])\s*[a-z]{2,}|\b[\w.+-]+ at [\w-]+ dot [a-z]{2,}\b",
            re.IGNORECASE,
        ),
        _always,
    ),
    (
        "address of a person's page",
        re.compile(rf"\b(?:www\.)?(?:{_SITES})\.(?:com|me|ru|in|cn)/(?:in/)?@?[\w.-]{{3,}}", re.IGNORECASE),
        _always,
    ),
    ("handle", re.compile(r"(?<![\w@.])@[a-zA-Z_]\w{2,29}\b(?!\.\w)"), _always),
    ("bank account", re.compile(r"\b[A-Za-z]{2}\d{2}(?: ?\w{4}){2,7}(?: ?\w{1,3})?\b", re.ASCII), _iban),
    ("payment card", re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])"), _luhn),
    ("identity number", re.compile(r"\b\d{17}[\dXx]\b"), _chinese_id),
    ("identity number", re.compile(r"\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b"), _cpf),
    ("identity number", re.compile(r"\b\d{8}-?[A-Za-z]\b"), _dni),
    ("identity number", re.compile(r"\b\d{3}-\d{2}-\d{4}\b"), _always),
    (
        "passport",
        re.compile(
            r"\b(?:passport|pasaporte|passaporte|паспорт\w*|paspor)\b[^\d\n]{0,20}"
            r"(?:[A-Z]{1,2} ?\d{6,8}|\d{2} ?\d{2} ?\d{6}|\d{9})\b",
            re.IGNORECASE,
        ),
        _always,
    ),
)  # fmt: skip

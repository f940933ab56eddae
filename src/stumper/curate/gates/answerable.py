"""Whether a correction answers the question, as far as its form tells: no refusal, nothing of another kind.

Strict on purpose: only what cannot be an answer is refused, such as a colour to 'how many'. What is right is
for the referees.
"""

from __future__ import annotations

import re
from typing import Final

from stumper.curate.answers import fold, normal
from stumper.curate.forms import COLOURS, WHICH_SIDE, count, refusal, uncounted, unusable
from stumper.records import Category

LONGEST: Final = 300
"""Characters of a correction."""
_NO_ANSWER: Final = re.compile(
    r"(?:no (?:lo |la )?s[eé](?: la respuesta)?|no se (?:puede|ve|sabe)(?: (?:ver|saber|leer|decir|bien))?|"
    r"(?:eu )?n[aã]o sei|n[aã]o d[aá] (?:para|pra) (?:ver|saber|dizer|ler)|"
    r"(?:я )?не (?:знаю|видно|понятно|ясно)|невозможно (?:сказать|определить|увидеть)|непонятно|"
    r"(?:saya |aku )?(?:tidak|gak|nggak) (?:tahu|tau|jelas|terlihat|bisa (?:dilihat|dijawab))|"
    r"(?:我)?(?:不知道|看不清楚?|看不出来?|看不见|无法(?:判断|确定|回答|看清)|不清楚)|"
    r"(?:मुझे )?(?:पता नहीं|नहीं पता|मालूम नहीं|दिखाई नहीं (?:देता|दे रहा))(?: है| हैं)?|"
    r"(?:لا (?:اعرف|أعرف|اعلم|أعلم|ادري|أدري)|غير (?:واضح|معروف)|لا يمكن (?:المعرفة|التحديد|الرؤية))|"
    r"i don'?t know|dunno|idk|can'?t (?:tell|see|say)|no answer|not sure|who knows)",
    re.IGNORECASE,
)
_HOW_MANY: Final = re.compile(r"^(?:\w+ ){0,3}?how many\b|^(?:the )?(?:total )?number of\b")
_WHAT_COLOUR: Final = re.compile(r"^(?:of )?(?:what|which) colou?r\b|^(?:the )?colou?r of\b")
_OPEN_WORD: Final = re.compile(r"^(?:what|which|where|who|whose|how many|how much|why|when)\b")
_ASKS_A_CHOICE: Final = re.compile(r"\bor\b|,|\bif\b|\btrue\b|\byes\b|\bwhat about\b")


def fault(question: str, correction: str, *, category: Category | None = None) -> str | None:
    """Returns what keeps the correction from being an answer, in plain English; None if nothing is seen."""
    if not correction.strip() or (unusable(correction) and category is not Category.TEXT):
        return "it says nothing"
    if len(correction) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if _declines(correction):
        return "it declines to answer"
    return _other_kind(fold(question), question, correction)


def _declines(correction: str) -> bool:
    return refusal(correction) or bool(_NO_ANSWER.fullmatch(correction.strip(" .!…。।\"'")))


def _other_kind(asked: str, question: str, correction: str) -> str | None:
    said = normal(correction)
    if _HOW_MANY.search(asked):
        if uncounted(question, correction):
            return "it gives no number"
        if said in COLOURS | WHICH_SIDE - {"neither", "both"} | {"yes"} and count(correction) is None:
            return f"it says {said!r} to how many"
    elif _WHAT_COLOUR.search(asked):
        if said.isdigit() or said in WHICH_SIDE - {"neither", "both"} | {"yes", "no"}:
            return f"it says {said!r} to what colour"
    elif said in ("yes", "no") and _OPEN_WORD.search(asked) and not _ASKS_A_CHOICE.search(asked):
        return f"it says {said!r} to an open question"
    return None

"""Whether a text asks one question, by where asking words begin anew; for eight languages.

'How many cats and dogs?' is one question, 'How many cats and what colour are they?' two. What joins words
within one question (and, or, a list, a subordinate clause) must not fire: a false alarm costs a good claim,
a second question that is missed only a vote of referees.
"""

from __future__ import annotations

import re
from typing import Final

_WH: Final = (
    # English; "who", "which", "where" and "when" also open relative clauses, see _RELATIVE
    r"how (?:many|much|old|tall|big|large|long|far|high|is|are|does|do|did)|"
    r"what|which|where|who|whose|when|why|"
    # Spanish, Portuguese; accents are often left out, but not of the short ones that join
    r"cu[aá]nt[oa]s?|cu[aá]l(?:es)?|d[oó]nde|qui[eé]n(?:es)?|(?:de |con |a )?qué|(?:de )?que color|"
    r"quant[oa]s?|qua(?:l|is)|onde|quem|(?:de )?que cor|o que|"
    # Russian
    r"сколько|как(?:ой|ая|ое|ие|ого|им|ую)|где|кто|что|куда|почему|зачем|"
    # Indonesian
    r"berapa|apa(?:kah)?|di ?mana|siapa|mengapa|kenapa"
)
_LEAD: Final = (
    r"(?:(?:and|so|ok(?:ay)?|well|hey|hi|please|tell me|y|e|и|dan|¿)[ ,]+|¿\s*|"
    r"(?:in|on|at|of|from|to|for|by|with|de|en|em|no|na|в|на|di) )*"
)
_STARTS: Final = re.compile(
    rf"^\W*{_LEAD}(?:{_WH}|number of|colou?r of|name of|count|is|are|was|were|does|do|did|has|have|can|could|"
    r"hay|est[aá]n?|es|há|tem|é|есть|ada(?:kah)?)\b",
    re.IGNORECASE,
)
_WH_STARTS: Final = re.compile(rf"^\W*{_LEAD}(?:{_WH}|number of)\b", re.IGNORECASE)
_CONDITION: Final = re.compile(
    r"^\W*(?:when|where|if|while|cuando|quando|donde|когда|kalau)\b(?!.*\bis it\b)", re.I
)
_AND: Final = (
    r"(?:and(?: also)?|also|plus|as well as|y(?: también)?|e(?: também)?|и(?: также)?|dan(?: juga)?|&)"
)
_JOINED: Final = re.compile(
    rf"[\s,;]+{_AND}\s+(?:also )?(?:(?:in|on|of|at|from|de|en|em|в|на|di) )?"
    rf"(?:{_WH}|(?:is|are|does|do|did|was|were) (?:he|she|it|they|there|the|this|that|these|those)|"
    r"(?:the )?(?:number|colou?r|name) of)\b(?! (?:else|if|not|looks?|seems?|appears?|may|might)\b)",
    re.IGNORECASE,
)
_RELATIVE: Final = re.compile(
    r"\b(?:who|which|where|that|whose|when|what|que|quien|quem|onde|donde|kotor|как\w+|что|где|кто|yang)\b",
    re.IGNORECASE,
)
_SUMMED: Final = re.compile(
    r"\b(?:sum|total|difference|between|more|fewer|less|add|plus|compare|same|together|times|ratio|"
    r"suma|soma|разница|сумма|jumlah)\b",
    re.IGNORECASE,
)
_LISTED: Final = re.compile(
    rf"[,;.]\s+(?:{_AND}\s+)?(?:(?:in|on|of|de|en|em) )?(?:how (?:many|much|old|tall)|"
    r"what (?:is|are|colou?r|does|do)|which (?:colou?r|one|side|hand)|where (?:is|are)|"
    r"cu[aá]nt[oa]s|de qué color|quant[oa]s|сколько|berapa)\b",
    re.IGNORECASE,
)
_LOOK: Final = re.compile(
    r"^\W*(?:(?:can|do|could) you (?:see|spot|find|look)|see|look|hey|hi|hello|ok|really|"
    r"guess what|know what|"
    r"ves|você vê|видишь)\b",
    re.IGNORECASE,
)
_ALSO: Final = re.compile(
    rf"^\W*{_AND}\s+\w+\s+\w+|^\W*(?:and|y|e|и|dan)\s+(?:the|el|la|o|a)?\s*\w{{3,}}\W*$", re.I
)
_QUOTED: Final = re.compile("[\"“„«][^\"”“»]*[\"”“»]|(?<!\\w)['‘][^'’]*['’](?!\\w)")
_ENDS: Final = re.compile(r"[?？؟]+")
_ASK_IN_PLACE: Final = (
    # Languages that ask without moving a word to the front: what parts clauses, and what asks in one
    (
        r"[，,；;。？?！]|并且|还有|而且|以及",
        r"多少|几[个只条张辆本把人头]|什么|哪[里儿个只边]|谁|为什么|是不是|有没有|吗",
    ),
    (r"[,;?؟।|]|\sऔर\s", r"कितन[ेीा]|कौन|कहाँ|कहां|किस|क्यों|क्या"),
    (
        r"[,،;؛?؟]|\sو(?=كم|ماذا|ما |أين|اين|لماذا|كيف|هل|أي )",
        r"(?:^|\s)(?:كم|ماذا|ما|أين|اين|لماذا|كيف|هل|أي)\s",
    ),
)
_IN_PLACE: Final = tuple((re.compile(apart), re.compile(asks)) for apart, asks in _ASK_IN_PLACE)


def several(question: str) -> bool:
    """Tells whether the text asks more than one question; what it quotes is not read."""
    plain = _QUOTED.sub(" it ", question)
    asked = [part.strip() for part in _ENDS.split(plain) if part.strip()]
    return _asks_again(asked) or any(map(_joined, asked)) or _in_place(plain)


def _asks_again(asked: list[str]) -> bool:
    """Two questions in a row; 'Do you see the car? What colour is it?' and 'A or B?' after one are no
    second.
    """
    real = [part for part in asked if _asks(part)]
    return len(real) > 1 or (bool(real) and any(map(_ALSO.search, asked[asked.index(real[0]) + 1 :])))


def _asks(part: str) -> bool:
    return bool(_STARTS.search(part)) and len(part.split()) > 1 and not _LOOK.search(part)


def _joined(part: str) -> bool:
    """A word that asks stands again after 'and' or a comma: 'how many and what colour'."""
    opens = _STARTS.search(part)
    if opens is None:
        return False
    rest = part[opens.end() :]
    listed = _WH_STARTS.search(part) and not _CONDITION.search(part) and _LISTED.search(rest)
    return bool(listed) or any(not _continues(rest[: at.start()], at[0]) for at in _JOINED.finditer(rest))


def _continues(before: str, joined: str) -> bool:
    """Whether what follows 'and' only goes on: a second relative clause, a second summand."""
    last = joined.split()[-1].lower()
    return bool(_SUMMED.search(before)) if last == "of" else last in map(str.lower, _RELATIVE.findall(before))


def _in_place(question: str) -> bool:
    return any(
        sum(bool(asks.search(f" {clause} ")) for clause in apart.split(question)) > 1
        for apart, asks in _IN_PLACE
    )

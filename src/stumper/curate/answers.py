"""The normal form of a short answer: "It's grey" -> 'gray', "three o'clock" -> '3', 'the left side' ->
'left'.

Pure text in, pure text out; knows no question. What an answer is worth against a reference is decided in
`judges`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from stumper.curate.numerals import plain_numbers

_PLURALS: Final = {
    "people": "person", "persons": "person", "men": "man", "women": "woman", "children": "child",
    "feet": "foot", "teeth": "tooth", "mice": "mouse", "geese": "goose", "leaves": "leaf",
    "knives": "knife", "wolves": "wolf", "buses": "bus", "shelves": "shelf",
}  # fmt: skip
_NOT_PLURAL: Final = frozenset(
    "this its his has was is as yes always lens gas bus us does canvas tennis news".split()
)

# One word for one thing: spelling, everyday synonyms and the inflections of patterns.
_CANONICAL: Final = {
    "grey": "gray", "greyish": "gray", "colour": "color", "coloured": "color", "colored": "color",
    "violet": "purple", "golden": "gold", "large": "big", "huge": "big", "larger": "bigger",
    "largest": "biggest", "little": "small", "tiny": "small",
    "shut": "closed", "opened": "open", "centre": "middle", "center": "middle", "upper": "top",
    "lower": "bottom", "spotted": "dotted", "spot": "dotted", "dot": "dotted", "polka": "dotted",
    "stripe": "striped", "stripey": "striped", "checkered": "checked", "chequered": "checked",
    "check": "checked", "underneath": "under", "beneath": "under", "below": "under", "near": "beside",
    "kitten": "cat", "kitty": "cat", "puppy": "dog", "automobile": "car", "bike": "bicycle",
    "television": "tv", "airplane": "plane", "aeroplane": "plane", "yeah": "yes", "yep": "yes", "yup": "yes",
    "nope": "no", "nah": "no", "bluish": "blue", "greenish": "green", "reddish": "red", "blonde": "blond",
    "yellowish": "yellow", "whitish": "white", "blackish": "black", "brownish": "brown", "pinkish": "pink",
    "purplish": "purple", "multicolored": "multicolor", "multicoloured": "multicolor",
    "multicolour": "multicolor", "righthand": "right", "lefthand": "left",
    "facing": "face", "holding": "hold", "raising": "raise", "raised": "raise",
}  # fmt: skip

# Each with letters of which a text must hold some: most texts hold none, and a search costs ten looks.
_CONTRACTIONS: Final = tuple(
    (tuple(hints.split("|")), re.compile(pattern), plain)
    for hints, pattern, plain in (
        ("nt|n't", r"\b(ca|wo|sha)n'?t\b", "can not"),
        ("n't", r"n't\b", " not"),
        ("nt", r"\b(is|are|was|were|do|does|did|has|have)nt\b", r"\1 not"),
        (
            "'s|its|hes|ats|res|thiss",
            r"\b(it|he|she|that|there|here|what|this)'?s\b(?<!its)(?<!this)",
            r"\1 is",
        ),
        ("'re", r"'re\b", " are"),
        ("'m", r"'m\b", " am"),
        ("'ve", r"'ve\b", " have"),
        ("one", r"\bno[ -]one\b", "nobody"),
        ("clock", r"\bo ?'? ?clock\b", "oclock"),
        ("next to", r"\bnext to\b", "beside"),
        ("in front of", r"\bin front of\b", "before"),
        ("polka", r"\bpolka[ -]dot(ted|s)?\b", "dotted"),
        ("multi", r"\bmulti[ -]colou?r(ed|s)?\b", "multicolor"),
        (
            "light|dark|pale|bright|deep|sky|hot",
            r"\b(light|dark|pale|bright|deep|sky|hot)-?(?=(?:red|blue|green|yellow|pink|brown|gr[ae]y|purple)\b)",
            r"\1 ",
        ),
        # a shade that names its colour is said once: 'navy blue' is 'navy'
        ("blue", r"\b(navy|teal|azure|indigo)[ -]blue\b", r"\1"),
        ("green", r"\b(olive|lime|emerald|mint|khaki)[ -]green\b", r"\1"),
        ("red", r"\b(crimson|scarlet|ruby|maroon)[ -]red\b", r"\1"),
        ("a couple of", r"\ba couple of\b", "two"),
        ("a single", r"\ba single\b", "one"),
        # 'the red one' names a thing, it does not count
        (" one", r"\b(the|a|an|that) (?!only|number|single|last|first)(\w+) one\b", r"\1 \2"),
    )
)

_PICTURE: Final = r"(?:image|picture|photo|photograph|scene|drawing|frame|view|foto|pic)"
_LEADS: Final = re.compile(
    r"^(?:"
    r"(?:well|hmm|um|so|ok|okay|actually|maybe|probably|perhaps|clearly|answer|yes it is(?= \w))\b[ ,:]*"
    rf"|(?:based on|in|from|looking at) (?:the|this) {_PICTURE}[ ,]*"
    r"|(?:i|we|you|one) (?:can |could )?(?:see|think|believe|guess|spot|count|would say)\b(?: that)?[ ,:]*"
    r"|(?:it|there|they|he|she|this|that) (?:looks?|seems?|appears?)(?: like| to be)?\b "
    r"|(?:it|this|that|they|these|those|he|she|there|here) (?:is|are|was|were|would be|must be)\b[ :]*"
    r"|(?:it|they|he|she) (?:says?|reads?|shows?|has|have)\b[ :]*"
    r"|(?:the|a|an|its|his|her|their|my|your|this|that) "
    r"(?:(?!(?:not|left|right|both|neither|no|\d+)\b)[\w']+ ){1,6}?"
    r"(?:is|are|was|were|says?|reads?|shows?)\b[ :]*"
    r")"
)
_TAILS: Final = re.compile(
    r"(?:^| )(?:"
    rf"(?:(?:visible|shown|present|depicted|seen|displayed) )?(?:in|of|on) (?:the|this) (?:whole )?{_PICTURE}"
    r"|visible|present|of them|in total|in all|altogether|here|too|please|in color|color"
    r")$"
)
_QUOTES: Final = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc`", "'") | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
)
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}\b)")
_WORD: Final = re.compile(r"\d+(?::\d\d)?(?:\.\d+)?|[^\W\d_]+")
_POINTS: Final = re.compile(r"[^\w\s:'.]|\.(?!\d)|:(?!\d)")
_SIDE: Final = r"(left|right|top|bottom|middle)"
_SIDE_OF: Final = re.compile(rf"\b{_SIDE}( hand)? (?:side|corner|part|edge|half)\b")
_ON_SIDE: Final = re.compile(
    rf"\b(?:on|to|at|in|toward|from|by) (?:(?:the|his|her|its|their) )?(?={_SIDE}\b)"
)
_FILLERS: Final = frozenset(
    "a an the his her its their my your our only just exactly about approximately roughly very".split()
)

_MARKED: Final = re.compile(
    r"(yes|yeah|yep|yup|no|nope|nah)\b(?=\s*([,.!;:]|$|there\b|it\b|they\b|he\b|she\b|i\b))"
)
_BETWEEN: Final = re.compile(r"\s*[,;&]\s*|\s*\b(?:and|plus)\b\s*")
_LONGEST_ITEM: Final = 3


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Returns the text in lower case with plain quotes, no contractions, numbers as digits."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_QUOTES)
    if "," in text:
        text = _THOUSANDS.sub("", text)
    text = " ".join(text.split())
    for hints, pattern, plain in _CONTRACTIONS:
        for hint in hints:  # a loop, because any() with a generator costs as much as the search
            if hint in text:
                text = pattern.sub(plain, text)
                break
    return plain_numbers(text)


def singular(word: str) -> str:
    """Returns the singular of an English word in lower case, by rules: 'boxes' -> 'box'."""
    if word in _PLURALS:
        return _PLURALS[word]
    if len(word) < 4 or word in _NOT_PLURAL or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zzes")):
        return word[:-2]
    return word[:-1]


def words(text: str) -> tuple[str, ...]:
    """Returns every word of the text in canonical singular form, in order, without punctuation."""
    return _words(fold(text))


@lru_cache(maxsize=65_536)
def _words(folded: str) -> tuple[str, ...]:
    return tuple(map(_canonical, _WORD.findall(folded.replace("'s ", " ").replace("'", ""))))


@lru_cache(maxsize=65_536)
def _canonical(word: str) -> str:
    one = singular(_CANONICAL.get(word, word))
    return _CANONICAL.get(one, one)


@lru_cache(maxsize=65_536)
def normal(text: str) -> str:
    """Returns the normal form of a short answer; empty if nothing is said.

    Lower case, no punctuation, articles or possessives, singular words, numbers as digits, American 'gray'
    and 'color', times as '3' or '3:30', 'on the left side' as 'left'; leads such as 'it is', 'there are',
    'the ... is' and tails such as 'in the picture' are dropped; 'yes, there is' is 'yes'. The order of a list
    of short items does not matter: 'white, red and blue' is 'blue and red and white'. Applying it twice
    changes nothing.
    """
    for _ in range(6):  # a lead may hide behind a lead; six is more than any answer seen
        shorter = _normal_once(text)
        if shorter == text:
            break
        text = shorter
    return text


# Asked of every answer twice, the second time of its normal form, and there are few of these.
@lru_cache(maxsize=65_536)
def _normal_once(text: str) -> str:
    items = _items(fold(text))
    if len(items) == 1:
        return _bare(items[0])
    return " and ".join(sorted({bare for bare in map(_bare, items) if bare}))


def _items(folded: str) -> list[str]:
    """Returns the items of a list, each of at most three words; a text that is no list is one item."""
    listed = _LEADS.sub("", folded)
    items = [item for item in map(str.strip, _BETWEEN.split(listed)) if item]
    if len(items) < 2 or any(len(item.split()) > _LONGEST_ITEM for item in items) or _MARKED.match(folded):
        return [folded]
    return items


def _bare(folded: str) -> str:
    if marked := _MARKED.match(folded):
        return _CANONICAL.get(marked[1], marked[1])
    plain = " ".join(_POINTS.sub(" ", folded).split())
    plain = _LEADS.sub("", plain)
    plain = _TAILS.sub("", " ".join(_words(plain)))
    plain = _ON_SIDE.sub("", _SIDE_OF.sub(r"\1", plain))
    return " ".join(word for word in plain.split() if word not in _FILLERS)


def same(a: str, b: str) -> bool:
    """Tells whether two short answers say the same; an answer that says nothing equals none."""
    return normal(a) != "" and normal(a) == normal(b)

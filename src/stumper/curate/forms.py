"""The form a right answer must have (yes/no, count, colour, side, time, text or open) and its readers.

A reader finds the answer of one form in a word or in a full sentence, or returns None. The forms also define
what guessing means: a format-aware guesser knows the form asked for and nothing of the picture.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Final, NamedTuple

from stumper.curate.answers import fold, normal, words
from stumper.curate.shades import SHADES
from stumper.records import Category


class Form(StrEnum):
    YES_NO = "yes_no"
    COUNT = "count"
    COLOUR = "colour"
    SIDE = "side"
    TIME = "time"
    TEXT = "text"
    OPEN = "open"


COLOURS: Final = frozenset(
    "red blue green yellow orange purple pink brown black white gray gold silver beige turquoise cyan "
    "magenta maroon navy teal tan cream lilac".split()
)
LANDMARKED: Final = frozenset("under on behind before above inside beside between".split())
"""Relations to something else."""
SIDES: Final = LANDMARKED | frozenset("left right top bottom middle both neither outside".split())
WHICH_SIDE: Final = frozenset("left right both neither top bottom middle".split())
"""What can answer 'which hand?'"""
_SAME_SIDE: Final = {
    "in": "inside",
    "over": "above",
    "onto": "on",
    "upon": "on",
    "atop": "on",
    "front": "before",
}
_OPPOSITES: Final = (
    ("open", "closed"), ("left", "right"), ("big", "small"), ("bigger", "smaller"), ("biggest", "smallest"),
    ("taller", "shorter"), ("more", "fewer"), ("more", "less"),
    ("top", "bottom"), ("above", "under"), ("before", "behind"), ("day", "night"), ("inside", "outside"),
    ("higher", "lower"), ("full", "empty"), ("on", "off"),
)  # fmt: skip

_REFUSAL: Final = re.compile(
    r"\b(?:i am sorry|sorry,|as an ai|no idea|(?:do|does) not know|not (?:sure|certain)|"
    r"can ?not (?:determine|tell|see|say|provide|answer|identify|be determined|count)|"
    r"(?:unable|not able|impossible|not possible) to "
    r"(?:determine|tell|see|say|count|answer|read|make|identify|provide)|"
    r"not (?:clear|visible enough) (?:to|from)|(?:not|too \w+ to be) (?:clearly )?(?:legible|readable)|"
    r"illegible|unreadable)\b"
)
_UNUSABLE: Final = frozenset(("", "nan", "n a", "null", "unknown", "undefined", "answer"))

_HOW_MANY: Final = re.compile(
    r"\b(?:how many|how much|number of|no\.? of|total|sum|plus|adding|altogether|together|count)\b"
)
_STATES_A_COUNT: Final = re.compile(r"^(?:there (?:is|are|would be|will be) |the \w+ ha(?:s|ve) )?\d+\b")
_WHAT_TIME: Final = re.compile(
    r"\b(?:what time|which hour|what hour|clock|o'clock|time is|the time|watch show)"
)
_WHAT_COLOUR: Final = re.compile(r"\b(?:colou?rs?|hue|paint(?:ed)?)\b")
_WHAT_TEXT: Final = re.compile(
    r"\b(?:written|writing|(?:sign|plate|label|shirt|board|banner|it|poster)s? (?:say|read)s?|say|says|"
    r"reads?|spell(?:ed|s)?|letters?|text|number plate|licen[cs]e plate|which word|what word|the word)\b"
)
_WHICH_SIDE: Final = re.compile(
    r"\b(?:where|raised hand|hand raised|"
    r"which (?:of the )?(?:side|hands?|arm|foot|leg|way|direction|corner|half|part|eye|ear)|"
    r"what (?:side|direction|position|hand|arm|way|part of))\b|\b(?:left|right)\b.* or .*\b(?:left|right)\b"
)
_WHICH_OF_TWO: Final = re.compile(
    r"\b(?:which|what|whose) (?:\w+ )?(?:hand|arm|foot|leg|ear|eye|paw|wing|wrist|knee|shoulder|shoe|side)\b"
)
_WHICH_THING: Final = re.compile(
    r"\b(?:what|who|name|thing|object|which (?!side|hand|way|direction|corner|half|part)\w+)\b"
)
_YES_NO_START: Final = re.compile(
    r"^(?:hey|so|and|please|ok|well|now)?[ ,]*"
    r"(?:is|are|was|were|do|does|did|has|have|can|could|will|would|should|any|am|is not|are not)\b"
)


def opposes(word: str, asked: Collection[str]) -> bool:
    """Tells whether the word turns one of the asked words around: 'smaller' where 'bigger' was asked."""
    return word not in asked and any(
        (word == a and b in asked) or (word == b and a in asked) for a, b in _OPPOSITES
    )


class Clock(NamedTuple):
    hour: int
    """1..12"""
    minute: int


def form(question: str, reference: str, *, category: Category | None = None) -> Form:
    """Returns the form of the right answer, from the reference first and the question's words second."""
    asked = fold(question)
    if polarity(reference, question) is not None and _asks_yes_no(asked, reference):
        return Form.YES_NO
    if _HOW_MANY.search(asked) and count(reference) is not None:
        return Form.COUNT
    if _WHAT_TIME.search(asked) and clock(reference) is not None:
        return Form.TIME
    if category is Category.COUNTING and count(reference) is not None:
        return Form.COUNT
    if _asks_for_a_colour(asked, category) and colours(reference):
        return Form.COLOUR
    if category is Category.TEXT or _WHAT_TEXT.search(asked):
        return Form.TEXT
    if _asks_for_a_side(asked, reference, category) and sides(reference):
        return Form.SIDE
    if _STATES_A_COUNT.match(fold(reference)):
        return Form.COUNT
    if _is_bare(reference, COLOURS) and "color" in words(question):
        return Form.COLOUR
    return Form.OPEN


def _asks_yes_no(asked: str, reference: str) -> bool:
    """'Is it red?' yes; 'Is it red or blue?' only if the reference itself is yes or no."""
    if normal(reference) in ("yes", "no"):
        return True
    return bool(_YES_NO_START.match(asked)) and " or " not in asked and not _HOW_MANY.search(asked)


def _asks_for_a_colour(asked: str, category: Category | None) -> bool:
    """'Which hand of the man in the pink coloured hat?' asks for none."""
    if category is None and _WHICH_OF_TWO.search(asked):
        return False
    return category is Category.COLOR or bool(_WHAT_COLOUR.search(asked))


def _asks_for_a_side(asked: str, reference: str, category: Category | None) -> bool:
    """'Where is the cat?' yes; 'What is left of the cat?' no, though both are spatial."""
    if _WHICH_SIDE.search(asked) or _is_bare(reference, SIDES):
        return True
    return category is Category.SPATIAL and not _WHICH_THING.search(asked)


def _is_bare(text: str, vocabulary: frozenset[str]) -> bool:
    return normal(text) in vocabulary


def first_sentence(text: str) -> str:
    """Returns the text up to its first full stop, question or exclamation mark that ends a sentence."""
    return re.split(r"(?<=[^\W\d_]{2})[.!?]+(?:\s|$)|[.!?]+\s", text.strip(), maxsplit=1)[0]


def unusable(text: str | None) -> bool:
    """Tells whether nothing is said: None, blank, only punctuation, 'n/a'."""
    return not isinstance(text, str) or " ".join(words(text)) in _UNUSABLE


def refusal(text: str) -> bool:
    """Tells whether the text declines to answer ("I'm sorry, I can't determine ...")."""
    return bool(_REFUSAL.search(fold(text)))


def polarity(text: str, question: str = "") -> bool | None:
    """Returns True for yes, False for no, None if the text says neither.

    A text without either word is read by its form ('There is a dog', 'The door is not open') and by the
    words of the question: to 'Is the box open?', 'It is shut.' is no. To 'open or shut?' neither is.
    """
    if normal(text) in ("yes", "no"):
        return normal(text) == "yes"
    said = words(text)
    if not said or said[0] in ("yes", "no"):
        return said[0] == "yes" if said else None
    if any(
        word in said[:8] for word in ("not", "no", "none", "nobody", "nothing", "never", "neither", "without")
    ):
        return False
    asked = set(words(question))
    asked = set() if "or" in asked else asked
    if any(opposes(word, asked) for word in said):
        return False
    if said[:2] in (("there", "is"), ("there", "are"), ("it", "doe")) and "0" not in said[:4]:
        return True
    if said in (
        ("it", "is"),
        ("they", "are"),
        ("true",),
        ("correct",),
        ("right",),
        ("of", "course"),
        ("sure",),
    ):
        return True
    return True if asked & set(said) - _SMALL else None


_SMALL: Final = frozenset("a an the is are it in on of to there this that and".split())


_TOTAL: Final = re.compile(
    r"\b(?:total of|totals?|totall?ing|making(?: it| up)?(?: a total of)?|adding up to|"
    r"(?:therefore|thus|hence|so),? (?:there (?:is|are)|(?:we|i) (?:have|see|count))(?: only)?) (\d+)\b"
)
_VAGUE: Final = re.compile(
    r"\b(?:several|multiple|numerous|many|some|a few|lots|a lot|various|countless|(?:difficult|hard) to)\b"
)
_ABOUT: Final = re.compile(r"\b(?:about|around|approximately|approx|roughly|nearly|almost|at least|over)\b")


def rough(text: str) -> bool:
    """Tells whether a count is said to be rough: 'approximately 80', 'at least ten'."""
    return bool(_ABOUT.search(fold(first_sentence(text))))


def uncounted(question: str, text: str) -> bool:
    """Tells whether the question asks for a number and the text, a reference, gives none: 'several'."""
    return bool(_VAGUE.search(fold(text)) and _HOW_MANY.search(fold(question))) and count(text) is None


def limb_asked(question: str) -> bool:
    """Tells whether the question chooses between sides of something: 'Which hand is raised?'"""
    return bool(_WHICH_OF_TWO.search(fold(question)))


def count(text: str) -> int | None:
    """Returns the number a text states: 'There are two cats.' -> 2, 'none' -> 0, 'a dog' -> 1."""
    total = _TOTAL.search(fold(text))
    if total:
        return int(total[1])
    for part in (first_sentence(text), text):
        found = _count_words(words(part), bare=fold(part).startswith(("no,", "no.", "yes")))
        if found is not None:
            return found
    return None


def _count_words(said: tuple[str, ...], *, bare: bool) -> int | None:
    """``bare``: the text opens with yes or no as an answer of its own, not as 'no dogs'."""
    for place, word in enumerate(said):
        if bare and place == 0:
            continue
        if word.isdigit():
            return int(word)
        if word in ("no", "nobody", "nothing", "neither") or (
            word == "not" and "any" in said[place + 1 : place + 3]
        ):
            return 0
    lead = " ".join(said[:4])
    return 1 if re.match(r"(?:(?:there|it|that) is |just |only |i see )?(?:a|an|single)\b", lead) else None


def colours(text: str) -> frozenset[str]:
    """Returns the colours and shades named; 'light blue' is blue, 'navy blue' is navy."""
    return (COLOURS | SHADES.keys()).intersection(words(text))


_PLACE: Final = re.compile(
    r"\b(?:on|in|at|to|from)(?: the| his| her| its| their)?(?= (?:\w+ )?"
    r"(?:left|right|top|bottom|upper|lower|middle|cent(?:er|re)|front|back|picture|image|photo)\b)"
    rf"|\bin (?:an? |the )?(?=(?:{'|'.join(sorted(COLOURS))})\b)"
)


def sides(text: str) -> frozenset[str]:
    """Returns the sides and relations named in the first sentence: left, right, top, under, behind, ..."""
    folded = fold(first_sentence(text))
    # 'on the left', 'in the middle', 'at the top of' name one place, not a relation and a side
    folded = _PLACE.sub("", folded)
    said = words(folded)
    found = SIDES & {_SAME_SIDE.get(word, word) for word in said}
    return found or (frozenset(("neither",)) if {"0", "no", "nobody"} & set(said) else found)


def clock(text: str) -> Clock | None:
    """Returns the time of day a text states, on twelve hours: 'half past three' -> (3, 30)."""
    for word in re.findall(r"\d{1,2}:\d\d|\b\d{1,2}\b", fold(first_sentence(text))):
        hour, colon, minute = word.partition(":")
        if int(hour) <= (24 if colon else 12) and int(minute or 0) < 60:
            return Clock((int(hour) - 1) % 12 + 1, int(minute or 0))
    return None


def written(text: str) -> tuple[str, ...]:
    """Returns the words that stand written: those in quotes, else after 'says' or 'reads', else all."""
    folded = fold(text)
    quoted = re.findall(r'"([^"]+)"', folded) or re.findall(r"(?:^|\s)'([^']+)'(?=\W|$)", folded)
    if not quoted:
        quoted = [
            re.sub(r"^.*\b(?:says?|reads?|spells?|(?:written|word) (?:there )?is|written)\b:?", "", folded)
        ]
    bare = re.sub(r"^\W*i (?:can |could )?(?:see|think|believe|guess)\b(?: that)?", "", " ".join(quoted))
    bare = re.sub(r"^\W*(?:it|this|that|the (?:word|text|sign)) is\b", "", bare)
    kept = re.findall(r"\w+", bare)
    return tuple(word for word in kept if word not in ("the", "a", "an") or len(kept) == 1)

"""Words that answers are made of, in groups within which one may stand for another; English, lower case."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NUMBERS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
COLOURS: Final = tuple(
    "red blue green yellow orange purple pink brown black white gray grey gold silver beige turquoise".split()
)
SIDES: Final = ("left", "right", "middle", "center", "centre")
HEIGHTS: Final = ("top", "bottom", "upper", "lower")

STATES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "lid": ("open", "shut", "closed"),
        "face": ("front", "back"),
        "size": ("small", "medium", "big", "large", "tiny", "huge"),
        "more": ("bigger", "smaller", "larger", "taller", "shorter"),
        "pattern": ("plain", "striped", "dotted", "checked", "spotted"),
        "pose": ("standing", "sitting", "walking", "running", "lying", "sleeping", "flying", "waving"),
        "light": ("day", "night"),
        "weather": ("sunny", "cloudy", "rainy", "snowy", "foggy"),
        "mood": ("happy", "sad", "angry"),
        "matter": ("wood", "metal", "plastic", "glass", "stone", "paper"),
        "relation": ("under", "above", "behind", "below", "inside", "beside"),
        "place": ("meadow", "beach", "street", "snow", "room", "garden", "kitchen", "park", "forest", "city"),
    }
)
"""Attributes by what they say; a word is in one group only."""

_THINGS: Final = (
    "cat dog bird fish owl snail horse cow sheep rabbit bear duck heron elephant mouse",
    "car bus boat truck train bicycle motorcycle plane rocket",
    "person man woman boy girl child robot",
    "tree flower house table box clock sign chair bench fence bridge lamp",
    "ball cup balloon umbrella kite drum hat bag book bottle plate phone",
    "apple banana orange cake pizza sandwich carrot bread",
)
THINGS: Final[Mapping[str, int]] = MappingProxyType(
    {word: group for group, words in enumerate(_THINGS) for word in words.split() if word not in COLOURS}
)
"""Kinds of things with the number of their group: a cat is more easily taken for a dog than for a table."""

_IRREGULAR: Final = {
    "person": "people", "man": "men", "woman": "women", "child": "children", "mouse": "mice", "fish": "fish",
    "sheep": "sheep", "foot": "feet", "bus": "buses", "leaf": "leaves", "knife": "knives",
}  # fmt: skip
_SINGULAR: Final = {many: one for one, many in _IRREGULAR.items()}


def plural(word: str) -> str:
    """Returns the plural of a noun."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def singular(word: str) -> str | None:
    """Returns the singular of a plural noun; None if it does not look like one."""
    if word in _SINGULAR:
        return _SINGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else None


def article(word: str) -> str:
    """Returns the indefinite article that fits before a word."""
    return "an" if word[:1].lower() in "aeiou" else "a"

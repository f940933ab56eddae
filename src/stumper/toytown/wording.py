"""How people ask: the sentences of every form of question, in three sets, and the small slips of typing.

`taught` is for training, `heldout` never is (it tells whether the model reads or remembers), `player` is how
people write in a game: fragments, no question mark, capitals, both spellings of colour, typing errors. A form
is a way to ask one skill ("identification.place"); its slots in braces are filled by the askers.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from stumper.toytown.wording_taught import TAUGHT_FORMS
from stumper.toytown.wording_withheld import WITHHELD_FORMS

SETS: Final = ("taught", "heldout", "player")


class Wording(NamedTuple):
    """The sentences of one form, lower case, without question marks."""

    taught: tuple[str, ...]
    heldout: tuple[str, ...]
    player: tuple[str, ...]


FORMS: Final[Mapping[str, Wording]] = MappingProxyType(
    {
        form: Wording(*(tuple(line.strip() for line in block.strip().splitlines()) for block in blocks))
        for form, blocks in (TAUGHT_FORMS | WITHHELD_FORMS).items()
    }
)


def phrase(form: str, wording: str, rng: random.Random, *, must: str = "", **slots: str) -> str:
    """Returns one sentence of a form, filled in and finished as people of that set write.

    `must` names a slot the sentence has to hold: with two signs "read the sign" would not say which.
    Raises ValueError for an unknown set, KeyError for an unknown form or an unfilled slot.
    """
    if wording not in SETS:
        raise ValueError(f"no set of wordings named {wording!r}: choose one of {', '.join(SETS)}")
    lines: tuple[str, ...] = getattr(FORMS[form], wording)
    text = rng.choice([line for line in lines if "{" + must in line] if must else lines).format(**slots)
    if wording == "player":
        return as_typed(text, rng)
    return _as_written(_wrapped(text, rng) if wording == "taught" else text, rng)


_WRAPPERS: Final = (
    "please tell me, {}",
    "now {}",
    "look closely, {}",
    "so {}",
    "hey, {}",
    "quick question: {}",
    "let me ask, {}",
    "i would like to know, {}",
    "have a look: {}",
    "could you say, {}",
    "and {}",
    "well, {}",
    "do you know, {}",
    "in this scene, {}",
    "{} please",
    "{} at all",
    "{} in this drawing",
    "{} right now",
    "{} in the scene",
    "{} do you think",
    "{} then",
    "{} on this picture",
)
_WRAPPED_SHARE: Final = 0.25


def _wrapped(text: str, rng: random.Random) -> str:
    """Returns some texts with words around them that mean nothing, so that such words are no surprise."""
    return rng.choice(_WRAPPERS).format(text) if rng.random() < _WRAPPED_SHARE else text


def _as_written(text: str, rng: random.Random) -> str:
    return text + "?" if rng.random() < 0.85 else text


def as_typed(text: str, rng: random.Random) -> str:
    """Returns the text as somebody typed it on a phone."""
    if rng.random() < 0.4:
        text = text.replace("colour", "color")
    if rng.random() < 0.2:
        text = typo(text, rng)
    capital = rng.random()
    if capital < 0.5:
        text = text[0].upper() + text[1:]
    elif capital < 0.54:
        text = text.upper()
    return text + rng.choice(("?", "?", "?", "", "", " ?", "??", "."))


def typo(text: str, rng: random.Random) -> str:
    """Returns the text with one slip in one longer word: letters swapped, dropped or doubled.

    First letters stay, and words of up to four letters too: a slip there makes another word (cat, cup).
    """
    words = text.split(" ")
    longer = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not longer:
        return text
    place = rng.choice(longer)
    word, at = words[place], rng.randint(1, len(words[place]) - 2)
    slip = rng.choice(("swap", "drop", "double"))
    if slip == "swap":
        word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    elif slip == "drop":
        word = word[:at] + word[at + 1 :]
    else:
        word = word[:at] + word[at] + word[at:]
    return " ".join((*words[:place], word, *words[place + 1 :]))

"""Falsifies an answer so that only a look at the picture tells: the same form, another fact (pure).

Whether an answer is falsified is the coin of the deal. Which answers can be is not: a refusal or a text
without words to exchange cannot, and of words that the model says too often only a share may
(``vocabulary``). An answer that could not be falsified says nothing about its player, whatever the coin
was: it does not *count*.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from stumper.images.probes import Probe, says
from stumper.play.asked import kinds_asked, known_answer
from stumper.play.slots import Kind, Slot, fill, find_slots
from stumper.play.vocabulary import AnswerVocabulary
from stumper.records import Turn

_BUILT_IN: Final = AnswerVocabulary()

_BY_RANK: Final = tuple(Kind)
_YES_OR_NO: Final = re.compile(r"(?:yes|no)\b", re.IGNORECASE)


class Served(NamedTuple):
    """What the player sees."""

    text: str
    poisoned: bool
    counts: bool


def serve(
    answer: str,
    *,
    question: str,
    number: int,
    turn: Turn,
    salt: str,
    vocabulary: AnswerVocabulary | None,
    truths: Sequence[Probe] | None = None,
) -> Served:
    """Returns the answer, falsified if the turn's coin for its question says so and it can be.

    ``truths`` are what is known of a complex picture: there an answer counts only if its truth is among them
    and the answer says it (decision 22); None on a simple picture, which the model knows. What is drawn
    follows from salt, turn and number alone, so that it is the same whoever plays beside.
    """
    honest = Served(answer, poisoned=False, counts=False)
    if not turn.control:
        return honest
    truth = None if truths is None else known_answer(question, truths)
    if truths is not None and (truth is None or not says(answer, truth)):
        return honest
    rng = random.Random(f"{salt}:{turn.id}:{number}")
    falsified = falsify(answer, question, rng=rng, vocabulary=vocabulary)
    if falsified is None or (truth is not None and says(falsified, truth)):
        return honest
    if turn.coins[number] == "0":
        return Served(answer, poisoned=False, counts=True)
    return Served(falsified, poisoned=True, counts=True)


def falsify(
    answer: str, question: str, *, rng: random.Random, vocabulary: AnswerVocabulary | None
) -> str | None:
    """Returns a false answer of the same form in the model's words; None if it would stand out."""
    known = vocabulary or _BUILT_IN
    slot = _slot_asked_for(find_slots(answer), answer, question)
    if slot is None:
        return None
    found = known.alternatives(slot)
    # Both draws are made whatever the first one says: the same place in the stream for every answer.
    taken, chosen = rng.random() < found.share, rng.random()
    if slot.kind is Kind.TEXT and not found.words:
        return fill(answer, slot, _misread(slot.value, rng))
    if not taken or not found.words:
        return None
    falsified = fill(answer, slot, _pick(found.words, found.weights, chosen))
    return falsified if falsified != answer else None


def _slot_asked_for(slots: tuple[Slot, ...], answer: str, question: str) -> Slot | None:
    """The word that the question is about; the fact in another one would leave the answer right."""
    if _YES_OR_NO.match(answer):
        return next((slot for slot in slots if slot.kind is Kind.YES_NO), None)
    wanted = next((slot for kind in kinds_asked(question) for slot in slots if slot.kind is kind), None)
    return wanted or min(slots, key=lambda slot: _BY_RANK.index(slot.kind), default=None)


def _pick(words: tuple[str, ...], weights: tuple[float, ...], chosen: float) -> str:
    left = chosen * sum(weights)
    for word, weight in zip(words, weights, strict=True):
        left -= weight
        if left < 0:
            return word
    return words[-1]


def _misread(text: str, rng: random.Random) -> str:
    """Returns a text with one letter or digit read wrongly, as an eye might: never a look-alike of itself."""
    places = [place for place, sign in enumerate(text) if sign.isascii() and sign.isalnum()]
    if not places:
        return text
    place = rng.choice(places)
    old = text[place]
    signs = "0123456789" if old.isdigit() else "ABCDEFGHKLMNPRSTUVY"
    new = rng.choice([sign for sign in signs if sign != old.upper()])
    return text[:place] + (new.lower() if old.islower() else new) + text[place + 1 :]

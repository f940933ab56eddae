"""How often a model says which word, and exchanges of words that leave these frequencies alone (pure).

A falsified answer must not be told from an honest one by its words. If three were always shown as four,
four would be suspicious in a model that counts to three; if most honest answers are yes, "no" would be. So
word a is exchanged for word b as often as b for a: flows F(a, b) = F(b, a), with row sums of at most the
model's own frequencies. They are found by scaling a symmetric matrix of subtleness to those sums (Sinkhorn
and Knopp, 1967, https://doi.org/10.2140/pjm.1967.21.343). Where one word has more than half of the
frequency no exchange can use all of it: then only a share of its answers is taken for a control, whatever
the coin says (``Alternatives.share``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stumper.play.lexicon import COLOURS, NUMBERS, SIDES, STATES, THINGS
from stumper.play.slots import Kind, Slot, find_slots

_PRIOR_WEIGHT: Final = 30.0
"""Answers that the built-in list counts for in each family; with 8, a few answers were worse than none."""
_UNSEEN: Final = 0.25
"""Frequency of a word that neither the model nor the list has said; near numbers have it too."""
_ROUNDS: Final = 80
"""Sinkhorn steps; the sums are then within 1 % wherever they can be met."""

_COMMON_THINGS: Final = tuple(
    "cat dog bird fish car bus boat tree flower house ball cup person umbrella balloon".split()
)
_BUILT_IN: Final[Mapping[str, Mapping[str, float]]] = {
    "yes_no": {"yes": 5, "no": 5},
    "number:words": dict(zip(NUMBERS[1:7], (8, 8, 4, 1, 0.5, 0.2), strict=True)),
    "number:digits": {str(n): w for n, w in zip(range(1, 7), (8, 8, 4, 1, 0.5, 0.2), strict=True)},
    "hour:words": dict.fromkeys(NUMBERS[1:13], 1.0),
    "hour:digits": {str(n): 1.0 for n in range(1, 13)},
    "colour": dict.fromkeys(COLOURS[:8], 1.0),
    "side": dict(zip(SIDES[:3], (4, 4, 2), strict=True)),
    "height": {"top": 1, "bottom": 1},
    "thing:one": dict.fromkeys(_COMMON_THINGS, 1.0),
    **{f"state:{group}": dict.fromkeys(words[:4], 1.0) for group, words in STATES.items()},
}


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What a word may be exchanged for."""

    share: float
    """Share of the answers with this word that may be exchanged at all, 0..1."""
    words: tuple[str, ...]
    weights: tuple[float, ...]


_NOTHING: Final = Alternatives(0.0, (), ())


class AnswerVocabulary:
    """Frequencies of words by family, from counted answers and, while these are few, from a built-in list."""

    def __init__(self, answers: Mapping[str, int] | None = None) -> None:
        """``answers`` maps each answer of the model to how often it was given."""
        self._said: dict[str, Counter[str]] = {}
        self._pooled: dict[str, Counter[str]] = {}
        self._alternatives: dict[tuple[str, str], Alternatives] = {}
        self._flows: dict[str, tuple[Mapping[str, float], dict[str, dict[str, float]]]] = {}
        for answer, number in (answers or {}).items():
            for slot in find_slots(answer):
                self._said.setdefault(slot.family, Counter())[slot.value] += number
                kind = _kind_of(slot.family)
                if kind is not None:
                    self._pooled.setdefault(kind, Counter())[slot.value] += number

    def alternatives(self, slot: Slot) -> Alternatives:
        """Returns what the model says instead in answers of the same form; empty if nothing is known."""
        key = (slot.family, slot.value)
        if key not in self._alternatives:
            self._alternatives[key] = self._find(slot)
        return self._alternatives[key]

    def _find(self, slot: Slot) -> Alternatives:
        frequencies, all_flows = self._family(slot)
        if slot.value not in frequencies:
            frequencies = self._frequencies(slot.family) | self._unseen(slot)
            all_flows = flows(frequencies, slot.kind)
        exchanged = {word: flow for word, flow in sorted(all_flows[slot.value].items()) if flow > 0}
        total = sum(exchanged.values())
        if total <= 0:
            return _NOTHING
        share = min(1.0, total / frequencies[slot.value])
        return Alternatives(share, tuple(exchanged), tuple(exchanged.values()))

    def _family(self, slot: Slot) -> tuple[Mapping[str, float], dict[str, dict[str, float]]]:
        if slot.family not in self._flows:
            frequencies = self._frequencies(slot.family)
            self._flows[slot.family] = (frequencies, flows(frequencies, slot.kind))
        return self._flows[slot.family]

    def _frequencies(self, family: str) -> dict[str, float]:
        """Smooths a family by the same kind of word in other forms, and that by the built-in list."""
        said, kind = self._said.get(family, Counter()), _kind_of(family)
        if kind is None or (said and kind == "yes_no" and not family.endswith(":word")):
            # A model that says "yes, there is a cat" need not ever say "no, there is no cat".
            return _mix(said, {})
        return _mix(said, _mix(self._pooled.get(kind, Counter()), _BUILT_IN.get(kind, {})))

    @staticmethod
    def _unseen(slot: Slot) -> dict[str, float]:
        return {slot.value: _UNSEEN}


def _kind_of(family: str) -> str | None:
    """What a family shares its words with: the same kind in other forms; None for words of one frame only."""
    kind = family.rpartition(":")[0]
    return None if kind in ("text", "word") else kind


def _mix(said: Counter[str], listed: Mapping[str, float]) -> dict[str, float]:
    scale = _PRIOR_WEIGHT / sum(listed.values()) if listed else 0.0
    return {word: said[word] + scale * listed.get(word, 0.0) for word in sorted({*said, *listed})}


def flows(frequencies: Mapping[str, float], kind: Kind) -> dict[str, dict[str, float]]:
    """Returns symmetric flows between words, zero to themselves, with row sums of at most the frequencies."""
    words = list(frequencies)
    near = [[subtleness(kind, a, b) for b in words] for a in words]
    scale = [1.0] * len(words)
    for _ in range(_ROUNDS):
        for i, word in enumerate(words):
            reach = sum(near[i][j] * scale[j] for j in range(len(words)))
            if reach > 0:
                # The root damps: unmet sums (a word of more than half the frequency) would swing for ever.
                scale[i] = (scale[i] * frequencies[word] / reach) ** 0.5
    raw = [[scale[i] * near[i][j] * scale[j] for j in range(len(words))] for i in range(len(words))]
    fits = [min(1.0, frequencies[word] / (sum(raw[i]) or 1.0)) for i, word in enumerate(words)]
    return {
        a: {b: raw[i][j] * min(fits[i], fits[j]) for j, b in enumerate(words) if j != i}
        for i, a in enumerate(words)
    }


def subtleness(kind: Kind, a: str, b: str) -> float:
    """Returns how readily a word passes for another one, 0..1, the same in both directions."""
    if a == b:
        return 0.0
    if kind in (Kind.NUMBER, Kind.HOUR):
        apart = abs(number_of(a) - number_of(b))
        apart = min(apart, 12 - apart) if kind is Kind.HOUR else apart
        return {1: 1.0, 2: 0.35}.get(apart, 0.0)
    if kind is Kind.THING:
        return 1.0 if THINGS.get(a, -1) == THINGS.get(b, -2) else 0.15
    return 1.0


def number_of(word: str) -> int:
    """Returns the number that a word or digits stand for."""
    return NUMBERS.index(word) if word in NUMBERS else int(word)

"""Signals of cheating (pure): what speaks against a player, how strongly, and what weight is left to them.

Each kind is a test of "like everybody else", one-sided, with a p-value for each player or pair (`pairs`, and
`haste` and `pasted` here). Benjamini and Hochberg's procedure (1995,
https://doi.org/10.1111/j.2517-6161.1995.tb02031.x) at `FALSE_SHARE` picks those that are *found*, over all
players or pairs that could have been; its adjusted p-value q becomes evidence by the calibrator of Vovk and
Wang (2021, https://doi.org/10.1214/20-AOS2020, e = kappa q^(kappa - 1) with kappa = 1/2):

    strength = ln(e) = ln(1/2) - 1/2 ln(q)       (natural logarithm of a likelihood ratio)
    weight   = 1 / (1 + odds exp(sum of strengths)),   odds = 1/19

The weight is what is left of P(honest) if one player in twenty cheats. Three bounds hold whatever is found:
hints (pasted or model-like words) alone leave at least `HINTS_LEAVE`; meeting and sharing a network alone
leave everything, because families and classes do both, and only add to what else was found; nothing leaves
less than `LEAST`. Nobody is banned by a weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np

from stumper.trust import pairs
from stumper.trust.crowd import Array, Marks, Whole
from stumper.trust.pairing import LEAST_COMMON, Pairs, at_least
from stumper.trust.traces import UNKNOWN, Traces


class Kind(StrEnum):
    """What was noticed."""

    HASTE = "haste"
    """Answers read and questions typed faster than people can."""
    COPIED = "copied"
    """The same rare questions as somebody else, on the same pictures or from the same list."""
    ASTRAY = "astray"
    """Wrong votes together with somebody else, more often than chance allows."""
    FAVOUR = "favour"
    """Confirms somebody's claims, or is confirmed by somebody, more often than chance allows."""
    PASTED = "pasted"
    """Many pasted or model-like texts."""
    TOGETHER = "together"
    """Begins to play at the same moments as somebody else."""
    NETWORK = "network"
    """Joined from the same network as somebody to whom another signal points."""


STRONG: Final = frozenset({Kind.HASTE, Kind.COPIED, Kind.ASTRAY, Kind.FAVOUR})
HINTS: Final = frozenset({Kind.PASTED})
JOINT: Final = frozenset({Kind.COPIED, Kind.ASTRAY, Kind.FAVOUR, Kind.NETWORK})
"""Whom these tie together counts as one voter: two who share a network and begin together have one voice on a
claim, though neither loses weight or pay by that."""

FALSE_SHARE: Final = 0.01
"""Of the signals of one kind, at most this share is expected to be chance."""
ODDS: Final = 1.0 / 19.0
HINTS_LEAVE: Final = 0.7
LEAST: Final = 0.01
NETWORK_STRENGTH: Final = math.log(5.0)
"""A shared network is common among families; among strangers of one town it is not."""

REACT_S: Final = 0.25
"""Nobody sees, decides and taps sooner."""
LOOK_S: Final = 0.5
LETTERS_S: Final = 14.0
"""170 words a minute; the mean of 168,000 typists is 52 (Dhakal and others 2018,
https://doi.org/10.1145/3173574.3174220).
"""
WORDS_S: Final = 8.0
"""Twice the mean of readers, 238 words a minute (Brysbaert 2019, https://doi.org/10.1016/j.jml.2019.104047)."""
HASTE_RATE: Final = 0.02
"""Of people's exchanges may look too fast: a slip of the thumb, an idea that was tapped and kept."""
PASTE_RATE: Final = 0.5
"""Of honest people's texts may be pasted or read like a model's: some dictate, some use an editor."""
PARTNERS: Final = 50
"""So many partners are named at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing noticed about one player."""

    player: int
    kind: Kind
    strength: float
    """ln of a likelihood ratio, 0 or more."""
    q: float
    """Adjusted p-value: the share of chance finds among all as strong as this."""
    common: int
    """How many times."""
    chances: int
    """Out of how many."""
    partners: tuple[int, ...] = ()


def detect(traces: Traces, *, false_share: float = FALSE_SHARE) -> list[Signal]:
    """Returns everything found, by player and kind. The numbering of players does not matter."""
    found = [*_solo(Kind.HASTE, haste(traces), false_share), *_solo(Kind.PASTED, pasted(traces), false_share)]
    tests: tuple[tuple[Kind, Callable[[Traces], Pairs]], ...] = (
        (Kind.COPIED, pairs.copied),
        (Kind.ASTRAY, pairs.astray),
        (Kind.FAVOUR, pairs.favour),
        (Kind.TOGETHER, pairs.together),
    )
    for kind, test in tests:
        found += _joint(kind, test(traces), false_share)
    found += _networks(found, traces.network)
    return sorted(found, key=lambda one: (one.player, one.kind.value))


@dataclass(frozen=True, slots=True)
class Counts:
    """For each player, how often something happened out of how many, and P(so often by chance)."""

    common: Whole
    chances: Whole
    p: Array


def haste(traces: Traces) -> Counts:
    """Counts exchanges that no person gets through so fast: answers marked in less than `REACT_S`, or whole
    exchanges in less than it takes to look, type (unless pasted), read and tap. Chance: `HASTE_RATE`.
    """
    typed = np.where(traces.pasted == 1, 0, traces.letters)
    least = LOOK_S + typed / LETTERS_S + REACT_S + traces.answer_words / WORDS_S
    with np.errstate(invalid="ignore"):  # nan: never judged
        fast = (traces.read_s < REACT_S) | (traces.write_s + traces.read_s < least)
    return _counts(traces.asker, fast, np.isfinite(traces.read_s), traces.players, HASTE_RATE)


def pasted(traces: Traces) -> Counts:
    """Counts exchanges with pasted or model-like words. Chance: what all do, and never less than half."""
    known = traces.pasted != UNKNOWN
    hinted = known & ((traces.pasted == 1) | traces.model_like)
    usual = (hinted.sum() + 1.0) / (known.sum() + 2.0)
    return _counts(traces.asker, hinted, known, traces.players, max(PASTE_RATE, float(usual)))


def _counts(who: Whole, happened: Marks, counts: Marks, players: int, rate: float) -> Counts:
    n = np.bincount(who[counts], minlength=players)
    k = np.bincount(who[counts & happened], minlength=players)
    return Counts(k, n, np.where(k >= LEAST_COMMON, at_least(k, n, np.asarray(n * rate, dtype=float)), 1.0))


def adjusted(p: Array, *, tested: float) -> Array:
    """Returns Benjamini and Hochberg's adjusted p-values; ``tested`` counts those too that are not listed,
    with p = 1.
    """
    order = np.argsort(p)[::-1]
    rank = np.arange(len(p), 0, -1)
    q = np.empty(len(p))
    q[order] = np.minimum(1.0, np.minimum.accumulate(p[order] * tested / rank)) if len(p) else p
    return q


def strength(q: float) -> float:
    """Returns the evidence in an adjusted p-value: ln(1/2) - 1/2 ln q, 0 at least and finite."""
    return max(0.0, math.log(0.5) - 0.5 * math.log(max(q, 1e-300)))


def _solo(kind: Kind, counts: Counts, false_share: float) -> list[Signal]:
    able = np.flatnonzero(counts.chances > 0)
    q = adjusted(counts.p[able], tested=float(len(able)))
    return [
        Signal(
            player=int(player),
            kind=kind,
            strength=strength(float(own)),
            q=float(own),
            common=int(counts.common[player]),
            chances=int(counts.chances[player]),
        )
        for player, own in zip(able[q <= false_share], q[q <= false_share], strict=True)
    ]


@dataclass(slots=True)
class _Ties:
    """What a player shares with partners; the surest tie gives strength and counts."""

    q: float = 2.0
    common: int = 0
    chances: int = 0
    partners: list[tuple[float, int]] = field(default_factory=list)


def _joint(kind: Kind, tied: Pairs, false_share: float) -> list[Signal]:
    q = adjusted(tied.p, tested=tied.tested)
    ties: dict[int, _Ties] = {}
    for row in np.flatnonzero(q <= false_share):
        a, b = int(tied.first[row]), int(tied.second[row])
        if a == b:
            continue
        for one, other in ((a, b), (b, a)):
            known = ties.setdefault(one, _Ties())
            known.partners.append((float(q[row]), other))
            if q[row] < known.q:
                known.q, known.common = float(q[row]), int(tied.common[row])
                known.chances = int(tied.chances[row])
    return [
        Signal(
            player=player,
            kind=kind,
            strength=strength(known.q),
            q=known.q,
            common=known.common,
            chances=known.chances,
            partners=_unique(other for _, other in sorted(known.partners)),
        )
        for player, known in ties.items()
    ]


def _unique(partners: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(partners))[:PARTNERS]


def _networks(found: Sequence[Signal], network: Whole) -> list[Signal]:
    """Returns a signal for each player who shares the network of a partner; sharing one alone is none."""
    known = np.bincount(network[network != UNKNOWN]) if (network != UNKNOWN).any() else network
    near: dict[int, set[int]] = {}
    for one in found:
        same = {other for other in one.partners if network[other] == network[one.player] != UNKNOWN}
        if same:
            near.setdefault(one.player, set()).update(same)
    return [
        Signal(
            player=player,
            kind=Kind.NETWORK,
            strength=NETWORK_STRENGTH,
            q=1.0,
            common=len(partners),
            chances=int(known[network[player]]) - 1,
            partners=tuple(sorted(partners)),
        )
        for player, partners in near.items()
    ]


def weight(strengths: Mapping[Kind, float]) -> float:
    """Returns what a player's word is worth, 0 < weight <= 1; 1 for nothing found."""
    hints = sum(value for kind, value in strengths.items() if kind in HINTS)
    strong = [value for kind, value in strengths.items() if kind in STRONG]
    most_hints = math.log((1.0 / HINTS_LEAVE - 1.0) / ODDS)
    evidence = min(hints, most_hints)
    if strong:
        circumstances = sum(
            value for kind, value in strengths.items() if kind not in STRONG and kind not in HINTS
        )
        evidence += sum(strong) + circumstances
    if evidence <= 0.0:
        return 1.0
    return max(LEAST, 1.0 / (1.0 + ODDS * math.exp(min(evidence, 50.0))))

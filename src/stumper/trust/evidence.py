"""How far a player's marks are from guessing (pure): an E-value, a test that one may look at any time.

On a control turn the server draws a secret coin for every answer: poisoned with probability p, honest with
1 - p. A *blind* player marks without knowing the coin: as a robot, by habit, by the picture, by the
question, by everything marked before. The reference player marks a poisoned answer Wrong with probability s
and an honest one with f. Compare how likely an outcome (mark, coin) is for both, with the blind player's
mark rate set to the reference player's own, m = p s + (1 - p) f (the rate at which a blind player looks
most like the reference):

    hit         p s / (p m)                     =  s / m
    false alarm (1-p) f / ((1-p) m)             =  f / m
    miss        p (1-s) / (p (1-m))             =  (1-s) / (1-m)
    clean       (1-p)(1-f) / ((1-p)(1-m))       =  (1-f) / (1-m)

Given either mark the expectation over the coin alone is one: p s/m + (1-p) f/m = m/m = 1, and p (1-s)/(1-m)
+ (1-p)(1-f)/(1-m) = 1. So it does not matter how, or how often, a blind player chooses the mark: the
product E over all judged answers is a martingale under every blind strategy, adaptive ones included, and
whatever the moment of stopping. By Ville's inequality a blind player reaches E >= 100 with probability at
most 1 %. Asking many questions a turn does not help: every answer has a coin of its own, whose factor is
worth one on average. At p = .4, s = .8, f = .1 the factors are 2.105, .263, .323 and 1.452; m = .38.

Two things keep that proof true in the game. An answer to a question that was asked before on the same
picture is not blind: two answers that differ betray a coin without a look at the picture, so its factor is
capped at one. And unjudged answers count for nothing. Capping (also of E itself) only makes E smaller: a
supermartingale. In words for players: docs/guide/trust.md. Theory: Shafer and Vovk, Game-Theoretic
Foundations for Probability and Finance (2019); Ramdas and others, https://arxiv.org/abs/2210.01948.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stumper.errors import BadSetting
from stumper.play.deal import control_share as play_share
from stumper.records import Rules
from stumper.trust.rewards import Mark, Outcome, check_poison_rate

LOWEST_E: Final = 1e-100
"""Keeps a long losing row from becoming a zero that nothing can lift; the way up from here takes 600 good
turns.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The attentive player that others are compared with; both are P(marks Wrong | ...)."""

    s: float = 0.8
    """... a poisoned answer."""
    f: float = 0.1
    """... an honest answer."""


REFERENCE: Final = Reference()


def factors(*, poison_rate: float, reference: Reference = REFERENCE) -> dict[Outcome, float]:
    """Returns the factor of E for each outcome. Raises BadSetting unless 0 < p < 0.9 and 0 < f < s < 1."""
    check_poison_rate(poison_rate)
    s, f = reference.s, reference.f
    if not 0.0 < f < s < 1.0:
        raise BadSetting(f"A reference player needs 0 < f < s < 1, not s={s}, f={f}. Use s=0.8, f=0.1.")
    m = poison_rate * s + (1.0 - poison_rate) * f
    return {
        Outcome.HIT: s / m,
        Outcome.FALSE_ALARM: f / m,
        Outcome.MISS: (1.0 - s) / (1.0 - m),
        Outcome.CLEAN: (1.0 - f) / (1.0 - m),
    }


def update(
    e_value: float,
    marks: Iterable[Mark],
    *,
    poison_rate: float,
    cap: float,
    reference: Reference = REFERENCE,
) -> float:
    """Returns E after these marks, at most ``cap`` after each of them (so that a good past cannot buy a bad
    month).
    """
    factor = factors(poison_rate=poison_rate, reference=reference)
    for mark in marks:
        step = factor[mark.outcome]
        e_value = min(cap, e_value * (min(1.0, step) if mark.repeat else step))
    return max(e_value, LOWEST_E)


def trusted(e_value: float, *, rules: Rules) -> bool:
    """Returns whether a player counts as one who looks; lost again as soon as E falls below the threshold."""
    return e_value >= rules.trust_e


def control_share(e_value: float, *, rules: Rules) -> float:
    """Returns the share of control turns of a player's next session: 1/2, 1/5 when trusted, 1/10 at the cap.

    Never more than ``rules.control_share``, the share of a stranger. Raises BadSetting for NaN.
    """
    if math.isnan(e_value):
        raise BadSetting("An E-value that is not a number says nothing. Grade the player's sessions again.")
    return play_share(e_value, rules=rules)

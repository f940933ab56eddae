"""Simulated plays of known truth for the skill model: players who differ, tire, and find errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stumper.trust.playlog import PlayLog, tabulate_play

Array = np.ndarray[Any, Any]
RATES = (0.15, 0.25, 0.35, 0.5)
LEVELS = (2.2, -2.6, 1.3, -2.0)
"""Mean logits of s and f on controls, s and f on busy pictures."""
TIRED = 0.08


@dataclass(frozen=True)
class Play:
    log: PlayLog
    truth: Array
    """The shown answer was wrong."""
    rates: Array
    """True error rate by category, over all players and pictures alike."""
    sees: Array
    """(players, 4) logits of s and f, controls and busy pictures."""
    finds: Array
    speed: Array


def simulated(seed: int, *, players: int = 300, marks: int = 25, votes: int = 3, picky: float = 0.0) -> Play:
    """``marks`` on controls and as many on busy pictures a player; the more ``picky``, the more good finders
    ask of the last categories.
    """
    rng = np.random.default_rng(seed)
    skill = rng.normal(size=players) * 0.5
    sees = np.array(LEVELS) + np.outer(skill, [1, -1, 1, -1]) + 0.3 * rng.normal(size=(players, 4))
    tired = np.maximum(0.0, TIRED + 0.05 * rng.normal(size=players))
    finds, speed = 0.5 * rng.normal(size=players), 2.2 + 0.4 * skill + 0.3 * rng.normal(size=players)
    n = 2 * marks * players
    who = np.repeat(np.arange(players), 2 * marks)
    busy, turn = np.tile(np.arange(2 * marks) >= marks, players), rng.integers(0, 10, n)
    poisoned = (rng.random(n) < 0.4) & ~busy
    taste = np.exp(picky * np.outer(finds, np.linspace(-1, 1, len(RATES))))
    taste = (taste / taste.sum(axis=1, keepdims=True)).cumsum(axis=1)
    category = np.minimum((rng.random(n)[:, None] > taste[who]).sum(axis=1), len(RATES) - 1)
    image, hard = rng.integers(0, 400, n), 0.5 * rng.normal(size=400)
    base = np.log(np.array(RATES) / (1 - np.array(RATES)))
    odds = base[category] + finds[who] + hard[image]
    truth = np.where(busy, rng.random(n) < sigmoid(odds), poisoned ^ (rng.random(n) < 0.02))
    kind = 2 * busy
    way = np.where(truth, sees[who, kind] - tired[who] * turn, sees[who, kind + 1] + tired[who] * turn)
    wrong = rng.random(n) < sigmoid(way)
    item = np.repeat(np.flatnonzero(busy & wrong), votes)
    voter = (who[item] + rng.integers(1, max(2, players), len(item))) % players
    says = rng.random(len(item)) < sigmoid(np.where(truth[item], sees[voter, 2], sees[voter, 3]))
    log = tabulate_play(
        players=players, categories=len(RATES), player=who, busy=busy, poisoned=poisoned, wrong=wrong,
        category=category, image=image, turn=turn, item=item, voter=voter, says_wrong=says,
        seconds=np.exp(speed[who] + 0.3 * busy + 0.4 * rng.normal(size=n)),
    )  # fmt: skip
    spread = np.hypot(0.5, 0.5) * np.linspace(-4, 4, 81)
    weight = np.exp(-(np.linspace(-4, 4, 81) ** 2) / 2)
    rates = np.array([weight @ sigmoid(one + spread) / weight.sum() for one in base])
    return Play(log, truth, rates, sees, finds, speed)


def sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))

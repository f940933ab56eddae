"""How likely is it that a shown answer was wrong? From all marks and votes, with every player's reliability.

Dawid and Skene (1979, https://doi.org/10.2307/2346806) with what they lack: a prior over players that is
learned from everybody's *controls*, where the truth is known; players who look on controls and not elsewhere;
a model error rate by category, asker and picture; and no rating that counts in its own favour.

Notation: a player's kind k has s, f = P(says Wrong | the answer is wrong, right); y is an item's truth, q its
posterior without one rating r (the cavity). Repeated until still, 25 times:

    players   P(k | all) ~ w_k P(controls | k) prod_r [q s_k + (1 - q) f_k]   (1 - s, 1 - f if "Correct")
    ratings   log-ratio of r = log E_k[P(r | wrong, k)] / E_k[P(r | right, k)],  k from P(k | all but r)
    items     logit P(wrong) = category + asker + picture + sum of the log-ratios of the item's ratings
    priors    w by expected counts; category, asker, picture by a Newton step with ridge

q goes into 24 bins, so that "all but r" costs two products of matrices and not one pass a rating. What
cannot be known from this: see "Limits" in docs/guide/trust.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from stumper.errors import BadInput
from stumper.trust.corrections import Scaling, Shifts, judge_corrections, platt_scaling
from stumper.trust.crowd import Array, CrowdLog, Kinds, Players, Whole, kinds, logit, sigmoid

ITERATIONS: Final = 25
DAMPING: Final = 0.5
BINS: Final = 24
CHUNK: Final = 8_192
"""Players at a time: 8,192 x 470 kinds x 8 bytes is 31 MB."""
ACCIDENTAL: Final = 0.02
"""P(a falsified answer is right after all), and P(the model is wrong on a control by itself)."""
ERROR_RATE: Final = 0.35
"""Prior mean of the model's error rate; each category starts here, with a spread of 1 in logits."""
CATEGORY_SD: Final = 1.0
ASKER_SD: Final = 0.5
PICTURE_SD: Final = 0.5
FAKE_SHARE: Final = 0.1
"""Weight of the fake kinds before anybody has played."""
PSEUDO: Final = 20.0
"""Players' worth of weight on the first guess at the kinds: a crowd of one must not define its own prior."""
MIN_AUDIT_VOTES: Final = 3


class Priors(NamedTuple):
    """What holds for the whole crowd, and where the log-ratios of ratings stand; the input of `refresh`."""

    weights: Array
    """(g,) shares of the kinds of players."""
    category: Array
    asker: Array
    picture: Array
    """Logits; category holds the level, the other two deviations from it."""
    asked: Array
    """(n,) log-ratio of every asker's mark."""
    voted: Array
    """(v,) log-ratio of every vote."""
    scaling: Scaling
    """For claims without votes."""
    correcting: Shifts


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The result; arrays over the items and players of the log."""

    wrong: Array
    """(n,) P(the shown answer was wrong)."""
    unheard: Array
    """(n,) the same before any vote, as `corrections.platt_scaling` has it for claims."""
    good: Array
    """(n,) P(the shown answer was wrong and the correction is right); 0 where nothing was claimed."""
    players: Players
    error_rate: float
    """pi: mean of ``wrong`` over all items, claims or not."""
    note: str
    """Why the figures should not be relied on, or empty."""
    priors: Priors


def estimate(log: CrowdLog, *, iterations: int = ITERATIONS, start: Estimate | None = None) -> Estimate:
    """Returns posteriors of all items and players. ``start`` is an estimate of the same log with fewer rows
    at its ends: fewer iterations are then enough.

    One million marks and 600,000 votes: see benchmarks/estimator.py. Raises BadInput below one iteration.
    """
    if iterations < 1:
        raise BadInput(f"{iterations} iterations estimate nothing. Use 1 or more; {ITERATIONS} are enough.")
    work = _Work(log, start)
    for _ in range(iterations):
        work.pass_messages(np.arange(log.players))
        work.fit()
    return work.result()


def refresh(before: Estimate, log: CrowdLog, players: Whole) -> Estimate:
    """Returns the estimate after new rows of a few ``players``, with everybody else and the priors as they
    were. ``log`` is the log of ``before`` with rows added at the ends of its tables.

    Raises BadInput for a player who is not in the log, or a log with fewer rows than before.
    """
    if len(log.asker) < len(before.priors.asked) or len(log.item) < len(before.priors.voted):
        raise BadInput("The log is shorter than the one estimated before. Estimate it from the start.")
    if len(players) and (players.min() < 0 or players.max() >= log.players):
        raise BadInput(f"Player {players.max()} is not in the log of {log.players} players.")
    work = _Work(log, before)
    newcomers = np.arange(len(before.players.sees), log.players)
    for _ in range(4):  # messages of few players settle in three or four rounds
        work.pass_messages(np.union1d(players, newcomers).astype(np.int64))
    return work.result(fitted=before.priors)


class _Tables(NamedTuple):
    """One bin each of the cavity: columns are (said, bin)."""

    wrong: Array
    right: Array
    """(g, 2 BINS) P(said | y), the same for every bin."""
    mixed: Array
    """(g, 2 BINS) q P(said | wrong) + (1 - q) P(said | right)."""


class _Work:
    """The running state of one estimation: ratings are the askers' marks, then the votes."""

    def __init__(self, log: CrowdLog, start: Estimate | None) -> None:
        self.log = log
        self.kinds = kinds()
        self.control_logs = self.kinds.control_logs(accidental=ACCIDENTAL)
        self.rater = np.concatenate([log.asker, log.voter])
        self.item = np.concatenate([np.arange(len(log.asker)), log.item])
        self.share = np.concatenate([np.ones(len(log.asker)), log.share])
        self.said = np.concatenate([log.claimed, log.says_wrong]).astype(np.int64)
        old = start.priors if start else None
        self.weights = old.weights if old else first_weights(self.kinds)
        self.counts = np.zeros(self.kinds.g)
        level = float(logit(np.array(ERROR_RATE)))
        self.category = _padded(old and old.category, 1 + int(log.category.max(initial=-1)), level)
        self.asker = _padded(old and old.asker, log.players, 0.0)
        self.picture = _padded(old and old.picture, 1 + int(log.image.max(initial=-1)), 0.0)
        asked = _padded(old and old.asked, len(log.asker), 0.0)
        self.ratio = np.concatenate([asked, _padded(old and old.voted, len(log.item), 0.0)])
        shape = (len(Players._fields), log.players)
        self.believed = np.zeros(shape)
        if start:
            self.believed[:, : len(start.players.sees)] = start.players
        self.update_items()

    def update_items(self) -> None:
        log = self.log
        self.prior = self.category[log.category] + self.asker[log.asker] + self.picture[log.image]
        heard = np.bincount(self.item, self.share * self.ratio, minlength=len(self.prior))
        self.logit = self.prior + heard

    def pass_messages(self, players: Whole) -> None:
        """Updates these players' beliefs and the log-ratios of their ratings."""
        if len(players) < self.log.players:
            place = np.full(self.log.players, -1)
            place[players] = np.arange(len(players))
            theirs = np.flatnonzero(place[self.rater] >= 0)
            row = place[self.rater[theirs]]
        else:
            theirs, row = np.arange(len(self.rater)), self.rater
        q = sigmoid(self.logit[self.item[theirs]] - self.share[theirs] * self.ratio[theirs])
        cell = self.said[theirs] * BINS + np.minimum((q * BINS).astype(np.int64), BINS - 1)
        tables = self._tables(cell, q)
        heard = np.bincount(row * (2 * BINS) + cell, minlength=len(players) * 2 * BINS)
        heard = heard.reshape(len(players), 2 * BINS)
        ratios = np.empty(heard.shape)
        self.counts = np.zeros(self.kinds.g)
        for at in range(0, len(players), CHUNK):
            rows = slice(at, at + CHUNK)
            post = self._posteriors(players[rows], heard[rows], tables)
            ratios[rows] = np.log(post @ (tables.wrong / tables.mixed)) - np.log(
                post @ (tables.right / tables.mixed)
            )
            self.believed[:, players[rows]] = self._beliefs(post)
            self.counts += post.sum(axis=0)
        self.ratio[theirs] += DAMPING * (ratios[row, cell] - self.ratio[theirs])
        self.update_items()

    def _tables(self, cell: Whole, q: Array) -> _Tables:
        """A bin stands at the mean of the cavities in it: right to first order, however wide it is."""
        n = np.bincount(cell, minlength=2 * BINS)
        middle = np.tile((np.arange(BINS) + 0.5) / BINS, 2)
        mean = np.where(n > 0, np.bincount(cell, q, minlength=2 * BINS) / np.maximum(n, 1), middle)
        wrong = np.repeat(np.column_stack([1.0 - self.kinds.s_u, self.kinds.s_u]), BINS, axis=1)
        right = np.repeat(np.column_stack([1.0 - self.kinds.f_u, self.kinds.f_u]), BINS, axis=1)
        return _Tables(wrong, right, mean * wrong + (1.0 - mean) * right)

    def _posteriors(self, players: Whole, heard: Whole, tables: _Tables) -> Array:
        """Returns (players, g), rows of sum one."""
        logs = self.log.controls[players] @ self.control_logs + heard @ np.log(tables.mixed).T
        logs += np.log(self.weights)
        logs -= logs.max(axis=1, keepdims=True)
        np.exp(logs, out=logs)
        logs /= logs.sum(axis=1, keepdims=True)
        return np.asarray(logs)

    def _beliefs(self, post: Array) -> Array:
        known = self.kinds
        return np.asarray((post @ np.column_stack([known.s_u, known.f_u, known.fake])).T)

    def fit(self) -> None:
        """One step of the priors: expected counts for the kinds, Newton for category, asker and picture."""
        log = self.log
        pseudo = PSEUDO * first_weights(self.kinds)
        self.weights = (self.counts + pseudo) / (log.players + PSEUDO)
        target = sigmoid(self.logit)
        level = logit(np.array(ERROR_RATE))
        for value, index, sd, centre in (
            (self.category, log.category, CATEGORY_SD, level),
            (self.asker, log.asker, ASKER_SD, 0.0),
            (self.picture, log.image, PICTURE_SD, 0.0),
        ):
            mean = sigmoid(self.category[log.category] + self.asker[log.asker] + self.picture[log.image])
            slope = np.bincount(index, target - mean, minlength=len(value)) - (value - centre) / sd**2
            value += slope / (np.bincount(index, mean * (1.0 - mean), minlength=len(value)) + sd**-2)
        self.update_items()

    def result(self, fitted: Priors | None = None) -> Estimate:
        """Returns the estimate; Platt and the rates of correcting are fitted anew unless given."""
        log, n = self.log, len(self.log.asker)
        players = Players(*self.believed)
        votes = np.bincount(log.item, minlength=n)
        before_votes = self.prior + self.ratio[:n]
        audit = log.audited & log.claimed & (votes >= MIN_AUDIT_VOTES)
        heard = self.logit - before_votes
        scaling = fitted.scaling if fitted else platt_scaling(before_votes[audit], heard[audit])
        unheard = np.where(log.claimed, scaling.a + scaling.b * before_votes, before_votes)
        wrong = sigmoid(np.where(votes == 0, unheard, self.logit))
        good, correcting = judge_corrections(log, wrong, players, fitted and fitted.correcting)
        return Estimate(
            wrong=wrong,
            unheard=sigmoid(unheard),
            good=good,
            players=players,
            error_rate=float(wrong.mean()) if n else ERROR_RATE,
            note=_note(log, players),
            priors=Priors(
                weights=self.weights,
                category=self.category,
                asker=self.asker,
                picture=self.picture,
                asked=self.ratio[:n],
                voted=self.ratio[n:],
                scaling=scaling,
                correcting=correcting,
            ),
        )


def first_weights(known: Kinds) -> Array:
    """Returns (g,) weights of the kinds: every pair of rates on controls alike, fakes with their share."""
    weights = np.zeros(known.g)
    for pair in {*zip(known.s_t, known.f_t, strict=True)}:
        same = (known.s_t == pair[0]) & (known.f_t == pair[1])
        fakes = same & known.fake
        share = FAKE_SHARE if fakes.any() else 0.0
        weights[fakes] = share / max(1, fakes.sum())
        weights[same & ~known.fake] = (1.0 - share) / (same & ~known.fake).sum()
    return np.asarray(weights / weights.sum())


def _note(log: CrowdLog, players: Players) -> str:
    if not log.controls.sum():
        return "No control was judged: nothing is known about any player. Let people play more sessions."
    if not players.able.any():
        return (
            "No player has shown yet to tell wrong answers from right ones on busy pictures: nobody can be "
            "asked for votes, and nothing should be accepted. Let people play more sessions."
        )
    return ""


def _padded(old: Array | None, length: int, value: float) -> Array:
    """Returns a copy of ``old`` with ``value`` added up to the length."""
    fresh = np.full(length, value)
    if old is not None:
        fresh[: len(old)] = old[:length]
    return fresh

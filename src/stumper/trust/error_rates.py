"""What a fitted `skill` model says about the model under test: its error rate by category, with intervals.

A *rate* is for the average asker and picture: the askers' and pictures' spread is averaged over, so it does
not depend on who happened to ask what. Fits to binary data with so many effects are a little off; how much is
measured by playing the fitted crowd again and fitting that (Kuk 1995,
https://doi.org/10.1111/j.2517-6161.1995.tb02035.x), and taken off.

Misses are never seen: nobody votes on what was marked Correct. How many there are follows from how well the
same players see, as voters, on busy pictures. Without enough audited claims that is a guess, and only rates
relative to the mean are given, from which it nearly drops out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from stumper.trust.corrections import MIN_AUDITED
from stumper.trust.crowd import Array, Whole, logit, sigmoid
from stumper.trust.estimator import ACCIDENTAL
from stumper.trust.playlog import PlayLog
from stumper.trust.skill import FINDS, TIRED, Fit, fit_skill

NORMAL_95: Final = 1.96
MOST_REHEARSALS: Final = 4
REHEARSED_MARKS: Final = 60_000
"""Marks played again in all: with many marks one rehearsal tells the bias well enough."""
MIN_VOTES: Final = 2
"""From so many votes on, or with a known truth, a claim counts as audited."""


class Interval(NamedTuple):
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One category; ``asked`` 0 leaves nan everywhere."""

    asked: int
    """Answers on busy pictures with a mark."""
    marked: float
    """Share marked Wrong: what one would read off without any model."""
    audited: int
    """Answers whose truth is known, or that have two votes."""
    error: Interval | None
    """P(the model is wrong), 0..1; None without enough audits."""
    relative: Interval
    """The same over the mean of all categories, weighted as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRates:
    categories: tuple[Rate, ...]
    overall: Rate
    note: str
    """Why there are no absolute rates, or empty."""


def error_rates(log: PlayLog, fit: Fit, *, seed: int) -> ErrorRates:
    """Returns the rates of all categories of the log. ``seed`` is for the rehearsals."""
    asked = np.bincount(log.category[log.busy], minlength=log.categories)
    votes = np.bincount(log.item, minlength=len(log.player))
    audited = log.busy & ((votes >= MIN_VOTES) | (log.known < 2))
    bias, rehearsals = _bias(log, fit, seed=seed) if asked.sum() else _Bias(np.zeros(log.categories), 1)
    at = _standard(fit) - bias
    cov = _covariance(log, fit) * (1.0 + 1.0 / rehearsals)
    note = _note(log, int(audited.sum()))
    counts = _Counts(
        asked,
        np.bincount(log.category[log.busy & log.wrong], minlength=log.categories),
        np.bincount(log.category[audited], minlength=log.categories),
    )
    return ErrorRates(
        categories=tuple(_category(c, counts, at, cov, told=not note) for c in range(log.categories)),
        overall=_overall(counts, at, cov, told=not note),
        note=note,
    )


class _Counts(NamedTuple):
    """Answers on busy pictures by category."""

    asked: Whole
    marked: Whole
    audited: Whole


def _standard(fit: Fit) -> Array:
    """Returns (c,) logits of the rates with the spread of askers and pictures averaged over (MacKay 1992,
    https://doi.org/10.1162/neco.1992.4.5.720).
    """
    spread = fit.cov[FINDS, FINDS] + fit.spread.picture**2
    return np.asarray(fit.category / np.sqrt(1.0 + np.pi / 8.0 * spread))


def _covariance(log: PlayLog, fit: Fit) -> Array:
    """Returns (c, c) covariance of the standard logits: players' scores, and the draw of the pictures."""
    c = log.categories
    size = len(fit.picture)
    cell = log.category[log.busy] * size + log.image[log.busy]
    shown = np.bincount(cell, minlength=c * size).reshape(c, size)
    shown = shown / np.maximum(shown.sum(axis=1, keepdims=True), 1)
    scale = 1.0 + np.pi / 8.0 * (fit.cov[FINDS, FINDS] + fit.spread.picture**2)
    return np.asarray((fit.levels_cov[:c, :c] + fit.spread.picture**2 * shown @ shown.T) / scale)


class _Bias(NamedTuple):
    logits: Array
    rehearsals: int


def _bias(log: PlayLog, fit: Fit, *, seed: int) -> _Bias:
    n = int(np.clip(REHEARSED_MARKS // max(1, len(log.player)), 1, MOST_REHEARSALS))
    found = [_standard(fit_skill(rehearse(log, fit, np.random.default_rng([seed, k])))) for k in range(n)]
    return _Bias(np.mean(found, axis=0) - _standard(fit), n)


def rehearse(log: PlayLog, fit: Fit, rng: np.random.Generator) -> PlayLog:
    """Returns the log of another play by the fitted crowd: the same questions and players, other answers,
    marks and votes; as many votes a claim as there were, and the same answers known.
    """
    u = fit.players + np.einsum(
        "pij,pj->pi", np.linalg.cholesky(fit.player_cov), rng.normal(size=fit.players.shape)
    )
    picture = rng.normal(0.0, fit.spread.picture, len(fit.picture))
    odds = fit.category[log.category] + u[log.player, FINDS] + picture[log.image]
    coin = np.where(log.poisoned, 1.0 - ACCIDENTAL, ACCIDENTAL)
    truth = rng.random(len(odds)) < np.where(log.busy, sigmoid(odds), coin)
    kind = 2 * log.busy
    tired = u[log.player, TIRED] * log.turn
    wrong = rng.random(len(odds)) < sigmoid(
        np.where(truth, u[log.player, kind] - tired, u[log.player, kind + 1] + tired)
    )
    claims = np.flatnonzero(wrong & log.busy)
    heard = np.bincount(log.item, minlength=len(odds))[log.wrong & log.busy]
    votes = rng.choice(heard, len(claims)) if len(heard) else np.zeros(len(claims), dtype=np.int64)
    item = np.repeat(claims, votes)
    voter = rng.choice(log.voter, len(item)) if len(log.voter) else log.voter
    says = rng.random(len(item)) < sigmoid(np.where(truth[item], u[voter, 2], u[voter, 3]))
    known = np.where(log.known < 2, truth, 2)
    return replace(log, wrong=wrong, known=known, item=item, voter=voter, says_wrong=says)


def _note(log: PlayLog, audited: int) -> str:
    if not log.busy.any():
        return "No answer on a busy picture was judged yet, so nothing is known about the model."
    if log.busy.all():
        return "No control was judged, so nobody's eyes are known: only relative rates."
    if audited < MIN_AUDITED:
        return (
            f"Only {audited} answers were judged by others as well (of {int(log.busy.sum())}; "
            f"{MIN_AUDITED} are needed): how much is overlooked on busy pictures is unknown, so only "
            "relative rates."
        )
    return ""


def _category(c: int, counts: _Counts, at: Array, cov: Array, *, told: bool) -> Rate:
    asked = int(counts.asked[c])
    if not asked:
        return _empty()
    share = counts.asked / counts.asked.sum()
    rate = sigmoid(at)
    mean = float(share @ rate)
    slope = rate * (1.0 - rate)
    # d log(rate_c / mean): in logits of all categories
    way = -share * slope / mean
    way[c] += 1.0 - rate[c]
    error = NORMAL_95 * float(np.sqrt(way @ cov @ way))
    ratio = float(rate[c]) / mean
    return Rate(
        asked=asked,
        marked=float(counts.marked[c]) / asked,
        audited=int(counts.audited[c]),
        error=_interval(float(at[c]), float(np.sqrt(cov[c, c]))) if told else None,
        relative=Interval(ratio, ratio * math.exp(-error), ratio * math.exp(error)),
    )


def _overall(counts: _Counts, at: Array, cov: Array, *, told: bool) -> Rate:
    asked = int(counts.asked.sum())
    if not asked:
        return _empty()
    share = counts.asked / asked
    rate = sigmoid(at)
    mean = float(share @ rate)
    way = share * rate * (1.0 - rate) / (mean * (1.0 - mean))
    error = float(np.sqrt(way @ cov @ way))
    return Rate(
        asked=asked,
        marked=float(counts.marked.sum()) / asked,
        audited=int(counts.audited.sum()),
        error=_interval(float(logit(np.array(mean))), error) if told else None,
        relative=Interval(1.0, 1.0, 1.0),
    )


def _empty() -> Rate:
    nan = float("nan")
    return Rate(asked=0, marked=nan, audited=0, error=None, relative=Interval(nan, nan, nan))


def _interval(at: float, error: float) -> Interval:
    return Interval(*map(float, sigmoid(at + error * np.array([0.0, -NORMAL_95, NORMAL_95]))))

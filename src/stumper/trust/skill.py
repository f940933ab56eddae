"""Who sees how well, who tires, how hard the questions are: one model of all marks, votes and times (numpy).

What Yadav and others (https://arxiv.org/abs/2410.04038) name as future work. Mark r of player i on an answer
that is wrong (y = 1) or right (y = 0), at turn t of the session, on a control (k = t) or a busy picture
(k = u):

    logit P(says Wrong | y = 1) = s_ik - tired_i t + slow x_r      x_r: how much longer than usual for i
    logit P(says Wrong | y = 0) = f_ik + tired_i t - slow x_r
    logit P(y = 1), off control = category_c + finds_i + picture_j
    log seconds                 = speed_i + busy + drift t + noise

All of a player, (s_t, f_t, s_u, f_u, tired, finds, speed), is one draw from N(m, S) with a free S: time and
accuracy are joined as in van der Linden (2007, https://doi.org/10.1007/s11336-006-1478-z), and how far
seeing on controls carries over to busy pictures is fitted. Who asks more of one category may find more
anywhere (Mundlak 1978, https://doi.org/10.2307/1913646): else good finders' favourites would look hard. A
vote is a mark on a busy picture at t = 0. On controls y is the coin but for accidents, else it is latent.

Fitted by penalised maximum likelihood: EM over y, a Newton step for every player (7 x 7), picture and
category, and m and S from the players' Laplace posteriors. What follows for the model: `error_rates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from stumper.errors import BadInput
from stumper.trust.crowd import Array, Whole, logit, sigmoid
from stumper.trust.estimator import ACCIDENTAL, CATEGORY_SD, ERROR_RATE
from stumper.trust.laplace import centred_shares, covariances, squares
from stumper.trust.playlog import PlayLog

ITERATIONS: Final = 120
STILL: Final = 1e-3
"""Stop when no level or category moves by more logits in an iteration."""
EFFECTS: Final = ("s_t", "f_t", "s_u", "f_u", "tired", "finds", "speed")
TIRED, FINDS, SPEED = 4, 5, 6
K: Final = len(EFFECTS)
FIRST_MEAN: Final = np.array([1.8, -2.2, 1.2, -1.8, 0.0, 0.0, 2.3])
"""Before any data: the attentive player of the trust test, a little worse on busy pictures; ten seconds."""
MEAN_SD: Final = np.array([1.5, 1.5, 1.0, 1.0, 0.2, 1e-3, 3.0])
"""``finds`` has the mean 0, else it could not be told from the categories."""
FIRST_SPREAD: Final = np.array([1.0, 1.0, 1.0, 1.0, 0.1, 0.5, 0.5]) ** 2
SPREAD_WEIGHT: Final = 8.0
"""Players' worth of weight on the first guess at S: a crowd of one must not define it."""
LEAST: Final = 0.2
"""Share of its information that a picture keeps at least when y is unknown."""
LEANING_SD: Final = 2.0
"""Of the logits by which somebody who asks nothing but one category finds more errors."""
MOST_STEP: Final = 2.0
EVERY: Final = 3
"""Steps between two looks at the players' covariances, which cost a third of a step."""


class Spread(NamedTuple):
    """Standard deviations in logits, and the noise of log seconds."""

    picture: float
    noise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What the model learned; n marks, p players, c categories."""

    players: Array
    """(p, 7) most likely effects, in the order of ``EFFECTS``: logits, log seconds."""
    player_cov: Array
    """(p, 7, 7) Laplace posterior covariance, given the levels."""
    mean: Array
    """(7,) m."""
    cov: Array
    """(7, 7) S."""
    category: Array
    """(c,) logits of the model's error rate, for an average asker and picture."""
    picture: Array
    slow: float
    """Logits of seeing gained by an e-fold longer look than usual."""
    drift: float
    """Log seconds a turn."""
    spread: Spread
    wrong: Array
    """(n,) P(the shown answer was wrong | everything)."""
    levels_cov: Array
    """(2 c + 5, 2 c + 5) covariance of the categories, of m without finds and speed, and of leanings."""


def fit_skill(log: PlayLog, *, iterations: int = ITERATIONS) -> Fit:
    """Fits the model. Raises BadInput below one iteration; an empty log gives back the priors."""
    if iterations < 1:
        raise BadInput(f"{iterations} iterations fit nothing. Use 1 or more; {ITERATIONS} are enough.")
    work = _Work(log)
    for _ in range(iterations):
        before = np.concatenate([work.mean, work.category])
        work.believe()
        work.step()
        if np.abs(np.concatenate([work.mean, work.category]) - before).max() < STILL:
            break
    work.believe()
    return work.result()


class _Evidence(NamedTuple):
    slope: Array
    curve: Array


class _Work:
    """The running state; ratings are the marks, then the votes."""

    def __init__(self, log: PlayLog) -> None:
        self.log = log
        n = len(log.player)
        self.who = np.concatenate([log.player, log.voter])
        self.on = np.concatenate([np.arange(n), log.item])
        self.said = np.concatenate([log.wrong, log.says_wrong]).astype(float)
        self.kind = 2 * np.concatenate([log.busy, np.ones(len(log.item), dtype=bool)]).astype(np.int64)
        self.turn = np.concatenate([log.turn, np.zeros(len(log.item))]).astype(float)
        self.asks = np.concatenate([log.busy, np.zeros(len(log.item))]).astype(float)
        self.timed = np.flatnonzero(np.isfinite(log.log_seconds))
        self.busy = np.flatnonzero(log.busy)
        accident = float(logit(np.array(1.0 - ACCIDENTAL)))
        self.coin = np.where(log.poisoned, accident, -accident)
        self.mean, self.cov = FIRST_MEAN.copy(), np.diag(FIRST_SPREAD)
        self.u = np.tile(self.mean, (log.players, 1))
        self.v = np.tile(self.cov, (log.players, 1, 1))
        self.category = np.full(log.categories, float(logit(np.array(ERROR_RATE))))
        self.picture = np.zeros(1 + int(log.image.max(initial=-1)))
        self.slow = self.drift = self.on_busy = 0.0
        self.steps = 0
        self.spread = Spread(picture=0.5, noise=0.5)
        self.rest = np.zeros(len(self.who))
        asked = log.player[self.busy], log.category[self.busy]
        self.taste = centred_shares(*asked, shape=(log.players, log.categories))
        self.leaning = np.zeros(log.categories)
        self.slack()

    def slack(self) -> None:
        """x of every timed mark, and the noise of the times."""
        log, timed = self.log, self.timed
        if not len(timed):
            return
        rest = log.log_seconds[timed] - self.u[log.player[timed], SPEED]
        ones = np.column_stack([log.busy[timed], log.turn[timed]]).astype(float)
        self.on_busy, self.drift = np.linalg.solve(ones.T @ ones + np.eye(2), ones.T @ rest)
        rest -= ones @ np.array([self.on_busy, self.drift])
        self.spread = self.spread._replace(noise=float(np.sqrt((rest @ rest + 0.25) / (len(rest) + 1.0))))
        self.rest[timed] = np.clip(rest, -2.0, 2.0)

    def believe(self) -> None:
        """q of every mark's answer: the prior odds, and what each rating says."""
        tired = self.u[self.who, TIRED] * self.turn - self.slow * self.rest
        self.eta1 = self.u[self.who, self.kind] - tired
        self.eta0 = self.u[self.who, self.kind + 1] + tired
        sign = 2.0 * self.said - 1.0
        ratio = np.logaddexp(0.0, -sign * self.eta0) - np.logaddexp(0.0, -sign * self.eta1)
        self.prior = self.coin.copy()
        self.prior[self.busy] = self._odds()
        self.q = sigmoid(self.prior + np.bincount(self.on, ratio, minlength=len(self.prior)))
        self.q = np.where(self.log.known < 2, self.log.known, self.q)

    def _odds(self) -> Array:
        """Returns the logits of P(wrong) of the answers on busy pictures, before any mark."""
        log, at = self.log, self.busy
        finds = self.u[log.player[at], FINDS]
        return np.asarray(self.category[log.category[at]] + finds + self.picture[log.image[at]])

    def _surprise(self) -> None:
        """Slopes and curvatures of these logits; anew for each factor, as steps of all at once run away."""
        found = sigmoid(self._odds())
        self.miss, self.curve = self.q[self.busy] - found, found * (1.0 - found)

    def step(self) -> None:
        """One Newton step of everything, given q."""
        log, at = self.log, self.busy
        q = self.q[self.on]
        p1, p0 = sigmoid(self.eta1), sigmoid(self.eta0)
        self.g1, self.g0 = q * (self.said - p1), (1.0 - q) * (self.said - p0)
        self.c1, self.c0 = q * p1 * (1.0 - p1), (1.0 - q) * p0 * (1.0 - p0)
        self._surprise()
        slope = (self.g1 - self.g0) @ self.rest - self.slow
        self.slow += float(slope / ((self.c1 + self.c0) @ self.rest**2 + 1.0))
        self._players()
        self._levels()
        self._items(log.category[at], log.image[at])
        self.slack()

    def _players(self) -> None:
        slope, curve = self._evidence()
        inverse = np.linalg.inv(self.cov)
        push = slope - self.off() @ inverse
        full = curve + inverse
        moved = np.einsum("pij,pj->pi", np.linalg.inv(full), push)
        if self.steps % EVERY == 0:
            self.v = covariances(full, self._missing())
        self.steps += 1
        self.u = self.u + np.clip(moved, -MOST_STEP, MOST_STEP)

    def _evidence(self) -> _Evidence:
        """Returns slope (p, 7) and curvature (p, 7, 7) of the players' log likelihoods."""
        log, n = self.log, self.log.players
        slope, curve = np.zeros((n, K)), np.zeros((n, K, K))
        cell = self.who * 4 + self.kind
        t = self.turn
        for side, g, c, way in ((0, self.g1, self.c1, -1.0), (1, self.g0, self.c0, 1.0)):
            sums = [
                np.bincount(cell, w, minlength=4 * n).reshape(n, 4) for w in (g, c, t * g, t * c, t * t * c)
            ]
            for kind in (0, 2):
                own = kind + side
                one_g, one_c, t_g, t_c, tt_c = (total[:, kind] for total in sums)
                slope[:, own] = one_g
                curve[:, own, own] = one_c
                slope[:, TIRED] += way * t_g
                curve[:, TIRED, TIRED] += tt_c
                curve[:, own, TIRED] = way * t_c
                curve[:, TIRED, own] = way * t_c
        asked, timed = log.player[self.busy], log.player[self.timed]
        slope[:, FINDS] = np.bincount(asked, self.miss, minlength=n)
        curve[:, FINDS, FINDS] = np.bincount(asked, self.curve, minlength=n)
        precision = self.spread.noise**-2
        rest = log.log_seconds[self.timed] - self.u[timed, SPEED]
        rest -= self.on_busy * log.busy[self.timed] + self.drift * log.turn[self.timed]
        slope[:, SPEED] = np.bincount(timed, rest, minlength=n) * precision
        curve[:, SPEED, SPEED] = np.bincount(timed, minlength=n) * precision
        return _Evidence(slope, curve)

    def _missing(self) -> Array:
        """Returns (p, 7, 7): the information lost by not knowing y."""
        q = self.q[self.on]
        left1, left0 = self.said - sigmoid(self.eta1), self.said - sigmoid(self.eta0)
        parts = (left1, -left0, -self.turn * (left1 + left0), self.asks)
        fixed = np.tile([TIRED, FINDS], (len(q), 1))
        places = np.column_stack([self.kind, self.kind + 1, fixed])
        return squares(self.who, q * (1.0 - q), parts, places, shape=(self.log.players, K))

    def _levels(self) -> None:
        """m by a Newton step of the likelihood with the players summed out, S by expected squares."""
        inverse = np.linalg.inv(self.cov)
        off = self.off()
        weight = self.log.players * inverse - inverse @ self.v.sum(axis=0) @ inverse
        slope = inverse @ off.sum(axis=0) - (self.mean - FIRST_MEAN) / MEAN_SD**2
        self.mean = self.mean + np.linalg.solve(weight + np.diag(MEAN_SD**-2), slope)
        self._lean(inverse)
        off = self.off()
        total = off.T @ off + self.v.sum(axis=0) + SPREAD_WEIGHT * np.diag(FIRST_SPREAD)
        self.cov = total / (self.log.players + SPREAD_WEIGHT)

    def off(self) -> Array:
        """Returns (p, 7): how far every player is from what is expected of them."""
        off = self.u - self.mean
        off[:, FINDS] -= self.taste @ self.leaning
        return np.asarray(off)

    def _lean(self, inverse: Array) -> None:
        """What players' mix of categories says about how well they find, by a Newton step."""
        weight = inverse[FINDS, FINDS] - np.einsum("i,pij,j->p", inverse[FINDS], self.v, inverse[FINDS])
        slope = self.taste.T @ (self.off() @ inverse[FINDS]) - self.leaning * LEANING_SD**-2
        curve = (self.taste * weight[:, None]).T @ self.taste + np.eye(len(slope)) * LEANING_SD**-2
        self.leaning = self.leaning + np.linalg.solve(curve, slope)

    def _items(self, category: Whole, image: Whole) -> None:
        """Categories and pictures by a Newton step, the pictures' spread by expected squares."""
        if not len(self.busy):
            return
        self._surprise()
        prior = CATEGORY_SD**-2
        c = len(self.category)
        slope = np.asarray(np.bincount(category, self.miss, minlength=c), dtype=float)
        slope -= (self.category - logit(np.array(ERROR_RATE))) * prior
        self.category = self.category + slope / (np.bincount(category, self.curve, minlength=c) + prior)
        self._surprise()
        sure, size = self.spread.picture**-2, len(self.picture)
        full = np.bincount(image, self.curve, minlength=size)
        lost = np.bincount(image, (self.q * (1.0 - self.q))[self.busy], minlength=size)
        told = np.maximum(full - lost, LEAST * full) + sure
        slope = np.bincount(image, self.miss, minlength=size) - self.picture * sure
        self.picture = self.picture + slope / (full + sure)
        shown = np.unique(image)
        square = float(((self.picture**2 + 1.0 / told)[shown].sum() + 2.0) / (len(shown) + 8.0))
        self.spread = self.spread._replace(picture=max(0.05, square**0.5))

    def _levels_cov(self) -> Array:
        """Covariance of categories and levels: the inverse of the players' squared scores.

        Fisher's identity gives each player's score from the posterior of y and of the effects, so what is
        lost by not knowing y is lost here too.
        """
        log, at = self.log, self.busy
        c, n = len(self.category), log.players
        miss = self.q[at] - sigmoid(self.prior[at])
        asked = np.bincount(log.player[at] * c + log.category[at], miss, minlength=n * c).reshape(n, c)
        surprise = self.off() @ np.linalg.inv(self.cov)
        scores = np.hstack([asked, surprise[:, :FINDS], self.taste * surprise[:, [FINDS]]])
        sd = np.concatenate([np.full(c, CATEGORY_SD), MEAN_SD[:FINDS], np.full(c, LEANING_SD)])
        return np.asarray(np.linalg.inv(scores.T @ scores + np.diag(sd**-2)))

    def result(self) -> Fit:
        return Fit(
            players=self.u,
            player_cov=self.v,
            mean=self.mean,
            cov=self.cov,
            category=self.category,
            picture=self.picture,
            slow=self.slow,
            drift=self.drift,
            spread=self.spread,
            wrong=self.q,
            levels_cov=self._levels_cov(),
        )

"""stumper arena --seed 1 --json

Plays every strategy and crowd of the mechanism study through the real rules of pay, trust and estimation, and
holds the figures against their bounds: honest play must be paid best, and what is accepted must be true.
Nothing here touches the database or a model; what is assumed about people is in `strategies`, `people` and
`table`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from stumper.curate.panel.reliability import auc, ece
from stumper.errors import BadInput
from stumper.records import Rules
from stumper.simulate.ballots import Aim, Settled, vote_as_needed, vote_fixed
from stumper.simulate.figures import NORMAL_95, Figure, error, f1, figure, rate, residuals, share
from stumper.simulate.people import MIXES, TYPES
from stumper.simulate.strategies import STRATEGIES, Sort, Strategy
from stumper.simulate.table import Played, Seats, play, seat
from stumper.trust.crowd import Array
from stumper.trust.estimator import estimate
from stumper.trust.evidence import LOWEST_E, factors
from stumper.trust.rewards import Form, Outcome, bonus_points, bounty_room, claim_bonus

MIN_SESSIONS: Final = 500
SESSIONS_EACH: Final = 10
"""Of every player of a strategy; a crowd's players have 1 to 5."""
STRATEGY_SHARE: Final = 0.6
"""Of all sessions; the four crowds share the rest."""
PICTURES: Final = 2_000
BLIND_PLAYERS: Final = 40_000
BLIND_CONTROLS: Final = 50
"""So many marks on controls a blind player: ten sessions of one mark on each of five controls."""

BOUNDS: Final = {
    "benign": (0.945, 0.03),
    "mixed": (0.895, 0.03),
    "hostile": (0.83, 0.035),
    "fakers": (0.90, 0.03),
}
"""(least F1, most calibration error) with three votes a claim."""


class Income(NamedTuple):
    """What the players of one strategy earned."""

    strategy: Strategy
    points: Array
    """(players,) points of all their sessions."""
    bounties: Array
    """(players,) points on top, were every confirmed claim part of a quest at the highest price there is."""
    payable: Array
    """(players,) what counts for prizes: 0 unless trusted at the end."""
    minutes: Array
    paper: Array
    paper_minutes: Array
    """The same people under the paper's rule: 20 for a catch, half of the turns controls for ever."""

    @property
    def sessions(self) -> Array:
        return np.full(len(self.points), float(SESSIONS_EACH))


def arena(*, seed: int, sessions: int = 10_000) -> list[Figure]:
    """Returns all figures in the order they are printed. Raises BadInput for fewer than 500 sessions."""
    if sessions < MIN_SESSIONS:
        raise BadInput(
            f"{sessions} sessions are too few to tell strategies apart. Use {MIN_SESSIONS} or more."
        )
    rules = Rules()
    figures = list(_pay(incomes(seed=seed, sessions=round(STRATEGY_SHARE * sessions), rules=rules)))
    figures += _trust(seed=seed, rules=rules)
    left = round((1.0 - STRATEGY_SHARE) * sessions / len(MIXES))
    for number, mix in enumerate(MIXES):
        rng = np.random.default_rng([seed, number])
        figures += _data(mix, sessions=left, rules=rules, rng=rng)
    return figures


def incomes(*, seed: int, sessions: int, rules: Rules) -> list[Income]:
    """Lets equally many players of each strategy play beside a mixed crowd that votes; returns what they
    earned.
    """
    rng = np.random.default_rng([seed, 99])
    each = max(3, round(sessions / SESSIONS_EACH / len(STRATEGIES)))
    crowd = crowd_of("mixed", players=max(100, sessions // 10))
    n = each * len(STRATEGIES)
    total = n + sum(count for _, count in crowd)
    lengths = np.where(np.arange(total) < n, SESSIONS_EACH, rng.integers(1, 6, total))
    kinds = [*STRATEGIES, *(one for one, _ in crowd)]
    seats = seat(kinds, [*[each] * len(STRATEGIES), *(count for _, count in crowd)], lengths, rng)
    played = play(seats, rules=rules, pictures=PICTURES, rng=rng)
    claims, bounties = _bonuses(seats, played, rules, rng)
    points = played.paid.sum(axis=1) + claims
    last = played.e_values[np.arange(total), lengths - 1]
    payable = np.where(last >= rules.trust_e, np.maximum(points, 0.0), 0.0)
    paper = play(seats, rules=rules, pictures=PICTURES, rng=rng, adapts=False)
    columns = (
        points,
        bounties,
        payable,
        played.seconds.sum(axis=1) / 60.0,
        rules.hit_points * paper.catches.sum(axis=1),
        paper.seconds.sum(axis=1) / 60.0,
    )
    return [
        Income(strategy, *(column[seats.strategy == number] for column in columns))
        for number, strategy in enumerate(STRATEGIES)
    ]


def crowd_of(mix: str, *, players: int) -> list[tuple[Strategy, int]]:
    """Returns the types of a mix as strategies with their numbers of players."""
    return [
        (Strategy(name, Sort.HONEST if TYPES[name].honest else Sort.SLY, TYPES[name]), round(share * players))
        for name, share in MIXES[mix].items()
    ]


def _bonuses(seats: Seats, played: Played, rules: Rules, rng: np.random.Generator) -> tuple[Array, Array]:
    """Returns everybody's points for claims that others have judged, and the most that bounties could add;
    pi is what the estimate says.

    Gains wait for trust: those of sessions after which a player was never trusted again are not paid.
    """
    settled = vote_as_needed(seats, played, aim=Aim.EXAMPLE, rules=rules, rng=rng)
    rate = settled.estimate.error_rate
    kinds = [claim_bonus(rate, form=one.form, rules=rules) for one in seats.strategies]
    asker = seats.strategy[settled.log.asker]

    def points(*, confirmed: bool, trusted: bool) -> Array:
        each = [float(bonus_points(bonus, confirmed=confirmed, trusted=trusted)) for bonus in kinds]
        return np.array(each)[asker]

    trusted = np.nan_to_num(played.e_values) >= rules.trust_e
    later = np.logical_or.accumulate(trusted[:, ::-1], axis=1)[:, ::-1]
    paid = later[settled.log.asker, played.items["session"].astype(int)]
    gain = np.where(paid, points(confirmed=True, trusted=True), points(confirmed=True, trusted=False))
    cost = points(confirmed=False, trusted=True)
    claims = np.where(settled.accepted, gain, np.where(settled.rejected, cost, 0.0))
    open_ = np.array([one.form is Form.OPEN for one in seats.strategies])[asker]
    bounties = np.where(settled.accepted & paid & open_, float(int(bounty_room(rate, rules=rules))), 0.0)

    def by_player(each: Array) -> Array:
        return np.bincount(settled.log.asker, each, minlength=len(seats)).astype(float)

    return by_player(claims), by_player(bounties)


def _pay(found: Sequence[Income]) -> Iterator[Figure]:
    """Points a minute and a session of every strategy, and by how much honest play leads."""
    for one in found:
        yield rate(f"{one.strategy.name}: points a minute", one.points, one.minutes, _bound(one.strategy))
        best = one.points + one.bounties
        yield rate(f"{one.strategy.name}: with the highest bounties", best, one.minutes, _bound(one.strategy))
        yield rate(f"{one.strategy.name}: points a minute by the paper's rule", one.paper, one.paper_minutes)
        yield rate(f"{one.strategy.name}: points a session", one.points, one.sessions)
        yield rate(f"{one.strategy.name}: payable points a session", one.payable, one.sessions)
    honest = next(one for one in found if one.strategy.name == "honest")
    sly = {one.strategy.name: one for one in found if one.strategy.sort is Sort.SLY}
    aware = ("skips what is no control", "wrong on what is no control", "colludes with yes or no")
    yield _lead(
        "honest leads the taint-aware and colluders a minute by", honest, [sly[name] for name in aware], 2.0
    )
    yield _lead("honest leads fast easy questions a minute by", honest, [sly["fast easy questions"]], 1.0)
    rivals = [one for one in found if one.strategy.sort is not Sort.HONEST]
    yield _lead("honest leads the best of all others a minute by", honest, rivals, 0.0)
    yield _lead("honest leads the best of all others a session by", honest, rivals, 0.0, session=True)
    with_bounties = [one._replace(points=one.points + one.bounties) for one in (honest, *rivals)]
    name = "with the highest bounties honest leads the best of all others a minute by"
    yield _lead(name, with_bounties[0], with_bounties[1:], 0.0)


def _bound(strategy: Strategy) -> tuple[str, float]:
    if strategy.name == "honest":
        return ">=", 12.5
    return ("<=", 0.2) if strategy.sort is Sort.BLIND else ("", 0.0)


def _lead(
    name: str, honest: Income, rivals: Sequence[Income], least: float, *, session: bool = False
) -> Figure:
    """How far honest play leads the best of the rivals, in points a minute or a session; players of two
    strategies are pairs (`seat`).
    """

    def per(one: Income) -> Array:
        return one.sessions if session else one.minutes

    best = max(rivals, key=lambda one: one.points.sum() / per(one).sum())
    lead = honest.points.sum() / per(honest).sum() - best.points.sum() / per(best).sum()
    rest = residuals(honest.points, per(honest)) - residuals(best.points, per(best))
    return figure(f"{name}, namely {best.strategy.name}", float(lead), NORMAL_95 * error(rest), (">=", least))


def _trust(*, seed: int, rules: Rules) -> Iterator[Figure]:
    """How soon and how surely players become trusted, from their marks on controls alone."""
    rng = np.random.default_rng([seed, 98])
    for name, says_wrong in (("always wrong", 1.0), ("by coin", 0.5), ("always correct", 0.0)):
        best, _ = climb(says_wrong, says_wrong, players=BLIND_PLAYERS, rules=rules, rng=rng)
        yield share(f"ever trusted though blind, {name}", best >= rules.trust_e, ("<=", 0.012))
    for name in ("skilled", "careless"):
        kind = TYPES[name]
        best, needed = climb(kind.s_t, kind.f_t, players=4_000, rules=rules, rng=rng, spread=kind.logit_sd)
        yield share(f"{name} players trusted after {BLIND_CONTROLS} controls", best >= rules.trust_e)
        for marks in (5, 10, 15, 25):
            yield share(f"{name} players trusted after {marks} controls", needed <= marks)
        yield figure(f"controls until {name} players are trusted, median", float(np.median(needed)), None)


class Climb(NamedTuple):
    """Of every player: the highest E, and after how many marks it first reached the threshold (or inf)."""

    best: Array
    needed: Array


def climb(
    s: float, f: float, *, players: int, rules: Rules, rng: np.random.Generator, spread: float = 0.0
) -> Climb:
    """Plays only the marks on controls: E-values of players with these rates, spread in logits."""
    step = factors(poison_rate=rules.poison_rate)
    shift = np.exp(rng.normal(0.0, spread, players))
    s_each, f_each = s * shift / (1.0 - s + s * shift), f / (f + (1.0 - f) * shift)
    e, best, needed = np.ones(players), np.ones(players), np.full(players, np.inf)
    for number in range(1, BLIND_CONTROLS + 1):
        poisoned = rng.random(players) < rules.poison_rate
        wrong = rng.random(players) < np.where(poisoned, s_each, f_each)
        on_wrong = np.where(poisoned, step[Outcome.HIT], step[Outcome.FALSE_ALARM])
        on_correct = np.where(poisoned, step[Outcome.MISS], step[Outcome.CLEAN])
        e = np.clip(e * np.where(wrong, on_wrong, on_correct), LOWEST_E, rules.cap_e)
        best = np.maximum(best, e)
        needed = np.where((best >= rules.trust_e) & np.isinf(needed), number, needed)
    return Climb(best, needed)


def _data(mix: str, *, sessions: int, rules: Rules, rng: np.random.Generator) -> Iterator[Figure]:
    """What is accepted in one crowd: with three votes a claim, and with as many as needed."""
    crowd = crowd_of(mix, players=max(60, sessions // 3))
    counts = [count for _, count in crowd]
    lengths = rng.integers(1, 6, sum(counts))
    seats = seat([one for one, _ in crowd], counts, lengths, rng)
    played = play(seats, rules=rules, pictures=PICTURES, rng=rng)
    least_f1, most_ece = BOUNDS[mix]
    log = vote_fixed(seats, played, votes=3, rules=rules, rng=rng)
    claims = log.claimed
    truth, p = played.items["truth"][claims] > 0, estimate(log).wrong[claims]
    yield figure(f"{mix}: F1 with three votes", f1(truth, p > 0.5), None, (">=", least_f1))
    yield figure(f"{mix}: AUC with three votes", auc(truth, p), None)
    yield figure(f"{mix}: calibration error with three votes", ece(truth, p), None, ("<=", most_ece))
    answers = vote_as_needed(seats, played, aim=Aim.ANSWER, rules=rules, rng=rng)
    yield _votes(f"{mix}: votes a claim", answers, ("<=", 2.9))
    accepted = answers.accepted[claims]
    yield share(f"{mix}: false accepts", ~truth[accepted], ("<=", 0.04))
    yield share(f"{mix}: yield", accepted[truth], (">=", 0.94))
    examples = vote_as_needed(seats, played, aim=Aim.EXAMPLE, rules=rules, rng=rng)
    good, right = examples.accepted[claims], played.items["right"][claims] > 0
    yield _votes(f"{mix}: votes an example or refusal", examples)
    yield share(f"{mix}: precision of examples", right[good])
    yield share(f"{mix}: recall of examples", good[right])
    yield figure(f"{mix}: calibration error of examples", ece(right, examples.estimate.good[claims]), None)
    yield figure(f"{mix}: estimated error rate of the model", examples.estimate.error_rate, None)
    yield figure(f"{mix}: true error rate of the model", float(played.items["truth"].mean()), None)


def _votes(name: str, settled: Settled, bound: tuple[str, float] = ("", 0.0)) -> Figure:
    votes = settled.votes[settled.log.claimed].astype(float)
    return rate(name, votes, np.ones(len(votes)), bound)

"""Many simulated sessions at once, as columns: no pictures, no database, the real rules of pay and trust.

The same rules as a session in the game, for thousands of players side by side: `rewards.control_pay`,
`evidence.factors` and `evidence.control_share`; tests hold this against `rewards.grade_lines` and
`evidence.update`, mark by mark. The people are those of `people`, the ways to play those of `strategies`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

import numpy as np

from stumper.records import Rules
from stumper.simulate.strategies import Act, Strategy
from stumper.trust.crowd import Array, Marks, Whole
from stumper.trust.evidence import LOWEST_E, control_share, factors
from stumper.trust.rewards import Form, Outcome, control_pay

ERROR_RATES: Final = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.05)
"""The model's error rate on busy pictures in eight categories; the last one is what it surely knows."""
EASY: Final = len(ERROR_RATES) - 1
SKILL_SD: Final = 0.5
"""Between askers, in logits of the model's error rate: some find harder questions."""
PICTURE_SD: Final = 0.5
ACCIDENTAL: Final = 0.02
"""P(a falsified answer is right after all); P(the model errs on a control by itself)."""
LOOK_S: Final = 5.0
TYPE_S: Final = 9.0
"""To see the picture; to write a correction. Chosen so that under the paper's rule an honest skilled player
earns 6.2 points a minute and one who always says Wrong 20.0, as in the mechanism study.
"""
NOISE_S: Final = 2.0
"""To write something that only looks like a correction."""
JUNK_RIGHT: Final = 0.05
"""P(what was written in a hurry is right | the answer was wrong)."""
SESSIONS_A_DAY: Final = 3
OUTCOMES: Final = (Outcome.HIT, Outcome.MISS, Outcome.FALSE_ALARM, Outcome.CLEAN)


@dataclass(frozen=True, slots=True)
class Seats:
    """Who plays: one row a player."""

    strategies: tuple[Strategy, ...]
    strategy: Whole
    shift: Array
    """How well each player sees, in logits."""
    finding: Array
    """How much oftener the model errs on their questions, in logits."""
    sessions: Whole

    def __len__(self) -> int:
        return len(self.strategy)

    def of(self, attribute: str) -> Array:
        """Returns one number of everybody's type as a column."""
        return np.array([float(getattr(one.type, attribute)) for one in self.strategies])[self.strategy]

    def rate(self, attribute: str, tired: Array | float = 0.0) -> Array:
        """Returns everybody's P(marks Wrong): s grows with skill, f falls; fatigue does the opposite."""
        rate = self.of(attribute)
        way = self.shift - tired
        return _moved(rate, way if attribute.startswith("s") else -way)


def seat(
    strategies: Sequence[Strategy], counts: Sequence[int], sessions: Whole, rng: np.random.Generator
) -> Seats:
    """Seats ``counts[k]`` players of each strategy. The k-th players of all strategies are equally gifted,
    and gifts are spread evenly over the normal distribution: strategies are compared and not people.
    """
    strategy = np.repeat(np.arange(len(strategies)), counts)
    number = np.concatenate([np.arange(count) for count in counts])
    most = max(counts)
    even = np.array([NormalDist().inv_cdf((k + 0.5) / most) for k in range(most)])
    sight, finding = rng.permutation(even)[number], rng.permutation(even)[number]
    spread = np.array([one.type.logit_sd for one in strategies])[strategy]
    return Seats(tuple(strategies), strategy, sight * spread, finding * SKILL_SD, sessions)


@dataclass(slots=True)
class Columns:
    """Rows as they come, column by column."""

    names: tuple[str, ...]
    parts: list[list[Array]] = field(default_factory=list)

    def add(self, *columns: Array | Whole | Marks) -> None:
        self.parts.append([np.asarray(column, dtype=float) for column in columns])

    def read(self) -> dict[str, Array]:
        if not self.parts:
            return {name: np.empty(0) for name in self.names}
        return {
            name: np.concatenate(part)
            for name, part in zip(self.names, zip(*self.parts, strict=True), strict=True)
        }


@dataclass(frozen=True, slots=True)
class Played:
    """What was left behind; the columns of a table have one row each mark."""

    controls: dict[str, Array]
    """player, session, poisoned, wrong, at (s from the start of the session), points"""
    items: dict[str, Array]
    """player, session, claimed, category, image, truth (the answer was wrong), right (the correction)"""
    seconds: Array
    """(players, sessions)"""
    paid: Array
    """(players, sessions) points on controls."""
    catches: Array
    """(players, sessions) hits, at any speed; the paper pays 20 points for each and nothing else."""
    e_values: Array
    """(players, sessions) E after each session; nan where none was played."""


class Table:
    """One cohort at play; `play` is the way in."""

    def __init__(
        self, seats: Seats, rules: Rules, pictures: int, rng: np.random.Generator, *, adapts: bool
    ) -> None:
        self.seats, self.rules, self.rng, self.adapts = seats, rules, rng, adapts
        n, longest = len(seats), int(seats.sessions.max(initial=0))
        step = factors(poison_rate=rules.poison_rate)
        self.step = np.array([step[one] for one in OUTCOMES])
        pay = control_pay(rules, poison_rate=rules.poison_rate)
        self.points = np.array([pay.hit, 0, -pay.false_alarm, 0], dtype=float)
        self.picture = rng.normal(0.0, PICTURE_SD, pictures)
        self.e = np.ones(n)
        self.seconds, self.paid, self.catches = (np.zeros((n, longest)) for _ in range(3))
        self.e_values = np.full((n, longest), np.nan)
        self.controls = Columns(("player", "session", "poisoned", "wrong", "at", "points"))
        self.items = Columns(("player", "session", "claimed", "category", "image", "truth", "right"))

    def session(self, number: int) -> None:
        """Everybody who still plays has session ``number``; the share of controls follows E at its start."""
        turns = self.rules.turns
        self.number = number
        self.clock = np.zeros(len(self.seats))
        self.paid_at = np.zeros(len(self.seats))
        first = number - number % SESSIONS_A_DAY
        self.today = self.seconds[:, first:number].sum(axis=1)
        known = self.e if self.adapts else np.ones(len(self.e))
        share = np.array([control_share(e, rules=self.rules) for e in known])
        order = self.rng.random((len(self.seats), turns)).argsort(axis=1).argsort(axis=1)
        control = order < np.round(share * turns)[:, None]
        playing = self.seats.sessions > number
        for turn in range(turns):
            self.turn(turn, control[:, turn], playing)
        self.seconds[:, number] = np.where(playing, self.clock, 0.0)
        self.e_values[playing, number] = self.e[playing]

    def turn(self, turn: int, control: Marks, playing: Marks) -> None:
        n = len(self.seats)
        self.image = self.rng.integers(0, len(self.picture), n)
        act = self._act(control)
        tired = self.seats.of("fatigue") * turn
        self.clock += np.where(playing, LOOK_S, 0.0)
        open_ = playing & (act != _SKIP)
        for question in range(int(self.seats.of("questions").max(initial=0))):
            asks = open_ & (self.seats.of("questions") > question)
            for kind in (asks & control, asks & ~control):
                who = np.flatnonzero(kind)
                if len(who):
                    wrong = (self._control if control[who[0]] else self._item)(who, act[who] == _WRONG, tired)
                    open_[who[wrong]] = False

    def _act(self, control: Marks) -> Whole:
        """Returns what everybody does on this picture, from what they take it for."""
        detects = np.array([one.detects for one in self.seats.strategies])[self.seats.strategy]
        taken = np.where(self.rng.random(len(self.seats)) < detects, control, ~control)
        acts = np.array(
            [(_ACTS.index(one.untainted), _ACTS.index(one.tainted)) for one in self.seats.strategies]
        )
        return np.asarray(acts[self.seats.strategy, taken.astype(int)])

    def _mark(self, who: Whole, truth: Marks, hurried: Marks, tired: Array, kind: str) -> Marks:
        """Draws the marks, moves the clocks; a hurried player says Wrong at once."""
        seats = self.seats
        s, f = seats.rate(f"s_{kind}", tired)[who], seats.rate(f"f_{kind}", tired)[who]
        wrong = hurried | (self.rng.random(len(who)) < np.where(truth, s, f))
        looks = seats.of("s_t")[who] - seats.of("f_t")[who] > 0.2
        self.clock[who] += np.where(hurried, NOISE_S, seats.of("seconds")[who])
        self.clock[who] += np.where(wrong & looks & ~hurried, TYPE_S, 0.0)
        return np.asarray(wrong)

    def _control(self, who: Whole, hurried: Marks, tired: Array) -> Marks:
        poisoned = self.rng.random(len(who)) < self.rules.poison_rate
        truth = poisoned ^ (self.rng.random(len(who)) < ACCIDENTAL)
        wrong = self._mark(who, truth, hurried, tired, "t")
        outcome = np.where(wrong, np.where(poisoned, 0, 2), np.where(poisoned, 1, 3))
        self.e[who] = np.clip(self.e[who] * self.step[outcome], LOWEST_E, self.rules.cap_e)
        at = self.clock[who]
        late = self.today[who] + at > self.rules.paid_day_s
        soon = at - self.paid_at[who] < self.rules.min_paid_turn_s
        pays = np.where(outcome == 0, ~soon, True) & ~late
        points = np.where(pays, self.points[outcome], 0.0)
        self.paid_at[who] = np.where((outcome == 0) & pays, at, self.paid_at[who])
        self.paid[who, self.number] += points
        self.catches[who, self.number] += outcome == 0
        self.controls.add(who, np.full(len(who), self.number), poisoned, wrong, at, points)
        return wrong

    def _item(self, who: Whole, hurried: Marks, tired: Array) -> Marks:
        seats = self.seats
        strategies = seats.strategies
        easy = np.array([one.easy for one in strategies])[seats.strategy[who]]
        category = np.where(easy, EASY, self.rng.integers(0, EASY, len(who)))
        moved = seats.finding[who] + self.picture[self.image[who]]
        truth = self.rng.random(len(who)) < _moved(
            np.array(ERROR_RATES)[category], np.where(easy, 0.0, moved)
        )
        wrong = self._mark(who, truth, hurried, tired, "u")
        free = np.array([one.form is Form.YES_NO for one in strategies])[seats.strategy[who]]
        corrects = np.where(hurried, JUNK_RIGHT, seats.of("corrects")[who])
        right = truth & (free | (self.rng.random(len(who)) < corrects))
        session = np.full(len(who), self.number)
        self.items.add(who, session, wrong, category, self.image[who], truth, right & wrong)
        return wrong


_ACTS: Final = (Act.PLAY, Act.SKIP, Act.WRONG)
_SKIP: Final = _ACTS.index(Act.SKIP)
_WRONG: Final = _ACTS.index(Act.WRONG)


def play(
    seats: Seats, *, rules: Rules, pictures: int, rng: np.random.Generator, adapts: bool = True
) -> Played:
    """Plays everybody's sessions, players side by side; unless it ``adapts``, everyone gets a stranger's
    share of controls.
    """
    table = Table(seats, rules, pictures, rng, adapts=adapts)
    for number in range(int(seats.sessions.max(initial=0))):
        table.session(number)
    return Played(
        controls=table.controls.read(),
        items=table.items.read(),
        seconds=table.seconds,
        paid=table.paid,
        catches=table.catches,
        e_values=table.e_values,
    )


def _moved(p: Array, logits: Array | float) -> Array:
    return np.asarray(1.0 / (1.0 + (1.0 - p) / p * np.exp(-np.asarray(logits))))

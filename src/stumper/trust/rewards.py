"""What a verdict pays (pure): on controls at the end of the session, on claims when others have judged them.

**Controls**: +H for a catch, -F for a false alarm, nothing for "Correct". A blind player marks Wrong with
some probability a, whatever was shown, and expects a (p H - (1 - p) F) a turn. That is never positive, at
any speed, if and only if F / H >= p / (1 - p); kappa > 1 is the margin for a rate that is not known exactly.
At p = 0.4 and kappa = 1.5 the rule is +20 / -20. A "Wrong" ends its turn, so a control turn pays at most
once, however many questions are asked on it.

**Claims**: +V if others confirm that the answer was wrong and the correction right, -0.4 V if they do not.
V = 16 / pi, with pi the model's error rate now. So a claim pays 1.4 V (1[confirmed] - b) with b = 2/7, more
than the share of blind claims that others confirm. Where a correction costs no thought (yes or no) a blind
claim is confirmed as often as the model errs; there b is .65. A bounty (`curate.bounties`) adds to V what the
window leaves, and nothing where a correction costs no thought. What a claim gains waits until its player is
trusted; what it costs does not. Else it would pay to skip the pictures that look like controls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from stumper.errors import BadSetting
from stumper.records import ExchangeId, Rules, Verdict

MAX_POISON_RATE: Final = 0.9

SCALE_RATE: Final = 0.4
"""The poison rate at which varying pay equals fixed pay."""

ERROR_RATES: Final = (0.15, 0.6)
"""Error rates of a model for which the window of V was studied; rates outside count as the nearer end."""
BONUS_WINDOW: Final = (
    (0.15, 90.0, 160.0),
    (0.2, 65.0, 105.0),
    (0.34, 40.0, 55.0),
    (0.5, 30.0, 35.0),
    (0.6, 25.0, 30.0),
)
"""(pi, least V, most V): below it questions to which the model surely knows the answer pay better, above it
skipping the pictures that look like controls does.
"""


class Outcome(StrEnum):
    """What a verdict on a control turn was worth as a test of attention."""

    HIT = "hit"
    FALSE_ALARM = "false_alarm"
    MISS = "miss"
    CLEAN = "clean"


class Form(StrEnum):
    """What a question asks for, as far as a correction costs thought."""

    OPEN = "open"
    YES_NO = "yes_no"


BLIND_VALID: Final = {Form.OPEN: 2 / 7, Form.YES_NO: 0.65}
"""b: more than P(a claim made without looking is confirmed); the opposite of a yes is free."""


class Reason(StrEnum):
    """Why a line has the points it has; hits, false alarms, claims and bounties are written to the ledger."""

    HIT = "hit"
    FALSE_ALARM = "false_alarm"
    MISS = "miss"
    CLEAN = "clean"
    TOO_SOON = "too_soon"
    REPEAT = "repeat"
    DAY_LIMIT = "day_limit"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WAITING = "waiting"
    BOUNTY = "bounty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A judged exchange of a control turn."""

    exchange_id: ExchangeId
    position: int
    """0-based place of its turn in the session."""
    outcome: Outcome
    repeat: bool
    """The same question was asked before on this picture."""
    judged_at: float


@dataclass(frozen=True, slots=True)
class GradeLine:
    """One line of the session's account, in words a player reads."""

    exchange_id: ExchangeId
    position: int
    reason: Reason
    points: int
    text: str


class Pay(NamedTuple):
    """What a "Wrong" on a control answer pays; both in points, ``false_alarm`` as a positive cost."""

    hit: int
    false_alarm: int


class Bonus(NamedTuple):
    """What a claim pays when others have judged it; both in points, ``rejected`` as a positive cost."""

    confirmed: int
    rejected: int


@dataclass(frozen=True, slots=True)
class BonusLine:
    """One line about a claim that others have judged, in words a player reads."""

    exchange_id: ExchangeId
    reason: Reason
    points: int
    text: str


_WORDS: Final = {
    Reason.HIT: "You caught a falsified answer.",
    Reason.FALSE_ALARM: "You marked an honest answer wrong. Look once more before you tap.",
    Reason.MISS: "This answer was falsified and you let it pass. That costs nothing.",
    Reason.CLEAN: "You trusted an honest answer. No points, but it shows that you look.",
    Reason.TOO_SOON: "You caught a falsified answer, but so soon after the last one that it pays nothing.",
    Reason.REPEAT: "You caught a falsified answer, but by asking the same question again: that pays nothing.",
    Reason.DAY_LIMIT: "You have played all the time that pays today. This neither pays nor costs.",
    Reason.CONFIRMED: "Others confirmed it: the robot was wrong, and your answer is right.",
    Reason.WAITING: "Others confirmed it. {gain:+d} wait until we know you better.",
    Reason.BOUNTY: "It was what your quest of the day looked for.",
    Reason.REJECTED: 'Others did not confirm it. Say "wrong" only where you can give the right answer.',
}


def outcome(*, poisoned: bool, verdict: Verdict) -> Outcome:
    """Returns what the verdict was, given the secret coin."""
    if verdict is Verdict.WRONG:
        return Outcome.HIT if poisoned else Outcome.FALSE_ALARM
    return Outcome.MISS if poisoned else Outcome.CLEAN


def check_poison_rate(poison_rate: float) -> None:
    """Raises BadSetting unless 0 < poison_rate < 0.9."""
    if not 0.0 < poison_rate < MAX_POISON_RATE:
        raise BadSetting(
            f"A poison rate of {poison_rate} cannot be used: without both kinds of answers nothing can be "
            f"learned about a player. Set it above 0 and below {MAX_POISON_RATE}; 0.4 needs the fewest turns."
        )


def false_alarm_points(rules: Rules, *, poison_rate: float) -> int:
    """Returns F = kappa H p / (1 - p), rounded up so that blind play never gains. Raises BadSetting."""
    _check(rules, poison_rate)
    return _up(rules.false_alarm_factor * rules.hit_points * poison_rate / (1.0 - poison_rate))


def control_pay(rules: Rules, *, poison_rate: float, varies: bool = False) -> Pay:
    """Returns what a "Wrong" pays. Raises BadSetting.

    Where the rate ``varies`` from session to session, a catch pays in proportion to 1 / p and a false alarm
    costs in proportion to 1 / (1 - p), scaled to be the same at p = 0.4: 8 / p and 12 / (1 - p). Honest play
    then expects 8 (s - 1.5 f) at every rate, so nobody gains by finding out the rate.
    """
    if not varies:
        return Pay(rules.hit_points, false_alarm_points(rules, poison_rate=poison_rate))
    _check(rules, poison_rate)
    stake = rules.hit_points * SCALE_RATE
    return Pay(
        math.floor(stake / poison_rate + 1e-9), _up(rules.false_alarm_factor * stake / (1.0 - poison_rate))
    )


def _check(rules: Rules, poison_rate: float) -> None:
    check_poison_rate(poison_rate)
    if not rules.false_alarm_factor >= 1.0:
        raise BadSetting(
            f"A false alarm factor of {rules.false_alarm_factor} pays those who always mark Wrong. "
            "Set it to 1 or more; 1.5 leaves a margin."
        )


def _up(points: float) -> int:
    return math.ceil(points - 1e-9)  # 20.000000000000004 is 20, not 21; 20.1 is 21


class _Window(NamedTuple):
    rate: float
    least: float
    most: float


def _window(error_rate: float) -> _Window:
    """Returns the window of V at an error rate, linear between the studied ones. Raises BadSetting."""
    if not 0.0 <= error_rate <= 1.0:
        raise BadSetting(
            f"An error rate of {error_rate} is no share of answers. Take the model's rate on claims, 0 to 1."
        )
    rate = min(max(error_rate, ERROR_RATES[0]), ERROR_RATES[1])
    for (left, least, most), (right, next_least, next_most) in pairwise(BONUS_WINDOW):
        if rate <= right:
            way = (rate - left) / (right - left)
            return _Window(rate, least + way * (next_least - least), most + way * (next_most - most))
    raise AssertionError("the window ends at the highest rate")


def bonus_value(error_rate: float, *, rules: Rules) -> float:
    """Returns V = stake / pi in points, kept inside its window.

    Raises BadSetting unless 0 <= ``error_rate`` <= 1.
    """
    rate, least, most = _window(error_rate)
    return min(max(rules.bonus_stake / rate, least), most)


def bounty_room(error_rate: float, *, rules: Rules) -> float:
    """Returns what may be paid on top of V, in points: with more, skipping what looks like a control pays.

    >>> from stumper.records import Rules
    >>> [int(bounty_room(rate, rules=Rules())) for rate in (0.15, 0.2, 0.34, 0.5, 0.6)]
    [53, 25, 7, 3, 3]

    Raises BadSetting unless 0 <= ``error_rate`` <= 1.
    """
    return _window(error_rate).most - bonus_value(error_rate, rules=rules)


def claim_bonus(error_rate: float, *, form: Form = Form.OPEN, rules: Rules) -> Bonus:
    """Returns what a claim pays: gain rounded down, cost rounded up, so that a guess never gains.

    ``error_rate`` is the model's, pi, when the claim was made. Raises BadSetting.
    """
    stake = bonus_value(error_rate, rules=rules) / (1.0 - BLIND_VALID[Form.OPEN])
    blind = BLIND_VALID[form]
    return Bonus(math.floor(stake * (1.0 - blind) + 1e-9), _up(stake * blind))


def bonus_points(bonus: Bonus, *, confirmed: bool, trusted: bool) -> int:
    """Returns the points of a claim as its player stands now; call it again when that player is trusted."""
    if confirmed:
        return bonus.confirmed if trusted else 0
    return -bonus.rejected


def paid_line(exchange_id: ExchangeId, points: int) -> BonusLine:
    """Returns the line of a claim that was paid ``points``; 0 means that the day's paid time was over."""
    reason = Reason.CONFIRMED if points > 0 else Reason.REJECTED if points else Reason.DAY_LIMIT
    return BonusLine(exchange_id, reason, points, _text(reason, points))


def bounty_line(exchange_id: ExchangeId, points: int) -> BonusLine:
    """Returns the line of what a confirmed claim gained as part of a quest."""
    return BonusLine(exchange_id, Reason.BOUNTY, points, _text(Reason.BOUNTY, points))


def waiting_line(exchange_id: ExchangeId, gain: int) -> BonusLine:
    """Returns the line of a confirmed claim whose ``gain`` waits until its player is trusted."""
    return BonusLine(exchange_id, Reason.WAITING, 0, _text(Reason.WAITING, 0).format(gain=gain))


def grade_lines(
    marks: Sequence[Mark],
    *,
    rules: Rules,
    poison_rate: float,
    started_at: float,
    played_today_s: float = 0.0,
) -> list[GradeLine]:
    """Returns one line for each mark, in the order of ``marks`` (by time).

    A catch pays nothing when it comes less than ``rules.min_paid_turn_s`` after the last paid one (or after
    the start), nor on a question that was asked before on the same picture: comparing two answers needs no
    eyes. A false alarm costs in both cases, else these would be places where marking Wrong is free. After
    ``rules.paid_day_s`` of play in a day (``played_today_s`` before this session) nothing pays or costs.
    """
    pay = control_pay(rules, poison_rate=poison_rate)
    lines: list[GradeLine] = []
    paid_at = started_at
    for mark in marks:
        reason = _reason(mark, too_soon=mark.judged_at - paid_at < rules.min_paid_turn_s)
        if played_today_s + mark.judged_at - started_at > rules.paid_day_s:
            reason = Reason.DAY_LIMIT
        if reason is Reason.HIT:
            paid_at = mark.judged_at
        points = {Reason.HIT: pay.hit, Reason.FALSE_ALARM: -pay.false_alarm}.get(reason, 0)
        lines.append(GradeLine(mark.exchange_id, mark.position, reason, points, _text(reason, points)))
    return lines


def _reason(mark: Mark, *, too_soon: bool) -> Reason:
    if mark.outcome is Outcome.HIT and mark.repeat:
        return Reason.REPEAT
    if mark.outcome is Outcome.HIT and too_soon:
        return Reason.TOO_SOON
    return Reason(mark.outcome.value)


def _text(reason: Reason, points: int) -> str:
    return f"{points:+d}: {_WORDS[reason]}" if points else f"0: {_WORDS[reason]}"


def shown(balance: int) -> int:
    """Returns the points a player sees: the ledger may go below zero, the number shown does not."""
    return max(0, balance)


def payable(balance: int, *, trusted: bool) -> int:
    """Returns the points that count for prizes: none before the trust test is passed."""
    return shown(balance) if trusted else 0

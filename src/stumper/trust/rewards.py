"""What a verdict on a control turn pays (pure): +H for a catch, -F for a false alarm, nothing for "Correct".

A blind player marks Wrong with some probability a, whatever was shown, and expects a (p H - (1 - p) F) a
turn. That is never positive, at any speed, if and only if F / H >= p / (1 - p); kappa > 1 is the margin for
a rate that is not known exactly. At p = 0.4 and kappa = 1.5 the rule is +20 / -20. A "Wrong" ends its turn,
so a control turn pays at most once, however many questions are asked on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stumper.errors import BadSetting
from stumper.records import ExchangeId, Rules, Verdict

MAX_POISON_RATE: Final = 0.9


class Outcome(StrEnum):
    """What a verdict on a control turn was worth as a test of attention."""

    HIT = "hit"
    FALSE_ALARM = "false_alarm"
    MISS = "miss"
    CLEAN = "clean"


class Reason(StrEnum):
    """Why a line has the points it has; the first two are written to the ledger."""

    HIT = "hit"
    FALSE_ALARM = "false_alarm"
    MISS = "miss"
    CLEAN = "clean"
    TOO_SOON = "too_soon"
    REPEAT = "repeat"


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


_WORDS: Final = {
    Reason.HIT: "You caught a falsified answer.",
    Reason.FALSE_ALARM: "You marked an honest answer wrong. Look once more before you tap.",
    Reason.MISS: "This answer was falsified and you let it pass. That costs nothing.",
    Reason.CLEAN: "You trusted an honest answer. No points, but it shows that you look.",
    Reason.TOO_SOON: "You caught a falsified answer, but so soon after the last one that it pays nothing.",
    Reason.REPEAT: "You caught a falsified answer, but by asking the same question again: that pays nothing.",
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
    check_poison_rate(poison_rate)
    if rules.false_alarm_factor < 1.0:
        raise BadSetting(
            f"A false alarm factor of {rules.false_alarm_factor} pays those who always mark Wrong. "
            "Set it to 1 or more; 1.5 leaves a margin."
        )
    exact = rules.false_alarm_factor * rules.hit_points * poison_rate / (1.0 - poison_rate)
    return -int(-(exact - 1e-9) // 1)  # 19.999999999999996 is 20, not 19; 20.1 is 21


def grade_lines(
    marks: Sequence[Mark], *, rules: Rules, poison_rate: float, started_at: float
) -> list[GradeLine]:
    """Returns one line for each mark, in the order of ``marks`` (by time).

    A catch pays nothing when it comes less than ``rules.min_paid_turn_s`` after the last paid one (or after
    the start), nor on a question that was asked before on the same picture: comparing two answers needs no
    eyes. A false alarm costs in both cases, else these would be places where marking Wrong is free.
    """
    cost = false_alarm_points(rules, poison_rate=poison_rate)
    lines: list[GradeLine] = []
    paid_at = started_at
    for mark in marks:
        reason = _reason(mark, too_soon=mark.judged_at - paid_at < rules.min_paid_turn_s)
        if reason is Reason.HIT:
            paid_at = mark.judged_at
        points = {Reason.HIT: rules.hit_points, Reason.FALSE_ALARM: -cost}.get(reason, 0)
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

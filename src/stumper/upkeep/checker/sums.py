"""The rules of pay and trust written a second time (pure), from docs/guide/trust.md and not from `trust`.

With H the points of a catch, p the poison rate, kappa the factor of a false alarm: a catch pays H, a false
alarm costs F = kappa H p / (1 - p) rounded up. A catch less than the least gap after the last paid one (or
the start), or on a question asked before in its turn, pays nothing; after the day's paid time nothing pays or
costs. E multiplies s/m, f/m, (1-s)/(1-m), (1-f)/(1-m) with s = .8, f = .1, m = p s + (1-p) f, at most the cap
after each factor, and at most 1 for a repeated question.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

S, F = 0.8, 0.1
_DAY_S: Final = 86_400
_LOWEST_E: Final = 1e-100
_MONDAY: Final = 4
"""1 January 1970 was a Thursday: weeks begin four days later."""
_EMPTY_WORDS: Final = {
    "a", "an", "the", "is", "are", "there", "in", "on", "of", "this", "that", "picture", "image", "photo",
    "please", "so", "and", "can", "do", "you", "see", "me",
}  # fmt: skip
_WINDOW: Final = ((0.15, 90, 160), (0.2, 65, 105), (0.34, 40, 55), (0.5, 30, 35), (0.6, 25, 30))
_BLIND: Final = (2 / 7, 0.65)
"""Share of blind claims that others confirm, of open questions and of yes or no."""

Lines = dict[str, tuple[str, int]]
"""Exchange -> (reason, points), without lines of 0 points."""


def rules_of(stored: Any) -> dict[str, Any]:
    """Returns a campaign's rules as they are stored; a driver may hand out JSON as text."""
    return dict(json.loads(stored) if isinstance(stored, str) else stored)


def pay(rules: Mapping[str, Any], poison_rate: float) -> tuple[int, int]:
    """Returns (H, F), both as positive numbers."""
    hit = rules["hit_points"]
    cost = rules["false_alarm_factor"] * hit * poison_rate / (1 - poison_rate)
    return hit, math.ceil(round(cost, 9))


def _words(question: str) -> tuple[str, ...]:
    kept = tuple(word for word in re.findall(r"\w+", question.casefold()) if word not in _EMPTY_WORDS)
    return kept or (question.casefold(),)


def repeats(exchanges: Iterable[Any]) -> set[str]:
    """Returns the ids of those whose question was asked before in their turn; ``exchanges`` as asked."""
    heard: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    again = set()
    for one in exchanges:
        words = _words(one.question)
        if words in heard[one.turn_id]:
            again.add(one.id)
        heard[one.turn_id].add(words)
    return again


def control_lines(
    session: Any, exchanges: Sequence[Any], *, rules: Mapping[str, Any], played_s: float
) -> Lines:
    """Returns what the judged control answers of a session pay; ``played_s`` before it within a day."""
    if session.kind == "model":
        return {}
    hit, alarm = pay(rules, session.poison_rate)
    again = repeats(exchanges)
    lines: Lines = {}
    paid_at = session.started_at
    marked = (one for one in exchanges if one.verdict == "wrong")
    for one in sorted(marked, key=lambda one: float(one.judged_at)):
        if played_s + one.judged_at - session.started_at > rules["paid_day_s"]:
            continue
        if not one.poisoned:
            lines[one.id] = ("false_alarm", -alarm)
        elif one.id not in again and one.judged_at - paid_at >= rules["min_paid_turn_s"]:
            lines[one.id] = ("hit", hit)
            paid_at = one.judged_at
    return lines


def played_before(session: Any, sessions: Iterable[Any], *, known_at: float | None = None) -> float:
    """Returns the seconds of a player's other sessions that began in the 24 hours before this one.

    ``known_at``: of those alone that had ended then.
    """
    others = (
        one
        for one in sessions
        if one.id != session.id
        and session.started_at - _DAY_S < one.started_at < session.started_at
        and one.finished_at is not None
        and (known_at is None or one.finished_at <= known_at)
    )
    return math.fsum(one.finished_at - one.started_at for one in others)


def played_by_another_clock(session: Any, sessions: Iterable[Any]) -> set[float]:
    """Returns what may have been known where sessions of the player overlap; nothing where none do.

    A player plays one after the other, so the clock was set meanwhile (or they play in two campaigns), and
    nobody knows which was there when this one was graded: those that overlap no other, or not even these.
    """
    ended = sorted((one for one in sessions if one.finished_at is not None), key=lambda one: one.started_at)
    mixed: set[str] = {one.id for one in ended if one.finished_at < one.started_at}
    last = None
    for one in ended:
        if last is not None and one.started_at < last.finished_at:
            mixed |= {one.id, last.id}
        if last is None or one.finished_at > last.finished_at:
            last = one
    if not mixed:
        return set()
    return {0.0, played_before(session, [one for one in ended if one.id not in mixed])}


def multiply(e: float, exchanges: Sequence[Any], *, poison_rate: float, cap: float) -> float:
    """Returns E after the judged control answers of one session."""
    again = repeats(exchanges)
    marked = poison_rate * S + (1 - poison_rate) * F
    for one in sorted((one for one in exchanges if one.verdict), key=lambda one: float(one.judged_at)):
        likely = S if one.poisoned else F
        step = likely / marked if one.verdict == "wrong" else (1 - likely) / (1 - marked)
        e = min(cap, e * (min(step, 1.0) if one.id in again else step))
    return max(e, _LOWEST_E)


def claim_bounds(rules: Mapping[str, Any]) -> tuple[int, int]:
    """Returns the most that a claim can cost and can gain, whatever the model's error rate was."""
    rates = [0.15 + n * 0.0005 for n in range(901)]
    worth = [min(max(rules["bonus_stake"] / rate, low), high) for rate, low, high in map(_between, rates)]
    stake = max(worth) / (1 - _BLIND[0])
    return math.ceil(stake * max(_BLIND)), math.floor(stake * (1 - min(_BLIND)) + 1e-6)


def _between(rate: float) -> tuple[float, float, float]:
    """Returns the rate and the least and the most that V may be there."""
    right = next(n for n, (at, _, _) in enumerate(_WINDOW) if rate <= at + 1e-12)
    (x0, low0, high0), (x1, low1, high1) = _WINDOW[max(right - 1, 0)], _WINDOW[right]
    way = (rate - x0) / (x1 - x0) if x1 > x0 else 0.0
    return rate, low0 + way * (low1 - low0), high0 + way * (high1 - high0)


def board(lines: Iterable[Any]) -> Counter[tuple[str, str]]:
    """Returns the points of (player, period): all time, the week and the day in UTC of each line."""
    points: Counter[tuple[str, str]] = Counter()
    for one in lines:
        day = math.floor(one.written_at / _DAY_S)
        for period in ("all", f"w{(day - _MONDAY) // 7}", f"d{day}"):
            points[one.player_id, period] += one.points
    return points


def fingerprint(salt: str, turns: Iterable[Any]) -> str:
    """Returns SHA-256 (hex) of the salt and, by position, a line ``turn-id coins``."""
    text = "\n".join(
        [salt, *(f"{one.id} {one.coins}" for one in sorted(turns, key=lambda one: one.position))]
    )
    return hashlib.sha256(text.encode()).hexdigest()


def against_their_coin(exchanges: Iterable[Any]) -> Iterator[str]:
    """Yields answers that were falsified, or left, against the coin of their number."""
    for one in exchanges:
        falsified = bool(one.control) and bool(one.counts) and one.coins[one.number] == "1"
        if bool(one.poisoned) != falsified or (one.counts and not one.control):
            yield one.id

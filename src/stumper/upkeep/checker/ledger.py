"""Adds the ledger, the boards and trust up again, some players at a time, and says where they differ."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stumper.upkeep.checker import sums
from stumper.upkeep.checker.queries import Portion

_SAME: Final = 1e-6
"""Relative difference of an E-value that rounding may leave."""


@dataclass(slots=True)
class Differences:
    """Ids of what does not add up, by what it is."""

    lines: list[str] = field(default_factory=list)
    """Graded sessions whose control lines are not what the rules give."""
    amounts: list[str] = field(default_factory=list)
    """Lines (exchange or vote) with points that no rule gives."""
    boards: list[str] = field(default_factory=list)
    """``player period``."""
    trust: list[str] = field(default_factory=list)
    """Players whose E-value is not the product of their marks."""
    coins: list[str] = field(default_factory=list)
    """Sessions whose coins are not those of the fingerprint, and answers against their coin."""

    def look_at(self, portion: Portion) -> None:
        """Adds what is wrong with some players."""
        mine = _grouped(portion)
        self.lines += _wrong_lines(mine)
        self.amounts += _wrong_amounts(portion)
        self.boards += _wrong_boards(portion)
        self.trust += _wrong_trust(portion, mine)
        self.coins += _wrong_coins(portion, mine)


@dataclass(frozen=True, slots=True)
class _Grouped:
    sessions: Mapping[str, list[Any]]
    """By player, in the order of grading."""
    exchanges: Mapping[str, list[Any]]
    """Counting control answers by session, as asked."""
    paid: Mapping[str, sums.Lines]
    """Control lines by session."""


def _grouped(portion: Portion) -> _Grouped:
    sessions: dict[str, list[Any]] = defaultdict(list)
    exchanges: dict[str, list[Any]] = defaultdict(list)
    paid: dict[str, sums.Lines] = defaultdict(dict)
    for one in portion.sessions:
        sessions[one.player_id].append(one)
    for one in portion.exchanges:
        if one.control and one.counts:
            exchanges[one.session_id].append(one)
    for one in portion.lines:
        if one.reason in ("hit", "false_alarm"):
            paid[one.session_id][one.exchange_id] = (one.reason, one.points)
    return _Grouped(sessions, exchanges, paid)


def _wrong_lines(mine: _Grouped) -> Iterator[str]:
    for sessions in mine.sessions.values():
        for one in sessions:
            if one.graded_at is None or one.forgotten_at is not None:
                continue  # what a forgotten player asked is gone: nobody knows what was a repeat
            rules, asked = sums.rules_of(one.rules), mine.exchanges.get(one.id, [])
            # A session of another campaign may have ended after this one was graded.
            played = {
                sums.played_before(one, sessions),
                sums.played_before(one, sessions, known_at=one.graded_at),
            }
            paid = mine.paid.get(one.id, {})
            if any(paid == sums.control_lines(one, asked, rules=rules, played_s=s) for s in played):
                continue
            perhaps = sums.played_by_another_clock(one, sessions)
            if not any(paid == sums.control_lines(one, asked, rules=rules, played_s=s) for s in perhaps):
                yield one.id


def _wrong_amounts(portion: Portion) -> Iterator[str]:
    known: dict[float, tuple[int, int]] = {}
    for one in portion.lines:
        if one.rules is None or one.reason in ("hit", "false_alarm"):
            continue
        rules = sums.rules_of(one.rules)
        hit, alarm = sums.pay(rules, rules["poison_rate"])
        if (stake := rules["bonus_stake"]) not in known:
            known[stake] = sums.claim_bounds(rules)
        cost, gain = known[stake]
        right = {
            "vote hit": one.points == hit,
            "vote false_alarm": one.points == -alarm,
            "claim": -cost <= one.points <= gain,
            "bounty": one.points > 0,
        }
        if not right.get(one.reason, False):
            yield one.exchange_id or one.vote_id


def _wrong_boards(portion: Portion) -> Iterator[str]:
    counted = sums.board(portion.lines)
    stored = Counter({(one.player_id, one.period): one.points for one in portion.scores})
    for key in sorted(counted.keys() | stored.keys()):
        if counted[key] != stored[key]:
            yield " ".join(key)


def _wrong_trust(portion: Portion, mine: _Grouped) -> Iterator[str]:
    for player in portion.players:
        graded = [one for one in mine.sessions.get(player.id, []) if one.graded_at is not None]
        if any(one.forgotten_at is not None for one in graded) or not graded:
            continue
        e = 1.0
        for one in graded:
            cap = sums.rules_of(one.rules)["cap_e"]
            asked = mine.exchanges.get(one.id, [])
            e = sums.multiply(e, asked, poison_rate=one.poison_rate, cap=cap)
        if not math.isclose(e, player.e_value, rel_tol=_SAME) and not _at_once(graded):
            yield player.id


def _at_once(graded: Sequence[Any]) -> bool:
    """Whether two sessions were graded at the same moment: which came first matters at the cap."""
    times = [one.graded_at for one in graded]
    return len(set(times)) < len(times)


def _wrong_coins(portion: Portion, mine: _Grouped) -> Iterator[str]:
    turns = defaultdict(list)
    for one in portion.turns:
        turns[one.session_id].append(one)
    for sessions in mine.sessions.values():
        for one in sessions:
            if sums.fingerprint(one.salt, turns[one.id]) != one.commitment:
                yield one.id
    yield from sums.against_their_coin(portion.exchanges)

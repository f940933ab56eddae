"""Grades a finished session once: ledger lines and the player's E-value, in one transaction.

The claims of a session are judged by others later; their lines (`bonus`) join the account as they come.

Which exchanges count: every *judged* exchange of a control turn. Each answer has a secret coin of its own,
so the E-value multiplies for each of them and stays a martingale for blind players (`evidence`). Pay stays
at one line a control turn without a further rule, because only "Wrong" pays or costs and "Wrong" ends the
turn. An exchange nobody judged pays nothing and says nothing. A question that repeats an earlier one of its
turn can only lose.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import Conflict, NotFound
from stumper.records import LedgerLine, SessionId, TurnId, WaitingGain
from stumper.store.database import Database
from stumper.trust import queries
from stumper.trust.bonus import BOUNTY, CLAIM, pay_waiting
from stumper.trust.evidence import update
from stumper.trust.periods import local_day
from stumper.trust.queries import ControlExchange, ToGrade
from stumper.trust.rewards import (
    BonusLine,
    GradeLine,
    Mark,
    bounty_line,
    grade_lines,
    outcome,
    paid_line,
    payable,
    shown,
    waiting_line,
)


@dataclass(frozen=True, slots=True)
class Grade:
    """What a session was worth, and where its player stands now."""

    lines: tuple[GradeLine, ...]
    """One for each judged exchange of a control turn, in the order of judging, then one for each claim
    that others have judged by now, one for each bounty, and one for each gain that waits.
    """
    points: int
    """Sum of this session's lines; may be negative."""
    balance_shown: int
    """All points of the player, shown as 0 when below it."""
    e_value: float
    trusted: bool
    payable: int
    """Points that count for prizes: 0 until the player is trusted."""
    waiting: int
    """Points of all the player's confirmed claims that are paid once the player is trusted."""


async def grade_session(database: Database, session_id: SessionId, *, now: float) -> Grade:
    """Writes ledger and E-value of a finished session, once; a later call returns the same lines.

    Raises NotFound for an unknown session, Conflict while it is still played, BadSetting for an unusable
    poison rate.
    """
    async with database.begin() as tx:
        facts = await queries.to_grade(tx, session_id)
        if facts is None:
            raise NotFound(f"No session has the id {session_id!r}. Start one with /play.")
        if facts.finished_at is None:
            raise Conflict("This session is still being played. Finish its turns, then it is graded.")
        marks = marks_of(await queries.control_exchanges(tx, session_id))
        lines = _graded(facts, marks)
        day = local_day(facts.finished_at, facts.time_zone) if facts.judged else None
        if await queries.claim_grading(tx, session_id, now=now, day=day):
            await _write(tx, session_id, facts, marks=marks, lines=lines, now=now)
        for reason, line in ((CLAIM, paid_line), (BOUNTY, bounty_line)):
            paid = await queries.paid_claims(tx, session_id, reason=reason)
            lines += [_placed(line(one.exchange_id, one.points), one.position) for one in paid]
        gains = await queries.waiting_gains(tx, facts.player_id, reason=CLAIM)
        lines += await _waiting_lines(tx, session_id, gains)
        standing = await queries.standing(tx, facts.player_id)
    trusted = standing.e_value >= facts.rules.trust_e
    return Grade(
        lines=tuple(lines),
        points=sum(line.points for line in lines),
        balance_shown=shown(standing.balance),
        e_value=standing.e_value,
        trusted=trusted,
        payable=payable(standing.balance, trusted=trusted),
        waiting=sum(gain.points + gain.bounty for gain in gains),
    )


def _graded(facts: ToGrade, marks: Sequence[Mark]) -> list[GradeLine]:
    if not facts.paid:
        return []
    return grade_lines(
        marks,
        rules=facts.rules,
        poison_rate=facts.poison_rate,
        started_at=facts.started_at,
        played_today_s=facts.played_today_s,
    )


def _placed(line: BonusLine, position: int) -> GradeLine:
    return GradeLine(line.exchange_id, position, line.reason, line.points, line.text)


async def _waiting_lines(
    tx: AsyncConnection, session_id: SessionId, gains: Sequence[WaitingGain]
) -> list[GradeLine]:
    """Returns a line without points for each gain of the session that waits."""
    points = {gain.exchange_id: gain.points + gain.bounty for gain in gains if gain.session_id == session_id}
    places = await queries.positions(tx, session_id, points)
    lines = [(place, waiting_line(id_, points[id_])) for id_, place in places.items()]
    lines.sort(key=lambda one: one[0])
    return [_placed(line, place) for place, line in lines]


async def _write(
    tx: AsyncConnection,
    session_id: SessionId,
    facts: ToGrade,
    *,
    marks: Sequence[Mark],
    lines: Sequence[GradeLine],
    now: float,
) -> None:
    paid = [
        LedgerLine(
            player_id=facts.player_id,
            session_id=session_id,
            exchange_id=line.exchange_id,
            reason=line.reason.value,
            points=line.points,
            written_at=now,
        )
        for line in lines
        if line.points
    ]
    before = await queries.lock_e_value(tx, facts.player_id)
    await queries.write_lines(tx, paid)
    after = update(before, marks, poison_rate=facts.poison_rate, cap=facts.rules.cap_e)
    await queries.set_e_value(tx, facts.player_id, after)
    if after >= facts.rules.trust_e:
        await pay_waiting(tx, facts.player_id, now=now)


def marks_of(exchanges: Sequence[ControlExchange]) -> list[Mark]:
    """Returns the judged exchanges in the order of judging."""
    asked: dict[TurnId, set[str]] = defaultdict(set)
    marks: list[Mark] = []
    for exchange in exchanges:
        question = _plain(exchange.question)
        repeat = question in asked[exchange.turn_id]
        asked[exchange.turn_id].add(question)
        if exchange.verdict is not None and exchange.judged_at is not None:
            marks.append(
                Mark(
                    exchange_id=exchange.id,
                    position=exchange.position,
                    outcome=outcome(poisoned=exchange.poisoned, verdict=exchange.verdict),
                    repeat=repeat,
                    judged_at=exchange.judged_at,
                )
            )
    return sorted(marks, key=lambda mark: mark.judged_at)


_SMALL_WORDS = frozenset(
    "a an the is are there in on of this that picture image photo please so and can do you see me".split()
)


def _plain(question: str) -> str:
    """Returns the words that carry the question, in order; the same for small changes of wording."""
    words = re.findall(r"\w+", question.casefold())
    return " ".join(word for word in words if word not in _SMALL_WORDS) or question.casefold()

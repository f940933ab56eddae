"""Pays claims once others have judged them, and the voters: one line a claim, whatever is decided later.

The line is written in the transaction that decides the claim, under the reason ``claim`` and the exchange it
was made of; a gain waits until its player is trusted (decision 20). The ledger holds a reason and an exchange
only once, so paying again, also at the same moment in another process, changes nothing. A decision that later
votes turn round takes no points back: the player could not have known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import ExchangeId, LedgerLine, PlayerId, Rules, SessionId, Verdict, Vote
from stumper.trust import queries
from stumper.trust.rewards import Form, Outcome, bonus_line, control_pay, outcome

CLAIM: Final = "claim"
"""Reason of a claim's line in the ledger; the sign of its points tells what was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A claim that was accepted (``confirmed``) or rejected, and what paying it needs to know."""

    exchange_id: ExchangeId
    """Of which it was made."""
    session_id: SessionId
    player_id: PlayerId
    trusted: bool
    confirmed: bool
    form: Form
    played_s: float
    """How long the player had played that day when they made it."""


async def pay_claims(
    tx: AsyncConnection, settled: Sequence[Settled], *, error_rate: float, rules: Rules, now: float
) -> None:
    """Writes the bonus or the cost of each claim that has no line yet; ``error_rate`` is the model's, 0..1.

    A confirmed claim of a player who is not trusted yet gets none: call again once they are. Raises
    BadSetting for an error rate that is none.
    """
    due = [one for one in settled if one.trusted or not one.confirmed]
    lines = [_line(one, error_rate=error_rate, rules=rules, now=now) for one in due]
    await queries.write_once(tx, lines)


async def pay_vote(tx: AsyncConnection, record: Vote, *, good: bool, dealt_at: float, rules: Rules) -> None:
    """Pays a vote on a settled claim, of which one knows whether it was ``good``, like a mark on a control.

    Good and bad ones are dealt by a coin with the poison rate, so that voting blindly never gains either:
    finding a bad claim out pays, doubting a good one costs. Raises BadSetting for an unusable poison rate.
    """
    doubted = record.unanswerable or not (record.model_wrong and record.correction_right)
    happened = outcome(poisoned=not good, verdict=Verdict.WRONG if doubted else Verdict.CORRECT)
    pay = control_pay(rules, poison_rate=rules.poison_rate)
    points = {Outcome.HIT: pay.hit, Outcome.FALSE_ALARM: -pay.false_alarm}.get(happened, 0)
    if points > 0 and record.voted_at - dealt_at < rules.min_paid_vote_s:
        points = 0
    line = LedgerLine(
        player_id=record.player_id,
        session_id=None,
        exchange_id=None,
        vote_id=record.id,
        reason=f"vote {happened.value}",
        points=points,
        written_at=record.voted_at,
    )
    await queries.write_lines(tx, [line] if points else [])


def _line(one: Settled, *, error_rate: float, rules: Rules, now: float) -> LedgerLine:
    """A claim made after the day's paid time has a line of 0 points: it neither pays nor costs."""
    bonus = bonus_line(
        one.exchange_id,
        confirmed=one.confirmed,
        trusted=one.trusted,
        error_rate=error_rate,
        form=one.form,
        rules=rules,
    )
    return LedgerLine(
        player_id=one.player_id,
        session_id=one.session_id,
        exchange_id=one.exchange_id,
        reason=CLAIM,
        points=bonus.points if one.played_s <= rules.paid_day_s else 0,
        written_at=now,
    )

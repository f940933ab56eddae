"""Pays claims once others have judged them, and the voters: one line a claim, whatever is decided later.

The line is written in the transaction that decides the claim, under the reason ``claim`` and the exchange it
was made of. A gain waits until its player is trusted (decision 20): it is noted with its points, and paid in
the transaction of the grading that makes them trusted. The ledger holds a reason and an exchange
only once, so paying again, also at the same moment in another process, changes nothing. A decision that later
votes turn round takes no points back: the player could not have known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import ExchangeId, LedgerLine, PlayerId, Rules, SessionId, Verdict, Vote, WaitingGain
from stumper.trust import queries
from stumper.trust.rewards import Form, Outcome, bonus_points, claim_bonus, control_pay, outcome

CLAIM: Final = "claim"
"""Reason of a claim's line in the ledger; the sign of its points tells what was decided."""
BOUNTY: Final = "bounty"
"""Reason of the line beside it for what was part of a quest: written, noted and paid with it or never."""


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
    promised: int | None
    """Points that the player was told to wait for; None if nothing was said."""
    bounty: int = 0
    """Points on top if it is confirmed and pays: it was part of a quest."""


async def pay_claims(
    tx: AsyncConnection, settled: Sequence[Settled], *, error_rate: float, rules: Rules, now: float
) -> None:
    """Writes the bonus or the cost of each claim that has no line yet; ``error_rate`` is the model's, 0..1.

    The gain of a player who is not trusted yet is noted and waits for ``pay_waiting``. Raises BadSetting for
    an error rate that is none.
    """
    worth = [(one, _worth(one, error_rate=error_rate, rules=rules)) for one in settled]
    lines: list[LedgerLine] = []
    gains: list[WaitingGain] = []
    for one, points in worth:
        bounty = one.bounty if points > 0 else 0
        gain = WaitingGain(one.exchange_id, one.player_id, one.session_id, points, since=now, bounty=bounty)
        if points > 0 and not one.trusted:
            gains.append(gain)
        else:
            lines += _lines(gain, now=now)
    await queries.write_once(tx, lines)
    await queries.write_waiting(tx, gains)


async def pay_waiting(tx: AsyncConnection, player_id: PlayerId, *, now: float) -> None:
    """Pays a player who is trusted now all that waited for it, unless an open signal of cheating holds it;
    again pays nothing.

    Hold the player's row before (``queries.lock_e_value``): a claim that is decided at the same moment waits
    for this transaction, and then sees that they are trusted.
    """
    gains = await queries.waiting_gains(tx, player_id, reason=CLAIM, free=True)
    await queries.write_once(tx, [line for gain in gains for line in _lines(gain, now=now)])


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


def _worth(one: Settled, *, error_rate: float, rules: Rules) -> int:
    """Returns the points of a claim, as if its player were trusted; what was promised before is kept.

    A claim made after the day's paid time is worth 0 points: it neither pays nor costs.
    """
    if one.played_s > rules.paid_day_s:
        return 0
    if one.confirmed and one.promised is not None:
        return one.promised
    bonus = claim_bonus(error_rate, form=one.form, rules=rules)
    return bonus_points(bonus, confirmed=one.confirmed, trusted=True)


def _lines(gain: WaitingGain, *, now: float) -> list[LedgerLine]:
    """Returns the line of a claim (also one of 0 points or a cost), and that of its bounty."""
    parts = [(CLAIM, gain.points)] + [(BOUNTY, gain.bounty)] * (gain.bounty > 0)
    return [
        LedgerLine(
            player_id=gain.player_id,
            session_id=gain.session_id,
            exchange_id=gain.exchange_id,
            reason=reason,
            points=points,
            written_at=now,
        )
        for reason, points in parts
    ]

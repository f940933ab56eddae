"""Pays claims once others have judged them: one line a claim, whatever is decided about it later.

The line is written in the transaction that decides the claim, under the reason ``claim`` and the exchange it
was made of. The ledger holds a reason and an exchange only once, so paying again, also at the same moment in
another process, changes nothing. A decision that later votes turn round takes no points back: the player
could not have known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import ExchangeId, LedgerLine, Rules
from stumper.trust import queries
from stumper.trust.queries import ClaimFacts
from stumper.trust.rewards import Form, bonus_line

CLAIM: Final = "claim"
"""Reason of a claim's line in the ledger; the sign of its points tells what was decided."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A claim that was accepted (``confirmed``) or rejected, by the exchange it was made of."""

    exchange_id: ExchangeId
    confirmed: bool
    form: Form


async def pay_claims(
    tx: AsyncConnection, settled: Sequence[Settled], *, error_rate: float, rules: Rules, now: float
) -> None:
    """Writes the bonus or the cost of each claim that has no line yet; ``error_rate`` is the model's, 0..1.

    Raises BadSetting for an error rate that is none.
    """
    facts = await queries.claim_facts(tx, [one.exchange_id for one in settled])
    lines = _lines(settled, facts, error_rate=error_rate, rules=rules, now=now)
    await queries.write_once(tx, lines)


def _lines(
    settled: Sequence[Settled],
    facts: Mapping[ExchangeId, ClaimFacts],
    *,
    error_rate: float,
    rules: Rules,
    now: float,
) -> list[LedgerLine]:
    """A claim made after the day's paid time has a line of 0 points: it neither pays nor costs."""
    lines = []
    for one in settled:
        fact = facts[one.exchange_id]
        bonus = bonus_line(
            one.exchange_id, confirmed=one.confirmed, error_rate=error_rate, form=one.form, rules=rules
        )
        lines.append(
            LedgerLine(
                player_id=fact.player_id,
                session_id=fact.session_id,
                exchange_id=one.exchange_id,
                reason=CLAIM,
                points=bonus.points if fact.played_s <= rules.paid_day_s else 0,
                written_at=now,
            )
        )
    return lines

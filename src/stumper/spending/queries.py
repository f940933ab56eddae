"""The SQL of spending: sums that answers add to, budgets, and what is set aside for open questions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import CampaignId, ExchangeId, RoundId
from stumper.spending.budget import Budget, Spent, Unit
from stumper.store.schema import budget, reservation, round_, spending
from stumper.store.upsert import insert_into

_COUNTS: Final = ("calls", "kept", "prompt_tokens", "tokens", "cost_nano")
_KEY: Final = ("campaign_id", "round_id", "day", "model", "part")
_SUMS: Final = tuple(func.coalesce(func.sum(spending.c[name]), 0).label(name) for name in _COUNTS)
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one model took in one round on one day."""

    round: int
    day: int
    """Since 1970, UTC."""
    model: str
    spent: Spent


def _spent(row: Any) -> Spent:
    return Spent(**{name: int(getattr(row, name)) for name in _COUNTS})


async def add(
    tx: AsyncConnection,
    *,
    campaign_id: CampaignId,
    round_id: RoundId,
    model: str,
    part: int,
    spent: Spent,
    now: float,
) -> None:
    """Adds to the row of the day, in one statement."""
    key = {
        "campaign_id": campaign_id,
        "round_id": round_id,
        "day": int(now // DAY_S),
        "model": model[:200],
        "part": part,
    }
    statement = insert_into(tx, spending).values(**key, **asdict(spent))
    added = {name: spending.c[name] + statement.excluded[name] for name in _COUNTS}
    await tx.execute(statement.on_conflict_do_update(index_elements=list(_KEY), set_=added))


async def spent_by(tx: AsyncConnection, campaign_id: CampaignId) -> Spent:
    """Returns what a campaign has spent in all."""
    return _spent((await tx.execute(select(*_SUMS).where(spending.c.campaign_id == campaign_id))).one())


async def lines(tx: AsyncConnection, campaign_id: CampaignId) -> list[Line]:
    """Returns what it spent by round, day and model, in this order."""
    by = (round_.c.number, spending.c.day, spending.c.model)
    query = (
        select(*by, *_SUMS)
        .join(round_, round_.c.id == spending.c.round_id)
        .where(spending.c.campaign_id == campaign_id)
        .group_by(*by)
        .order_by(*by)
    )
    return [
        Line(round=row.number, day=row.day, model=row.model, spent=_spent(row))
        for row in await tx.execute(query)
    ]


async def set_budget(
    tx: AsyncConnection, campaign_id: CampaignId, wanted: Budget | None, *, now: float
) -> None:
    """Keeps a budget in place of any other; None takes it away.

    What is set aside in another unit goes: a thousand tokens would be a thousand calls.
    """
    before = await budget_of(tx, campaign_id, hold=True)
    if before is not None and (wanted is None or wanted.unit is not before.unit):
        await tx.execute(delete(reservation).where(reservation.c.campaign_id == campaign_id))
    if wanted is None:
        await tx.execute(delete(budget).where(budget.c.campaign_id == campaign_id))
        return
    values = {"unit": wanted.unit.value, "most": wanted.most, "set_at": now}
    statement = insert_into(tx, budget).values(campaign_id=campaign_id, **values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["campaign_id"], set_=values))


async def budget_of(tx: AsyncConnection, campaign_id: CampaignId, *, hold: bool = False) -> Budget | None:
    """Returns the budget, if there is one; who else would ``hold`` it waits until ``tx`` has ended."""
    query = select(budget.c.unit, budget.c.most).where(budget.c.campaign_id == campaign_id)
    row = (await tx.execute(query.with_for_update() if hold else query)).first()
    return None if row is None else Budget(Unit(row.unit), row.most)


async def set_aside(tx: AsyncConnection, campaign_id: CampaignId, *, but: ExchangeId, since: float) -> int:
    """Returns what is held for other questions; what is older than ``since`` was forgotten, and goes."""
    mine = reservation.c.campaign_id == campaign_id
    await tx.execute(delete(reservation).where(mine, reservation.c.held_at < since))
    total = select(func.coalesce(func.sum(reservation.c.amount), 0))
    return int((await tx.execute(total.where(mine, reservation.c.exchange_id != but))).scalar_one())


async def reserve(
    tx: AsyncConnection, campaign_id: CampaignId, exchange_id: ExchangeId, *, amount: int, now: float
) -> None:
    values = {"amount": amount, "held_at": now}
    statement = insert_into(tx, reservation).values(
        exchange_id=exchange_id, campaign_id=campaign_id, **values
    )
    await tx.execute(statement.on_conflict_do_update(index_elements=["exchange_id"], set_=values))


async def release(tx: AsyncConnection, exchange_id: ExchangeId) -> None:
    await tx.execute(delete(reservation).where(reservation.c.exchange_id == exchange_id))

"""SQL of withdrawn releases: what is withdrawn, what came in its place, and which models were tuned on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.campaigns import current_round
from stumper.records import CampaignId, Release, ReleaseId, Round, RoundStatus, Rules
from stumper.store.schema import campaign, release, round_, tuning


class Listed(NamedTuple):
    """A release as an operator sees it."""

    campaign: str
    release: Release


class Trained(NamedTuple):
    """A tuned model that has seen a release, or was tuned from one that has."""

    tuned_ref: str
    base_ref: str
    release_id: ReleaseId
    """What it was itself tuned on."""
    plays: bool
    """It is the opponent of a round that is not closed."""


class Origin(NamedTuple):
    """What the next release of a campaign is built from."""

    campaign: str
    round: Round
    split_seed: int


def _release(row: Row[Any]) -> Release:
    return Release(**{name: getattr(row, name) for name in Release.__dataclass_fields__})


async def listed(tx: AsyncConnection, *, campaign_name: str | None = None) -> list[Listed]:
    """Returns the releases of one campaign, or of all, oldest first within a campaign."""
    query: Select[Any] = select(release, campaign.c.name.label("campaign")).join(
        campaign, campaign.c.id == release.c.campaign_id
    )
    if campaign_name is not None:
        query = query.where(campaign.c.name == campaign_name)
    rows = await tx.execute(query.order_by(campaign.c.name, release.c.version))
    return [Listed(row.campaign, _release(row)) for row in rows]


async def of_campaign(tx: AsyncConnection, campaign_id: CampaignId) -> list[Release]:
    """Returns the campaign's releases, oldest first, and holds them to the end of the transaction."""
    query = select(release).where(release.c.campaign_id == campaign_id).order_by(release.c.version)
    return [_release(row) for row in await tx.execute(query.with_for_update())]


async def withdraw(tx: AsyncConnection, ids: Collection[ReleaseId], *, now: float) -> list[ReleaseId]:
    """Marks releases as withdrawn and returns which; those that are already keep their time."""
    mine = release.c.id.in_(ids) & release.c.withdrawn_at.is_(None)
    query = update(release).where(mine).values(withdrawn_at=now).returning(release.c.id)
    return sorted(ReleaseId(id_) for id_ in (await tx.execute(query)).scalars())


async def put_back(tx: AsyncConnection, release_id: ReleaseId) -> None:
    await tx.execute(update(release).where(release.c.id == release_id).values(withdrawn_at=None))


async def set_replaces(tx: AsyncConnection, release_id: ReleaseId, replaces: ReleaseId) -> None:
    await tx.execute(update(release).where(release.c.id == release_id).values(replaces=replaces))


async def origin(tx: AsyncConnection, campaign_id: CampaignId) -> Origin:
    """Returns the campaign's newest round and how it is split. Raises NotFound without a round."""
    query = select(campaign.c.name, campaign.c.rules).where(campaign.c.id == campaign_id)
    row = (await tx.execute(query)).one()
    return Origin(row.name, await current_round(tx, campaign_id), Rules(**row.rules).split_seed)


async def trained_on(tx: AsyncConnection, ids: Collection[ReleaseId]) -> list[Trained]:
    """Returns every model that has seen one of the releases, also through the model it was tuned from, in
    the order in which they were made.
    """
    rows = (await tx.execute(select(tuning).order_by(tuning.c.finished_at, tuning.c.id))).all()
    playing = await tx.execute(select(round_.c.model_ref).where(round_.c.status != RoundStatus.CLOSED.value))
    return _descended(rows, ids, playing={ref for (ref,) in playing})


def _descended(rows: Sequence[Any], ids: Collection[ReleaseId], *, playing: set[str]) -> list[Trained]:
    """A model is older than those that were tuned from it, so one pass in the order of time finds all."""
    found: list[Trained] = []
    seen: set[str] = set()
    for row in rows:
        if row.release_id in ids or row.base_ref in seen:
            seen.add(row.tuned_ref)
            plays = row.tuned_ref in playing
            found.append(Trained(row.tuned_ref, row.base_ref, ReleaseId(row.release_id), plays))
    return found

"""The SQL of stage 5: examples with their images in, a chunk at a time; releases out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import NotFound
from stumper.records import CampaignId, Category, ImageId, PlayerKind, Release, ReleaseId, RoundId
from stumper.store.schema import campaign, claim, example, image, player, release, round_


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An example joined with what a release needs of its image and round."""

    id: str
    image_id: ImageId
    file: str
    source: str
    licence: str
    question: str
    answer: str
    wrong_answer: str
    category: Category
    posterior: float
    round: int
    model_ref: str
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a release comes from."""

    campaign: str
    licence: str
    round: int
    model_ref: str
    target_mix: dict[str, float] | None = None
    """Share of each category that is wanted; None: all alike."""
    models: bool = False
    """It also holds what models that play found."""


async def frame(tx: AsyncConnection, *, campaign_id: CampaignId, round_id: RoundId) -> Frame:
    """Returns names and numbers of a campaign's round. Raises NotFound."""
    row = (
        await tx.execute(
            select(campaign.c.name, campaign.c.licence, campaign.c.rules, round_.c.number, round_.c.model_ref)
            .join(round_, round_.c.campaign_id == campaign.c.id)
            .where(campaign.c.id == campaign_id, round_.c.id == round_id)
        )
    ).first()
    if row is None:
        raise NotFound(f"Campaign {campaign_id!r} has no round {round_id!r}. See `stumper round list`.")
    return Frame(
        campaign=row.name,
        licence=row.licence,
        round=row.number,
        model_ref=row.model_ref,
        target_mix=row.rules.get("target_mix"),
        models=row.rules.get("model_examples", False),
    )


async def slim(
    tx: AsyncConnection, *, campaign_id: CampaignId, frame: Frame, after: str, limit: int
) -> list[Row[Any]]:
    """Returns what planning needs of the next ``limit`` examples of all rounds up to the frame's, by id;
    those of models that play only where the frame has them.
    """
    query = _up_to(
        select(
            example.c.id, example.c.image_id, example.c.question, example.c.answer, example.c.category,
            example.c.posterior, round_.c.number.label("round"), claim.c.player_id, player.c.kind,
        ),
        campaign_id,
        frame.round,
    )  # fmt: skip
    query = query.join(claim, claim.c.id == example.c.claim_id).join(player, player.c.id == claim.c.player_id)
    if not frame.models:
        query = query.where(player.c.kind != PlayerKind.MODEL.value)
    rows = await tx.execute(query.where(example.c.id > after).order_by(example.c.id).limit(limit))
    return list(rows)


async def sources(tx: AsyncConnection, *, campaign_id: CampaignId, ids: Sequence[str]) -> dict[str, Source]:
    """Returns these examples by id; one that is gone is left out."""
    query = _up_to(
        select(
            example.c.id, example.c.image_id, image.c.file, image.c.source, image.c.licence,
            example.c.question, example.c.answer, example.c.wrong_answer, example.c.category,
            example.c.posterior, example.c.provenance, round_.c.number.label("round"), round_.c.model_ref,
        ),
        campaign_id,
    )  # fmt: skip
    rows = await tx.execute(query.where(example.c.id.in_(ids)))
    return {
        row.id: Source(
            **{**row._asdict(), "category": Category(row.category), "image_id": ImageId(row.image_id)}
        )
        for row in rows
    }


def _up_to(query: Select[Any], campaign_id: CampaignId, round_number: int | None = None) -> Select[Any]:
    """Joins a campaign's examples with their image and round, and keeps those up to a round."""
    joined = (
        query.select_from(example)
        .join(image, (image.c.id == example.c.image_id) & (image.c.campaign_id == example.c.campaign_id))
        .join(round_, round_.c.id == example.c.round_id)
        # an expression, not the column: SQLite would take its index and sort all examples for every chunk
        .where(example.c.campaign_id + "" == campaign_id)
    )
    return joined if round_number is None else joined.where(round_.c.number <= round_number)


async def find(tx: AsyncConnection, release_id: ReleaseId) -> Release | None:
    row = (await tx.execute(select(release).where(release.c.id == release_id))).first()
    return None if row is None else _release(row)


async def get(tx: AsyncConnection, release_id: ReleaseId | str) -> Release:
    """Returns one release. Raises NotFound."""
    found = await find(tx, ReleaseId(release_id))
    if found is None:
        raise NotFound(f"There is no release {release_id!r}. Build one with `stumper release build`.")
    return found


async def latest(tx: AsyncConnection, campaign_id: CampaignId) -> Release | None:
    """Returns the campaign's newest release."""
    row = (
        await tx.execute(
            select(release)
            .where(release.c.campaign_id == campaign_id)
            .order_by(release.c.version.desc())
            .limit(1)
        )
    ).first()
    return None if row is None else _release(row)


async def all_of(tx: AsyncConnection, campaign_id: CampaignId) -> list[Release]:
    """Returns the campaign's releases, oldest first."""
    rows = await tx.execute(
        select(release).where(release.c.campaign_id == campaign_id).order_by(release.c.version)
    )
    return [_release(row) for row in rows]


async def record(
    tx: AsyncConnection,
    *,
    release_id: ReleaseId,
    campaign_id: CampaignId,
    round_id: RoundId,
    digest: str,
    path: str,
    examples: int,
    now: float,
) -> Release:
    """Inserts the release under the campaign's next version; a known one keeps it and gets the path."""
    known = await find(tx, release_id)
    if known is not None:
        await tx.execute(update(release).where(release.c.id == release_id).values(path=path))
        return replace(known, path=path)
    version = await tx.scalar(
        select(func.coalesce(func.max(release.c.version), 0) + 1).where(release.c.campaign_id == campaign_id)
    )
    values = {
        "id": release_id,
        "campaign_id": campaign_id,
        "round_id": round_id,
        "version": version,
        "digest": digest,
        "path": path,
        "examples": examples,
        "created_at": now,
    }
    await tx.execute(insert(release).values(values))
    return Release(**values)  # type: ignore[arg-type]  # the columns are the fields


def _release(row: Row[Any]) -> Release:
    return Release(**row._asdict())

"""The SQL of stage 5: examples with their images in, releases out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import NotFound
from stumper.records import CampaignId, Category, ImageId, Release, ReleaseId, RoundId
from stumper.store.schema import campaign, example, image, release, round_


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An example joined with what a release needs of its image and round."""

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


async def frame(tx: AsyncConnection, *, campaign_id: CampaignId, round_id: RoundId) -> Frame:
    """Returns names and numbers of a campaign's round. Raises NotFound."""
    row = (
        await tx.execute(
            select(campaign.c.name, campaign.c.licence, round_.c.number, round_.c.model_ref)
            .join(round_, round_.c.campaign_id == campaign.c.id)
            .where(campaign.c.id == campaign_id, round_.c.id == round_id)
        )
    ).first()
    if row is None:
        raise NotFound(f"Campaign {campaign_id!r} has no round {round_id!r}. See `stumper round list`.")
    return Frame(campaign=row.name, licence=row.licence, round=row.number, model_ref=row.model_ref)


async def sources(tx: AsyncConnection, *, campaign_id: CampaignId, up_to_round: int) -> list[Source]:
    """Returns the campaign's examples of all rounds up to this one, by image, question and answer."""
    rows = await tx.execute(
        select(
            example.c.image_id, image.c.file, image.c.source, image.c.licence, example.c.question,
            example.c.answer, example.c.wrong_answer, example.c.category, example.c.posterior,
            example.c.provenance, round_.c.number.label("round"), round_.c.model_ref,
        )
        .join(image, (image.c.id == example.c.image_id) & (image.c.campaign_id == example.c.campaign_id))
        .join(round_, round_.c.id == example.c.round_id)
        .where(example.c.campaign_id == campaign_id, round_.c.number <= up_to_round)
    )  # fmt: skip
    found = [
        Source(**{**row._asdict(), "category": Category(row.category), "image_id": ImageId(row.image_id)})
        for row in rows
    ]
    # sorted here, not in SQL: databases collate text differently
    return sorted(found, key=lambda one: (one.image_id, one.question, one.answer, one.round, -one.posterior))


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

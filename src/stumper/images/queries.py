"""The SQL of stage 1: rows of the image table to ``records.Image`` and back."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, bindparam, delete, func, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import NotFound
from stumper.images.gallery import Hung
from stumper.records import CampaignId, Image, ImageId, ImageKind, PlayerId, ReportReason, Rules
from stumper.store.prepared import Prepared
from stumper.store.schema import campaign, complaint, image, session, turn
from stumper.store.upsert import insert_into

_IN_ONE_STATEMENT = 500
"""Values of one IN list; SQLite allows 32,766 parameters, and long lists plan badly on PostgreSQL."""
REPORTERS: Final = 3
"""A picture that so many players of a campaign have reported is dealt to nobody there."""


def image_of(row: Row[Any]) -> Image:
    """Returns the record of a row of ``select(image)``."""
    return Image(
        id=ImageId(row.id),
        campaign_id=CampaignId(row.campaign_id),
        file=row.file,
        kind=ImageKind(row.kind),
        width_px=row.width_px,
        height_px=row.height_px,
        source=row.source,
        licence=row.licence,
        objects=row.objects,
        scene=row.scene,
        labels=row.labels,
        said=row.said,
        known=row.known,
        look=row.look,
        held_out=row.held_out,
        created_at=row.created_at,
    )


def _values(record: Image) -> dict[str, Any]:
    # None is left out: in a JSON column it would be written as the JSON value null, which IS NULL does not
    # find.
    values = {column.name: getattr(record, column.name) for column in image.columns}
    return {name: value for name, value in values.items() if value is not None}


async def require_campaign(tx: AsyncConnection, campaign_id: CampaignId) -> None:
    """Raises NotFound if there is no such campaign."""
    if (await tx.execute(select(campaign.c.id).where(campaign.c.id == campaign_id))).first() is None:
        raise NotFound(f"There is no campaign {campaign_id!r}. Create it before adding pictures to it.")


async def split_seed(tx: AsyncConnection, campaign_id: CampaignId) -> int:
    """Returns the seed by which a campaign holds pictures out. Raises NotFound for the campaign."""
    await require_campaign(tx, campaign_id)
    rules = (await tx.execute(select(campaign.c.rules).where(campaign.c.id == campaign_id))).scalar_one()
    return Rules(**rules).split_seed


async def hung(tx: AsyncConnection, campaign_id: CampaignId) -> list[Hung]:
    """Returns the looks and cohorts of a campaign's pictures, in the order they came."""
    rows = await tx.execute(
        select(image.c.id, image.c.look, image.c.held_out)
        .where(image.c.campaign_id == campaign_id)
        .order_by(image.c.created_at, image.c.id)
    )
    return [Hung(ImageId(id_), look, reserved) for id_, look, reserved in rows]


async def lookless(
    tx: AsyncConnection, campaign_id: CampaignId, *, after: str, most: int
) -> list[tuple[ImageId, str]]:
    """Returns id and file of pictures that nobody looked at, by id, at most so many beyond ``after``."""
    rows = await tx.execute(
        select(image.c.id, image.c.file)
        .where(image.c.campaign_id == campaign_id, image.c.look.is_(None), image.c.id > after)
        .order_by(image.c.id)
        .limit(most)
    )
    return [(ImageId(id_), file) for id_, file in rows]


async def set_looks(tx: AsyncConnection, campaign_id: CampaignId, looks: Mapping[ImageId, str]) -> None:
    rows = [{"image_id": image_id, "seen": look} for image_id, look in looks.items()]
    await _set_each(tx, campaign_id, "look", rows)


async def set_held_out(tx: AsyncConnection, campaign_id: CampaignId, cohorts: Mapping[ImageId, bool]) -> None:
    rows = [{"image_id": image_id, "seen": reserved} for image_id, reserved in cohorts.items()]
    await _set_each(tx, campaign_id, "held_out", rows)


async def _set_each(
    tx: AsyncConnection, campaign_id: CampaignId, column: str, rows: Sequence[dict[str, Any]]
) -> None:
    if rows:
        named = update(image).where(image.c.campaign_id == campaign_id, image.c.id == bindparam("image_id"))
        await tx.execute(named.values({column: bindparam("seen")}), rows)


async def insert_new(tx: AsyncConnection, records: Sequence[Image]) -> set[ImageId]:
    """Inserts the images that the campaign does not hold yet; returns the ids of those inserted.

    Another process may add the same picture at the same time: whoever comes second changes nothing.
    """
    inserted: set[ImageId] = set()
    for record in records:
        statement = (
            insert_into(tx, image).values(_values(record)).on_conflict_do_nothing().returning(image.c.id)
        )
        inserted.update(ImageId(row.id) for row in await tx.execute(statement))
    return inserted


async def load(tx: AsyncConnection, campaign_id: CampaignId, image_id: ImageId) -> Image:
    """Returns one image. Raises NotFound."""
    found = await load_many(tx, campaign_id, [image_id])
    if not found:
        raise NotFound(f"Campaign {campaign_id!r} holds no image {image_id!r}.")
    return found[0]


async def load_many(tx: AsyncConnection, campaign_id: CampaignId, ids: Iterable[ImageId]) -> list[Image]:
    """Returns those of the images that exist, in the order of ``ids``."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Image] = {}
    for start in range(0, len(wanted), _IN_ONE_STATEMENT):
        some = wanted[start : start + _IN_ONE_STATEMENT]
        rows = await tx.execute(select(image).where(image.c.campaign_id == campaign_id, image.c.id.in_(some)))
        found.update((row.id, image_of(row)) for row in rows)
    return [found[image_id] for image_id in wanted if image_id in found]


async def of_kind(tx: AsyncConnection, campaign_id: CampaignId, kind: ImageKind) -> list[Image]:
    """Returns every image of a kind, by id."""
    rows = await tx.execute(
        select(image).where(image.c.campaign_id == campaign_id, image.c.kind == kind).order_by(image.c.id)
    )
    return [image_of(row) for row in rows]


async def set_kind(
    tx: AsyncConnection,
    campaign_id: CampaignId,
    image_id: ImageId,
    *,
    kind: ImageKind,
    said: Sequence[str] | None = None,
) -> None:
    """Writes what a verification found; ``said`` are the model's answers to its probe questions."""
    values = {"kind": kind} if said is None else {"kind": kind, "said": list(said)}
    await tx.execute(
        update(image).where(image.c.campaign_id == campaign_id, image.c.id == image_id).values(values)
    )


async def set_known(
    tx: AsyncConnection, campaign_id: CampaignId, image_id: ImageId, known: Sequence[dict[str, str]]
) -> None:
    """Writes what is known of a complex picture; nothing known makes it no control."""
    await tx.execute(
        update(image)
        .where(image.c.campaign_id == campaign_id, image.c.id == image_id)
        .values(known=list(known) or None)
    )


async def said_on_controls(tx: AsyncConnection, campaign_id: CampaignId, *, most: int) -> Counter[str]:
    """Counts what the model said when ``most`` of the pictures that serve as controls were verified."""
    rows = await tx.execute(
        select(image.c.said)
        .where(image.c.campaign_id == campaign_id, image.c.kind == ImageKind.TAINTED)
        .order_by(image.c.id)
        .limit(most)
    )
    return Counter(answer for (said,) in rows for answer in said or ())


_DEALT: Final = Prepared(
    select(func.count().label("n")).select_from(
        select(turn.c.id)
        .where(turn.c.image_id == bindparam("id"), turn.c.control)
        .limit(bindparam("most"))
        .subquery()
    )
)


async def count_turns(tx: AsyncConnection, image_id: ImageId, *, most: int) -> int:
    """Counts the turns in which a picture was dealt as a control, in any campaign, at most ``most``."""
    return int((await _DEALT.first(tx, {"id": image_id, "most": most})).n)


async def sources(tx: AsyncConnection, campaign_id: CampaignId) -> set[str]:
    """Returns where the pictures of a campaign come from."""
    rows = await tx.execute(select(image.c.source).where(image.c.campaign_id == campaign_id))
    return {source for (source,) in rows}


async def count_kinds(tx: AsyncConnection, campaign_id: CampaignId) -> dict[ImageKind, int]:
    """Returns how many images of each kind a campaign holds; 0 for a kind it lacks."""
    rows = await tx.execute(
        select(image.c.kind, func.count()).where(image.c.campaign_id == campaign_id).group_by(image.c.kind)
    )
    return dict.fromkeys(ImageKind, 0) | {ImageKind(kind): number for kind, number in rows}


@dataclass(frozen=True, slots=True)
class _Pool:
    """Statements over the pictures of a kind."""

    count: Prepared
    out: Prepared
    """Those that may not be drawn for a player."""
    named: Prepared
    """Whether one is among them."""
    after: Prepared
    """The id that comes so many places behind another."""


@cache
def _pool(*, known: bool, held_out: bool | None) -> _Pool:
    campaign_id: Any = bindparam("campaign_id")
    seen = (
        select(turn.c.image_id)
        .join(session, session.c.id == turn.c.session_id)
        .where(session.c.player_id == bindparam("player_id"))
    )
    reported = (
        select(complaint.c.image_id)
        .where(complaint.c.campaign_id == campaign_id)
        .group_by(complaint.c.image_id)
        .having(func.count() >= REPORTERS)
    )
    within = [image.c.campaign_id == campaign_id, image.c.kind == bindparam("of_kind")]
    within += [image.c.known.is_not(None)] if known else []
    within += [image.c.held_out.is_(held_out)] if held_out is not None else []
    ids = select(image.c.id).where(*within)
    return _Pool(
        count=Prepared(select(func.count().label("n")).select_from(image).where(*within)),
        out=Prepared(ids.where(image.c.id.in_(union(seen, reported)))),
        named=Prepared(ids.where(image.c.id == bindparam("id"))),
        after=Prepared(
            ids.where(image.c.id > bindparam("last"))
            .order_by(image.c.id)
            .limit(1)
            .offset(bindparam("between"))
        ),
    )


async def draw_unseen(
    tx: AsyncConnection,
    *,
    campaign_id: CampaignId,
    player_id: PlayerId,
    kind: ImageKind,
    n: int,
    rng: random.Random,
    known: bool = False,
    held_out: bool | None = None,
    but: Collection[ImageId] = (),
) -> list[ImageId]:
    """Returns ``n`` ids, fewer if there are fewer, drawn evenly from what was in no turn of the player.

    ``known``: only pictures with truths; ``held_out``: only of this cohort; ``but``: without these. Never one
    that ``REPORTERS`` reported.

    Draws ranks here and walks through the index over (campaign, kind, id) from each to the next: no id is
    brought here but those drawn and those that may not be.
    """
    pool = _pool(known=known, held_out=held_out)
    given = {"campaign_id": campaign_id, "player_id": player_id, "of_kind": kind.value}
    out = {row.id for row in await pool.out.all(tx, given)}
    out |= {id_ for id_ in but if await pool.named.first(tx, {**given, "id": id_}) is not None}
    left = (await pool.count.first(tx, given)).n - len(out)
    ranks = rng.sample(range(left), min(n, left))
    found = await _at(tx, pool, given, sorted(ranks), out=sorted(out))
    return [found[rank] for rank in ranks]


async def _at(
    tx: AsyncConnection, pool: _Pool, given: Mapping[str, str], ranks: Sequence[int], *, out: Sequence[str]
) -> dict[int, ImageId]:
    """Returns the ids at ascending ranks among the pictures of a pool that are not ``out`` (sorted)."""
    found: dict[int, ImageId] = {}
    last, place = "", -1
    for rank in ranks:
        steps, place = rank - place, rank
        while steps:
            here = (await pool.after.first(tx, {**given, "last": last, "between": steps - 1})).id
            # Of those that were passed some do not count: as many steps more.
            steps = bisect_right(out, here) - bisect_right(out, last)
            last = here
        found[rank] = ImageId(last)
    return found


async def complain(
    tx: AsyncConnection,
    *,
    player_id: PlayerId,
    campaign_id: CampaignId,
    image_id: ImageId,
    reason: ReportReason,
    now: float,
) -> None:
    """Keeps a player's report of a picture; a second one of theirs changes nothing."""
    values = {
        "player_id": player_id,
        "campaign_id": campaign_id,
        "image_id": image_id,
        "reason": reason.value,
        "written_at": now,
    }
    await tx.execute(insert_into(tx, complaint).values(values).on_conflict_do_nothing())


class Reported(NamedTuple):
    """A picture that players have reported."""

    image_id: ImageId
    file: str
    reasons: Counter[ReportReason]

    @property
    def players(self) -> int:
        return self.reasons.total()

    @property
    def hidden(self) -> bool:
        """Whether it is dealt to nobody."""
        return self.players >= REPORTERS


async def reported(tx: AsyncConnection, campaign_id: CampaignId) -> list[Reported]:
    """Returns the reported pictures of a campaign, those with most reports first, then by id."""
    rows = await tx.execute(
        select(complaint.c.image_id, image.c.file, complaint.c.reason, func.count().label("players"))
        .join(image, (image.c.id == complaint.c.image_id) & (image.c.campaign_id == complaint.c.campaign_id))
        .where(complaint.c.campaign_id == campaign_id)
        .group_by(complaint.c.image_id, image.c.file, complaint.c.reason)
    )
    found: dict[str, Reported] = {}
    for row in rows:
        one = found.setdefault(row.image_id, Reported(ImageId(row.image_id), row.file, Counter()))
        one.reasons[ReportReason(row.reason)] += row.players
    return sorted(found.values(), key=lambda one: (-one.players, one.image_id))


async def withdraw(tx: AsyncConnection, campaign_id: CampaignId, image_id: ImageId) -> int:
    """Takes all reports of a picture away, so that it is dealt again; returns how many there were."""
    where = complaint.c.campaign_id == campaign_id, complaint.c.image_id == image_id
    return int((await tx.execute(delete(complaint).where(*where))).rowcount)

"""Toytown pictures, and what a player may be shown, on both databases."""

from __future__ import annotations

import io
import random
from collections import Counter
from dataclasses import replace

import pytest
from PIL import Image as Pictures
from sqlalchemy import insert

from stumper.campaigns import open_campaign
from stumper.errors import NotFound
from stumper.images.files import FolderFiles
from stumper.images.ingest import IngestReport, image_id_of
from stumper.images.pool import fresh
from stumper.images.queries import (
    REPORTERS,
    complain,
    draw_unseen,
    insert_new,
    load,
    load_many,
    of_kind,
    set_kind,
)
from stumper.images.toytown import add_toytown
from stumper.records import CampaignId, Image, ImageId, ImageKind, PlayerId, ReportReason
from stumper.store.database import Database
from stumper.store.schema import player, round_, session, turn
from stumper.toytown.world import Scene

ANNE, BERT = PlayerId("anne"), PlayerId("bert")


def plain(number: int, campaign_id: CampaignId, kind: ImageKind = ImageKind.UNTAINTED) -> Image:
    image_id = image_id_of(str(number).encode())
    return Image(
        id=image_id,
        campaign_id=campaign_id,
        file=f"{image_id[:2]}/{image_id}.png",
        kind=kind,
        width_px=64,
        height_px=64,
        source="test",
        licence="CC0",
        created_at=1.0,
    )


async def dealt(
    database: Database, campaign_id: CampaignId, player_id: PlayerId, images: list[Image]
) -> None:
    """Puts images into a session of a player."""
    async with database.begin() as tx:
        round_id = (await tx.execute(round_.select().where(round_.c.campaign_id == campaign_id))).one().id
        await tx.execute(
            insert(player).values(
                id=player_id,
                nickname="x",
                language="en",
                kind="human",
                consent_at=1,
                licence="CC0",
                created_at=1,
            )
        )
        await tx.execute(
            insert(session).values(
                id=f"session-{player_id}",
                player_id=player_id,
                round_id=round_id,
                campaign_id=campaign_id,
                turns=10,
                started_at=1,
                poison_rate=0.4,
                salt="",
                commitment="",
            )
        )
        for position, image in enumerate(images):
            await tx.execute(
                insert(turn).values(
                    id=f"turn-{player_id}-{position}",
                    session_id=f"session-{player_id}",
                    position=position,
                    image_id=image.id,
                    control=False,
                    coins="0",
                )
            )


async def deal(
    database: Database, campaign_id: CampaignId, player_id: PlayerId, n: int, seed: int = 1
) -> list[ImageId]:
    async with database.read() as tx:
        images = await fresh(
            tx,
            campaign_id=campaign_id,
            player_id=player_id,
            kind=ImageKind.UNTAINTED,
            n=n,
            rng=random.Random(seed),
        )
    return [image.id for image in images]


async def test_deals_only_what_a_player_has_not_seen(database: Database, campaign_id: CampaignId) -> None:
    images = [plain(number, campaign_id) for number in range(12)]
    async with database.begin() as tx:
        await insert_new(tx, [*images, plain(99, campaign_id, ImageKind.TAINTED)])
    await dealt(database, campaign_id, ANNE, images[:7])
    await dealt(database, campaign_id, BERT, images[5:])
    rest = {image.id for image in images[7:]}
    for seed in range(10):
        drawn = await deal(database, campaign_id, ANNE, 3, seed)
        assert len(set(drawn)) == 3
        assert set(drawn) <= rest
    assert set(await deal(database, campaign_id, ANNE, 50)) == rest
    assert set(await deal(database, campaign_id, BERT, 50)) == {image.id for image in images[:5]}
    assert len(await deal(database, campaign_id, PlayerId("new"), 50)) == 12
    assert await deal(database, campaign_id, ANNE, 0) == []


async def test_the_draw_follows_the_seed_and_favours_nobody(
    sqlite_database: Database, sqlite_campaign_id: CampaignId
) -> None:
    async with sqlite_database.begin() as tx:
        await insert_new(tx, [plain(number, sqlite_campaign_id) for number in range(10)])
    assert await deal(sqlite_database, sqlite_campaign_id, ANNE, 5, 3) == await deal(
        sqlite_database, sqlite_campaign_id, ANNE, 5, 3
    )
    counts: Counter[ImageId] = Counter()
    rng = random.Random(5)
    async with sqlite_database.read() as tx:
        for _ in range(100):
            images = await fresh(
                tx,
                campaign_id=sqlite_campaign_id,
                player_id=ANNE,
                kind=ImageKind.UNTAINTED,
                n=2,
                rng=rng,
            )
            counts.update(image.id for image in images)
    # 20 expected each, standard deviation 4.
    assert len(counts) == 10
    assert all(4 < count < 40 for count in counts.values())


@pytest.mark.parametrize("held_out", [None, True, False])
async def test_every_draw_is_that_of_ranks_in_the_list_of_what_is_left(
    database: Database, campaign_id: CampaignId, held_out: bool | None
) -> None:
    """Beside the plain way: all ids that are left, in order, and a sample of their places."""
    rng = random.Random(3)
    images = [replace(plain(n, campaign_id), held_out=rng.choice([None, True, False])) for n in range(60)]
    tainted = [plain(n, campaign_id, ImageKind.TAINTED) for n in range(100, 120)]
    seen, reported = rng.sample(images, 25), rng.sample(images, 6)
    async with database.begin() as tx:
        await insert_new(tx, images + tainted)
    await dealt(database, campaign_id, ANNE, [*seen, *tainted[:3]])
    async with database.begin() as tx:
        for number in range(REPORTERS):
            values = {"nickname": "x", "language": "en", "kind": "human", "licence": "CC0"}
            await tx.execute(insert(player).values(id=f"r{number}", consent_at=1, created_at=1, **values))
            for one in (*reported, *(images if number < REPORTERS - 1 else [])):
                await complain(
                    tx, player_id=PlayerId(f"r{number}"), campaign_id=campaign_id, image_id=one.id,
                    reason=ReportReason.BROKEN, now=1.0,
                )  # fmt: skip

    for n, but in ((0, 0), (1, 0), (7, 0), (7, 5), (60, 0), (60, 9)):
        without = [one.id for one in (*rng.sample(images, but), *tainted[: but // 2])]
        taken = {one.id for one in (*seen, *reported)} | set(without)
        left = sorted(one.id for one in images if one.id not in taken and held_out in (None, one.held_out))
        async with database.read() as tx:
            found = await draw_unseen(
                tx, campaign_id=campaign_id, player_id=ANNE, kind=ImageKind.UNTAINTED, n=n,
                rng=random.Random(n), held_out=held_out, but=without,
            )  # fmt: skip

        places = random.Random(n).sample(range(len(left)), min(n, len(left)))
        assert found == [left[place] for place in places]


async def test_rows_come_back_as_they_went(database: Database, campaign_id: CampaignId) -> None:
    one = plain(1, campaign_id)
    full = Image(
        **{
            **{name: getattr(one, name) for name in one.__slots__},
            "id": ImageId("full"),
            "objects": 3,
            "scene": {"things": [1, 2], "name": "é"},
            "labels": {"dog": 2, "car": 1},
        }
    )
    async with database.begin() as tx:
        assert await insert_new(tx, [one, full]) == {one.id, full.id}
        assert await insert_new(tx, [one, full, plain(2, campaign_id)]) == {plain(2, campaign_id).id}
        await set_kind(tx, campaign_id, one.id, kind=ImageKind.REFUSED)
    async with database.read() as tx:
        assert await load(tx, campaign_id, full.id) == full
        assert (await load(tx, campaign_id, one.id)).kind is ImageKind.REFUSED
        found = await load_many(tx, campaign_id, [full.id, ImageId("none"), one.id, full.id])
        assert [image.id for image in found] == [full.id, one.id]
        with pytest.raises(NotFound, match="holds no image 'none'"):
            await load(tx, campaign_id, ImageId("none"))


async def test_toytown_fills_a_pool_half_and_half(
    database: Database, files: FolderFiles, campaign_id: CampaignId
) -> None:
    report = await add_toytown(database, files, campaign_id=campaign_id, n=9, seed=1, now=2.0)
    assert report == IngestReport(9, 0, ())
    assert await add_toytown(database, files, campaign_id=campaign_id, n=11, seed=1, now=3.0) == IngestReport(
        2, 9, ()
    )
    async with database.read() as tx:
        simple = await of_kind(tx, campaign_id, ImageKind.CANDIDATE)
        busy = await of_kind(tx, campaign_id, ImageKind.UNTAINTED)
    assert (len(simple), len(busy)) == (6, 5)
    for image in simple + busy:
        scene = Scene.from_json(image.scene or {})
        assert image.objects == len(scene.things)
        assert scene.to_json() == image.scene
        data = await files.get(image.file)
        picture = Pictures.open(io.BytesIO(data))
        assert picture.size == (640, 640) == (image.width_px, image.height_px)
        assert len(data) < 120_000
        assert image.licence == "CC0 1.0"
    assert max(image.objects or 0 for image in simple) <= 4 <= min(image.objects or 0 for image in busy)


async def test_the_same_seed_draws_the_same_pictures(sqlite_database: Database, files: FolderFiles) -> None:
    async def ids(name: str, seed: int) -> set[ImageId]:
        async with sqlite_database.begin() as tx:
            campaign = await open_campaign(
                tx, name=name, model_ref="scripted:", now=1, rng=random.Random(name)
            )
        await add_toytown(sqlite_database, files, campaign_id=campaign.id, n=4, seed=seed, now=1.0)
        async with sqlite_database.read() as tx:
            kinds = (ImageKind.CANDIDATE, ImageKind.UNTAINTED)
            return {image.id for kind in kinds for image in await of_kind(tx, campaign.id, kind)}

    first = await ids("a", 7)
    assert len(first) == 4
    assert await ids("b", 7) == first
    assert not await ids("c", 8) & first


async def test_toytown_needs_a_campaign(sqlite_database: Database, files: FolderFiles) -> None:
    with pytest.raises(NotFound, match="no campaign"):
        await add_toytown(sqlite_database, files, campaign_id=CampaignId("x"), n=2, seed=1, now=1.0)

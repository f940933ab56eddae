"""Held-out pictures: which are, that what looks alike is together, and who is dealt them first."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from stumper.errors import NotFound
from stumper.images.files import FolderFiles
from stumper.images.fill import FillReport, fill_looks
from stumper.images.gallery import Gallery, Hung
from stumper.images.ingest import IngestReport, add_folder
from stumper.images.pool import fresh
from stumper.images.queries import hung, insert_new, of_kind
from stumper.images.reserve import held_out, place
from stumper.records import CampaignId, Image, ImageId, ImageKind, PlayerId
from stumper.store.database import Database
from stumper.store.schema import image
from tests.images import pictures
from tests.images.test_pool import plain

SEED = 1  # of Rules()


def test_a_fifth_is_held_out_and_pictures_know_nothing_of_players() -> None:
    reserved = [held_out(place(f"image{n}", seed=SEED)) for n in range(5_000)]

    assert 900 < sum(reserved) < 1_100  # standard deviation 28
    assert not held_out(0.79)
    assert held_out(0.8)


def named(number: int, look: str | None = None) -> Image:
    return replace(plain(number, CampaignId("c")), look=look)


def test_a_gallery_hangs_what_looks_alike_together() -> None:
    rng = np.random.default_rng(3)
    looks = [rng.bytes(32).hex() for _ in range(200)]
    gallery = Gallery([], seed=SEED)
    hung_up = [gallery.hang(named(n, one))[0] for n, one in enumerate(looks)]

    assert {one.held_out for one in hung_up} == {True, False}
    for n, one in enumerate(hung_up):
        copy, older = gallery.hang(named(1_000 + n, f"{int(looks[n], 16) ^ 1:064x}"))
        assert older == one.id
        assert copy.held_out is one.held_out
    assert gallery.hang(named(0, looks[0])) == (hung_up[0], None)  # there already: no look-alike of its own


def test_a_gallery_goes_on_where_the_pool_stands_and_without_looks() -> None:
    one = "0f" * 32
    first = Hung(ImageId("first"), one, not held_out(place(named(5).id, seed=SEED)))
    gallery = Gallery([Hung(ImageId("blank"), "", True), Hung(ImageId("old"), None, None), first], seed=SEED)

    assert gallery.hang(named(5, one))[0].held_out is first.held_out
    for look in ("", None):
        placed, older = gallery.hang(named(6, look))
        assert older is None
        assert placed.held_out is held_out(place(placed.id, seed=SEED))


@pytest.mark.parametrize("reserved", [True, False])
async def test_a_players_own_cohort_comes_first_and_any_picture_where_it_runs_out(
    database: Database, campaign_id: CampaignId, reserved: bool
) -> None:
    pool = [replace(plain(n, campaign_id), held_out=(None, True, True, False)[n % 4]) for n in range(16)]
    own = {one.id for one in pool if one.held_out is reserved}
    async with database.begin() as tx:
        await insert_new(tx, pool)
        few, all_ = [
            [
                one.id
                for one in await fresh(
                    tx,
                    campaign_id=campaign_id,
                    player_id=PlayerId("ada"),
                    kind=ImageKind.UNTAINTED,
                    n=n,
                    rng=random.Random(2),
                    held_out=reserved,
                    but=[pool[0].id],
                )
            ]
            for n in (len(own), 99)
        ]

    assert set(few) == own
    assert set(all_[: len(own)]) == own
    assert sorted(all_) == sorted(one.id for one in pool[1:])


async def add(
    database: Database, files: FolderFiles, campaign_id: CampaignId, path: Path, *, skip_alike: bool = False
) -> IngestReport:
    return await add_folder(
        database,
        files,
        campaign_id=campaign_id,
        path=path,
        licence="CC0",
        source="zoo",
        now=5.0,
        skip_alike=skip_alike,
    )


async def test_a_copy_in_another_size_is_told_and_kept_beside_or_left_out(
    database: Database, files: FolderFiles, campaign_id: CampaignId, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(pictures.encoded(pictures.corners(), "PNG"))
    (folder / "b.png").write_bytes(pictures.png(3))
    assert await add(database, files, campaign_id, folder) == IngestReport(2, 0, ())
    (folder / "c.png").write_bytes(pictures.encoded(pictures.corners(240, 160), "PNG"))

    assert await add(database, files, campaign_id, folder, skip_alike=True) == IngestReport(0, 2, (), 1)
    assert await add(database, files, campaign_id, folder) == IngestReport(1, 2, (), 1)
    async with database.read() as tx:
        pool = {one.width_px: one for one in await of_kind(tx, campaign_id, ImageKind.UNTAINTED)}
    assert pool[240].held_out is pool[120].held_out
    assert len(pool[96].look or "") == 64


async def test_old_pictures_are_looked_at_once(
    database: Database, files: FolderFiles, campaign_id: CampaignId, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    pictures.write_zoo(folder, 3)
    (folder / "corners.png").write_bytes(pictures.encoded(pictures.corners(), "PNG"))
    (folder / "larger.png").write_bytes(pictures.encoded(pictures.corners(180, 120), "PNG"))
    await add(database, files, campaign_id, folder)
    async with database.begin() as tx:
        before = await hung(tx, campaign_id)
        await insert_new(tx, [plain(7, campaign_id)])  # a row whose file is gone
        await tx.execute(update(image).values(look=None, held_out=None))

    assert await fill_looks(database, files, campaign_id) == FillReport(looked=5, missing=1, alike=1)
    async with database.read() as tx:
        after = await hung(tx, campaign_id)
    gone = plain(7, campaign_id).id
    assert {one.id: one.look for one in after if one.id != gone} == {one.id: one.look for one in before}
    assert all(one.held_out is not None for one in after)
    async with database.read() as tx:
        pool = {one.width_px: one for one in await of_kind(tx, campaign_id, ImageKind.UNTAINTED)}
    assert pool[120].held_out is pool[180].held_out
    assert await fill_looks(database, files, campaign_id) == FillReport(looked=0, missing=1, alike=1)


async def test_looking_needs_a_campaign(sqlite_database: Database, files: FolderFiles) -> None:
    with pytest.raises(NotFound, match="no campaign"):
        await fill_looks(sqlite_database, files, CampaignId("x"))

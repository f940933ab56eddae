"""Folders into the pool, on both databases: what is added, known and refused, and that the rest goes on."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from stumper.campaigns import open_campaign
from stumper.errors import BadInput, NotFound
from stumper.images.files import FolderFiles
from stumper.images.ingest import IngestReport, Limits, Refusal, add_folder, image_id_of
from stumper.images.queries import count_kinds, of_kind
from stumper.records import CampaignId, Image, ImageKind
from stumper.store.database import Database
from tests.images import pictures


async def add(
    database: Database, files: FolderFiles, campaign_id: CampaignId, path: Path, **more: object
) -> IngestReport:
    return await add_folder(
        database,
        files,
        campaign_id=campaign_id,
        path=path,
        licence="CC BY 4.0",
        source="my zoo",
        now=5.0,
        **more,  # type: ignore[arg-type]
    )


async def pool(database: Database, campaign_id: CampaignId) -> list[Image]:
    async with database.read() as tx:
        return await of_kind(tx, campaign_id, ImageKind.UNTAINTED)


async def test_adds_a_folder_to_its_end(
    database: Database, files: FolderFiles, campaign_id: CampaignId, tmp_path: Path
) -> None:
    pictures.write_zoo(tmp_path / "in" / "deep" / "er", 3)
    (tmp_path / "in" / "photo.JPG").write_bytes(pictures.with_gps_and_orientation(6))
    report = await add(database, files, campaign_id, tmp_path / "in")
    assert report == IngestReport(added=4, known=0, refused=())
    images = await pool(database, campaign_id)
    assert len(images) == 4
    for image in images:
        stored = await files.get(image.file)
        assert image.id == image_id_of(stored)
        assert image.file.partition("/")[2].startswith(image.id)
        assert (image.licence, image.source, image.created_at) == ("CC BY 4.0", "my zoo", 5.0)
        assert (image.objects, image.labels, image.scene) == (None, None, None)
    assert {(image.width_px, image.height_px) for image in images} == {(96, 72), (80, 120)}


async def test_the_same_picture_is_known_whatever_its_name(
    database: Database, files: FolderFiles, campaign_id: CampaignId, tmp_path: Path
) -> None:
    paths = pictures.write_zoo(tmp_path / "in", 2)
    (tmp_path / "in" / "copy.png").write_bytes(paths[0].read_bytes())
    assert await add(database, files, campaign_id, tmp_path / "in") == IngestReport(2, 1, ())
    assert await add(database, files, campaign_id, tmp_path / "in") == IngestReport(0, 3, ())
    assert len(await pool(database, campaign_id)) == 2


async def test_broken_and_hostile_files_are_named_and_the_rest_goes_on(
    database: Database, files: FolderFiles, campaign_id: CampaignId, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    pictures.write_zoo(folder, 70)
    outside = tmp_path / "secret.png"
    outside.write_bytes(pictures.png(900))
    (folder / "a.jpg").write_bytes(b"<html>not found</html>")
    (folder / "b.png").write_bytes(pictures.zipped())
    (folder / "c.png").touch()
    (folder / "d.jpg").write_bytes(pictures.noisy_jpeg()[:-4000])
    (folder / "e.png").write_bytes(pictures.png_claiming(60_000, 60_000))
    (folder / "f.png").symlink_to(outside)
    (folder / "g").symlink_to(tmp_path)
    (folder / "h.png").symlink_to("h.png")
    (folder / "i\x1b[31m\n.txt").write_text("notes")
    os.mkfifo(folder / "j.png")
    (folder / "k.gif").write_bytes(pictures.png(901))
    (folder / ".hidden.png").write_bytes(pictures.png(902))
    report = await add(database, files, campaign_id, folder)
    assert (report.added, report.known) == (71, 0)
    reasons = {refusal.name: refusal.reason for refusal in report.refused}
    expected = {
        "a.jpg": "no readable JPEG",
        "b.png": "no readable JPEG",
        "c.png": "an empty file",
        "d.jpg": "broken or cut off JPEG",
        "e.png": "megapixels",
        "f.png": "a link that leaves the folder",
        "g": "a link that leaves the folder",
        "h.png": "cannot be read",
        "i\ufffd[31m\ufffd.txt": "no readable JPEG",
        "j.png": "no regular file",
    }
    assert reasons.keys() == expected.keys()
    assert {name: words for name, words in expected.items() if words not in reasons[name]} == {}


async def test_a_link_inside_the_folder_is_the_picture_it_leads_to(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    paths = pictures.write_zoo(tmp_path / "in", 1)
    (tmp_path / "in" / "link.png").symlink_to(paths[0])
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    report = await add(sqlite_database, files, sqlite_campaign_id, tmp_path / "in")
    assert report == IngestReport(
        1, 1, (Refusal("loop", "a link to a folder; links to folders are not followed"),)
    )


async def test_takes_one_file_and_a_kind(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    path = pictures.write_zoo(tmp_path / "in", 2)[1]
    report = await add(sqlite_database, files, sqlite_campaign_id, path, kind=ImageKind.CANDIDATE)
    assert report == IngestReport(1, 0, ())
    async with sqlite_database.read() as tx:
        counts = await count_kinds(tx, sqlite_campaign_id)
    assert counts == {
        ImageKind.CANDIDATE: 1,
        ImageKind.TAINTED: 0,
        ImageKind.UNTAINTED: 0,
        ImageKind.REFUSED: 0,
        ImageKind.RETIRED: 0,
    }


async def test_keeps_to_the_limits_given(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    pictures.write_zoo(tmp_path / "in", 1)
    (tmp_path / "in" / "z.png").write_bytes(pictures.png(5, size=(300, 300)))
    limits = Limits(max_bytes=100_000, min_side_px=70, max_pixels=20_000)
    report = await add(sqlite_database, files, sqlite_campaign_id, tmp_path / "in", limits=limits)
    assert report.added == 1
    assert [refusal.reason for refusal in report.refused] == ["larger than 0.1 MB"]


async def test_two_campaigns_may_hold_the_same_picture(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    async with sqlite_database.begin() as tx:
        other = await open_campaign(tx, name="other", model_ref="scripted:", now=1.0, rng=random.Random(2))
    pictures.write_zoo(tmp_path / "in", 2)
    assert (await add(sqlite_database, files, sqlite_campaign_id, tmp_path / "in")).added == 2
    assert (await add(sqlite_database, files, other.id, tmp_path / "in")).added == 2


async def test_an_empty_folder_adds_nothing(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    assert await add(sqlite_database, files, sqlite_campaign_id, tmp_path / "in") == IngestReport(0, 0, ())


async def test_says_what_is_missing(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="There is no folder"):
        await add(sqlite_database, files, sqlite_campaign_id, tmp_path / "nowhere")
    with pytest.raises(NotFound, match=r"no campaign 'nobody'\. Create it"):
        await add(sqlite_database, files, CampaignId("nobody"), tmp_path)
    for licence in ("", "  ", "x" * 81):
        with pytest.raises(BadInput, match="need a licence"):
            await add_folder(
                sqlite_database,
                files,
                campaign_id=sqlite_campaign_id,
                path=tmp_path,
                licence=licence,
                source="",
                now=1.0,
            )

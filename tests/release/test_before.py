"""Releases that follow each other: pictures and players stay where the last one had them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stumper.images.files import Files, FolderFiles
from stumper.records import Split
from stumper.release import queries, read_manifest, read_rows
from stumper.release.before import read_before
from stumper.release.freeze import freeze
from stumper.release.plan import NOTHING
from stumper.store.database import Database
from tests.release.rows import CAMPAIGN, FIRST, Fact, accept, open_campaign


def old_data(n: int, *, first: int = 0) -> list[Fact]:
    """Examples of players who were dealt any picture: by hash a third of them would be conflicts."""
    return [
        Fact(
            picture=number * 7 % 40, question=f"What is thing {number}?", answer=str(number % 9),
            player=f"p{number * 5 % 13}",
        )
        for number in range(first, first + n)
    ]  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return FolderFiles(tmp_path / "files")


@pytest.fixture
async def crowd(sqlite_database: Database, files: Files) -> Database:
    await open_campaign(sqlite_database)
    await accept(sqlite_database, files, old_data(120))
    return sqlite_database


async def build(database: Database, files: Files, out: Path, *, seed: int = 1) -> Path:
    made = await freeze(database, files, campaign_id=CAMPAIGN, round_id=FIRST, out=out, seed=seed, now=3.0)
    return Path(made.path)


def where(folder: Path) -> dict[str, Split]:
    """Returns the split of each picture, of those that no example of a release shows as well."""
    left_out = [json.loads(line) for line in (folder / "left-out.jsonl").read_text().splitlines()]
    found = {line["image"]: Split(line["split"]) for line in left_out}
    return found | {str(row.image_id): split for split in Split for row in read_rows(folder, split)}


def players(folder: Path, split: Split) -> set[str]:
    lines = [json.loads(line) for line in (folder / "provenance.jsonl").read_text().splitlines()]
    return {line["provenance"]["player"] for line in lines if line["split"] == split}


async def test_a_release_of_old_data_keeps_players_apart_and_names_what_it_left_out(
    crowd: Database, files: Files, tmp_path: Path
) -> None:
    folder = await build(crowd, files, tmp_path / "out")

    manifest = read_manifest(folder)
    assert manifest.why_not_apart == ""
    assert 0 < manifest.left_out["player"] <= 30
    assert sum(manifest.splits.values()) + sum(manifest.left_out.values()) == 120
    assert len((folder / "left-out.jsonl").read_text().splitlines()) == sum(manifest.left_out.values())
    assert not players(folder, Split.TEST) & (players(folder, Split.TRAIN) | players(folder, Split.VAL))


async def test_building_again_gives_the_same_release_although_it_now_follows_itself(
    crowd: Database, files: Files, tmp_path: Path
) -> None:
    first = await build(crowd, files, tmp_path / "out")

    assert await build(crowd, files, tmp_path / "out") == first


async def test_the_next_release_moves_no_picture_and_no_test_player(
    crowd: Database, files: Files, tmp_path: Path
) -> None:
    first = await build(crowd, files, tmp_path / "out")
    await accept(crowd, files, old_data(90, first=500), prefix="later")

    second = await build(crowd, files, tmp_path / "out")

    assert second != first
    assert where(first).items() <= where(second).items()
    assert not players(first, Split.TEST) & (players(second, Split.TRAIN) | players(second, Split.VAL))


async def test_another_seed_begins_anew(crowd: Database, files: Files, tmp_path: Path) -> None:
    first = await build(crowd, files, tmp_path / "out")
    second = await build(crowd, files, tmp_path / "out", seed=2)

    one, two = where(first), where(second)
    assert any(one[image] is not two[image] for image in one)


@pytest.mark.parametrize("damage", ["release.json", "provenance.jsonl", "left-out.jsonl"])
async def test_a_damaged_release_is_passed_over_with_a_warning(
    crowd: Database, files: Files, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = await build(crowd, files, tmp_path / "out")
    (folder / damage).write_text('{"half')
    async with crowd.read() as tx:
        releases = await queries.all_of(tx, CAMPAIGN)

    assert read_before(releases, seed=1) is NOTHING
    assert "cannot be kept" in "".join(capsys.readouterr())


async def test_a_release_of_the_first_format_tells_where_pictures_are(
    crowd: Database, files: Files, tmp_path: Path
) -> None:
    folder = await build(crowd, files, tmp_path / "out")
    data = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps(data | {"format": 1}))
    (folder / "left-out.jsonl").unlink()
    async with crowd.read() as tx:
        releases = await queries.all_of(tx, CAMPAIGN)

    before = read_before(releases, seed=1)

    assert set(before.images.values()) == set(Split)
    assert len(before.held_out) == 0

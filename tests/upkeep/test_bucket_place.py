"""An installation whose pictures are in a bucket: played, checked, backed up, restored, examined."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stumper.app import build, open_files
from stumper.config import Settings, load
from stumper.errors import BadInput
from stumper.store.database import Database
from stumper.upkeep.backup import back_up
from stumper.upkeep.check import check_store
from stumper.upkeep.doctor import examine
from stumper.upkeep.finding import Finding, State
from stumper.upkeep.restore import restore
from tests.commands import stumper
from tests.fake_s3 import KEY, SECRET, FakeS3, fake_s3
from tests.front.world import Clock
from tests.upkeep.played import NAME, furnish, play


@pytest.fixture
def server() -> Iterator[FakeS3]:
    with fake_s3() as running:
        running.page = 7
        yield running


def in_bucket(server: FakeS3, data: Path, *, prefix: str = "live", **more: object) -> Settings:
    return load(
        data=data, campaign=NAME, model="scripted:", files=f"s3://pictures/{prefix}",
        s3_endpoint=server.url, s3_key=KEY, s3_secret=SECRET, **more,
    )  # fmt: skip


@pytest.fixture
async def small(server: FakeS3, sqlite_template: Path, tmp_path: Path) -> Settings:
    """Two people played, with pictures that are in the bucket only."""
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "stumper.db")
    settings, clock = in_bucket(server, tmp_path / "data"), Clock()
    async with build(settings, clock=clock, rng=random.Random(7), prepare=False) as app:
        await furnish(app)
        await play(app, clock, sessions=1)
    assert not (settings.data / "files").exists()
    return settings


async def checked(settings: Settings, *, hashes: bool = True) -> list[Finding]:
    database = Database(settings.database_url)
    try:
        return await check_store(
            database, files=open_files(settings), releases=settings.data / "releases", hashes=hashes
        )
    finally:
        await database.close()


def of_files(found: list[Finding]) -> list[tuple[State, str]]:
    return [(one.state, one.said) for one in found if one.name == "files"]


async def test_what_is_in_the_bucket_is_checked(server: FakeS3, small: Settings) -> None:
    assert of_files(await checked(small)) == [(State.OK, "20 pictures are there")]
    there = server.buckets["pictures"]
    changed, lost, *_ = sorted(there)
    there[changed] = (b"not a picture", there[changed][1])
    del there[lost]
    there["live/left-by-a-kill"] = (b"half", 0.0)
    there["other/not-ours"] = (b"x", 0.0)

    found = of_files(await checked(small))

    assert [state for state, _ in found] == [State.WRONG, State.WRONG, State.WARN]
    for (_, said), name in zip(found, (lost, changed, "left-by-a-kill"), strict=True):
        assert name.rpartition("/")[2] in said
        assert "s3://pictures/live" in said
    assert "1 files" in found[2][1], "another prefix is another's"
    reads = server.asked("GET")
    assert [state for state, _ in of_files(await checked(small, hashes=False))] == [State.WRONG, State.WARN]
    assert server.asked("GET") == reads


async def test_a_bucket_that_is_away_is_said_and_nothing_is_called_lost(
    server: FakeS3, small: Settings
) -> None:
    server.stop()

    ((state, said),) = of_files(await checked(small))

    assert state is State.WRONG
    assert "does not answer" in said
    assert "are not in" not in said


async def test_a_backup_names_the_bucket_and_is_restored_beside_it(
    server: FakeS3, small: Settings, tmp_path: Path
) -> None:
    made = await back_up(small, tmp_path / "backup", now=1.0)

    assert made.bucket == "s3://pictures/live"
    assert not [name for name in made.files if name.startswith("data/files")]
    with pytest.raises(BadInput, match=r"are in s3://pictures/live\. Set STUMPER_FILES"):
        await restore(Settings(data=tmp_path / "folder"), tmp_path / "backup", forgotten=[], now=2.0)
    assert not (tmp_path / "folder").exists()
    done = await restore(in_bucket(server, tmp_path / "there"), tmp_path / "backup", forgotten=[], now=2.0)
    assert [one for one in done.findings if one.state is State.WRONG] == []
    empty = await restore(
        in_bucket(server, tmp_path / "empty", prefix="empty"), tmp_path / "backup", forgotten=[], now=2.0
    )
    assert (
        "20 pictures of the database are not in s3://pictures/empty" in of_files(list(empty.findings))[0][1]
    )


async def test_a_backup_with_pictures_is_restored_into_a_bucket(
    server: FakeS3, sqlite_template: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "stumper.db")
    settings = Settings(data=tmp_path / "data", campaign=NAME)
    async with build(settings, clock=Clock(), prepare=False) as app:
        await furnish(app)
    made = await back_up(settings, tmp_path / "backup", now=1.0)
    there = in_bucket(server, tmp_path / "there")

    done = await restore(there, tmp_path / "backup", forgotten=[], now=2.0)

    assert made.bucket == ""
    assert [one for one in done.findings if one.state is State.WRONG] == []
    assert len(server.buckets["pictures"]) == 20
    assert not (there.data / "files").exists()


async def test_the_doctor_looks_at_the_bucket(server: FakeS3, small: Settings) -> None:
    assert [one.name for one in await examine(small) if one.state is State.WRONG] == []
    server.refused = {"PUT"}

    (wrong,) = [one for one in await examine(small) if one.state is State.WRONG]

    assert wrong.name == "files"
    assert "s3://pictures/live" in wrong.said
    assert "has no right" in wrong.said
    assert "docs/guide/bucket.md" in wrong.way_out


async def test_the_command_says_that_pictures_are_not_in_a_backup(
    server: FakeS3, small: Settings, tmp_path: Path
) -> None:
    given = {
        "STUMPER_DATA": str(small.data),
        "STUMPER_FILES": "s3://pictures/live",
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    done = await asyncio.to_thread(stumper, "backup", str(tmp_path / "backup"), folder=tmp_path, **given)

    assert done.returncode == 0, done.stderr
    assert "The pictures are in s3://pictures/live and not in it" in done.stdout

"""A backup made while people play is restored elsewhere, whole, with every move from before it."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from stumper.app import App, build
from stumper.config import Settings
from stumper.errors import BadInput, BadSetting, Conflict, StoreError
from stumper.store import schema
from stumper.store.database import Database
from stumper.upkeep import dumps
from stumper.upkeep.backup import back_up
from stumper.upkeep.finding import State
from stumper.upkeep.restore import restore
from tests.commands import stumper
from tests.conftest import _named, _on_postgres
from tests.front.world import Clock
from tests.upkeep.played import NAME, furnish, play


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", database=database_url, campaign=NAME)


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """An empty place for the same kind of database."""
    data = tmp_path / "elsewhere"
    if dumps.is_sqlite(settings.database_url):
        yield Settings(data=data, campaign=NAME)
        return
    server, name = request.getfixturevalue("postgres"), f"stumper_test_{uuid.uuid4().hex[:12]}"
    _on_postgres(server, f"CREATE DATABASE {name}")
    yield Settings(data=data, campaign=NAME, database=_named(server, name))
    _on_postgres(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _rows(url: str) -> tuple[int, int]:
    database = Database(url)
    async with database.read() as tx:
        players = (await tx.execute(select(schema.player.c.id))).all()
        verdicts = (await tx.execute(select(schema.exchange.c.id))).all()
    await database.close()
    return len(players), len(verdicts)


async def _go_on(app: App, clock: Clock, stop: asyncio.Event) -> int:
    """Players come and play until they are told to stop; returns how many came."""
    came = 0
    while not stop.is_set():
        await play(app, clock, players=2, sessions=1, votes=False)
        came += 2
    return came


async def test_a_backup_made_while_people_play_passes_every_check(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    clock, stop = Clock(), asyncio.Event()
    async with build(settings, clock=clock, rng=random.Random(7), prepare=False) as app:
        await furnish(app)
        await play(app, clock)
        before = await _rows(settings.database_url)
        playing = asyncio.create_task(_go_on(app, clock, stop))
        await asyncio.sleep(0.05)
        made = await back_up(settings, tmp_path / "backup", now=clock())
        stop.set()
        came = await playing

    done = await restore(elsewhere, tmp_path / "backup", forgotten=[], now=clock())

    assert [one for one in done.findings if one.state is State.WRONG] == []
    players, exchanges = await _rows(elsewhere.database_url)
    assert came > 0
    assert before[0] <= players <= before[0] + came
    assert exchanges >= before[1]
    assert len(made.files) == 21  # twenty pictures and the database
    with pytest.raises(Conflict):
        await restore(elsewhere, tmp_path / "backup", forgotten=[], now=clock())


@pytest.fixture
async def small(sqlite_database: Database, tmp_path: Path) -> Settings:
    """A data folder in which two people played, and its database."""
    settings = Settings(data=tmp_path / "data", database=sqlite_database.url, campaign=NAME)
    clock = Clock()
    async with build(settings, clock=clock, rng=random.Random(7), prepare=False) as app:
        await furnish(app)
        await play(app, clock, sessions=1)
    return settings


async def test_who_was_forgotten_since_is_forgotten_again(small: Settings, tmp_path: Path) -> None:
    await back_up(small, tmp_path / "backup", now=1.0)
    database = Database(small.database_url)
    async with database.read() as tx:
        player = (await tx.execute(select(schema.player.c.id).order_by(schema.player.c.id))).scalars().first()
    await database.close()
    there = Settings(data=tmp_path / "there", campaign=NAME)

    done = await restore(there, tmp_path / "backup", forgotten=[str(player), "unknown"], now=9.0)

    assert done.forgotten == (player,)
    assert done.unknown == ("unknown",)
    assert [one for one in done.findings if one.state is State.WRONG] == []
    again = await back_up(there, tmp_path / "newer", now=10.0)
    assert again.forgotten == [player]


async def test_models_and_releases_are_found_in_their_new_place(small: Settings, tmp_path: Path) -> None:
    folder = small.data / "models" / "tuned"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"heavy")
    database = Database(small.database_url)
    async with database.begin() as tx:
        await tx.execute(schema.round_.update().values(model_ref=f"onnx:{folder}"))
    await database.close()
    await back_up(small, tmp_path / "backup", now=1.0)
    there = Settings(data=tmp_path / "there", campaign=NAME)

    await restore(there, tmp_path / "backup", forgotten=[], now=2.0)

    moved = Database(there.database_url)
    async with moved.read() as tx:
        ref = (await tx.execute(select(schema.round_.c.model_ref))).scalar_one()
    await moved.close()
    assert ref == f"onnx:{there.data}/models/tuned"
    assert (there.data / "models" / "tuned" / "weights").read_bytes() == b"heavy"


@pytest.mark.parametrize("damage", ["changed", "lost", "manifest"])
async def test_a_damaged_backup_restores_nothing(damage: str, small: Settings, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    made = await back_up(small, backup, now=1.0)
    name = next(name for name in sorted(made.files) if name.startswith("data/files"))
    if damage == "changed":
        (backup / name).write_bytes(b"other")
    elif damage == "lost":
        (backup / name).unlink()
    else:
        (backup / "backup.json").write_text("{}")
    there = Settings(data=tmp_path / "there", campaign=NAME)

    with pytest.raises(BadInput):
        await restore(there, backup, forgotten=[], now=2.0)

    assert not there.data.exists()


async def test_a_backup_replaces_nothing_and_a_failed_one_leaves_nothing(
    small: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(BadInput, match="there already"):
        await back_up(small, tmp_path / "there", now=1.0)
    monkeypatch.setattr(
        "stumper.upkeep.backup.copy", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space"))
    )

    with pytest.raises(StoreError, match="No space"):
        await back_up(small, tmp_path / "backups" / "new", now=1.0)

    assert list((tmp_path / "backups").iterdir()) == []


def test_without_pg_dump_the_way_out_is_said(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadSetting, match="not in PATH"):
        dumps.dump(postgres, tmp_path / "dump")
    tool = tmp_path / "pg_dump"
    tool.write_text("#!/bin/sh\necho pg_dump 9.6\n")
    tool.chmod(0o755)
    with pytest.raises(BadSetting, match="older tool"):
        dumps.dump(postgres, tmp_path / "dump")


async def test_the_commands_make_and_restore_a_backup(small: Settings, tmp_path: Path) -> None:
    here = {"STUMPER_DATA": str(small.data), "STUMPER_DATABASE": small.database_url}
    there = {"STUMPER_DATA": str(tmp_path / "new")}
    backup = str(tmp_path / "backup")

    made = await asyncio.to_thread(stumper, "backup", backup, "--json", folder=tmp_path, **here)
    (tmp_path / "ids").write_text("mistyped\n")
    back = await asyncio.to_thread(stumper, "restore", backup, folder=tmp_path, **there)
    there = {"STUMPER_DATA": str(tmp_path / "newer")}
    listed = await asyncio.to_thread(
        stumper, "restore", backup, "--forgotten", "ids", folder=tmp_path, **there
    )

    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["counts"]["player"] == 2
    assert back.returncode == 0, back.stderr
    assert "are in it again" in back.stderr
    assert "1 ids to forget are of no player in it: mistyped" in listed.stderr

"""The doctor says what is wrong, and only that."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from stumper.config import Settings
from stumper.store.database import Database
from stumper.upkeep.doctor import examine
from stumper.upkeep.finding import Finding, State
from tests.commands import stumper


def _bad(found: list[Finding], state: State = State.WRONG) -> list[str]:
    return [one.name for one in found if one.state is state]


def _settings(folder: Path, **more: str) -> Settings:
    return Settings(data=folder, model="scripted:", **more)  # type: ignore[arg-type]


async def test_nothing_is_wrong_with_a_fresh_installation(database_url: str, tmp_path: Path) -> None:
    found = await examine(_settings(tmp_path, database=database_url, secret="given"))

    assert _bad(found) == []
    assert {"database", "schema", "integrity", "clock", "cache", "files", "room", "model", "jobs"} <= {
        one.name for one in found
    }


async def test_a_clock_that_differs_from_the_servers_is_told(database_url: str, tmp_path: Path) -> None:
    if "postgresql" not in database_url:
        pytest.skip("SQLite has no clock of its own")

    found = await examine(
        _settings(tmp_path, database=database_url, secret="given"), clock=lambda: time.time() - 60
    )

    assert _bad(found) == ["clock"]


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"database": "postgresql://nobody@127.0.0.1:1/none"}, "database"),
        ({"database": "nonsense"}, "settings"),
        ({"database": "mysql://ada@host/name"}, "settings"),
        ({"cache": "redis://host:port"}, "settings"),
        ({"data": "/proc/stumper"}, "data"),
        ({"cache": "redis://127.0.0.1:1"}, "cache"),
        ({"files": "/proc/stumper"}, "files"),
        ({"model": "onnx:/nowhere/at/all"}, "model"),
        ({"public_url": "stumper.example"}, "public_url"),
    ],
)
async def test_what_is_set_wrongly_is_named(wrong: dict[str, str], name: str, tmp_path: Path) -> None:
    chosen = {"data": tmp_path, "model": "scripted:", "secret": "given"} | wrong

    found = await examine(Settings(**chosen))  # type: ignore[arg-type]

    assert set(_bad(found)) - {"settings", "model"} <= {name}
    assert name in _bad(found)
    lines = [f"{one.said} {one.way_out}" for one in found if one.state is not State.OK]
    assert [
        one
        for one in lines
        if not re.search(r"STUMPER_[A-Z]+|[Ss]tumper [a-z]+|Use sqlite|onnx:|Free some space", one)
    ] == []


async def test_another_schema_is_told(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "stumper.db")
    for version, state in (("0001", State.WARN), ("9999", State.WRONG)):
        database = Database(f"sqlite:///{tmp_path / 'stumper.db'}")
        async with database.begin() as tx:
            await tx.execute(text("UPDATE stumper_version SET version_num = :to"), {"to": version})
        await database.close()

        assert _bad(await examine(_settings(tmp_path)), state) == ["schema"]


def test_damage_in_the_file_is_told(sqlite_template: Path, tmp_path: Path) -> None:
    pages = bytearray(sqlite_template.read_bytes())
    pages[3 * 4096 : 3 * 4096 + 40] = b"\xff" * 40
    (tmp_path / "stumper.db").write_bytes(pages)

    assert "integrity" in _bad(asyncio.run(examine(_settings(tmp_path))))


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "stumper.db").write_text("something else, and long enough to be read as a header of SQLite")

    assert _bad(await examine(_settings(tmp_path))) == ["database"]


async def test_it_changes_nothing(tmp_path: Path) -> None:
    await examine(_settings(tmp_path / "data"))

    assert not list((tmp_path / "data").rglob("*"))


async def test_an_old_backup_and_plain_http_are_warned_of(tmp_path: Path) -> None:
    (tmp_path / "backup.json").write_text(
        json.dumps(
            {"format": 1, "version": "0", "schema": "0", "made_at": 0.0, "data": "", "database": "",
             "jobs": "", "counts": {}, "forgotten": [], "files": {}}
        )
    )  # fmt: skip
    settings = _settings(tmp_path / "data", host="0.0.0.0")

    found = await examine(settings, backup=tmp_path, clock=lambda: 3 * 86_400.0)

    assert {"public_url", "backup"} <= set(_bad(found, State.WARN))
    assert "backup" in _bad(await examine(settings, backup=tmp_path / "none"))


def test_the_command_ends_with_status_1(tmp_path: Path) -> None:
    ended = stumper("doctor", "--json", folder=tmp_path, STUMPER_MODEL="scripted:", STUMPER_PUBLIC_URL="x")
    well = stumper("doctor", folder=tmp_path, STUMPER_MODEL="scripted:")

    assert ended.returncode == 1
    assert json.loads(ended.stdout)["ok"] is False
    assert well.returncode == 0, well.stdout

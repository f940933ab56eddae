"""The operator's commands about players; one of them marks faster than anybody can read."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest

from stumper.records import CampaignId, PlayerId
from stumper.store.database import Database
from stumper.trust.watch.appeals import appeal
from tests.commands import stumper
from tests.trust.rows import CAMPAIGN, add_player, open_campaign
from tests.trust.watch.test_watch import add_robot


@pytest.fixture
def folder(sqlite_template: Path, tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    (data / "stumper.db").write_bytes(sqlite_template.read_bytes())
    asyncio.run(_fill(Database(f"sqlite:///{data / 'stumper.db'}")))
    return tmp_path


async def _fill(database: Database) -> None:
    await open_campaign(database)
    await add_player(database, "ann")
    await add_robot(database, "bob")
    await database.close()


def players(folder: Path, *words: str) -> str:
    ended = stumper("players", *words, "--campaign", "town", folder=folder, STUMPER_DATA=str(folder / "data"))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


async def _appeal(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'data' / 'stumper.db'}")
    said = "[bold]I am quick.[/]"
    await appeal(database, CampaignId(CAMPAIGN), PlayerId("bob"), text=said, now=9.0, rng=random.Random(1))
    await database.close()


def test_signals_are_listed_with_reasons_and_decided(folder: Path) -> None:
    found = json.loads(players(folder, "signals", "--json"))
    asyncio.run(_appeal(folder))
    waiting = json.loads(players(folder, "appeals", "--json"))
    shown = players(folder, "appeals")
    weights = {row["nickname"]: row["weight"] for row in json.loads(players(folder, "list", "--json"))}

    assert found["looked"]["new"] == 1
    assert found["signals"][0]["reason"].startswith("12 of 12 answers")
    assert waiting[0]["text"] == "[bold]I am quick.[/]"
    assert "[bold]" in shown  # what players type is text
    assert weights["bob"] < 0.1
    assert "1 signals dismissed, 1 appeals answered" in players(folder, "decide", "bob", "--dismiss")
    assert json.loads(players(folder, "list", "--json"))[0]["weight"] == 1.0
    assert json.loads(players(folder, "appeals", "--json")) == []
    assert "dismissed" in players(folder, "signals", "--no-look")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("decide", "nobody", "--dismiss"), "stumper players list"),
        (("decide", "ann", "--uphold"), "Nothing counts"),
        (("signals", "--campaign", "elsewhere"), "elsewhere"),
    ],
)
def test_bad_input_is_one_line_with_the_way_out(folder: Path, words: tuple[str, ...], says: str) -> None:
    words = words if "--campaign" in words else (*words, "--campaign", "town")

    ended = stumper("players", *words, folder=folder, STUMPER_DATA=str(folder / "data"))

    assert ended.returncode == 1
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_player_is_forgotten_by_the_operator(folder: Path) -> None:
    unsure = stumper("players", "forget", "bob", folder=folder, STUMPER_DATA=str(folder / "data"))
    done = stumper(
        "players", "forget", "bob", "--yes", "--json", folder=folder, STUMPER_DATA=str(folder / "data")
    )
    names = {row["nickname"] for row in json.loads(players(folder, "list", "--json"))}

    assert unsure.returncode == 1  # nobody answered
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["questions"] > 0
    assert "bob" not in names

"""Visits out of the database, and the command and page that tell of them."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from stumper.evaluate import queries
from stumper.evaluate.retention import Share, retention, visits_of
from stumper.evaluate.retention_page import Heading, render_retention, write_retention
from stumper.simulate.returns import PAPER, draw_visits
from stumper.store import schema
from stumper.store.database import Database
from tests.commands import stumper
from tests.release.rows import CAMPAIGN, FIRST, accept, facts, open_campaign

DAY_S = 86_400.0


async def add(database: Database, table: Any, *rows: dict[str, Any]) -> None:
    async with database.begin() as tx:
        for row in rows:
            await tx.execute(insert(table).values(**row))


def player(name: str, at: float, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "nickname": name, "language": "en", "kind": "human", "consent_at": at,
        "licence": "CC BY 4.0", "created_at": at, **more,
    }  # fmt: skip


def session(name: str, owner: str, at: float, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "player_id": owner, "round_id": FIRST, "campaign_id": CAMPAIGN, "turns": 10,
        "started_at": at, "poison_rate": 0.4, "salt": "x", "commitment": "y", **more,
    }  # fmt: skip


async def fill(database: Database, now: float) -> None:
    """Ida, of a team, plays twice; Jo joined and never played; a robot plays too."""
    await open_campaign(database)
    joined = now - 20 * DAY_S
    await add(database, schema.team, {"id": "team", "name": "Owls", "code": "OWL", "created_at": joined})
    await add(
        database,
        schema.player,
        player("ida", joined, team_id="team"),
        player("jo", joined),
        player("bot", joined, kind="simulated"),
    )
    day = int(joined // DAY_S)
    await add(
        database,
        schema.session,
        session("s1", "ida", joined + 60, day=day),
        session("s2", "ida", joined + DAY_S, day=day + 1),
        session("s3", "bot", joined + 60),
    )
    turns = [("s1", 10), ("s2", 4), ("s3", 1)]
    for name, opened in turns:
        rows = [
            {
                "id": f"{name}-{n}", "session_id": name, "position": n, "image_id": "i", "control": True,
                "coins": "0", "opened_at": joined if n < opened else None,
            }
            for n in range(10)
        ]  # fmt: skip
        await add(database, schema.turn, *rows)
    asked = [(f"s1-{n}", joined + 90 + n) for n in range(3)] + [("s3-0", joined)]
    await add(
        database,
        schema.exchange,
        *({"id": f"x{turn}", "turn_id": turn, "number": 0, "key": "k", "question": "?", "poisoned": False,
           "asked_at": at} for turn, at in asked),
    )  # fmt: skip
    told = {"kind": "streak", "facts": {}, "written_at": joined}
    await add(
        database,
        schema.message,
        {"id": "m1", "player_id": "ida", "about": "1", "sent_at": joined + DAY_S - 60, **told},
        {"id": "m2", "player_id": "ida", "about": "2", "sent_at": None, **told},
    )


async def test_rows_become_the_figures(database: Database, tmp_path: Path) -> None:
    now = 20_000 * DAY_S
    await fill(database, now)

    async with database.read() as tx:
        players = await queries.guests(tx, campaign_id=CAMPAIGN, kind="human", since=0.0)
        sessions = await queries.visits(tx, campaign_id=CAMPAIGN)
        notices = await queries.sent_notices(tx)
    found = retention(visits_of(now=now, since=1000.0, players=players, sessions=sessions, notices=notices))

    # "p" of the campaign's rows joined and played before the time reported on.
    assert [row.id for row in players] == ["ida", "jo", "p"]
    assert found.sessions == 2
    assert found.asked == Share(1, 2, 2)
    assert found.first_question_s.median == 90
    assert found.day_1 == Share(1, 1, 1)
    assert [share.part for share in found.depth] == [2] * 4 + [1] * 6
    assert found.after_notice == Share(1, 2, 1)
    assert found.before_notice == Share(0, 2, 1)
    assert found.teams == Share(1, 3, 3)


async def test_votes_count_from_the_day_asked_for(sqlite_database: Database, tmp_path: Path) -> None:
    from stumper.images.files import FolderFiles

    await open_campaign(sqlite_database)
    await accept(sqlite_database, FolderFiles(tmp_path), facts(3, each=1))
    votes = [
        {"id": f"v{n}", "claim_id": f"ce{n}", "player_id": "p", "model_wrong": True, "correction_right": True,
         "unanswerable": False, "voted_at": float(n)}
        for n in range(3)
    ]  # fmt: skip
    await add(sqlite_database, schema.vote, *votes)

    async with sqlite_database.read() as tx:
        counted = [
            (await queries.guests(tx, campaign_id=CAMPAIGN, kind="human", since=since))[0].votes
            for since in (0.0, 1.0, 9.0)
        ]

    assert counted == [3, 2, 0]


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    """A working folder with the visits of `fill`, until now."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "stumper.db").write_bytes(sqlite_template.read_bytes())

    async def filled() -> None:
        database = Database(f"sqlite:///{data / 'stumper.db'}")
        await fill(database, time.time())
        await database.close()

    asyncio.run(filled())
    return tmp_path


def test_the_command_prints_a_table_a_line_and_a_page(folder: Path) -> None:
    shown = stumper("retention", "--html", "page.html", folder=folder)
    line = json.loads(stumper("retention", "--json", folder=folder).stdout)
    robots = json.loads(stumper("retention", "--json", "--simulated", folder=folder).stdout)

    assert shown.returncode == 0, shown.stderr
    assert "69.7 %" in shown.stdout
    assert "(few)" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "Who comes back" in (folder / "page.html").read_text(encoding="utf-8")
    assert (line["campaign"], line["players"], line["sessions"]) == ("toytown", 3, 3)
    assert line["day_1"] == {"share": 1.0, "count": 1, "of": 1, "players": 1, "few": True}
    assert robots["players"] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--since", "2999-01-01"), "still to come"),
        (("--since", "yesterday"), "2026-01-31"),
        (("--campaign", "atlantis"), "No campaign is called 'atlantis'"),
    ],
)
def test_wrong_input_is_told_with_the_way_out(folder: Path, words: tuple[str, ...], says: str) -> None:
    ended = stumper("retention", *words, folder=folder)

    assert ended.returncode == 1
    assert says in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_a_game_without_people_says_so(tmp_path: Path, sqlite_template: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "stumper.db").write_bytes(sqlite_template.read_bytes())

    async def campaign_only() -> None:
        database = Database(f"sqlite:///{data / 'stumper.db'}")
        row = {"id": "c", "name": "toytown", "licence": "CC BY 4.0", "rules": {}, "created_at": 1.0}
        await add(database, schema.campaign, row)
        await database.close()

    asyncio.run(campaign_only())

    ended = stumper("retention", folder=tmp_path)

    assert ended.returncode == 1
    assert "Nobody has joined 'toytown' yet" in ended.stderr


def test_the_page_marks_few_players_and_escapes_names(tmp_path: Path) -> None:
    found = retention(draw_visits(PAPER, players=3, weeks=3, seed=1, now=20_000 * DAY_S))
    heading = Heading(campaign="<b>toy</b>", since="", until="2026-01-01", simulated=True)

    page = render_retention(found, heading)

    assert "too few" in page
    assert "&lt;b&gt;toy&lt;/b&gt;" in page
    assert "<b>toy" not in page
    written = write_retention(tmp_path / "deep" / "page.html", found, heading)
    assert written.read_text(encoding="utf-8") == page

"""What goes by age: only what is older, only where nobody needs it, and by one process of a database."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from stumper.accounts.lapse import run
from stumper.accounts.lapse.run import Lapsed, lapse, lapsing
from stumper.app import build
from stumper.config import Settings
from stumper.store import schema
from stumper.store.database import Database
from stumper.store.sole import held
from tests.trust.rows import Said, add_player, add_session, open_campaign

DAY_S = 86_400.0
NOW = 1000 * DAY_S
BEFORE = NOW - 30 * DAY_S


async def networked(database: Database, *names: str, joined_at: float = 1.0) -> None:
    for name in names:
        await add_player(database, name)
    async with database.begin() as tx:
        of = schema.player.c.id.in_(names)
        await tx.execute(update(schema.player).where(of).values(network="n", created_at=joined_at))


async def networks(database: Database) -> dict[str, str | None]:
    async with database.read() as tx:
        rows = await tx.execute(select(schema.player.c.id, schema.player.c.network))
        return {row.id: row.network for row in rows}


async def test_a_network_goes_once_its_player_has_stopped(database: Database) -> None:
    await open_campaign(database)
    await networked(database, "gone", "plays", "judges", "idle")
    await networked(database, "new", joined_at=BEFORE)
    said = [Said(turn=1, poisoned=False, verdict="correct", at=1.0)]
    for name in ("idle", "plays"):
        await add_session(database, name, said, session_id=name)
    async with database.begin() as tx:
        of = schema.session.c.player_id
        await tx.execute(update(schema.session).where(of == "idle").values(started_at=BEFORE - 1))
        await tx.execute(update(schema.session).where(of == "plays").values(started_at=BEFORE))
        exchange_id, image_id = (
            await tx.execute(select(schema.exchange.c.id, schema.turn.c.image_id).join(schema.turn).limit(1))
        ).one()
        await tx.execute(
            insert(schema.claim).values(
                id="claim", exchange_id=exchange_id, campaign_id="c", round_id="r", image_id=image_id,
                player_id="idle", question="What?", model_answer="a", correction="b", status="open",
                created_at=1.0,
            )
        )  # fmt: skip
        await tx.execute(
            insert(schema.vote).values(
                id="vote", claim_id="claim", player_id="judges", model_wrong=True, correction_right=True,
                unanswerable=False, voted_at=BEFORE,
            )
        )  # fmt: skip

    done = await lapse(database, keep_days=30, now=NOW)

    assert done == Lapsed(networks=2)
    assert await networks(database) == {"gone": None, "idle": None, "plays": "n", "judges": "n", "new": "n"}
    assert await lapse(database, keep_days=30, now=NOW) == Lapsed()


async def test_messages_go_once_they_were_told_and_codes_after_a_day(database: Database) -> None:
    me = await add_player(database, "ann")
    messages = {
        "read": (BEFORE - 1, NOW, None),
        "sent": (BEFORE - 1, None, NOW),
        "unread": (BEFORE - 1, None, None),
        "new": (BEFORE, NOW, NOW),
    }
    async with database.begin() as tx:
        for name, (written, seen, sent) in messages.items():
            await tx.execute(
                insert(schema.message).values(
                    id=name, player_id=me, kind="streak", about=name, facts={}, written_at=written,
                    seen_at=seen, sent_at=sent,
                )
            )  # fmt: skip
        for name, expires_at in (("old", NOW - DAY_S - 1), ("fresh", NOW - DAY_S)):
            code = {"code_hash": name, "player_id": me, "made_at": 1.0, "expires_at": expires_at}
            await tx.execute(insert(schema.passcode).values(code))

    assert await lapse(database, keep_days=0, now=NOW) == Lapsed(codes=1)
    assert await lapse(database, keep_days=30, now=NOW) == Lapsed(messages=2)
    async with database.read() as tx:
        assert set(await tx.scalars(select(schema.message.c.id))) == {"unread", "new"}
        assert list(await tx.scalars(select(schema.passcode.c.code_hash))) == ["fresh"]


async def test_of_two_processes_one_does_it_and_the_other_takes_over(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    async def counted(_: object, *, keep_days: int, now: float) -> Lapsed:
        done.append(f"{keep_days}")
        return Lapsed()

    monkeypatch.setattr(run, "lapse", counted)
    monkeypatch.setattr(run, "_DAY_S", 0.01)
    monkeypatch.setattr(run, "_LOOK_S", 0.01)
    url = f"sqlite:///{tmp_path / 'game.db'}"

    with held(url, "players", kind="lapsing"):
        async with lapsing(sqlite_database, url=url, keep_days=30, clock=lambda: NOW):
            await asyncio.sleep(0.1)
    assert done == [], "somebody else does it"

    async with lapsing(sqlite_database, url=url, keep_days=1, clock=lambda: NOW):
        await asyncio.sleep(0.05)
        async with lapsing(sqlite_database, url=url, keep_days=2, clock=lambda: NOW):
            await asyncio.sleep(0.1)
    assert set(done) == {"1"}
    assert len(done) > 2, "again every day"
    async with lapsing(sqlite_database, url=url, keep_days=3, clock=lambda: NOW):
        await asyncio.sleep(0.05)
    assert done[-1] == "3"


async def test_an_app_does_it_by_its_settings(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "stumper.db")
    settings = Settings(data=tmp_path, keep_days=30)
    async with build(settings, clock=lambda: NOW, prepare=False) as app:
        await networked(app.database, "gone")
        async with app.lapsing():
            for _ in range(100):
                if (await networks(app.database))["gone"] is None:
                    break
                await asyncio.sleep(0.02)

        assert await networks(app.database) == {"gone": None}

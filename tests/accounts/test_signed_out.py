"""An operator signs players out: by id or all, with a line in the log of acts."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from stumper.accounts.staff.sessions import sign_out
from stumper.errors import NotFound
from stumper.records import PlayerId
from stumper.store.acts import latest
from stumper.store.database import Database
from stumper.store.schema import player
from tests.commands import stumper
from tests.trust.rows import add_player


async def epochs(database: Database) -> dict[str, int]:
    async with database.read() as tx:
        return {row.id: row.epoch for row in await tx.execute(select(player.c.id, player.c.epoch))}


async def test_one_or_all_are_signed_out_and_the_log_says_so(database: Database) -> None:
    ann = await add_player(database, "ann")
    await add_player(database, "bob")

    assert await sign_out(database, ann, actor="cli:me", now=5.0) == 1
    assert await epochs(database) == {"ann": 1, "bob": 0}
    assert await sign_out(database, None, actor="cli:me", now=6.0) == 2
    assert await epochs(database) == {"ann": 2, "bob": 1}

    async with database.read() as tx:
        told = [(act.act, act.about, act.facts) for act in await latest(tx, limit=5)]
    assert told == [
        ("player.signed_out", "", {"players": 2}),
        ("player.signed_out", "ann", {"players": 1}),
    ]


async def test_nobody_unknown_is_signed_out(database: Database) -> None:
    with pytest.raises(NotFound, match="'zed'"):
        await sign_out(database, PlayerId("zed"), actor="cli:me", now=5.0)
    async with database.read() as tx:
        assert await latest(tx, limit=1) == []


def test_the_commands(sqlite_template: Path, tmp_path: Path) -> None:
    (tmp_path / "stumper.db").write_bytes(sqlite_template.read_bytes())
    at = {"folder": tmp_path, "STUMPER_DATA": str(tmp_path)}

    assert stumper("players", "sign-out", "--all", **at).stdout == "0 signed out on all devices\n"
    assert stumper("players", "lapse", **at).stdout == "deleted: 0 networks, 0 codes, 0 messages\n"
    for words in ([], ["ann", "--all"]):
        refused = stumper("players", "sign-out", *words, **at)
        assert (refused.returncode, "--all" in refused.stderr) == (1, True)

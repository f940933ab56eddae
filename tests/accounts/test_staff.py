"""Roles that are given and taken, and the log of acts that nobody can change."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from stumper.accounts.forget import forget
from stumper.accounts.staff import giving, queries
from stumper.curate.desk.dealing import Empty, next_claim, why_empty
from stumper.errors import BadInput, Conflict, NotFound
from stumper.records import PlayerId, Role
from stumper.store import acts, schema
from stumper.store.database import Database
from tests.commands import stumper
from tests.trust.rows import add_player, open_campaign

ANN, BOB = PlayerId("ann"), PlayerId("bob")
ME = "cli:tester"


async def town(database: Database) -> Database:
    await open_campaign(database)
    await add_player(database, ANN)
    await add_player(database, BOB)
    return database


@given(st.sampled_from(Role), st.sampled_from(Role), st.sampled_from(Role))
def test_roles_are_in_one_order(a: Role, b: Role, c: Role) -> None:
    assert a.covers(a)
    assert a.covers(b) or b.covers(a)
    assert not (a.covers(b) and b.covers(c)) or a.covers(c)
    assert Role.OWNER.covers(a)
    assert a.covers(Role.STRANGER)


async def test_a_role_is_given_once_and_taken_once(database: Database) -> None:
    await town(database)
    await giving.give(database, ANN, Role.OPERATOR, actor=ME, now=5.0)
    with pytest.raises(Conflict, match="already"):
        await giving.give(database, ANN, Role.OPERATOR, actor=ME, now=6.0)
    async with database.read() as tx:
        assert await queries.members(tx) == [(ANN, "ann", Role.OPERATOR, 5.0)]
        assert await giving.role_of(tx, ANN, needed=Role.OWNER) is Role.OPERATOR
        assert await giving.role_of(tx, BOB, needed=Role.REFEREE) is Role.PLAYER

    await giving.take(database, ANN, Role.OPERATOR, actor=ME, now=7.0)
    with pytest.raises(Conflict, match="not given"):
        await giving.take(database, ANN, Role.OPERATOR, actor=ME, now=8.0)

    async with database.read() as tx:
        assert await queries.members(tx) == []
        told = [(one.at, one.actor, one.act, one.about, one.facts) for one in await acts.latest(tx, limit=9)]
    assert told == [
        (7.0, ME, "role.taken", ANN, {"role": "operator"}),
        (5.0, ME, "role.given", ANN, {"role": "operator"}),
    ]


async def test_nobody_gets_a_role_that_does_not_exist_or_is_nobody(database: Database) -> None:
    await town(database)
    with pytest.raises(NotFound, match="players list"):
        await giving.give(database, PlayerId("zed"), Role.OWNER, actor=ME, now=1.0)
    for role in (Role.STRANGER, Role.PLAYER):
        with pytest.raises(BadInput, match="referee, operator, owner"):
            await giving.give(database, ANN, role, actor=ME, now=1.0)


async def test_a_player_who_is_being_forgotten_gets_no_role(database: Database) -> None:
    await town(database)
    async with database.begin() as tx:
        gone = schema.player.update().where(schema.player.c.id == ANN).values(forgotten_at=2.0)
        await tx.execute(gone)
        given = asyncio.create_task(giving.give(database, ANN, Role.OWNER, actor=ME, now=1.0))
        await asyncio.wait([given], timeout=0.1)

    with pytest.raises(NotFound, match="players list"):
        await given


async def test_trust_makes_a_referee_and_so_does_an_owner(database: Database) -> None:
    await town(database)
    async with database.begin() as tx:
        trusted = schema.player.update().where(schema.player.c.id == BOB).values(e_value=1e6)
        await tx.execute(trusted)
    await giving.give(database, ANN, Role.REFEREE, actor=ME, now=1.0)

    async with database.read() as tx:
        assert await giving.role_of(tx, ANN, needed=Role.REFEREE) is Role.REFEREE
        assert await giving.role_of(tx, BOB, needed=Role.REFEREE) is Role.REFEREE
    assert await next_claim(database, ANN, now=9.0, rng=random.Random(1)) is None
    assert await why_empty(database, ANN, now=9.0) is Empty.NOTHING_WAITS
    await giving.take(database, ANN, Role.REFEREE, actor=ME, now=2.0)
    assert await why_empty(database, ANN, now=9.0) is Empty.NOT_TRUSTED


async def test_a_forgotten_players_roles_go_and_the_log_does_not_say_who(database: Database) -> None:
    await town(database)
    await giving.give(database, ANN, Role.OWNER, actor=ME, now=1.0)

    await forget(database, ANN, 2.0)
    await forget(database, ANN, 3.0)

    async with database.read() as tx:
        assert await queries.members(tx) == []
        assert [(one.act, one.about, one.actor) for one in await acts.latest(tx, limit=1)] == [
            ("player.forgotten", "", acts.SELF)
        ]


async def test_an_act_is_written_with_what_it_is_about_or_not_at_all(database: Database) -> None:
    async def broken() -> None:
        async with database.begin() as tx:
            await acts.note(tx, actor=ME, act="a.b", about="x", now=1.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()

    async with database.read() as tx:
        assert await acts.latest(tx, limit=9) == []


@pytest.mark.parametrize("change", ["UPDATE act SET actor = 'nobody'", "DELETE FROM act"])
async def test_the_database_refuses_to_change_the_log(database: Database, change: str) -> None:
    async with database.begin() as tx:
        await acts.note(tx, actor="a" * 200, act="a.b", about="x", now=1.0, count=3)

    with pytest.raises(DBAPIError, match="as they were written"):
        async with database.begin() as tx:
            await tx.execute(text(change))

    async with database.read() as tx:
        (kept,) = await acts.latest(tx, limit=9)
    assert (kept.actor, kept.facts) == ("a" * 80, {"count": 3})


async def test_the_log_is_read_from_its_end_in_pages(database: Database) -> None:
    async with database.begin() as tx:
        for number in range(5):
            await acts.note(tx, actor=ME, act="a.b", about="odd" if number % 2 else "even", now=float(number))

    async with database.read() as tx:
        first = await acts.latest(tx, limit=2)
        rest = await acts.latest(tx, limit=9, before=first[-1].id)
        odd = await acts.latest(tx, limit=9, about="odd")
    assert [one.at for one in (*first, *rest)] == [4.0, 3.0, 2.0, 1.0, 0.0]
    assert [one.at for one in odd] == [3.0, 1.0]


def test_the_commands_name_the_systems_user_whatever_the_environment_says(
    sqlite_template: Path, tmp_path: Path
) -> None:
    (tmp_path / "stumper.db").write_bytes(sqlite_template.read_bytes())

    def say(*words: str) -> str:
        ended = stumper(
            *words, folder=tmp_path, STUMPER_DATA=str(tmp_path), USER="mallory", LOGNAME="mallory"
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    _add_ann(tmp_path / "stumper.db")
    say("staff", "give", ANN, "owner")
    assert [one["role"] for one in json.loads(say("staff", "list", "--json"))] == ["owner"]
    assert "ann" in say("staff", "list")
    say("staff", "take", ANN, "owner")
    told = json.loads(say("acts", "--json"))

    assert [one["act"] for one in told] == ["role.taken", "role.given"]
    assert all(one["actor"].startswith("cli:") and "mallory" not in one["actor"] for one in told)
    assert "role.given" in say("acts", "--about", ANN)
    refused = stumper("staff", "give", "zed", "owner", folder=tmp_path, STUMPER_DATA=str(tmp_path))
    assert refused.returncode == 1
    assert "players list" in refused.stderr


def _add_ann(path: Path) -> None:
    async def work() -> None:
        database = Database(f"sqlite:///{path}")
        await town(database)
        await database.close()

    asyncio.run(work())

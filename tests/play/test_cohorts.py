"""Cohorts stay apart while the pool suffices, and nobody's session is shorter for it."""

from __future__ import annotations

import random
from pathlib import Path

from sqlalchemy import select, update

from stumper.errors import PoolEmpty
from stumper.images.reserve import held_out, place
from stumper.play.draw import draw
from stumper.records import PlayerId
from stumper.store.database import Database
from stumper.store.schema import image, player, session, turn
from tests.play.conftest import START, World, furnish

SEED = 1  # of Rules()


async def cohorts(world: World) -> dict[str, bool]:
    """Gives each picture its cohort, as it has once it came in."""
    async with world.database.begin() as tx:
        ids = (await tx.execute(select(image.c.id))).scalars().all()
        for reserved in (True, False):
            some = [one for one in ids if held_out(place(one, seed=SEED)) is reserved]
            await tx.execute(update(image).where(image.c.id.in_(some)).values(held_out=reserved))
    return {one: held_out(place(one, seed=SEED)) for one in ids}


async def play(world: World, *, players: int, sessions: int) -> int:
    """Deals sessions in turn; returns how many were dealt before a pool was empty."""
    dealt = 0
    async with world.database.begin() as tx:
        for n in range(players):
            await tx.execute(
                player.insert().values(
                    id=f"player{n}",
                    nickname="x",
                    language="en",
                    kind="human",
                    consent_at=1,
                    licence="CC0",
                    created_at=1,
                )
            )
        for n in range(players * sessions):
            who = PlayerId(f"player{n % players}")
            try:
                await draw(tx, who, world.campaign, e_value=1.0, quick=False, rng=random.Random(n), now=START)
            except PoolEmpty:
                continue
            dealt += 1
    return dealt


async def conflicts(world: World, of: dict[str, bool], *, controls: bool = False) -> tuple[int, int]:
    """Returns the turns in which player and picture are of different cohorts, and all turns."""
    query = select(session.c.player_id, turn.c.image_id).join(turn, turn.c.session_id == session.c.id)
    async with world.database.read() as tx:
        rows = (await tx.execute(query.where(turn.c.control.is_(controls)))).all()
    return sum(held_out(place(who, seed=SEED)) is not of[what] for who, what in rows), len(rows)


async def test_cohorts_stay_apart_while_the_pool_suffices(sqlite_database: Database, tmp_path: Path) -> None:
    world = await furnish(sqlite_database, tmp_path / "files", complex_=120)
    of = await cohorts(world)

    assert await play(world, players=15, sessions=3) == 45

    wrong, all_ = await conflicts(world, of)
    assert all_ == 225
    assert wrong <= 0.02 * all_
    assert {held_out(place(f"player{n}", seed=SEED)) for n in range(15)} == {True, False}
    mixed, controls = await conflicts(world, of, controls=True)
    assert mixed > 0.15 * controls  # controls are dealt to all alike


async def test_an_empty_cohort_shortens_nobodys_session(sqlite_database: Database, tmp_path: Path) -> None:
    """20 complex pictures are four sessions of five for everybody, whatever the cohort."""
    world = await furnish(sqlite_database, tmp_path / "files", complex_=20)
    of = await cohorts(world)

    assert await play(world, players=10, sessions=4) == 40

    wrong, all_ = await conflicts(world, of)
    assert all_ == 200
    assert wrong > 0

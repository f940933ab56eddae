"""A finished session can be checked: fingerprint, coins, and answers that followed them."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from stumper.errors import Conflict, NotFound
from stumper.play.audit import verify
from stumper.records import SessionId, Verdict
from stumper.store.schema import exchange, turn
from tests.play.conftest import World


async def finished(world: World) -> SessionId:
    table = await world.started()
    await world.to_turn(table, control=True)
    asked = await table.ask()
    view = await table.game.judge(table.player_id, asked.id, verdict=Verdict.WRONG, correction="eleven")
    while view.turn is not None:
        view = await table.game.skip(table.player_id, view.turn.id)
    return view.id


async def test_an_honest_session_passes(lite: World) -> None:
    assert await verify(lite.database, await finished(lite)) == []


async def test_coins_drawn_afterwards_are_found_out(lite: World) -> None:
    session_id = await finished(lite)
    async with lite.database.begin() as tx:
        await tx.execute(update(turn).where(turn.c.position == 3).values(coins="11111111"))

    assert "fingerprint" in (await verify(lite.database, session_id))[0]


async def test_an_answer_against_its_coin_is_found_out(lite: World) -> None:
    session_id = await finished(lite)
    async with lite.database.begin() as tx:
        await tx.execute(update(exchange).values(poisoned=~exchange.c.poisoned))

    faults = await verify(lite.database, session_id)
    assert faults
    assert all("against its coin" in fault for fault in faults)


async def test_the_coins_of_a_session_in_play_stay_secret(lite: World) -> None:
    table = await lite.started()

    with pytest.raises(Conflict, match="secret"):
        await verify(lite.database, table.view.id)
    with pytest.raises(NotFound):
        await verify(lite.database, SessionId("nope"))

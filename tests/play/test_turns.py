"""More time, leaving a picture with a reason, reporting it, and what is kept with every question."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from stumper.errors import Conflict, TurnClosed
from stumper.images.queries import REPORTERS, complain, reported, withdraw
from stumper.play.rules import EXTENSIONS
from stumper.records import ImageId, PlayerId, ReportReason, SkipReason, TurnEnd, Verdict
from stumper.store.schema import complaint, exchange, turn
from tests.play.conftest import World


async def test_more_time_is_as_much_again_and_a_double_tap_adds_once(world: World) -> None:
    table = await world.started()
    world.clock.now += 95.0

    once = await table.game.more(table.player_id, table.turn_id)
    twice = await table.game.more(table.player_id, table.turn_id)

    assert once == twice
    assert once.turn is not None
    assert once.turn.seconds_left == 145.0
    assert (await world.turn(table.turn_id)).extensions == 1


async def test_more_time_is_there_while_little_is_left(lite: World) -> None:
    table = await lite.started()
    assert table.view.turn is not None
    assert table.view.turn.more_at_s == 30.0
    lite.clock.now += 80.0

    early = await table.game.more(table.player_id, table.turn_id)

    assert early.turn is not None
    assert early.turn.seconds_left == 40.0
    lite.clock.now += 41.5  # 1.5 s after the end: within the grace
    late = await table.game.more(table.player_id, table.turn_id)
    assert late.turn is not None
    assert late.turn.seconds_left == 118.5


async def test_more_time_is_given_ten_times(lite: World) -> None:
    table = await lite.started()
    for _ in range(EXTENSIONS):
        assert table.view.turn is not None
        lite.clock.now += table.view.turn.seconds_left - 5.0
        table.view = await table.game.more(table.player_id, table.turn_id)
    assert table.view.turn is not None
    assert table.view.turn.more_at_s is None
    lite.clock.now += table.view.turn.seconds_left - 1.0

    with pytest.raises(Conflict, match="10 times"):
        await table.game.more(table.player_id, table.turn_id)


async def test_more_time_comes_too_late_after_the_grace(lite: World) -> None:
    table = await lite.started()
    lite.clock.now += 122.5

    with pytest.raises(TurnClosed):
        await table.game.more(table.player_id, table.turn_id)


async def test_a_reason_to_skip_is_kept_and_not_needed(world: World) -> None:
    table = await world.started()
    first = table.turn_id
    view = await table.game.skip(table.player_id, first, reason=SkipReason.DULL)
    assert view.turn is not None

    await table.game.skip(table.player_id, view.turn.id)

    left, plain = await world.turn(first), await world.turn(view.turn.id)
    assert (left.end, left.reason) == (TurnEnd.SKIPPED, SkipReason.DULL)
    assert plain.reason is None


async def test_a_report_is_kept_once_and_leads_on(world: World) -> None:
    table = await world.started()

    once = await table.game.report(table.player_id, table.turn_id, reason=ReportReason.PRIVATE)
    twice = await table.game.report(table.player_id, table.turn_id, reason=ReportReason.OFFENSIVE)

    assert once == twice
    assert once.position == 1
    async with world.database.read() as tx:
        assert (await tx.execute(select(complaint.c.reason))).scalars().all() == ["private"]


async def test_a_picture_to_come_cannot_be_reported(lite: World) -> None:
    table = await lite.started()
    async with lite.database.read() as tx:
        later = (await tx.execute(select(turn.c.id).where(turn.c.position == 3))).scalar_one()

    with pytest.raises(Conflict):
        await table.game.report(table.player_id, later, reason=ReportReason.BROKEN)

    assert await lite.count(complaint) == 0


async def test_three_reports_hide_a_picture_until_it_is_restored(world: World) -> None:
    for number in range(REPORTERS):
        await _report_most(world, (await world.player(f"Reporter {number}")).id)
    table = await world.started()

    async with world.database.read() as tx:
        dealt = set((await tx.execute(select(turn.c.image_id))).scalars())
        found = await reported(tx, world.campaign.id)
    assert not dealt & {one.image_id for one in found}
    assert all(one.hidden and one.reasons == {ReportReason.BROKEN: REPORTERS} for one in found)

    async with world.database.begin() as tx:
        assert await withdraw(tx, world.campaign.id, found[0].image_id) == REPORTERS
        assert len(await reported(tx, world.campaign.id)) == len(found) - 1
    assert table.view.turns == 10


async def _report_most(world: World, player_id: PlayerId) -> None:
    """Leaves six simple and six complex pictures: one session."""
    async with world.database.begin() as tx:
        for number in [*range(6, 40), *range(46, 80)]:
            await complain(
                tx,
                player_id=player_id,
                campaign_id=world.campaign.id,
                image_id=ImageId(f"image{number:03d}"),
                reason=ReportReason.BROKEN,
                now=world.clock(),
            )


async def test_language_and_confidence_are_kept_with_a_question(world: World) -> None:
    game = world.game()
    ines = await game.join(nickname="Inés", language="es", consent=True)
    view = await game.start(ines.id)
    assert view.turn is not None
    asked = await game.ask(ines.id, view.turn.id, question="¿Cuántos gatos hay?", key="k1")

    await game.judge(ines.id, asked.id, verdict=Verdict.CORRECT, confidence=2)

    async with world.database.read() as tx:
        row = (await tx.execute(select(exchange.c.language, exchange.c.confidence))).one()
    assert tuple(row) == ("es", 2)

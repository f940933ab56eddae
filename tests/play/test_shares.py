"""How many controls a session has: fewer for those who are trusted, and none that is worn out."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from stumper.play.deal import control_share
from stumper.records import Rules
from stumper.store.schema import campaign, image, player, turn
from tests.play.conftest import World


@pytest.mark.parametrize(
    ("e_value", "share"), [(1.0, 0.5), (99.9, 0.5), (100.0, 0.2), (999.0, 0.2), (1000.0, 0.1), (0.0, 0.5)]
)
def test_trust_lowers_the_share(e_value: float, share: float) -> None:
    assert control_share(e_value, rules=Rules()) == share


def test_a_campaign_with_few_controls_keeps_its_share() -> None:
    assert control_share(500.0, rules=Rules(control_share=0.15)) == 0.15


async def controls(world: World) -> int:
    async with world.database.read() as tx:
        return int((await tx.execute(select(func.count()).where(turn.c.control))).scalar_one())


@pytest.mark.parametrize(("e_value", "expected"), [(1.0, 5), (150.0, 2), (1000.0, 1)])
async def test_a_session_is_dealt_by_the_players_trust(lite: World, e_value: float, expected: int) -> None:
    joined = await lite.player()
    async with lite.database.begin() as tx:
        await tx.execute(update(player).values(e_value=e_value))

    await lite.game().start(joined.id, campaign=None)

    assert await controls(lite) == expected


async def test_no_control_comes_twice_to_a_player(lite: World) -> None:
    joined = await lite.player()
    for _ in range(4):
        view = await lite.game().start(joined.id, campaign=None)
        while not view.finished:
            assert view.turn is not None
            view = await lite.game().skip(joined.id, view.turn.id)

    async with lite.database.read() as tx:
        shown = list((await tx.execute(select(turn.c.image_id).where(turn.c.control))).scalars())
    assert len(shown) == len(set(shown)) == 20


async def test_a_worn_control_is_retired(lite: World) -> None:
    async with lite.database.begin() as tx:
        kept = (
            (await tx.execute(select(image.c.id).where(image.c.kind == "tainted").limit(5))).scalars().all()
        )
        drop = image.c.kind == "tainted", image.c.id.not_in(kept)
        await tx.execute(update(image).where(*drop).values(kind="refused"))
        rules = dict((await tx.execute(select(campaign.c.rules))).scalar_one())
        await tx.execute(update(campaign).values(rules={**rules, "control_views": 2}))
    kinds = []
    for name in ("Ada", "Bob"):
        joined = await lite.player(name)
        await lite.game(seed=len(name) + len(kinds)).start(joined.id, campaign=None)
        async with lite.database.read() as tx:
            found = await tx.execute(select(image.c.kind).where(image.c.id.in_(kept)))
            kinds.append(set(found.scalars()))

    assert kinds == [{"tainted"}, {"retired"}]

"""What answers take is counted with them, and a budget holds, over real HTTP and on both databases."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, update

from stumper.errors import BudgetSpent, ModelError
from stumper.play.game import Game
from stumper.play.views import ExchangeView
from stumper.records import Verdict
from stumper.spending import Budget, Price, Spent, Till, Unit, notes
from stumper.spending.queries import Line, lines, set_budget, spent_by
from stumper.spending.till import HOLD_S
from stumper.store.database import Database
from stumper.store.schema import budget, exchange, reservation, round_, spending
from stumper.vlm.endpoint import Patience
from stumper.vlm.openai import open_openai
from tests.fake_endpoint import FakeEndpoint, fake_endpoint
from tests.play.conftest import START, Table, World

PRICES = {"sees": Price(1000, 2000)}
COST = 40 * 1000 + 3 * 2000
PATIENCE = Patience(connect_s=5, read_s=20, first_wait_s=0.01)


@pytest.fixture(scope="module")
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
async def paid(world: World, server: FakeEndpoint) -> AsyncIterator[World]:
    """The game against an endpoint that answers with 40 tokens read and 3 generated."""
    server.broken, server.delay_s = False, 0.0
    server.requests.clear()
    ref = f"openai:{server.url}#sees"
    async with world.database.begin() as tx:
        await tx.execute(update(round_).values(model_ref=ref))
    world.model = open_openai(ref.removeprefix("openai:"), patience=PATIENCE)
    yield world
    await world.model.close()


def game(world: World) -> Game:
    return Game(
        database=world.database,
        files=world.files,
        open_model=world._open,
        clock=world.clock,
        rng=random.Random(5),
        till=Till(PRICES, rng=random.Random(6)),
    )


async def seated(world: World, seed: int = 5) -> Table:
    own = game(world)
    own._rng = random.Random(seed)
    player = await own.join(nickname="Ada", language="en", consent=True)
    return Table(world, own, player.id, await own.start(player.id))


async def allow(world: World, unit: Unit, most: int) -> None:
    async with world.database.begin() as tx:
        await set_budget(tx, world.campaign.id, Budget(unit, most), now=START)


async def spent(world: World) -> Spent:
    async with world.database.read() as tx:
        return await spent_by(tx, world.campaign.id)


async def test_every_answer_is_counted_in_the_row_of_its_day_and_model(paid: World) -> None:
    table = await seated(paid)
    for number in range(3):
        asked = await table.ask(f"What colour is it, {number}?", key=f"k{number}")
        await table.game.judge(table.player_id, asked.id, verdict=Verdict.CORRECT)
    paid.clock.now += 90_000
    view = await table.game.view(table.player_id, table.view.id)
    assert view.turn is not None
    table.view = view
    await table.ask(key="later")

    async with paid.database.read() as tx:
        found = await lines(tx, paid.campaign.id)
        rows = (await tx.execute(select(func.count()).select_from(spending))).scalar_one()
    day = int(START // 86_400)
    assert found == [
        Line(
            round=1,
            day=day + after,
            model="sees",
            spent=Spent(calls=n, prompt_tokens=40 * n, tokens=3 * n, cost_nano=COST * n),
        )
        for after, n in ((0, 3), (1, 1))
    ]
    assert rows <= 4


async def test_an_answer_that_nobody_waits_for_any_more_is_kept_and_counted(
    paid: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = await seated(paid)
    reached, go, pay = asyncio.Event(), asyncio.Event(), table.game._till.pay

    async def slow(*args: Any, **more: Any) -> None:
        reached.set()
        await go.wait()
        await pay(*args, **more)

    monkeypatch.setattr(table.game._till, "pay", slow)
    waiting = asyncio.create_task(table.ask(key="k"))
    await reached.wait()
    waiting.cancel()  # as a web process does when a phone closes the line
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    again = await table.ask(key="k")  # waits for its turn to write, so behind what was going on

    assert again.answer
    assert (await spent(paid)).calls == 1


async def test_the_same_question_sent_twice_is_counted_once(paid: World) -> None:
    table = await seated(paid)
    await asyncio.gather(*(table.ask(key="k") for _ in range(4)), return_exceptions=True)
    await table.ask(key="k")

    assert (await spent(paid)).calls == 1


async def test_an_answer_that_came_too_late_was_paid_all_the_same(paid: World, server: FakeEndpoint) -> None:
    server.delay_s = 0.2
    table = await seated(paid)
    asking = asyncio.create_task(table.ask())
    while not server.running:  # noqa: ASYNC110  (the server is in another thread)
        await asyncio.sleep(0.01)
    paid.clock.now += 70  # taken for dead
    again = asyncio.create_task(table.ask("Something else?", key="b"))
    await asyncio.gather(asking, again, return_exceptions=True)

    assert (await spent(paid)).calls == len(server.requests) == 2


async def test_who_answered_is_kept_without_any_address(paid: World) -> None:
    table = await seated(paid)
    await table.ask()

    async with paid.database.read() as tx:
        assert (await tx.execute(select(exchange.c.answered_by))).scalar_one() == "sees-2026@fp_1"


@pytest.mark.parametrize("unit", [Unit.CALLS, Unit.MONEY])
async def test_twenty_players_at_once_never_overspend(paid: World, server: FakeEndpoint, unit: Unit) -> None:
    first = await seated(paid, seed=1)
    await first.ask()  # from now on it is known what a question takes
    each = (await spent(paid)).of(unit)
    await allow(paid, unit, 8 * each + each // 2)
    tables = [await seated(paid, seed=seed) for seed in range(2, 22)]
    server.delay_s = 0.05

    done = await asyncio.gather(*(table.ask() for table in tables), return_exceptions=True)

    answered = [one for one in done if isinstance(one, ExchangeView)]
    refused = [one for one in done if isinstance(one, BudgetSpent)]
    assert (len(answered), len(refused)) == (7, 13), done
    assert (await spent(paid)).of(unit) == 8 * each
    assert len(server.requests) == 8
    assert await paid.count(reservation) == 0


async def test_a_spent_budget_lets_what_is_open_be_finished(paid: World) -> None:
    table = await seated(paid)
    await allow(paid, Unit.CALLS, 1)
    asked = await table.ask()

    await table.game.judge(table.player_id, asked.id, verdict=Verdict.CORRECT)
    with pytest.raises(BudgetSpent, match="Judge what is open and go on"):
        await table.ask("Another one?", key="b")
    assert await paid.exchanges(table.turn_id) == 1, "what is refused is not kept as a question"
    view = await table.game.skip(table.player_id, table.turn_id)
    assert view.position == 1
    while view.turn is not None:
        view = await table.game.skip(table.player_id, view.turn.id)
    assert (await table.game.summary(table.player_id, view.id)).session.finished_at is not None

    with pytest.raises(BudgetSpent, match="'toytown' rests"):
        await table.game.start(table.player_id)


async def test_more_budget_and_no_budget_let_the_game_go_on(paid: World) -> None:
    await allow(paid, Unit.CALLS, 0)
    with pytest.raises(BudgetSpent):
        await seated(paid)
    await allow(paid, Unit.CALLS, 1)
    table = await seated(paid, seed=8)
    await table.ask()
    async with paid.database.begin() as tx:
        await set_budget(tx, paid.campaign.id, None, now=START)

    assert isinstance((await seated(paid, seed=9)).player_id, str)
    assert await paid.count(budget) == 0


async def test_a_question_that_got_no_answer_gives_back_what_it_set_aside(
    paid: World, server: FakeEndpoint
) -> None:
    await allow(paid, Unit.CALLS, 1)
    table = await seated(paid)
    server.broken = True
    with pytest.raises(ModelError):
        await table.ask(key="k")
    server.broken = False

    assert await paid.count(reservation) == 0
    assert (await table.ask(key="k")).answer


async def test_what_a_killed_process_set_aside_is_free_again_in_time(paid: World) -> None:
    await allow(paid, Unit.CALLS, 1)
    async with paid.database.begin() as tx:
        await Till(PRICES).reserve(
            tx,
            campaign_id=paid.campaign.id,
            exchange_id="died",  # type: ignore[arg-type]
            model_ref="openai:http://h/v1#sees",
            now=paid.clock.now,
        )
    table = await seated(paid)
    with pytest.raises(BudgetSpent):
        await table.ask()
    paid.clock.now += HOLD_S + 1

    assert (await (await seated(paid, seed=8)).ask()).answer


async def test_a_budget_in_another_unit_lets_go_what_was_set_aside_in_the_old_one(paid: World) -> None:
    await allow(paid, Unit.TOKENS, 5_000)
    async with paid.database.begin() as tx:
        await Till(PRICES).reserve(
            tx,
            campaign_id=paid.campaign.id,
            exchange_id="under way",  # type: ignore[arg-type]
            model_ref="openai:http://h/v1#sees",
            now=paid.clock.now,
        )
    await allow(paid, Unit.TOKENS, 6_000)
    assert await paid.count(reservation) == 1, "a higher budget in the same unit keeps it"
    await allow(paid, Unit.CALLS, 5)

    assert (await (await seated(paid)).ask()).answer, "1,000 tokens are not 1,000 calls"


async def test_a_model_within_the_process_costs_nothing_and_knows_no_budget(world: World) -> None:
    await allow(world, Unit.CALLS, 0)
    table = await world.started()

    assert (await table.ask()).answer
    assert await spent(world) == Spent()


async def test_an_operator_is_told_what_is_left_and_when_it_rests(paid: World, database: Database) -> None:
    async def told() -> list[str]:
        async with database.read() as tx:
            return await notes(tx, paid.campaign, {})

    assert await told() == []
    await allow(paid, Unit.CALLS, 1)
    assert await told() == ["toytown: 1 calls left of 1 calls."]
    await (await seated(paid)).ask()
    assert await told() == [
        "toytown rests: its budget of 1 calls is spent. Allow more with: stumper campaign budget --calls N"
    ]
    await allow(paid, Unit.MONEY, 10**9)
    assert "No price of 'sees' is known" in (await told())[1]


async def test_budgets_of_two_campaigns_do_not_touch_each_other(paid: World) -> None:
    await allow(paid, Unit.CALLS, 0)
    async with paid.database.begin() as tx:
        await Till().reserve(
            tx,
            campaign_id="another",  # type: ignore[arg-type]
            exchange_id="e",  # type: ignore[arg-type]
            model_ref="openai:http://h/v1#sees",
            now=START,
        )
    assert await paid.count(reservation) == 0

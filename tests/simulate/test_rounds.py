"""A crowd that plays two rounds: its memory, its clock, its newcomers, and a kill in the second round."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper import campaigns
from stumper.app import App, build
from stumper.config import load
from stumper.play.game import Game
from stumper.records import Campaign, ImageKind, Round, RoundStatus, Rules
from stumper.simulate import queries, simulate
from stumper.simulate.quality import really_wrong
from stumper.simulate.world import truth_book
from stumper.store.schema import (
    claim,
    evaluation,
    example,
    exchange,
    image,
    lesson,
    player,
    release,
    round_,
    session,
    turn,
)
from stumper.toytown.sample import sample_scene
from stumper.vlm.picture import ball

PLAYERS, PICTURES = 3, 40


class Killed(Exception):
    pass


@pytest.fixture(scope="module")
def first_round(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a crowd has played a round."""
    folder = tmp_path_factory.mktemp("first") / "round"
    asyncio.run(_played(folder))
    return folder


async def _played(folder: Path) -> None:
    async with build(load(data=folder, model="scripted:")) as app:
        await play(app, await opened(app))


@pytest.fixture
async def app(first_round: Path, tmp_path: Path) -> AsyncIterator[App]:
    """An installation of one's own with that round."""
    shutil.copytree(first_round, tmp_path / "own")
    async with build(load(data=tmp_path / "own", model="scripted:")) as made:
        yield made


async def find(app: App) -> tuple[Campaign, Round]:
    async with app.database.read() as tx:
        campaign = await campaigns.find_campaign(tx, "toytown")
        return campaign, await campaigns.current_round(tx, campaign.id)


async def opened(app: App) -> Campaign:
    """A campaign whose pictures all look like one ball; the players see the scenes."""
    file = await app.files.put(ball("red"), suffix=".png")
    async with app.database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx,
            name="toytown",
            model_ref=app.settings.model,
            now=1.0,
            rng=random.Random(1),
            rules=Rules(turns=2, speaks="en"),
        )
        for n in range(PICTURES):
            kind = ImageKind.UNTAINTED if n % 2 else ImageKind.TAINTED
            scene = sample_scene(n, style="complex" if n % 2 else "simple")
            row = {
                "id": f"picture-{n:02}",
                "campaign_id": campaign.id,
                "file": file,
                "kind": kind.value,
                "width_px": 64,
                "height_px": 64,
                "source": "drawn",
                "licence": "CC0 1.0",
                "scene": scene.to_json(),
                "created_at": 1.0,
            }
            await tx.execute(insert(image).values(**row))
    return campaign


async def play(app: App, campaign: Campaign) -> Round:
    async with app.database.read() as tx:
        current = await campaigns.current_round(tx, campaign.id)
    await simulate(app, campaign=campaign, current=current, players=PLAYERS, mix="benign", seed=2)
    return current


async def next_round(app: App, campaign: Campaign, current: Round) -> None:
    async with app.database.begin() as tx:
        await campaigns.set_status(tx, current.id, RoundStatus.CLOSED, now=2.0)
        await campaigns.open_round(
            tx, campaign_id=campaign.id, model_ref="scripted:text=two", now=2.0, rng=random.Random(2)
        )


async def asked(app: App) -> list[tuple[Any, ...]]:
    """Everything that was asked and judged: round, player, start, picture, question, verdict."""
    joined = (
        exchange.join(turn, turn.c.id == exchange.c.turn_id)
        .join(session, session.c.id == turn.c.session_id)
        .join(player, player.c.id == session.c.player_id)
        .join(round_, round_.c.id == session.c.round_id)
    )
    query = (
        select(
            round_.c.number,
            player.c.nickname,
            session.c.started_at,
            turn.c.image_id,
            exchange.c.question,
            exchange.c.verdict,
        )
        .select_from(joined)
        .order_by(session.c.started_at, turn.c.position, exchange.c.number)
    )
    async with app.database.read() as tx:
        return [tuple(row) for row in await tx.execute(query)]


async def test_a_crowd_killed_in_its_second_round_asks_what_it_would_have_asked(
    app: App, first_round: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await next_round(app, *await find(app))
    await play(app, (await find(app))[0])
    whole = await asked(app)

    judge, left = Game.judge, 6

    async def dies(*args: Any, **given: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return await judge(*args, **given)

    shutil.copytree(first_round, tmp_path / "killed")
    async with build(load(data=tmp_path / "killed", model="scripted:")) as other:
        campaign, current = await find(other)
        await next_round(other, campaign, current)
        with monkeypatch.context() as patch:
            patch.setattr(Game, "judge", dies)
            with pytest.raises(Killed):
                await play(other, campaign)
        await play(other, campaign)
        killed = await asked(other)

    assert killed == whole
    first, second = ([row for row in whole if row[0] == number] for number in (1, 2))
    assert {row[1] for row in first} & {row[1] for row in second}  # most come back
    assert {row[1] for row in second} - {row[1] for row in first}  # some are new
    assert max(row[2] for row in first) < min(row[2] for row in second)


async def test_players_remember_their_own_marks_but_no_falsified_answer(app: App) -> None:
    campaign, _ = await find(app)
    async with app.database.read() as tx:
        rows = await marks(tx)
        assert any(row.poisoned for row in rows)
        for player_id in {row.player_id for row in rows}:
            told = await queries.remembered(tx, player_id, campaign_id=campaign.id, before=1)
            own = [row for row in rows if row.player_id == player_id and not row.poisoned]
            assert sorted(one.question for one in told) == sorted(row.question for row in own)

    async with app.database.begin() as tx:  # as if every session were still under way
        await tx.execute(session.update().values(finished_at=None))
    async with app.database.read() as tx:
        for player_id in {row.player_id for row in rows}:
            told = await queries.remembered(tx, player_id, campaign_id=campaign.id, before=1)
            own = [row for row in rows if row.player_id == player_id and row.position < 1]
            assert sorted(one.question for one in told) == sorted(row.question for row in own)


async def test_only_what_simulated_players_judged_is_held_against_the_truth(app: App) -> None:
    _, current = await find(app)
    async with app.database.begin() as tx:
        judged = await queries.judged_targets(tx, round_id=current.id)
        await tx.execute(player.update().values(kind="human"))
        assert await queries.judged_targets(tx, round_id=current.id) == []
    share = really_wrong(judged, truth_book(app.settings.data, [current.id]))
    assert 0 < share <= 1


async def marks(tx: AsyncConnection) -> list[Any]:
    joined = exchange.join(turn, turn.c.id == exchange.c.turn_id).join(
        session, session.c.id == turn.c.session_id
    )
    query = select(session.c.player_id, turn.c.position, exchange.c.poisoned, exchange.c.question)
    rows = await tx.execute(query.select_from(joined).where(exchange.c.verdict.is_not(None)))
    return list(rows)


async def test_a_catch_that_the_model_learned_stumps_no_more(app: App) -> None:
    campaign, current = await find(app)
    async with app.database.begin() as tx:
        caught = (await tx.execute(select(claim).order_by(claim.c.id))).first()
        assert caught is not None
        before = await queries.remembered(tx, caught.player_id, campaign_id=campaign.id, before=0)
        await learn(tx, current, caught)
        told = await queries.remembered(tx, caught.player_id, campaign_id=campaign.id, before=0)
    about_it = [one for one in told if (one.image_id, one.question) == (caught.image_id, caught.question)]
    assert [one.stumped for one in about_it] == [False]
    assert sum(one.stumped for one in told) == sum(one.stumped for one in before) - 1


async def learn(tx: AsyncConnection, current: Round, caught: Any) -> None:
    """Makes a claim an example that a model which plays now gets right."""
    made = {
        "id": "e", "claim_id": caught.id, "campaign_id": caught.campaign_id, "round_id": current.id,
        "image_id": caught.image_id, "question": caught.question, "answer": caught.correction,
        "wrong_answer": caught.model_answer, "category": "counting", "posterior": 0.99, "provenance": {},
    }  # fmt: skip
    await tx.execute(insert(example).values(**made))
    froze = {
        "id": "r", "campaign_id": caught.campaign_id, "round_id": current.id, "version": 1, "digest": "d",
        "path": "nowhere", "examples": 1, "created_at": 2.0,
    }  # fmt: skip
    await tx.execute(insert(release).values(**froze))
    judged = {
        "id": "v", "release_id": "r", "base_ref": "scripted:", "tuned_ref": "scripted:text=two",
        "figures": {}, "passed": True, "evaluated_at": 2.0,
    }  # fmt: skip
    await tx.execute(insert(evaluation).values(**judged))
    said = {"evaluation_id": "v", "example_id": "e", "answer": "two", "score": 1.0, "learned": True}
    await tx.execute(insert(lesson).values(**said, held_out=False))

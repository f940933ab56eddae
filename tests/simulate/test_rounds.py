"""A crowd that plays two rounds: its memory, its clock, its newcomers, and a kill in the second round."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from stumper import campaigns
from stumper.app import App, build
from stumper.config import load
from stumper.play.game import Game
from stumper.records import Campaign, ImageKind, Round, RoundStatus, Rules
from stumper.simulate import queries, simulate
from stumper.store.schema import exchange, image, player, round_, session, turn
from stumper.toytown.sample import sample_scene
from stumper.vlm.picture import ball

PLAYERS, PICTURES = 3, 40


class Killed(Exception):
    pass


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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with build(load(data=tmp_path / "whole", model="scripted:")) as app:
        campaign = await opened(app)
        await next_round(app, campaign, await play(app, campaign))
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")
    async with build(load(data=tmp_path / "whole", model="scripted:")) as app:
        await play(app, campaign)
        whole = await asked(app)

    judge, left = Game.judge, 6

    async def dies(*args: Any, **given: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return await judge(*args, **given)

    async with build(load(data=tmp_path / "killed", model="scripted:")) as app:
        with monkeypatch.context() as patch:
            patch.setattr(Game, "judge", dies)
            with pytest.raises(Killed):
                await play(app, campaign)
        await play(app, campaign)
        killed = await asked(app)

    assert killed == whole
    first, second = ([row for row in whole if row[0] == number] for number in (1, 2))
    assert {row[1] for row in first} & {row[1] for row in second}  # most come back
    assert {row[1] for row in second} - {row[1] for row in first}  # some are new
    assert max(row[2] for row in first) < min(row[2] for row in second)


async def test_players_remember_their_own_marks_but_no_falsified_answer(tmp_path: Path) -> None:
    async with build(load(data=tmp_path, model="scripted:")) as app:
        campaign = await opened(app)
        await play(app, campaign)
        async with app.database.read() as tx:
            rows = (
                await tx.execute(
                    select(session.c.player_id, turn.c.position, exchange.c.poisoned, exchange.c.question)
                    .select_from(
                        exchange.join(turn, turn.c.id == exchange.c.turn_id).join(
                            session, session.c.id == turn.c.session_id
                        )
                    )
                    .where(exchange.c.verdict.is_not(None))
                )
            ).all()
            assert any(row.poisoned for row in rows)
            for player_id in {row.player_id for row in rows}:
                told = await queries.remembered(tx, player_id, campaign_id=campaign.id, before=1)
                own = [row for row in rows if row.player_id == player_id]
                assert sorted(one.question for one in told) == sorted(
                    row.question for row in own if not row.poisoned
                )

        async with app.database.begin() as tx:  # as if every session were still under way
            await tx.execute(session.update().values(finished_at=None))
        async with app.database.read() as tx:
            for player_id in {row.player_id for row in rows}:
                told = await queries.remembered(tx, player_id, campaign_id=campaign.id, before=1)
                own = [row for row in rows if row.player_id == player_id and row.position < 1]
                assert sorted(one.question for one in told) == sorted(row.question for row in own)

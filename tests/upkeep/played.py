"""A small campaign that was played: pictures of one colour, a scripted model, and the game's own moves."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper import campaigns
from stumper.app import App
from stumper.images.ingest import image_id_of
from stumper.images.queries import insert_new
from stumper.progress.finish import finish
from stumper.records import (
    Campaign,
    Image,
    ImageKind,
    LedgerLine,
    PlayerId,
    Rules,
    SessionId,
    Verdict,
    VoteId,
)
from stumper.store import schema
from stumper.trust.queries import write_lines
from tests.front.world import Clock, square

NAME = "squares"
MODEL = "scripted:text=two"


async def furnish(
    app: App, *, pictures: int = 20, rules: Rules | None = None, model: str = MODEL
) -> Campaign:
    """Opens the campaign with its pictures, half of them controls; nothing is drawn."""
    kinds = [ImageKind.TAINTED, ImageKind.UNTAINTED]
    async with app.database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx,
            name=NAME,
            model_ref=model,
            now=app.clock(),
            rng=random.Random(1),
            rules=rules or Rules(turns=4),
        )
    images = []
    for number in range(pictures):
        data = square(number)
        file = await app.files.put(data, suffix=".png")
        images.append(
            Image(
                id=image_id_of(data), campaign_id=campaign.id, file=file, kind=kinds[number % 2], width_px=48,
                height_px=48, source="test", licence="CC0 1.0", created_at=app.clock(),
            )
        )  # fmt: skip
    async with app.database.begin() as tx:
        await insert_new(tx, images)
    return campaign


@dataclass(frozen=True, slots=True)
class Played:
    players: tuple[PlayerId, ...]
    sessions: tuple[SessionId, ...]


async def play(app: App, clock: Clock, *, players: int = 2, sessions: int = 2, votes: bool = True) -> Played:
    """Everybody plays to the end: catches what is falsified, and claims every other answer off control."""
    ids, done = [], []
    for number in range(players):
        joined = await app.game.join(nickname=f"p{number}", language="en", consent=True)
        ids.append(joined.id)
        for _ in range(sessions):
            done.append(await _session(app, clock, joined.id))  # noqa: PERF401
    if votes:
        await _vote(app, ids, now=clock())
    return Played(tuple(ids), tuple(done))


async def _session(app: App, clock: Clock, player_id: PlayerId) -> SessionId:
    view = await app.game.start(player_id, campaign=NAME)
    while view.turn is not None:
        turn = view.turn
        asked = await app.game.ask(player_id, turn.id, question="How many dots?", key=f"k{turn.position}")
        clock.now += 20.0
        wrong = asked.answer != "two" or turn.position % 2 == 1
        said = (Verdict.WRONG, "seventeen") if wrong else (Verdict.CORRECT, None)
        view = await app.game.judge(player_id, asked.id, verdict=said[0], correction=said[1])
        if not wrong:
            view = await app.game.skip(player_id, turn.id)
    await finish(app.database, view.id, now=clock(), rng=random.Random(3))
    return view.id


async def _vote(app: App, players: list[PlayerId], *, now: float) -> None:
    """The second player votes on a claim of the first as on a settled one; both are paid."""
    author, voter = players[:2]
    claim, vote, example = schema.claim, schema.vote, schema.example
    says = {"model_wrong": True, "correction_right": True, "unanswerable": False, "gold": True}
    async with app.database.begin() as tx:
        mine = claim.select().where(claim.c.player_id == author).order_by(claim.c.id)
        one = (await tx.execute(mine)).all()[0]
        await tx.execute(insert(vote).values(id="v", claim_id=one.id, player_id=voter, voted_at=now, **says))
        accepted = {"status": "accepted", "posterior": 0.97, "decided_at": now, "reason": "confirmed"}
        await tx.execute(claim.update().where(claim.c.id == one.id).values(accepted))
        made = {name: getattr(one, name) for name in ("campaign_id", "round_id", "image_id", "question")}
        made |= {"answer": "seventeen", "wrong_answer": "two", "category": "counting", "posterior": 0.97}
        await tx.execute(insert(example).values(id="x1", claim_id=one.id, provenance={}, **made))
        session_id = await _session_of(tx, one.exchange_id)
        await write_lines(
            tx,
            [
                LedgerLine(
                    player_id=voter, session_id=None, exchange_id=None, vote_id=VoteId("v"),
                    reason="vote hit", points=20, written_at=now,
                ),
                LedgerLine(
                    player_id=author, session_id=session_id, exchange_id=one.exchange_id, reason="claim",
                    points=47, written_at=now,
                ),
            ],
        )  # fmt: skip


async def _session_of(tx: AsyncConnection, exchange_id: str) -> SessionId:
    turn, exchange = schema.turn, schema.exchange
    query = turn.select().join(exchange, exchange.c.turn_id == turn.c.id).where(exchange.c.id == exchange_id)
    return SessionId((await tx.execute(query)).one().session_id)

"""Lessons of a player in the small game: rows as a closed round leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper import campaigns
from stumper.records import RoundStatus
from stumper.store import schema
from tests.front.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """One catch and what the tuned model says to it; ``score`` None is missing."""

    question: str
    before: str
    right: str
    after: str
    score: float | None = None
    held_out: bool = False

    @property
    def learned(self) -> bool:
        return self.score is not None and self.score >= 0.5


SOME = (
    Caught(question="How many ducks are in the pond?", before="two", right="seven", after="seven", score=1.0),
    Caught(question="What does the shop's sign say?", before="no idea", right="BAKERY", after="bakery",
           score=1.0, held_out=True),
    Caught(question="Which hand is the girl raising?", before="left", right="right", after="left", score=0.0),
    Caught(question="What is behind the tree?", before="a cat", right="a bicycle", after=""),
)  # fmt: skip


async def close_round(
    world: World, player_id: str, caught: Sequence[Caught], *, name: str = "l", passed: bool = True
) -> None:
    """Closes the round that is played: each catch with its turn, example and lesson; opens the next."""
    async with world.app.database.begin() as tx:
        current = await campaigns.current_round(tx, world.campaign.id)
        where = {"campaign_id": world.campaign.id, "round_id": current.id}
        await catch(tx, world, player_id, caught, name=name)
        await tx.execute(insert(schema.release).values(
            **where, id=f"r{name}", version=current.number, digest="d", path="nowhere", examples=len(caught),
            created_at=3.0,
        ))  # fmt: skip
        await tx.execute(insert(schema.evaluation).values(
            id=f"v{name}", release_id=f"r{name}", base_ref="a", tuned_ref="b", figures={}, passed=passed,
            evaluated_at=float(current.number),
        ))  # fmt: skip
        claims = update(schema.claim).where(schema.claim.c.id.startswith(f"c{name}-"))
        await tx.execute(claims.values(status="accepted"))
        for place, one in enumerate(caught):
            image = select(schema.claim.c.image_id).where(schema.claim.c.id == f"c{name}-{place}")
            await tx.execute(insert(schema.example).values(
                **where, id=f"e{name}-{place}", claim_id=f"c{name}-{place}", question=one.question,
                image_id=image.scalar_subquery(), answer=one.right, wrong_answer=one.before,
                category="counting", posterior=0.99, provenance={},
            ))  # fmt: skip
            await tx.execute(insert(schema.lesson).values(
                evaluation_id=f"v{name}", example_id=f"e{name}-{place}", answer=one.after, score=one.score,
                learned=one.learned, held_out=one.held_out,
            ))  # fmt: skip
        await campaigns.set_status(tx, current.id, RoundStatus.CLOSED, now=4.0)
        await tx.execute(insert(schema.round_).values(
            id=f"round-{name}", campaign_id=world.campaign.id, number=current.number + 1, status="open",
            model_ref=current.model_ref, opened_at=4.0,
        ))  # fmt: skip


async def catch(
    tx: AsyncConnection, world: World, player_id: str, caught: Sequence[Caught], *, name: str
) -> None:
    """Adds a session of the player in the round that is played, with an open claim for each catch."""
    current = await campaigns.current_round(tx, world.campaign.id)
    busy = select(schema.image.c.id).where(schema.image.c.kind == "untainted").order_by(schema.image.c.id)
    images = [*(await tx.execute(busy)).scalars()]
    await tx.execute(insert(schema.session).values(
        id=f"s{name}", player_id=player_id, round_id=current.id, campaign_id=world.campaign.id,
        turns=len(caught), started_at=1.0, finished_at=2.0, poison_rate=0.4, salt="x", commitment="y",
    ))  # fmt: skip
    for place, one in enumerate(caught):
        key, image_id = f"{name}-{place}", images[place % len(images)]
        await tx.execute(insert(schema.turn).values(
            id=f"t{key}", session_id=f"s{name}", position=place, image_id=image_id, control=False, coins="0",
            opened_at=1.0, closed_at=2.0,
        ))  # fmt: skip
        await tx.execute(insert(schema.exchange).values(
            id=f"x{key}", turn_id=f"t{key}", number=0, key="k", question=one.question, poisoned=False,
            model_answer=one.before, shown_answer=one.before, asked_at=1.0, answered_at=1.0, verdict="wrong",
        ))  # fmt: skip
        await tx.execute(insert(schema.claim).values(
            id=f"c{key}", exchange_id=f"x{key}", campaign_id=world.campaign.id, round_id=current.id,
            player_id=player_id, image_id=image_id, question=one.question, model_answer=one.before,
            correction=one.right, status="open", created_at=2.0,
        ))  # fmt: skip

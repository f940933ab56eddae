"""Who plays: a person's word about a tuned model, and the way back to an earlier opponent.

A new opponent is a new round. The open one closes in the same transaction, so a campaign has one open round
at every moment (or one that is closing); sessions under way end against the model they began with.
"""

from __future__ import annotations

import random

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper import campaigns
from stumper.app import App
from stumper.errors import Conflict, NotFound
from stumper.progress.impact.lessons import tell
from stumper.records import Campaign, Decision, Round, RoundStatus
from stumper.release.withdraw.renew import ensure_current
from stumper.rounds import queries
from stumper.rounds.queries import Candidate
from stumper.store.acts import SELF, note


async def approve(app: App, campaign: Campaign, *, withdrawn: bool = False, actor: str = SELF) -> Round:
    """Puts the tuned model that waits in as the opponent, and tells players what it learned of them.

    Again, it finds what was done and goes on with what a kill left over. Raises Conflict if none waits, while
    a round is closing, or if the model's release was withdrawn meanwhile, unless ``withdrawn``; BadSetting or
    ModelError if the model cannot be opened any more.
    """
    async with app.database.read() as tx:
        one = await queries.newest_asked(tx, campaign.id)
    if one is None or one.decision is Decision.REFUSED:
        raise _none_waits(campaign)
    if one.decision is Decision.WAITING:
        if not withdrawn:
            await ensure_current(app.database, one.release_id)
        await (await app.open_model(one.tuned_ref)).check()
    async with app.database.begin() as tx:
        current = await _approve(tx, campaign, one, actor=actor, now=app.clock())
    # What it was asked before the approval; the closing tells the rest, if it still asks.
    await tell(
        app.database,
        evaluation_id=one.id,
        round_number=one.round_number,
        now=app.clock(),
        rng=random.SystemRandom(),
    )
    return current


async def _approve(
    tx: AsyncConnection, campaign: Campaign, seen: Candidate, *, actor: str, now: float
) -> Round:
    await campaigns.hold(tx, campaign.id)
    one = await queries.candidate(tx, seen.id)
    if one is None or one.decision is Decision.REFUSED:
        raise _none_waits(campaign)
    if one.decision is Decision.APPROVED:
        current = await campaigns.current_round(tx, campaign.id)
        if current.model_ref != one.tuned_ref:  # it played, and another came after it
            raise _none_waits(campaign)
        return current
    await queries.settle(tx, one, Decision.APPROVED, now=now)
    await note(tx, actor=actor, act="model.approved", about=campaign.name, now=now, model=one.tuned_ref)
    reason = f"tuned in round {one.round_number}, approved"
    return await _next(tx, campaign, one.tuned_ref, reason=reason, now=now)


async def refuse(app: App, campaign: Campaign, *, actor: str = SELF) -> Candidate:
    """Keeps the champion: the tuned model that waits never plays. Again, nothing changes.

    Raises Conflict if none waits.
    """
    async with app.database.begin() as tx:
        await campaigns.hold(tx, campaign.id)
        one = await queries.newest_asked(tx, campaign.id)
        if one is None or one.decision is Decision.APPROVED:
            raise _none_waits(campaign)
        if one.decision is Decision.WAITING:
            now = app.clock()
            await queries.settle(tx, one, Decision.REFUSED, now=now)
            model = one.tuned_ref
            await note(tx, actor=actor, act="model.refused", about=campaign.name, now=now, model=model)
    return one


async def rollback(
    app: App, campaign: Campaign, *, to: int | None = None, reason: str = "", actor: str = SELF
) -> Round:
    """Puts the opponent of round ``to`` in again; without it, the one that the present one replaced.

    Raises NotFound for a round that is not there, Conflict if its model plays already or a round is closing,
    BadSetting or ModelError if the model cannot be opened any more.
    """
    async with app.database.read() as tx:
        earlier = await _earlier(tx, campaign, to)
    await (await app.open_model(earlier.model_ref)).check()
    why = f"rolled back to the opponent of round {earlier.number}" + (f": {reason}" if reason else "")
    async with app.database.begin() as tx:
        await campaigns.hold(tx, campaign.id)
        if (await _earlier(tx, campaign, to)).id != earlier.id:
            raise Conflict("Another opponent came in meanwhile. Look again: stumper round list")
        now, model = app.clock(), earlier.model_ref
        await note(tx, actor=actor, act="round.rolled_back", about=campaign.name, now=now, model=model)
        return await _next(tx, campaign, model, reason=why, now=now)


async def _earlier(tx: AsyncConnection, campaign: Campaign, to: int | None) -> Round:
    rounds = [one for name, one in await campaigns.list_rounds(tx) if name == campaign.name]
    if not rounds:
        raise NotFound(f"{campaign.name!r} has no round.")
    plays = rounds[-1].model_ref
    if to is None:
        first = next(place for place, one in enumerate(rounds) if one.model_ref == plays)
        if not first:
            raise Conflict(f"{plays} is the first opponent of {campaign.name!r}: there is none before it.")
        return rounds[first - 1]
    found = next((one for one in rounds if one.number == to), None)
    if found is None:
        raise NotFound(f"{campaign.name!r} has no round {to}. See: stumper round list")
    if found.model_ref == plays:
        raise Conflict(f"{plays}, the opponent of round {to}, plays already.")
    return found


async def _next(tx: AsyncConnection, campaign: Campaign, model_ref: str, *, reason: str, now: float) -> Round:
    """Closes the open round and opens the next one. Raises Conflict while a round is closing."""
    current = await campaigns.current_round(tx, campaign.id)
    if current.status is RoundStatus.CLOSING:
        raise Conflict(
            f"Round {current.number} of {campaign.name!r} is closing. Let it end first (stumper round close)."
        )
    if current.status is RoundStatus.OPEN:
        await campaigns.set_status(tx, current.id, RoundStatus.CLOSED, now=now)
    return await campaigns.open_round(
        tx,
        campaign_id=campaign.id,
        model_ref=model_ref,
        now=now,
        rng=random.Random(f"opponent after {current.id}"),
        reason=reason,
    )


def _none_waits(campaign: Campaign) -> Conflict:
    return Conflict(
        f"No tuned model of {campaign.name!r} waits for approval. What became of them: stumper round list"
    )

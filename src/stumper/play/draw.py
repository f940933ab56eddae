"""Draws the pictures of a new session from the pool and stores what was dealt (`deal` says how, purely)."""

from __future__ import annotations

import random

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.campaigns import current_round
from stumper.errors import CampaignPaused, RoundClosed
from stumper.images.pool import fresh, fresh_known, retire_worn
from stumper.images.reserve import held_out, place
from stumper.play import queries
from stumper.play.deal import control_share, controls_of, deal, require_enough
from stumper.records import Campaign, Image, ImageKind, PlayerId, Round, RoundStatus, SessionId


async def draw(
    tx: AsyncConnection,
    player_id: PlayerId,
    campaign: Campaign,
    *,
    e_value: float,
    quick: bool,
    rng: random.Random,
    now: float,
) -> SessionId:
    """Stores a new session of pictures that the player has not seen, and retires controls that are worn.

    Raises CampaignPaused, RoundClosed or PoolEmpty.
    """
    if campaign.rules.paused:
        raise CampaignPaused(
            f"The game {campaign.name!r} pauses. What you have begun can be finished; "
            "come back later for more."
        )
    round_ = await _open_round(tx, campaign)
    rules = campaign.rules
    turns = rules.quick_turns if quick else rules.turns
    controls = controls_of(turns, share=control_share(e_value, rules=rules), rng=rng)
    simple, hidden, untainted = await _pictures(
        tx, player_id, campaign, turns=turns, controls=controls, rng=rng
    )
    dealt = deal(
        player_id=player_id,
        round_=round_,
        rules=rules,
        controls=[*simple, *hidden],
        untainted=untainted,
        rng=rng,
        now=now,
    )
    await queries.insert_session(tx, dealt.session, dealt.turns)
    await retire_worn(tx, campaign.id, [image.id for image in simple], views=rules.control_views)
    return dealt.session.id


async def _pictures(
    tx: AsyncConnection,
    player_id: PlayerId,
    campaign: Campaign,
    *,
    turns: int,
    controls: int,
    rng: random.Random,
) -> tuple[list[Image], list[Image], list[Image]]:
    """Returns simple controls, complex ones, and the others, of the player's own cohort while there are any.

    Raises PoolEmpty.
    """
    hidden = await _complex_controls(tx, player_id, campaign, turns=turns, controls=controls, rng=rng)
    reserved = held_out(place(player_id, seed=campaign.rules.split_seed))
    tainted, untainted = [
        await fresh(
            tx,
            campaign_id=campaign.id,
            player_id=player_id,
            kind=kind,
            n=n,
            rng=rng,
            held_out=cohort,
            but=[image.id for image in hidden],
        )
        for kind, n, cohort in (
            (ImageKind.TAINTED, controls, None),
            (ImageKind.UNTAINTED, turns - controls - len(hidden), reserved),
        )
    ]
    require_enough(
        tainted=len(tainted),
        untainted=len(untainted),
        controls=controls,
        turns=turns - len(hidden),
        campaign=campaign.name,
    )
    return tainted, hidden, untainted


async def _complex_controls(
    tx: AsyncConnection,
    player_id: PlayerId,
    campaign: Campaign,
    *,
    turns: int,
    controls: int,
    rng: random.Random,
) -> list[Image]:
    """Draws complex pictures of which something is known; fewer, or none, where few are."""
    rules = campaign.rules
    wanted = controls_of(controls, share=rules.complex_control_share, rng=rng)
    return await fresh_known(
        tx,
        campaign_id=campaign.id,
        player_id=player_id,
        n=min(wanted, turns - controls),
        views=rules.control_views,
        rng=rng,
    )


async def _open_round(tx: AsyncConnection, campaign: Campaign) -> Round:
    round_ = await current_round(tx, campaign.id)
    if round_.status is not RoundStatus.OPEN:
        raise RoundClosed(
            f"Round {round_.number} of {campaign.name!r} is {round_.status}: the next model is being made. "
            "Come back soon."
        )
    return round_

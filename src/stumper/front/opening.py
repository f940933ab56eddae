"""What a campaign needs before people can play: a round and, in Toytown, pictures.

Drawing takes about a tenth of a second a picture, so the server opens before the first one is drawn; the
first session waits for its own pictures only, and the rest come while people play. Every step looks at what
is there already: after a kill the next start goes on. Of several servers on one database one draws and the
others wait for what they need; should two draw after all, whoever is second changes nothing.
"""

from __future__ import annotations

import asyncio
import math
import random
from contextlib import AbstractContextManager
from typing import Final

import structlog

from stumper import campaigns
from stumper.app import App
from stumper.errors import StoreError, StumperError
from stumper.images.queries import count_kinds
from stumper.images.toytown import add_toytown
from stumper.images.verify import verify, verify_complex
from stumper.records import Campaign, ImageKind, Round
from stumper.store.sole import held

log = structlog.get_logger()

FIRST: Final = 12
"""Six easy and six busy pictures: a session shows five of each, and the model fails one easy one in seven."""
_MORE_FIRST, MOST_FIRST = 4, 40
"""Drawn until one session can be played; a model that knows none of so many will not know the next."""
_STEP, ENOUGH = 10, 400
_PAUSE_S: Final = 0.5
_LOOK_S: Final = 0.3
"""How often a server looks whether another one has drawn what it needs."""
_AWAY_S: Final = 30.0
"""A bucket may be away for a moment, and a full disk is made room on while the server runs."""
_REST: Final = 4.0
"""Rest after each step, in times of what it took: drawing holds Python's lock, and players move meanwhile."""


async def open_campaign(app: App) -> Campaign:
    """Opens the settings' campaign with its first round, or finds it."""
    async with app.database.begin() as tx:
        return await campaigns.open_campaign(
            tx,
            name=app.settings.campaign,
            model_ref=app.settings.model,
            now=app.clock(),
            rng=random.SystemRandom(),
        )


async def make_playable(app: App, campaign: Campaign) -> None:
    """Sees to it that one session can be played in Toytown; other campaigns bring their own pictures.

    Raises what drawing and opening the model raise.
    """
    if campaign.name != "toytown":
        return
    while not _playable(await _pool(app, campaign), campaign):
        with _drawing(app) as mine:
            if mine:
                await _draw_first(app, campaign)
                return
        await asyncio.sleep(_LOOK_S)


def _drawing(app: App) -> AbstractContextManager[bool]:
    """Yields whether it is this process that draws; another one's end, also by a kill, makes room."""
    return held(app.settings.database_url, "toytown", kind="drawing")


async def _draw_first(app: App, campaign: Campaign) -> None:
    for n in range(FIRST, MOST_FIRST + 1, _MORE_FIRST):
        if _playable(await _pool(app, campaign), campaign):
            return
        await _draw(app, campaign, n)


async def grow(app: App, campaign: Campaign) -> None:
    """Draws in small steps what a Toytown pool lacks; a failure leaves the game as it is and is logged.

    Where another server draws already, this one leaves it to it.
    """
    if campaign.name != "toytown":
        return
    with _drawing(app) as mine:
        if mine:
            await _grow(app, campaign)


async def _grow(app: App, campaign: Campaign) -> None:
    pool = await _pool(app, campaign)
    if sum(pool.values()) >= ENOUGH and not pool[ImageKind.CANDIDATE]:
        return
    try:
        for n in range(_STEP, ENOUGH + 1, _STEP):
            began_s = asyncio.get_running_loop().time()
            await _draw_when_possible(app, campaign, n)
            took_s = asyncio.get_running_loop().time() - began_s
            await asyncio.sleep(max(_PAUSE_S, _REST * took_s))
        model = await app.open_model((await _current(app, campaign)).model_ref)
        await verify_complex(app.database, app.files, model, campaign_id=campaign.id)
    except StumperError as error:
        log.warning("no more pictures are drawn until the next start", reason=str(error))


async def _draw_when_possible(app: App, campaign: Campaign, n: int) -> None:
    while True:
        try:
            await _draw(app, campaign, n)
            return
        except StoreError as error:
            log.warning("no pictures can be stored, drawing waits", reason=str(error), again_s=_AWAY_S)
        await asyncio.sleep(_AWAY_S)


async def _pool(app: App, campaign: Campaign) -> dict[ImageKind, int]:
    async with app.database.read() as tx:
        return await count_kinds(tx, campaign.id)


def _playable(pool: dict[ImageKind, int], campaign: Campaign) -> bool:
    """Whether somebody who has seen nothing could play a session, whichever kind its odd turn is of."""
    turns = campaign.rules.turns
    controls = turns * campaign.rules.control_share
    easy, busy = math.ceil(controls), math.ceil(turns - controls)
    return pool[ImageKind.TAINTED] >= easy and pool[ImageKind.UNTAINTED] >= busy


async def _draw(app: App, campaign: Campaign, n: int) -> None:
    """Draws what lacks of the first ``n`` pictures and lets the model show which easy ones it knows."""
    current = await _current(app, campaign)
    await add_toytown(app.database, app.files, campaign_id=campaign.id, n=n, seed=1, now=app.clock())
    model = await app.open_model(current.model_ref)
    await verify(app.database, app.files, model, campaign_id=campaign.id)


async def _current(app: App, campaign: Campaign) -> Round:
    async with app.database.read() as tx:
        return await campaigns.current_round(tx, campaign.id)

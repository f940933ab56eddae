"""What was noticed about a player, told to them, and their appeal: on pages, and as JSON beside."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from stumper.app import App
from stumper.campaigns import find_campaign
from stumper.errors import Conflict
from stumper.front import noticed
from stumper.front.api import REFUSALS
from stumper.front.i18n import Words, words_for
from stumper.front.parts import Mover, Parts
from stumper.front.shapes import AppealIn, NoticeOut
from stumper.records import CampaignId, PlayerId
from stumper.trust.watch import appeals
from stumper.trust.watch.appeals import APPEAL_CHARS, notice_of

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["player"], responses=REFUSALS)

NOTICES: Final = "/points#noticed"


async def context(app: App, me: PlayerId | None, words: Words) -> dict[str, Any]:
    """Returns what `notice.html` needs; nothing to show for a stranger."""
    found = None if me is None else await notice_of(app.database, await _campaign(app), me)
    if found is None or found.empty:
        return {"notice": None}
    return {
        "notice": found,
        "noticed": [noticed.told(line, words) for line in found.lines],
        "follows": noticed.follows(found, words),
        "told": noticed.told_decision(found.appeal, words) if found.appeal else "",
        "appeal_chars": APPEAL_CHARS,
    }


async def _campaign(app: App) -> CampaignId:
    async with app.database.read() as tx:
        return (await find_campaign(tx, app.settings.campaign)).id


async def _appeal(app: App, me: PlayerId, text: str) -> None:
    await appeals.appeal(
        app.database, await _campaign(app), me, text=text, now=app.clock(), rng=random.SystemRandom()
    )


@router.post("/appeal")
async def appeal_here(app: Parts, me: Mover, text: Annotated[str, Form()] = "") -> Response:
    """Sends an appeal and shows it. Sent twice, the second tap finds it open and just shows it."""
    with suppress(Conflict):
        await _appeal(app, me, text)
    return RedirectResponse(NOTICES, status_code=303)


@api.get("/notices")
async def read(request: Request, app: Parts, me: Mover) -> NoticeOut:
    """What was noticed about the player, what follows from it, and where their appeal stands."""
    found = await notice_of(app.database, await _campaign(app), me)
    return NoticeOut.of(found, words_for(request))


@api.post("/appeals", status_code=201)
async def appeal(request: Request, body: AppealIn, app: Parts, me: Mover) -> NoticeOut:
    """Appeals against what was noticed; one open appeal at a time."""
    await _appeal(app, me, body.text)
    found = await notice_of(app.database, await _campaign(app), me)
    return NoticeOut.of(found, words_for(request))

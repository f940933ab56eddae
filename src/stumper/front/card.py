"""The share card: a picture of how a session went, and a public page that shows it and nothing else."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from stumper.errors import Conflict
from stumper.front import ending
from stumper.front.cardart import HEIGHT, WIDTH, CardFacts, card_png
from stumper.front.i18n import language_of
from stumper.front.parts import Jar, Mover, Parts
from stumper.front.templating import templates
from stumper.progress.standing import standing
from stumper.records import SessionId

router = APIRouter(include_in_schema=False)


@router.get("/sessions/{session_id}/card.png")
async def own_card(request: Request, session_id: SessionId, app: Parts, me: Mover) -> Response:
    """The card of a finished session of one's own."""
    if not (await app.game.view(me, session_id)).finished:
        raise Conflict("This session is still being played. Its card comes at the end.")
    found = ending.count(await app.game.summary(me, session_id))
    streak = (await standing(app.database, me, now=app.clock())).streak.days
    facts = CardFacts(
        caught=found.caught, falsified=found.falsified, streak=streak, language=language_of(request)
    )
    return _png(await asyncio.to_thread(card_png, facts), "private, max-age=3600")


@router.get("/s/{token}.png")
async def card(token: str, jar: Jar) -> Response:
    """The picture of a shared card; the token is all there is to it, so it may be kept for long."""
    facts = jar.cards.read(token)
    return _png(await asyncio.to_thread(card_png, facts), "public, max-age=604800, immutable")


def _png(data: bytes, keep: str) -> Response:
    return Response(data, media_type="image/png", headers={"Cache-Control": keep})


@router.get("/s/{token}")
async def shared(request: Request, token: str, app: Parts, jar: Jar) -> Response:
    """The page that a shared link opens: the card, and the way into the game."""
    facts = jar.cards.read(token)
    home = app.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    context = {"facts": facts, "token": token, "home": home, "width": WIDTH, "height": HEIGHT}
    return templates.TemplateResponse(request, "share.html", context)

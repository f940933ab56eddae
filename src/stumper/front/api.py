"""The JSON API under /api: parse, call ``play``, ``trust`` or ``curate``, and shape the reply."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from stumper.curate.desk.dealing import next_claim, why_empty
from stumper.curate.peers import vote
from stumper.curate.queries import asked_in, kept_by_category
from stumper.curate.steer import uncovered
from stumper.front import refusals, shapes, stream
from stumper.front.brisk import BriskRoute
from stumper.front.i18n import words_for
from stumper.front.ideas import suggest
from stumper.front.parts import (
    Asker,
    Jar,
    Mover,
    Network,
    Parts,
    app_of,
    asker_of,
    may_join,
    may_move,
    player_of,
    until_playable,
)
from stumper.front.pictures import picture_response
from stumper.front.queries import claim_file
from stumper.front.roles import needs
from stumper.front.shapes import ErrorOut
from stumper.play.views import ExchangeView
from stumper.progress.finish import finish
from stumper.records import ClaimId, ExchangeId, Role, SessionId, TurnId
from stumper.vlm.line import Ticket

REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    code: {"model": ErrorOut, "description": text}
    for code, text in {
        400: "Neither JSON in UTF-8 nor a form",
        401: "Not joined, or a forged cookie",
        403: "No consent, another player's, or sent by another site",
        404: "Unknown",
        409: "The state has moved on",
        413: "More than 64 KiB",
        422: "Cannot be used; the message names the field",
        429: "Too fast",
        503: "The opponent or the database is away; the turn's clock stands still",
    }.items()
}

router = APIRouter(prefix="/api", responses=REFUSALS)
moves = APIRouter(prefix="/api", responses=REFUSALS, route_class=BriskRoute)


@router.post("/players", status_code=201, dependencies=[Depends(may_join)], tags=["player"])
async def join(
    body: shapes.JoinIn, app: Parts, jar: Jar, network: Network, response: Response
) -> shapes.PlayerOut:
    """Joins with a nickname and consent; the cookie of the response is the player."""
    player = await app.game.join(
        nickname=body.nickname,
        language=body.language,
        consent=body.consent,
        network=network,
        time_zone=body.time_zone,
    )
    jar.give(response, player.id)
    return shapes.PlayerOut(
        id=player.id, nickname=player.nickname, language=player.language, licence=player.licence
    )


@router.post("/sessions", status_code=201, tags=["play"], dependencies=[Depends(until_playable)])
async def start(body: shapes.StartIn, app: Parts, me: Mover) -> shapes.SessionOut:
    """Starts a session, or resumes the one that is not finished."""
    view = await app.game.start(me, campaign=body.campaign or app.settings.campaign, quick=body.quick)
    return shapes.SessionOut.of(view)


@router.get("/sessions/{session_id}", tags=["play"])
async def view(session_id: SessionId, app: Parts, me: Mover) -> shapes.SessionOut:
    """The session as it is now; a turn whose time is over is closed and the next one opened."""
    return shapes.SessionOut.of(await app.game.view(me, session_id))


@router.get("/turns/{turn_id}/picture", tags=["play"], response_class=Response)
async def picture(request: Request, turn_id: TurnId) -> Response:
    """The picture of an open or past turn of one's own."""
    return picture_response(await app_of(request).game.picture(await player_of(request), turn_id))


@moves.post(
    "/turns/{turn_id}/exchanges",
    status_code=201,
    tags=["play"],
    response_model=shapes.ExchangeOut,
    responses={201: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def ask(request: Request, turn_id: TurnId, body: shapes.AskIn) -> Response:
    """Asks a question. `Accept: text/event-stream` brings the answer word by word, then the exchange.

    A question that waits long for the model gets `place` events first: how many come before it. A refusal
    that comes after these is a `refused` event with status, code and message.
    """
    asked_s = asyncio.get_running_loop().time()
    me = await asker_of(request)
    answer = app_of(request).game.ask(
        me, turn_id, question=body.question, key=body.key, pasted=body.pasted, opening=body.opening
    )
    if "text/event-stream" not in request.headers.get("accept", ""):
        whole = shapes.ExchangeOut.of(await answer).model_dump_json()
        await stream.on_the_grid(asked_s)
        return Response(whole, 201, media_type="application/json")
    ticket = Ticket()
    asking = asyncio.create_task(_under(ticket, answer))
    _ASKING.add(asking)
    asking.add_done_callback(_ASKING.discard)
    while not asking.done() and ticket.ahead is None:
        await asyncio.wait({asking}, timeout=stream.LONG_S)
    if asking.done():
        out = _exchange(await asking)
        await stream.on_the_grid(asked_s)
        words = stream.events(out["answer"] or "", out)
    else:
        words = stream.in_line(
            asking,
            ahead=lambda: ticket.ahead,
            asked_s=asked_s,
            shape=_exchange,
            refusal=lambda error: refusals.as_event(error, words_for(request)),
        )
    return StreamingResponse(words, 201, media_type="text/event-stream", headers=stream.HEADERS)


_ASKING: Final[set[asyncio.Task[ExchangeView]]] = set()
"""Questions under way. One whose player has gone keeps its place in the line, and its answer is stored."""


async def _under(ticket: Ticket, answer: Awaitable[ExchangeView]) -> ExchangeView:
    with ticket.held():
        return await answer


def _exchange(exchange: ExchangeView) -> dict[str, Any]:
    return shapes.ExchangeOut.of(exchange).model_dump(mode="json")


@moves.post("/exchanges/{exchange_id}/verdict", tags=["play"], response_model=shapes.SessionOut)
async def judge(request: Request, exchange_id: ExchangeId, body: shapes.VerdictIn) -> Response:
    """Marks an answer right (the turn goes on) or wrong, with the right answer (the turn ends)."""
    view = await app_of(request).game.judge(
        await player_of(request),
        exchange_id,
        verdict=body.verdict,
        correction=body.correction,
        pasted=body.pasted,
        confidence=body.confidence,
    )
    return Response(shapes.SessionOut.of(view).model_dump_json(), media_type="application/json")


@router.post("/exchanges/{exchange_id}/undo", tags=["play"])
async def undo(exchange_id: ExchangeId, app: Parts, me: Mover) -> shapes.SessionOut:
    """Takes the last verdict back, within 5 seconds and before the next move; twice does it once."""
    return shapes.SessionOut.of(await app.game.undo(me, exchange_id))


@router.post("/turns/{turn_id}/more", tags=["play"])
async def more(turn_id: TurnId, app: Parts, me: Mover) -> shapes.SessionOut:
    """Gives as much time again, up to ten times a picture, once few seconds are left."""
    return shapes.SessionOut.of(await app.game.more(me, turn_id))


@router.post("/turns/{turn_id}/skip", tags=["play"])
async def skip(
    turn_id: TurnId, app: Parts, me: Mover, body: shapes.SkipIn | None = None
) -> shapes.SessionOut:
    """Goes on to the next picture."""
    view = await app.game.skip(me, turn_id, reason=body.reason if body else None)
    return shapes.SessionOut.of(view)


@router.post("/turns/{turn_id}/report", tags=["play"])
async def report(turn_id: TurnId, body: shapes.ReportIn, app: Parts, me: Mover) -> shapes.SessionOut:
    """Says that nobody should see this picture, and goes on; three players hide it."""
    return shapes.SessionOut.of(await app.game.report(me, turn_id, reason=body.reason))


@router.get("/sessions/{session_id}/ideas", tags=["play"])
async def ideas(session_id: SessionId, app: Parts, me: Mover) -> shapes.IdeasOut:
    """Kinds of questions that this session lacks and the campaign's data lack."""
    await app.game.view(me, session_id)  # refuses another player's
    async with app.database.read() as tx:
        asked, kept = await asked_in(tx, session_id), await kept_by_category(tx, session_id)
    return shapes.IdeasOut(categories=uncovered(asked, kept))


@router.post("/turns/{turn_id}/ideas", tags=["play"])
async def give_ideas(request: Request, turn_id: TurnId, app: Parts, me: Asker) -> shapes.GivenOut:
    """Ideas what to ask, for players who are stuck, where the campaign gives any (`stumper ai ideas on`)."""
    ideas = await suggest(app, me, turn_id, words_for(request))
    return shapes.GivenOut(ideas=[shapes.IdeaOut.model_validate(one) for one in ideas])


@router.get("/sessions/{session_id}/summary", tags=["play"])
async def summary(session_id: SessionId, app: Parts, me: Mover) -> shapes.SummaryOut:
    """Points and secrets of a finished session; asking for it grades the session, once."""
    done = await app.game.summary(me, session_id)
    grade = await finish(app.database, session_id, now=app.clock(), rng=random.SystemRandom())
    return shapes.SummaryOut.of(done, grade)


@router.get("/claims/next", tags=["referee"])
async def claim(app: Parts, me: Mover) -> shapes.DeskOut:
    """The next claim to judge, or why there is none: only trusted players are dealt claims."""
    dealt = await next_claim(app.database, me, now=app.clock(), rng=random.SystemRandom())
    if dealt is None:
        return shapes.DeskOut(claim=None, empty=await why_empty(app.database, me, now=app.clock()))
    return shapes.DeskOut(claim=shapes.ClaimOut.of(dealt), empty=None)


@router.get(
    "/claims/{claim_id}/picture",
    tags=["referee"],
    response_class=Response,
    dependencies=[Depends(may_move), needs(Role.REFEREE)],
)
async def claimed_picture(claim_id: ClaimId, app: Parts) -> Response:
    """The picture a claim is about."""
    async with app.database.read() as tx:
        key = await claim_file(tx, claim_id)
    return picture_response(await app.files.get(key))


@router.post("/claims/{claim_id}/vote", status_code=204, tags=["referee"], dependencies=[needs(Role.REFEREE)])
async def cast_vote(claim_id: ClaimId, body: shapes.VoteIn, app: Parts, me: Mover) -> None:
    """Votes on a claim, once."""
    await vote(
        app.database,
        me,
        claim_id,
        model_wrong=body.model_wrong,
        correction_right=body.correction_right,
        unanswerable=body.unanswerable,
        better=body.better,
        flag=body.flag,
        now=app.clock(),
        rng=random.SystemRandom(),
    )

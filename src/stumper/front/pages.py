"""The pages a player walks through: landing, play, end, and what is explained beside them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined
from markupsafe import Markup

from stumper.app import App
from stumper.campaigns import current_round, find_campaign
from stumper.curate.payday import error_rate_now
from stumper.errors import BadInput, NoConsent
from stumper.front import choices, ending, i18n, notices
from stumper.front.parts import Jar, MaybeMe, Mover, Network, Parts, may_join, until_playable
from stumper.front.queries import find_player
from stumper.front.statics import asset
from stumper.play.texts import NICKNAME_CHARS
from stumper.progress.finish import finish
from stumper.records import Player, PlayerId, Rules, SessionId
from stumper.trust import rewards
from stumper.trust.queries import balance

templates = Jinja2Templates(
    Path(__file__).parent / "templates",
    context_processors=[i18n.context, lambda request: {"theme": choices.theme_of(request).value}],
)
templates.env.undefined = StrictUndefined
templates.env.globals["asset"] = asset
templates.env.trim_blocks = templates.env.lstrip_blocks = True

router = APIRouter(include_in_schema=False)

IDEAS = (
    "How many … are there?",
    "What is behind the …?",
    "Which hand is raised?",
    "What does the sign say?",
    "Are there more … or …?",
    "What colour is the …?",
    "What time is it?",
    "Is the … open or shut?",
    "What is left of the …?",
    "Which … is the biggest?",
)
"""Openings over many categories, so that not everybody counts."""


async def _rules(app: App) -> Rules:
    async with app.database.read() as tx:
        return (await find_campaign(tx, app.settings.campaign)).rules


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=303)


@router.get("/")
async def landing(request: Request, app: Parts, me: MaybeMe) -> Response:
    """What the game is, and how to join it or go on."""
    async with app.database.read() as tx:
        player = await find_player(tx, me) if me else None
        points = rewards.shown(await balance(tx, player.id)) if player else 0
    return _landing(request, await _rules(app), player=player, points=points)


def _landing(
    request: Request,
    rules: Rules,
    *,
    player: Player | None = None,
    points: int = 0,
    problem: str = "",
    **typed: Any,
) -> Response:
    return templates.TemplateResponse(
        request,
        "landing.html",
        {
            "player": player,
            "points": points,
            "problem": problem,
            "form": {"nickname": "", "language": i18n.language_of(request), "consent": False, **typed},
            "nickname_chars": NICKNAME_CHARS,
            "quick_turns": rules.quick_turns,
        },
        status_code=422 if problem else 200,
    )


@router.post("/join", dependencies=[Depends(may_join), Depends(until_playable)])
async def join(
    request: Request,
    app: Parts,
    jar: Jar,
    network: Network,
    nickname: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "en",
    consent: Annotated[bool, Form()] = False,
    time_zone: Annotated[str, Form()] = "UTC",
) -> Response:
    """Joins and starts the first session; a fault is told on the page with all that was typed."""
    try:
        player = await app.game.join(
            nickname=nickname, language=language, consent=consent, network=network, time_zone=time_zone
        )
    except (BadInput, NoConsent) as error:
        return _landing(
            request,
            await _rules(app),
            problem=str(error),
            nickname=nickname[:NICKNAME_CHARS],
            language=language,
            consent=consent,
        )
    response = await _play(app, player.id)
    jar.give(response, player.id)
    if language in i18n.LANGUAGES:
        choices.keep_language(response, language)
    return response


@router.post("/play", dependencies=[Depends(until_playable)])
async def play(app: Parts, me: Mover, quick: Annotated[bool, Form()] = False) -> Response:
    """Starts a session or resumes the unfinished one."""
    return await _play(app, me, quick=quick)


async def _play(app: App, player_id: PlayerId, *, quick: bool = False) -> Response:
    view = await app.game.start(player_id, campaign=app.settings.campaign, quick=quick)
    return _see(f"/sessions/{view.id}")


@router.get("/play")
async def play_later() -> Response:
    """Somebody opened the address of the button: starting a session takes a tap, not a link."""
    return _see("/")


@router.post("/leave")
async def leave(jar: Jar) -> Response:
    """Forgets the player on this device."""
    response = _see("/")
    jar.take_back(response)
    return response


@router.get("/sessions/{session_id}")
async def session(request: Request, session_id: SessionId, app: Parts, me: Mover) -> Response:
    """The play page; everything on it comes over the API."""
    view = await app.game.view(me, session_id)
    if view.finished:
        return _see(f"/sessions/{session_id}/end")
    context = {"session": view, "rules": await _rules(app), "ideas": IDEAS}
    return templates.TemplateResponse(request, "play.html", context)


@router.get("/sessions/{session_id}/end")
async def end(request: Request, session_id: SessionId, app: Parts, me: Mover) -> Response:
    """What a finished session was worth, and its secrets; grades it if that was not done yet."""
    if not (await app.game.view(me, session_id)).finished:
        return _see(f"/sessions/{session_id}")
    summary = await app.game.summary(me, session_id)
    grade = await finish(app.database, session_id, now=app.clock(), rng=random.SystemRandom())
    rules = await _rules(app)
    context = {
        "summary": summary,
        "grade": grade,
        "ending": ending.tell(summary, grade, trust_e=rules.trust_e),
        "quick_turns": rules.quick_turns,
        **await notices.context(app, me, i18n.words_for(request)),
    }
    return templates.TemplateResponse(request, "end.html", context)


@router.get("/points")
async def points(request: Request, app: Parts, me: MaybeMe) -> Response:
    """How points work, with the campaign's numbers."""
    async with app.database.read() as tx:
        campaign = await find_campaign(tx, app.settings.campaign)
        rules = campaign.rules
        rate = await error_rate_now(tx, (await current_round(tx, campaign.id)).id, rules=rules)
    context = {
        "hit": rules.hit_points,
        "alarm": rewards.false_alarm_points(rules, poison_rate=rules.poison_rate),
        "poison": round(100 * rules.poison_rate),
        "pause": round(rules.min_paid_turn_s),
        "hours": round(rules.paid_day_s / 3600),
        "verify": Markup("<code>stumper verify-session</code>"),
        "bonus": rewards.claim_bonus(rate, rules=rules),
        "yes_no": rewards.claim_bonus(rate, form=rewards.Form.YES_NO, rules=rules),
        **await notices.context(app, me, i18n.words_for(request)),
    }
    return templates.TemplateResponse(request, "points.html", context)


@router.get("/privacy")
async def privacy(request: Request, app: Parts, me: MaybeMe) -> Response:
    """What is kept, under which licence, and how to have it deleted."""
    async with app.database.read() as tx:
        licence = (await find_campaign(tx, app.settings.campaign)).licence
    return templates.TemplateResponse(request, "privacy.html", {"player_id": me, "licence": licence})

"""The pages a player walks through: landing, play, end, and what is explained beside them."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from stumper.accounts.profile import thank
from stumper.app import App
from stumper.campaigns import current_round, find_campaign
from stumper.curate.payday import error_rate_now
from stumper.errors import BadInput, NoConsent, StumperError
from stumper.front import choices, ending, i18n, notices
from stumper.front.boards import standing_context
from stumper.front.cardart import CardFacts
from stumper.front.ideas import OPENINGS
from stumper.front.parts import Jar, MaybeMe, Mover, Network, Parts, may_join, until_playable
from stumper.front.queries import find_player
from stumper.front.templating import templates
from stumper.play.texts import NICKNAME_CHARS
from stumper.progress.finish import finish, settle_left
from stumper.progress.teams import join_team
from stumper.records import PlayerId, Rules, SessionId
from stumper.trust import rewards
from stumper.trust.queries import balance

router = APIRouter(include_in_schema=False)


async def _rules(app: App) -> Rules:
    async with app.database.read() as tx:
        return (await find_campaign(tx, app.settings.campaign)).rules


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=303)


CARRIED: Final = ("team", "invite")
"""What a link may bring along from the start page to joining."""


def carried(request: Request) -> str:
    """Returns the query that hands on what the link brought, or nothing."""
    brought = {name: request.query_params.get(name, "")[:64] for name in CARRIED}
    query = urlencode({name: value for name, value in brought.items() if value})
    return f"?{query}" if query else ""


@router.get("/")
async def landing(request: Request, app: Parts, me: MaybeMe) -> Response:
    """What the game is; one button to the tutorial for a stranger, to the game for a player."""
    async with app.database.read() as tx:
        player = await find_player(tx, me) if me else None
        points = rewards.shown(await balance(tx, player.id)) if player else 0
    context = {
        "player": player,
        "points": points,
        "onward": f"/tutorial{carried(request)}",
        "quick_turns": (await _rules(app)).quick_turns,
    }
    if player and (code := request.query_params.get("team")):
        return _see(f"/teams?{urlencode({'code': code[:20]})}")
    if player:
        # A session whose end nobody looked at, for the phone went dark or the server was killed.
        await settle_left(app.database, player.id, now=app.clock(), rng=random.SystemRandom())
        context |= await standing_context(app, player.id)
    return templates.TemplateResponse(request, "landing.html", context)


@router.get("/join")
async def join_here(request: Request, app: Parts, me: MaybeMe) -> Response:
    """Nickname, language and consent: the only form before the first session; a player needs it no more."""
    if me is not None:
        return _see("/")
    brought = {name: request.query_params.get(name, "")[:64] for name in CARRIED}
    return await _join_page(request, app, **brought)


async def _join_page(request: Request, app: App, *, problem: str = "", **typed: Any) -> Response:
    async with app.database.read() as tx:
        licence = (await find_campaign(tx, app.settings.campaign)).licence
    empty = {
        "nickname": "",
        "language": i18n.language_of(request),
        "consent": False,
        "team": "",
        "invite": "",
    }
    context = {
        "problem": problem,
        "form": {**empty, **typed},
        "nickname_chars": NICKNAME_CHARS,
        "licence": licence,
    }
    return templates.TemplateResponse(request, "join.html", context, status_code=422 if problem else 200)


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
    invite: Annotated[str, Form()] = "",
    team: Annotated[str, Form()] = "",
) -> Response:
    """Joins and starts the first session; a fault is told on the page with all that was typed."""
    try:
        player = await app.game.join(
            nickname=nickname, language=language, consent=consent, network=network, time_zone=time_zone
        )
    except (BadInput, NoConsent) as error:
        return await _join_page(
            request,
            app,
            problem=str(error),
            nickname=nickname[:NICKNAME_CHARS],
            language=language,
            consent=consent,
            invite=invite[:64],
            team=team[:64],
        )
    await thank(app.database, player.id, invite=jar.invites.player(invite))
    if team:
        with suppress(StumperError):  # a full team, or one that is gone: they play all the same
            await join_team(app.database, player.id, code=team)
    response = await _play(app, player.id)
    jar.give(response, player.id)
    if language in i18n.LANGUAGES:
        choices.keep_language(jar, response, language)
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
    if view.finished and view.undo is None:
        return _see(f"/sessions/{session_id}/end")
    rules = await _rules(app)
    spoken = i18n.words_in(rules.speaks) if rules.speaks in i18n.LANGUAGES else None
    ask_in = spoken if spoken and spoken.code != i18n.language_of(request) else None
    context = {
        "session": view,
        "rules": rules,
        "ask_in": i18n.LANGUAGES[ask_in.code] if ask_in else "",
        "openings": OPENINGS,
        "idea": ask_in or i18n.words_in(i18n.language_of(request)),
    }
    return templates.TemplateResponse(request, "play.html", context)


@router.get("/sessions/{session_id}/end")
async def end(request: Request, session_id: SessionId, app: Parts, jar: Jar, me: Mover) -> Response:
    """What a finished session was worth, and its secrets; grades it if that was not done yet."""
    if not (await app.game.view(me, session_id)).finished:
        return _see(f"/sessions/{session_id}")
    summary = await app.game.summary(me, session_id)
    grade = await finish(app.database, session_id, now=app.clock(), rng=random.SystemRandom())
    rules = await _rules(app)
    words = i18n.words_for(request)
    told = ending.tell(summary, grade, trust_e=rules.trust_e, words=words)
    stands = await standing_context(app, me)
    context = {
        "summary": summary,
        "grade": grade,
        "ending": told,
        "share": _card_token(request, jar, told.count, streak=stands["standing"].streak.days),
        "quick_turns": rules.quick_turns,
        **stands,
        **await notices.context(app, me, words),
    }
    return templates.TemplateResponse(request, "end.html", context)


def _card_token(request: Request, jar: Jar, counted: ending.Count, *, streak: int) -> str | None:
    """Returns what the address of the session's card ends in; None where there is nothing to tell."""
    if not counted.falsified:
        return None
    facts = CardFacts(
        caught=counted.caught,
        falsified=counted.falsified,
        streak=streak,
        language=i18n.language_of(request),
    )
    return jar.cards.token(facts)


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
        "ideas": rules.ideas,
        **await notices.context(app, me, i18n.words_for(request)),
    }
    return templates.TemplateResponse(request, "points.html", context)


@router.get("/privacy")
async def privacy(request: Request, app: Parts, me: MaybeMe) -> Response:
    """What is kept, under which licence, and how to have it deleted."""
    async with app.database.read() as tx:
        licence = (await find_campaign(tx, app.settings.campaign)).licence
    context = {"player_id": me, "licence": licence, "days": app.settings.keep_days}
    return templates.TemplateResponse(request, "privacy.html", context)

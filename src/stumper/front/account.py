"""A player's own page (choices, messages, sessions, export, deletion), and going on, on another device."""

from __future__ import annotations

import random
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from stumper.accounts import passcodes, queries
from stumper.accounts.forget import forget
from stumper.accounts.kept.export import export
from stumper.accounts.profile import choose, time_zones
from stumper.accounts.staff.giving import role_of
from stumper.accounts.staff.queries import next_epoch
from stumper.app import App
from stumper.errors import BadInput, NotFound, NotSignedIn
from stumper.front import choices, i18n
from stumper.front.auth import Cookies, address_of
from stumper.front.boards import standing_context
from stumper.front.parts import PASSCODES, Jar, MaybeMe, Mover, Parts
from stumper.front.queries import epoch_of
from stumper.front.telling import told
from stumper.front.templating import templates
from stumper.observe.logs import note
from stumper.play.texts import NICKNAME_CHARS
from stumper.progress.news import post
from stumper.records import PlayerId, Role

router = APIRouter(include_in_schema=False)

_SESSIONS_SHOWN: Final = 10


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=303)


async def _spend_a_try(request: Request, app: App) -> None:
    await PASSCODES.spend(app.cache, address_of(request))


# ---- the player's page ----


@router.get("/me")
async def me_page(request: Request, app: Parts, jar: Jar, me: MaybeMe) -> Response:
    """All that is the player's own; strangers go to the start page."""
    if me is None:
        return _see("/")
    return await _me_page(request, app, jar, me)


async def _me_page(
    request: Request, app: App, jar: Cookies, me: PlayerId, *, problem: str = "", **more: Any
) -> Response:
    async with app.database.begin() as tx:
        player = await queries.find(tx, me)
        if player is None:
            raise NotSignedIn("This player is not here. You can join again on the start page.")
        messages = await post.unseen(tx, me)
        await post.mark_seen(tx, me, now=app.clock())
        notices = await queries.wants_notices(tx, me)
        sessions = await queries.latest_sessions(tx, me, limit=_SESSIONS_SHOWN)
        role = await role_of(tx, me, needed=Role.OPERATOR)
    words = i18n.words_for(request)
    context = {
        "player": player,
        "notices": notices,
        "messages": [told(message, words) for message in messages],
        "sessions": sessions,
        "operates": role.covers(Role.OPERATOR),
        "zones": time_zones(),
        "nickname_chars": NICKNAME_CHARS,
        "invite": f"{_home(request, app)}/?invite={jar.invites.code(me)}" if len(me) == 16 else None,
        "problem": problem,
        **await standing_context(app, me),
        **more,
    }
    return templates.TemplateResponse(request, "me.html", context, status_code=422 if problem else 200)


def _home(request: Request, app: App) -> str:
    return (app.settings.public_url or str(request.base_url)).rstrip("/")


@router.post("/me")
async def change(
    request: Request,
    app: Parts,
    jar: Jar,
    me: Mover,
    nickname: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "en",
    time_zone: Annotated[str, Form()] = "UTC",
    notices: Annotated[bool, Form()] = False,
) -> Response:
    """Keeps the player's choices; a fault is told on the page."""
    try:
        await choose(
            app.database, me, nickname=nickname, language=language, time_zone=time_zone, notices=notices
        )
    except BadInput as error:
        return await _me_page(request, app, jar, me, problem=str(error))
    response = _see("/me")
    if language in i18n.LANGUAGES:
        choices.keep_language(jar, response, language)
    return response


@router.get("/me/export.json")
async def export_mine(app: Parts, me: Mover) -> Response:
    """All that is kept about the player, to take away (docs/guide/my-data.md)."""
    pieces = export(app.database, me, now=app.clock())
    first = await anext(pieces)  # what refuses, refuses before the answer has begun

    async def all_of_it() -> Any:
        yield first
        async for piece in pieces:
            yield piece

    headers = {"Content-Disposition": 'attachment; filename="stumper-my-data.json"'}
    return StreamingResponse(all_of_it(), media_type="application/json", headers=headers)


@router.get("/me/forget")
async def ask_to_forget(request: Request, me: MaybeMe) -> Response:
    """The second step of deletion: what goes, and a box to tick."""
    if me is None:
        return _see("/")
    return templates.TemplateResponse(request, "forget.html", {"done": None, "problem": False})


@router.post("/me/forget")
async def forget_me(
    request: Request, app: Parts, jar: Jar, me: Mover, sure: Annotated[bool, Form()] = False
) -> Response:
    """Deletes all that the player typed and all that names them, and signs this device out."""
    if not sure:
        context = {"done": None, "problem": True}
        return templates.TemplateResponse(request, "forget.html", context, status_code=422)
    done = await forget(app.database, me, app.clock())
    response = templates.TemplateResponse(request, "forget.html", {"done": done, "problem": False})
    jar.take_back(response)
    return response


@router.post("/me/leave")
async def leave_everywhere(app: Parts, jar: Jar, me: Mover) -> Response:
    """Signs the player out on every device: no cookie given before is taken any more."""
    async with app.database.begin() as tx:
        await next_epoch(tx, me)
    response = _see("/")
    jar.take_back(response)
    return response


# ---- another device ----


@router.post("/me/code")
async def make_code(request: Request, app: Parts, jar: Jar, me: Mover) -> Response:
    """Shows a new code, once: it is not kept where anybody could look it up."""
    code = await passcodes.make(
        app.database, me, hashed=jar.passcode_hash, now=app.clock(), rng=random.SystemRandom()
    )
    return await _me_page(
        request, app, jar, me, code=passcodes.shown(code), go=f"{_home(request, app)}/go/{code}"
    )


@router.get("/go")
async def go(request: Request) -> Response:
    """A field for a code."""
    return _go_page(request)


def _go_page(request: Request, *, status: int = 200, **found: Any) -> Response:
    context = {"nickname": None, "code": "", "problem": "", **found}
    return templates.TemplateResponse(request, "go.html", context, status_code=status)


def _no_code(request: Request, error: NotFound) -> Response:
    note(refused="code")
    return _go_page(request, status=error.status, problem=str(error))


@router.get("/go/{code}")
async def go_with(request: Request, code: str, app: Parts, jar: Jar) -> Response:
    """Shows whose code it is and a button; looking, as link previews do, uses nothing up."""
    await _spend_a_try(request, app)
    try:
        player = await passcodes.peek(app.database, code, hashed=jar.passcode_hash, now=app.clock())
    except NotFound as error:
        return _no_code(request, error)
    return _go_page(request, nickname=player.nickname, code=passcodes.normal(code))


@router.post("/go")
async def arrive(
    request: Request,
    app: Parts,
    jar: Jar,
    code: Annotated[str, Form()] = "",
    confirmed: Annotated[bool, Form()] = False,
) -> Response:
    """Signs this device in with a code; one that was typed is shown with its player's name first."""
    if not confirmed:
        return await go_with(request, code, app, jar)
    await _spend_a_try(request, app)
    try:
        me = await passcodes.use(app.database, code, hashed=jar.passcode_hash, now=app.clock())
    except NotFound as error:
        return _no_code(request, error)
    async with app.database.read() as tx:
        player = await queries.find(tx, me)
        epoch = await epoch_of(tx, me)
    response = _see("/")
    jar.give(response, me, epoch=epoch or 0)
    if player is not None and player.language in i18n.LANGUAGES:
        choices.keep_language(jar, response, player.language)
    return response

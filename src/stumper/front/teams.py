"""Teams: make one, join by a code, leave; what goes wrong is told on the page, with all that was typed."""

from __future__ import annotations

import random
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from stumper.app import App
from stumper.errors import StumperError
from stumper.front.api import REFUSALS
from stumper.front.parts import Limit, MaybeMe, Me, Mover, Parts, counts
from stumper.front.progress_shapes import TeamOut
from stumper.front.templating import templates
from stumper.progress import teams
from stumper.records import PlayerId

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["progress"], responses=REFUSALS)

# Somebody who mistypes tries three times; at this pace a code of eight letters is not found by trying.
TRIES = Limit("team", times=10, window_s=60)


@counts
async def _may_try(me: Me, app: Parts) -> PlayerId:
    await TRIES.spend(app.cache, me)
    return me


Trier = Annotated[PlayerId, Depends(_may_try)]


async def _page(
    request: Request,
    app: App,
    me: PlayerId,
    *,
    code: str = "",
    name: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    context = {
        "team": await teams.my_team(app.database, me, now=app.clock()),
        "me": me,
        "code": code[:20],
        "name": name[: teams.NAME_CHARS],
        "name_chars": teams.NAME_CHARS,
        "team_size": teams.SIZE,
        "problem": problem,
        "address": f"{app.settings.public_url or str(request.base_url).rstrip('/')}/teams",
    }
    return templates.TemplateResponse(request, "team.html", context, status_code=status)


def _done() -> Response:
    return RedirectResponse("/teams", status_code=303)


@router.get("/teams")
async def team_page(request: Request, app: Parts, me: MaybeMe, code: str = "") -> Response:
    """The player's team, or how to get into one; ``code`` comes with an invitation.

    Somebody who has not joined yet begins at the start, and brings the code along.
    """
    if me is None:
        return RedirectResponse(f"/?{urlencode({'team': code[:20]})}" if code else "/", status_code=303)
    return await _page(request, app, me, code=code)


@router.post("/teams")
async def make(request: Request, app: Parts, me: Trier, name: Annotated[str, Form()] = "") -> Response:
    """Makes a team."""
    try:
        await teams.make_team(app.database, me, name=name, now=app.clock(), rng=random.SystemRandom())
    except StumperError as error:
        return await _page(request, app, me, name=name, problem=str(error), status=error.status)
    return _done()


@router.post("/teams/join")
async def join(request: Request, app: Parts, me: Trier, code: Annotated[str, Form()] = "") -> Response:
    """Joins the team of a code."""
    try:
        await teams.join_team(app.database, me, code=code)
    except StumperError as error:
        return await _page(request, app, me, code=code, problem=str(error), status=error.status)
    return _done()


@router.post("/teams/leave")
async def leave(app: Parts, me: Mover) -> Response:
    """Leaves the team."""
    await teams.leave_team(app.database, me)
    return _done()


@api.get("/me/team")
async def my_team(app: Parts, me: Mover) -> TeamOut | None:
    """The player's team with this week's points of everybody in it, or null."""
    found = await teams.my_team(app.database, me, now=app.clock())
    return None if found is None else TeamOut.of(found, me)

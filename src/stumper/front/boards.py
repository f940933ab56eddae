"""Boards and a player's standing: pages that renew themselves, and the same as JSON.

Without scripts the tabs are plain links; with htmx a tab brings its part of the page only.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from stumper.app import App
from stumper.front import naming
from stumper.front.api import REFUSALS
from stumper.front.parts import MaybeMe, Mover, Parts
from stumper.front.progress_shapes import BoardOut, StandingOut
from stumper.front.templating import templates
from stumper.progress.badges import Badge
from stumper.progress.boards.tables import Tab, board
from stumper.progress.standing import standing
from stumper.records import PlayerId

# A player's block has the same colour on every page, and tells nothing of their id.
templates.env.filters["sum_of_letters"] = lambda text: sum(map(ord, text))

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["progress"], responses=REFUSALS)


async def standing_context(app: App, me: PlayerId) -> dict[str, Any]:
    """Returns what `standing.html` needs. Raises NotFound for an unknown player."""
    found = await standing(app.database, me, now=app.clock())
    return {"standing": found, "naming": naming, "all_badges": tuple(Badge)}


@router.get("/boards")
async def boards(
    request: Request,
    app: Parts,
    me: MaybeMe,
    tab: Tab | None = None,
    hx_request: Annotated[str, Header()] = "",
    hx_history_restore_request: Annotated[str, Header()] = "",
) -> Response:
    """One of the boards; a player sees their own league first, a stranger this week's best."""
    chosen = tab or (Tab.WEEK if me is None else Tab.LEAGUE)
    now = app.clock()
    found = await board(app.database, chosen, me=me, now=now)
    left_s = None if found.ends_at is None else found.ends_at - now
    context = {"board": found, "me": me, "left_s": left_s, "naming": naming}
    part = hx_request == "true" and hx_history_restore_request != "true"
    page = "board.html" if part else "boards.html"
    return templates.TemplateResponse(request, page, context, headers={"Vary": "HX-Request"})


@api.get("/boards/{tab}")
async def board_rows(tab: Tab, app: Parts, me: MaybeMe) -> BoardOut:
    """A board as it is now: `league` and `near` are the caller's own, and empty for a stranger."""
    return BoardOut.of(await board(app.database, tab, me=me, now=app.clock()), me)


@api.get("/me/standing")
async def my_standing(app: Parts, me: Mover) -> StandingOut:
    """Where the player stands: level, streak, quest, league, badges, team, and what to do next."""
    return StandingOut.of(await standing(app.database, me, now=app.clock()))

"""Boards and a player's standing: pages that renew themselves, and the same as JSON.

Without scripts the tabs are plain links; with htmx a tab brings its part of the page only. A page that is
looked at keeps a stream open (Server-Sent Events), in which its board comes again whenever it has changed.
"""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Header, Request, Response

from stumper.app import App
from stumper.front import i18n, naming
from stumper.front.api import REFUSALS
from stumper.front.i18n import language_of
from stumper.front.live import Live, LiveResponse, Show
from stumper.front.parts import MaybeMe, Mover, Parts
from stumper.front.progress_shapes import BoardOut, StandingOut
from stumper.front.ready import readiness_of
from stumper.front.templating import templates
from stumper.progress.badges import Badge
from stumper.progress.boards.tables import Board, Tab, board
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
    accept: Annotated[str, Header()] = "",
) -> Response:
    """One of the boards; a player sees their own league first, a stranger this week's best."""
    chosen = tab or (Tab.WEEK if me is None else Tab.LEAGUE)
    if "text/event-stream" in accept:
        return _streamed(request, _live(request, app).show(chosen), me)
    now = app.clock()
    found = await board(app.database, chosen, me=me, now=now)
    part = hx_request == "true" and hx_history_restore_request != "true"
    page = "board.html" if part else "boards.html"
    headers = {"Vary": "HX-Request, Accept"}
    return templates.TemplateResponse(request, page, _context(found, me, now=now), headers=headers)


def _context(found: Board, me: PlayerId | None, *, now: float) -> dict[str, Any]:
    left_s = None if found.ends_at is None else found.ends_at - now
    return {"board": found, "me": me, "left_s": left_s, "naming": naming}


def _live(request: Request, app: App) -> Live:
    """Returns the process's boards in motion, made for the first who looks at one."""
    state = request.app.state
    if not hasattr(state, "live"):
        known = readiness_of(request)
        state.live = Live(app.database, app.news, clock=app.clock, ends=lambda: known.draining)
    return cast(Live, state.live)


def _streamed(request: Request, show: Show, me: PlayerId | None) -> Response:
    """The board's part of the page, again and again. 204 if too many look: EventSource then gives up."""
    if show.full:
        return Response(status_code=204)
    language = language_of(request)

    def draw(found: Board) -> str:
        """Drawn once for all who would see the same."""
        mine = me if me in {row.player_id for row in found.rows} else None
        key = (language, me is None, mine, found)
        if key not in show.drawn:
            told = {**i18n.context(request), **_context(found, me, now=show.seen_at)}
            show.drawn[key] = templates.get_template("board.html").render(told)
        return show.drawn[key]

    return LiveResponse(show, me, draw)


@api.get("/boards/{tab}")
async def board_rows(tab: Tab, app: Parts, me: MaybeMe) -> BoardOut:
    """A board as it is now: `league` and `near` are the caller's own, and empty for a stranger."""
    return BoardOut.of(await board(app.database, tab, me=me, now=app.clock()), me)


@api.get("/me/standing")
async def my_standing(app: Parts, me: Mover) -> StandingOut:
    """Where the player stands: level, streak, quest, league, badges, team, and what to do next."""
    return StandingOut.of(await standing(app.database, me, now=app.clock()))

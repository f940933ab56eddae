"""The operators' page: how the campaign stands, what was done by hand, and, for owners, who may do what."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from stumper.accounts.staff import giving
from stumper.accounts.staff.queries import members
from stumper.app import App
from stumper.campaigns import current_round, find_campaign
from stumper.errors import StumperError
from stumper.front.parts import Mover, Parts
from stumper.front.queries import waiting
from stumper.front.roles import needs
from stumper.front.templating import templates
from stumper.records import PlayerId, Role
from stumper.store import acts

router = APIRouter(include_in_schema=False)

_ACTS: Final = 20
_PATIENCE_S: Final = 3.0
"""So long a page waits for the model to say that it is there."""
_KEPT_S: Final = 30.0
"""However often the page is opened: a look is two calls of the model, and an endpoint's may cost money."""


class _Look(NamedTuple):
    """What a look at the opponent found, and when."""

    ref: str
    at: float
    trouble: str


async def _trouble(request: Request, app: App, ref: str) -> str:
    """Returns what was wrong with the opponent at the last look, in English words; empty if nothing was."""
    state, now = request.app.state, app.clock()
    last: _Look | None = getattr(state, "looked", None)
    if last is None or last.ref != ref or not 0 <= now - last.at < _KEPT_S:
        last = state.looked = _Look(ref, now, await _look(app, ref))
    return last.trouble


async def _look(app: App, ref: str) -> str:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await (await app.open_model(ref)).check()
    except StumperError as error:
        return str(error)
    except TimeoutError:
        return f"The model gave no sign within {_PATIENCE_S:.0f} seconds."
    return ""


async def _page(
    request: Request, app: App, me: PlayerId, *, problem: str = "", status: int = 200
) -> Response:
    async with app.database.read() as tx:
        campaign = await find_campaign(tx, app.settings.campaign)
        current = await current_round(tx, campaign.id)
        context = {
            "campaign": campaign,
            "round": current,
            "claims": await waiting(tx, campaign.id),
            "acts": await acts.latest(tx, limit=_ACTS),
            "staff": await members(tx),
            "owner": await giving.role_of(tx, me, needed=Role.OWNER) is Role.OWNER,
            "roles": giving.GIVEN,
            "problem": problem,
        }
    context["trouble"] = await _trouble(request, app, current.model_ref)
    return templates.TemplateResponse(request, "operate.html", context, status_code=status)


@router.get("/operate")
async def operate(request: Request, app: Parts, me: Mover) -> Response:
    """How the campaign stands, and what was done by hand."""
    return await _page(request, app, me)


@router.post("/operate/roles", dependencies=[needs(Role.OWNER)])
async def change_role(
    request: Request,
    app: Parts,
    me: Mover,
    player: Annotated[str, Form(max_length=64)],
    role: Annotated[Role, Form()],
    take: Annotated[bool, Form()] = False,
) -> Response:
    """Gives or takes a role; a fault is told on the page."""
    change = giving.take if take else giving.give
    try:
        await change(app.database, PlayerId(player), role, actor=f"player:{me}", now=app.clock())
    except StumperError as error:
        return await _page(request, app, me, problem=str(error), status=error.status)
    return RedirectResponse("/operate", status_code=303)

"""The referee's desk: one claim at a time, judged by a trusted player with one tap."""

from __future__ import annotations

import random
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from stumper.curate.desk.dealing import next_claim, why_empty
from stumper.curate.desk.queries import service
from stumper.curate.peers import vote
from stumper.errors import Conflict
from stumper.front.i18n import N_
from stumper.front.parts import Mover, Parts
from stumper.front.roles import needs
from stumper.front.templating import templates
from stumper.records import ClaimId, Flag, Role

router = APIRouter(include_in_schema=False)


class Ruling(StrEnum):
    PLAYER = "player"
    ROBOT = "robot"
    NEITHER = "neither"
    UNANSWERABLE = "unanswerable"
    FLAG = "flag"


# (the model was wrong, the correction is right)
MEANS: Final = {
    Ruling.PLAYER: (True, True),
    Ruling.ROBOT: (False, False),
    Ruling.NEITHER: (True, False),
    Ruling.UNANSWERABLE: (False, False),
    Ruling.FLAG: (False, False),
}

FLAGS: Final = {
    Flag.NONSENSE: N_("It is not about the picture"),
    Flag.OFFENSIVE: N_("It is offensive"),
    Flag.PRIVATE: N_("It shows something private"),
}
BATCH: Final = 10
"""Points are told after so many votes: one by one they would show which cases were settled."""


@router.get("/referee")
async def desk(request: Request, app: Parts, me: Mover, thanks: bool = False) -> Response:
    """Shows the next claim, or why there is none, and what this referee has done."""
    claim = await next_claim(app.database, me, now=app.clock(), rng=random.SystemRandom())
    empty = None if claim is not None else await why_empty(app.database, me, now=app.clock())
    async with app.database.read() as tx:
        done = await service(tx, me, batch=BATCH)
    context = {
        "claim": claim,
        "empty": empty,
        "thanks": thanks,
        "done": done,
        "until_told": BATCH - done.votes % BATCH,
        "just_told": thanks and done.votes > 0 and done.votes % BATCH == 0,
        "flags": FLAGS,
    }
    return templates.TemplateResponse(request, "referee.html", context)


@router.post("/referee/{claim_id}", dependencies=[needs(Role.REFEREE)])
async def rule(
    claim_id: ClaimId,
    ruling: Annotated[Ruling, Form()],
    app: Parts,
    me: Mover,
    better: Annotated[str, Form()] = "",
    flag: Annotated[Flag | None, Form()] = None,
) -> Response:
    """Votes with one tap and goes on to the next claim."""
    model_wrong, correction_right = MEANS[ruling]
    # Somebody may have decided the case a moment earlier: the referee just gets the next one.
    with suppress(Conflict):
        await vote(
            app.database,
            me,
            claim_id,
            model_wrong=model_wrong,
            correction_right=correction_right,
            unanswerable=ruling in (Ruling.UNANSWERABLE, Ruling.FLAG),
            better=better if ruling is Ruling.NEITHER else None,
            flag=(flag or Flag.NONSENSE) if ruling is Ruling.FLAG else None,
            now=app.clock(),
            rng=random.SystemRandom(),
        )
    return RedirectResponse("/referee?thanks=1", status_code=303)

"""The referee's desk: one claim at a time, judged by a trusted player with one tap."""

from __future__ import annotations

import random
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from stumper.curate.peers import next_claim, vote, why_empty
from stumper.errors import Conflict
from stumper.front.pages import templates
from stumper.front.parts import Mover, Parts
from stumper.records import ClaimId

router = APIRouter(include_in_schema=False)


class Ruling(StrEnum):
    PLAYER = "player"
    ROBOT = "robot"
    NEITHER = "neither"
    UNANSWERABLE = "unanswerable"


# (the model was wrong, the correction is right)
_MEANS: Final = {
    Ruling.PLAYER: (True, True),
    Ruling.ROBOT: (False, False),
    Ruling.NEITHER: (True, False),
    Ruling.UNANSWERABLE: (False, False),
}


@router.get("/referee")
async def desk(request: Request, app: Parts, me: Mover, thanks: bool = False) -> Response:
    """Shows the next claim, or why there is none."""
    claim = await next_claim(app.database, me, rng=random.SystemRandom())
    empty = None if claim is not None else await why_empty(app.database, me)
    return templates.TemplateResponse(
        request, "referee.html", {"claim": claim, "empty": empty, "thanks": thanks}
    )


@router.post("/referee/{claim_id}")
async def rule(claim_id: ClaimId, ruling: Annotated[Ruling, Form()], app: Parts, me: Mover) -> Response:
    """Votes with one tap and goes on to the next claim."""
    model_wrong, correction_right = _MEANS[ruling]
    # Somebody may have decided the case a moment earlier: the referee just gets the next one.
    with suppress(Conflict):
        await vote(
            app.database,
            me,
            claim_id,
            model_wrong=model_wrong,
            correction_right=correction_right,
            unanswerable=ruling is Ruling.UNANSWERABLE,
            now=app.clock(),
            rng=random.SystemRandom(),
        )
    return RedirectResponse("/referee?thanks=1", status_code=303)

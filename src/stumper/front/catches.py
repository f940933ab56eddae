"""What became of a player's catches: each with its picture and a reason in plain words, page and JSON."""

from __future__ import annotations

from typing import Annotated, Final, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from stumper.app import App
from stumper.front import i18n, naming
from stumper.front.api import REFUSALS
from stumper.front.i18n import Words
from stumper.front.parts import Mover, Parts
from stumper.front.templating import templates
from stumper.progress.fates import Fate, Fates, fates
from stumper.records import PlayerId

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["player"], responses=REFUSALS)

SHOWN: Final = 20
"""Catches on a page."""
Page = Annotated[int, Query(ge=1, le=10_000, description="20 catches a page, from 1; the newest first.")]


class CatchOut(BaseModel):
    claim_id: str = Field(description="Its own page is `/me/catch/{claim_id}`.")
    turn_id: str = Field(description="Its picture is at `/api/turns/{turn_id}/picture`.")
    round: int
    question: str
    model_answer: str
    correction: str
    outcome: str = Field(description="`confirmed`, `refused`, or `waiting` for the operator.")
    cause: str = Field(description="Why, as one of a few fixed words.")
    why: str = Field(description="Why, as a sentence in the reader's language.")

    @classmethod
    def of(cls, fate: Fate, words: Words) -> Self:
        return cls(
            claim_id=fate.claim_id,
            turn_id=fate.turn_id,
            round=fate.round,
            question=fate.question,
            model_answer=fate.model_answer,
            correction=fate.correction,
            outcome=fate.outcome.value,
            cause=fate.cause.value,
            why=naming.fate(fate.cause, words),
        )


class CatchesOut(BaseModel):
    page: int
    more: bool = Field(description="There is a next page.")
    checking: int = Field(description="Catches that referees still judge.")
    catches: list[CatchOut]


async def _fates(app: App, me: PlayerId, page: int) -> Fates:
    async with app.database.read() as tx:
        return await fates(tx, me, page=page, size=SHOWN)


@router.get("/me/catches")
async def page(request: Request, app: Parts, me: Mover, page: Page = 1) -> Response:
    """What became of the player's catches, the newest first."""
    found, words = await _fates(app, me, page), i18n.words_for(request)
    told = [CatchOut.of(fate, words) for fate in found.fates]
    return templates.TemplateResponse(
        request, "catches.html", {"found": found, "catches": told, "page": page}
    )


@api.get("/me/catches")
async def read(request: Request, app: Parts, me: Mover, page: Page = 1) -> CatchesOut:
    """What became of the player's catches that are decided, the newest first."""
    found, words = await _fates(app, me, page), i18n.words_for(request)
    return CatchesOut(
        page=page,
        more=found.more,
        checking=found.checking,
        catches=[CatchOut.of(fate, words) for fate in found.fates],
    )

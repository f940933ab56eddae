"""What Pixel learned from the player: their catches before and after every closed round, page and JSON."""

from __future__ import annotations

from typing import Final, Self

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from stumper.app import App
from stumper.campaigns import current_round, find_campaign
from stumper.front.api import REFUSALS
from stumper.front.parts import Mover, Parts
from stumper.front.templating import templates
from stumper.progress.impact.album import Album, Lesson, Schoolday, album
from stumper.records import PlayerId

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["player"], responses=REFUSALS)

SHOWN: Final = 12
"""Catches of a round that are open to see; more are behind a tap."""


class LessonOut(BaseModel):
    turn_id: str = Field(description="Its picture is at `/api/turns/{turn_id}/picture`.")
    question: str
    right_answer: str = Field(description="What the referees accepted.")
    before: str
    after: str = Field(description="What the tuned model says; empty if it gave no answer.")
    right: bool | None = Field(description="Of `after`; null where nobody can tell.")
    learned: bool = Field(description="Right now and wrong before.")
    held_out: bool = Field(description="The tuning never saw the picture: understood, not learned by heart.")

    @classmethod
    def of(cls, lesson: Lesson) -> Self:
        return cls(**{name: getattr(lesson, name) for name in cls.model_fields})


class SchooldayOut(BaseModel):
    round: int
    passed: bool = Field(description="The tuned model plays; if not, the old one stays.")
    learned: int
    of: int = Field(description="Catches whose new answer could be marked.")
    understood: int = Field(description="Learned on pictures that the tuning never saw.")
    lessons: list[LessonOut]

    @classmethod
    def of_day(cls, day: Schoolday) -> Self:
        return cls(
            round=day.round,
            passed=day.passed,
            learned=day.learned,
            of=day.known,
            understood=day.understood,
            lessons=[LessonOut.of(lesson) for lesson in day.lessons],
        )


class LearnedOut(BaseModel):
    round: int = Field(description="The one that is played now.")
    checking: int = Field(description="Catches of this round that referees still judge.")
    accepted: int = Field(description="Catches of this round that they confirmed.")
    rounds: list[SchooldayOut] = Field(description="Newest first.")


async def _album(app: App, me: PlayerId) -> Album:
    async with app.database.read() as tx:
        campaign = await find_campaign(tx, app.settings.campaign)
        current = await current_round(tx, campaign.id)
        return await album(tx, me, campaign_id=campaign.id, current=current)


@router.get("/me/learned")
async def page(request: Request, app: Parts, me: Mover) -> Response:
    """What Pixel learned from the player's catches, round by round."""
    context = {"album": await _album(app, me), "shown": SHOWN}
    return templates.TemplateResponse(request, "learned.html", context)


@api.get("/me/learned")
async def read(app: Parts, me: Mover) -> LearnedOut:
    """The player's catches before and after every closed round."""
    found = await _album(app, me)
    return LearnedOut(
        round=found.round,
        checking=found.checking,
        accepted=found.accepted,
        rounds=[SchooldayOut.of_day(day) for day in found.days],
    )

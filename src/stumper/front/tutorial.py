"""The first minute: two pictures, the shipped model, no account, and nothing is kept.

On the first picture every answer is the model's own. On the second the prepared questions of the first step
are answered falsely, and the next one shows where the model itself is wrong. No points hang on any of it, so
the reply says at once what is true.
"""

from __future__ import annotations

import asyncio
import random
from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from stumper.app import App
from stumper.errors import BadSetting, ModelUnavailable, NotFound
from stumper.front.api import REFUSALS
from stumper.front.auth import address_of
from stumper.front.pages import carried
from stumper.front.parts import Limit, MaybeMe, Parts, counts
from stumper.front.shapes import Input
from stumper.front.templating import templates
from stumper.images.lesson import Lesson, lesson, lesson_png
from stumper.images.probes import says
from stumper.play.asked import known_answer
from stumper.play.poison import falsify
from stumper.play.texts import check_question, clean, plain

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["tutorial"], responses=REFUSALS)

MODEL: Final = "onnx:"
"""The model that is shipped, whoever is the campaign's opponent: strangers cost nobody money."""
QUESTION_CHARS: Final = 120
_SEED: Final = 5  # falsifies "pink" to "red"
# A school class shares one address; an answer takes a hundredth of a second.
_QUESTIONS: Final = Limit("tutorial", times=300, window_s=60)

STEPS: Final = (
    (1, ("What colour is the cat?", "How many balloons are there?", "Is there a dog?")),
    (2, ("What colour is the cat?", "What colour is the umbrella?")),
    (2, ("How many people are there?", "How many dogs are there?")),
)
"""Picture and questions to tap, step by step."""
FALSIFIED: Final = frozenset(STEPS[1][1])


class QuestionIn(Input):
    question: str = Field(max_length=2000, examples=["What colour is the cat?"])


class LessonOut(BaseModel):
    """An answer with all that is known about it."""

    answer: str
    falsified: bool
    model_answer: str = Field(description="What the model really said.")
    truth: str | None = Field(description="The right answer; null where nobody knows it.")
    right: bool | None = Field(description="Whether the answer shown is right; null where nobody knows.")


@counts
async def _not_too_fast(request: Request, app: Parts) -> None:
    await _QUESTIONS.spend(app.cache, address_of(request))


@router.get("/tutorial")
async def tutorial(request: Request, me: MaybeMe) -> Response:
    """The two pictures; a script leads through them."""
    context = {
        "steps": STEPS,
        "question_chars": QUESTION_CHARS,
        "onward": "/" if me else f"/join{carried(request)}",
        "joined": me is not None,
    }
    return templates.TemplateResponse(request, "tutorial.html", context)


@router.get("/tutorial/{number}.png")
async def picture(number: int) -> Response:
    """The picture of a lesson: the same for everybody."""
    data = await asyncio.to_thread(lesson_png, number)
    return Response(data, media_type="image/png", headers={"Cache-Control": "public, max-age=86400"})


@api.post("/tutorial/{number}/questions", dependencies=[Depends(_not_too_fast)])
async def ask(number: int, body: QuestionIn, app: Parts) -> LessonOut:
    """Asks the shipped model about picture 1 or 2 of the tutorial; needs no account and keeps nothing."""
    shown = lesson(number)
    question = check_question(body.question, limit=QUESTION_CHARS)
    said = await _said(app, number, question)
    served = _falsified(said, question) if number == 2 else None
    truth = _truth(shown, question)
    answer = served or said
    return LessonOut(
        answer=answer,
        falsified=served is not None,
        model_answer=said,
        truth=truth,
        right=None if truth is None else says(answer, truth),
    )


async def _said(app: App, number: int, question: str) -> str:
    try:
        model = await app.open_model(MODEL)
        picture = await asyncio.to_thread(lesson_png, number)
        return clean((await model.answer(picture, question)).text)
    except (BadSetting, NotFound) as error:
        raise ModelUnavailable("Pixel cannot wake up just now. Go on without the tutorial.") from error


def _falsified(said: str, question: str) -> str | None:
    """Returns a false answer to a prepared question; None for any other."""
    if plain(question) not in {plain(one) for one in FALSIFIED}:
        return None
    return falsify(said, question, rng=random.Random(_SEED), vocabulary=None)


def _truth(shown: Lesson, question: str) -> str | None:
    exact = {plain(truth.question): truth.answer for truth in shown.truths}
    return exact.get(plain(question)) or known_answer(question, shown.truths)

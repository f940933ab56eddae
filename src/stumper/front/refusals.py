"""The one place where an error becomes a response: JSON of one shape for the API, a kind page for people."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from stumper.errors import NotFound, NotSignedIn, PoolEmpty, StumperError, TooMany
from stumper.front.i18n import N_, Words, words_for
from stumper.observe.logs import note
from stumper.observe.metrics import ERRORS
from stumper.observe.requests import HEADER, request_id, route_of

log = structlog.get_logger()

_HTTP = {
    400: ("bad_input", "This request cannot be read: it holds neither JSON in UTF-8 nor a form."),
    404: ("not_found", "There is nothing at this address. The start page is at /."),
    405: (
        "method_not_allowed",
        "This address takes no such request; see /api/openapi.json.",
    ),
    413: ("too_large", "That is too much at once: a request may have 64 KiB."),
}
_TITLES: Final = {
    NotFound.status: N_("Pixel looked everywhere"),
    NotSignedIn.status: N_("Who is there?"),
    PoolEmpty.status: N_("Not just now"),
    TooMany.status: N_("Slow down a little"),
}
_ELSEWHERE: Final = {
    "already_judged": N_("You have marked this answer already. A verdict stays."),
    "already_voted": N_("You have voted on this case already. Take the next one."),
    "bad_correction": N_("This cannot be the right answer: write a short one that differs from Pixel's."),
    "bad_input": N_("Something in what was sent cannot be used. Please look at it once more."),
    "bad_question": N_("This cannot be asked: write one short question about the picture, without links."),
    "conflict": N_("That is not possible now: something has changed meanwhile. Go on from what you see."),
    "budget_spent": N_(
        "This game has asked Pixel as often as it may. Finish what is open; new questions may come later."
    ),
    "campaign_paused": N_("The game pauses. What you have begun can be finished; come back later for more."),
    "cross_site": N_("This move came from another site's page. Open the game itself and try again."),
    "error": N_("Something broke on our side. Nothing you did is lost; please try again."),
    "method_not_allowed": N_("There is nothing at this address. The start page is at /."),
    "model_busy": N_(
        "Very many people are asking Pixel at once. Your time stands still; try again in a moment."
    ),
    "model_error": N_("Pixel cannot answer just now. Your time stands still; try again in a moment."),
    "model_refused": N_("Pixel cannot answer just now. Your time stands still; try again in a moment."),
    "model_timeout": N_("Pixel took too long. Your time stands still; try again in a moment."),
    "model_unavailable": N_("Pixel cannot answer just now. Your time stands still; try again in a moment."),
    "no_consent": N_("Without your consent there is no game: tick the box if you agree."),
    "not_found": N_("There is nothing at this address. The start page is at /."),
    "not_signed_in": N_("You have not joined on this device yet. Choose a nickname on the start page."),
    "not_yours": N_("This is not yours to see or to judge. Open your own game from the start page."),
    "pool_empty": N_("You have seen all the pictures there are. New ones will come; thank you for playing!"),
    "round_closed": N_("This round is over and Pixel is learning. Start a new session in a moment."),
    "session_over": N_("This session is over. Look at how it ended, or start a new one."),
    "still_thinking": N_("Pixel is still thinking about your question. Its answer is on the way."),
    "store_error": N_("Our memory is away for a moment. Nothing you did is lost; please try again."),
    "too_large": N_("That is too much at once. Please make it shorter."),
    "too_many": N_("Nobody plays that fast. Wait a few seconds, then go on."),
    "turn_closed": N_("This picture is closed. Go on to the next one."),
}
"""Refusals in a sentence without details: what is told in languages other than English, by code."""


def in_words(code: str, message: str, words: Words) -> str:
    """Returns why something was refused: in English as it was raised, with its details, elsewhere in the
    language's sentence for the code; as it was raised where there is none.
    """
    sentence = _ELSEWHERE.get(code)
    if sentence is None or words.code == "en":
        return message
    told = words(sentence)
    return message if told == sentence else told


def install(web: FastAPI, pages: Jinja2Templates) -> None:
    """Answers every error of ``web``; anything unexpected is told without details."""

    async def refuse(request: Request, error: Exception) -> Response:
        status, code, message = told(error)
        words = words_for(request)
        ERRORS.labels(code).inc()
        note(refused=code)
        headers = {"Retry-After": f"{retry_after_s(error):.0f}"} if status in {429, 503} else {}
        if not isinstance(error, StumperError) and status == HTTPStatus.INTERNAL_SERVER_ERROR:
            headers[HEADER] = request_id(request.scope)  # answered outside what names all others; told there
        elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("refused", code=code, route=route_of(request.scope), error=repr(error))
        if request.url.path.startswith("/api") or "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(shape(code, in_words(code, message, words)), status, headers=headers)
        return pages.TemplateResponse(
            request,
            "error.html",
            {
                "title": words(_TITLES.get(status, N_("That did not work"))),
                "message": in_words(code, message, words),
                "status": status,
            },
            status_code=status,
            headers=headers,
        )

    for kind in (StumperError, RequestValidationError, HTTPException, Exception):
        web.add_exception_handler(kind, refuse)


def as_event(error: Exception, words: Words) -> dict[str, Any]:
    """Returns what a stream that has begun says of an error: status, code and message."""
    status, code, message = told(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("refused", code=code, error=repr(error))
    return {"status": status, "code": code, "message": in_words(code, message, words)}


def retry_after_s(error: Exception) -> float:
    """Returns after how many seconds it is worth trying again."""
    return error.after_s if isinstance(error, TooMany) else 10.0


def shape(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def told(error: Exception) -> tuple[int, str, str]:
    """Returns (status, code, message) of any error; an unexpected one tells nothing of itself."""
    if isinstance(error, StumperError):
        return error.status, error.code, str(error)
    if isinstance(error, RequestValidationError):
        return 422, "bad_input", _faults(error.errors())
    if isinstance(error, HTTPException):
        code, message = _HTTP.get(error.status_code, ("error", str(error.detail)))
        return error.status_code, code, message
    return 500, "error", "Something broke on our side. Nothing you did is lost; please try again."


def _faults(errors: Sequence[Any]) -> str:
    """Names every field and its fault, and shows none of what was sent."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'][1:]) or 'body'}: {fault['msg']}" for fault in errors
    ]
    return "; ".join(faults) + ". See /api/openapi.json."

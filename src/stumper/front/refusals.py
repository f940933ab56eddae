"""The one place where an error becomes a response: JSON of one shape for the API, a kind page for people."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from stumper.errors import NotFound, NotSignedIn, PoolEmpty, StumperError, TooMany

log = structlog.get_logger()

_HTTP = {
    404: ("not_found", "There is nothing at this address. The start page is at /."),
    405: (
        "method_not_allowed",
        "This address takes no such request; see /api/openapi.json.",
    ),
    413: ("too_large", "That is too much at once: a request may have 64 KiB."),
}
_TITLES = {
    NotFound.status: "Pixel looked everywhere",
    NotSignedIn.status: "Who is there?",
    PoolEmpty.status: "Not just now",
    TooMany.status: "Slow down a little",
}


def install(web: FastAPI, pages: Jinja2Templates) -> None:
    """Answers every error of ``web``; anything unexpected is told without details."""

    def refuse(request: Request, error: Exception) -> Response:
        status, code, message = told(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("refused", code=code, path=request.url.path, error=repr(error))
        headers = {"Retry-After": "10"} if status in {429, 503} else {}
        if request.url.path.startswith("/api") or "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(shape(code, message), status, headers=headers)
        return pages.TemplateResponse(
            request,
            "error.html",
            {"title": _TITLES.get(status, "That did not work"), "message": message, "status": status},
            status_code=status,
            headers=headers,
        )

    for kind in (StumperError, RequestValidationError, HTTPException, Exception):
        web.add_exception_handler(kind, refuse)


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

"""Routes of the moves that are made most: a question and a verdict.

FastAPI reads, checks and hands over what an endpoint asks for in steps that suit every endpoint; for these
two they take longer than the move itself. Here what is as it should be goes straight to the endpoint.
Anything else goes FastAPI's way, so that refusals and the OpenAPI document are those of every other route.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from inspect import signature
from typing import Any, Final, get_type_hints

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from stumper.front.parts import our_pages_only

_JSON: Final = "application/json"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class BriskRoute(APIRoute):
    """A route whose endpoint takes the request, one id of the path and a body, and returns a Response.

    It checks who sent the request (`parts.our_pages_only`) and nothing else of what the application asks of
    all routes: its endpoint counts by itself and knows its player. ``tests/front/test_brisk.py`` fails when
    that is no longer all. Raises TypeError, when the application is built, for any other endpoint.
    """

    def get_route_handler(self) -> Handler:
        thorough: Handler = super().get_route_handler()
        endpoint, named, body = self.endpoint, *_asked_for(self.endpoint)

        async def brisk(request: Request) -> Response:
            if request.headers.get("content-type") != _JSON:
                return await thorough(request)
            await our_pages_only(request)
            try:
                sent = body.model_validate_json(await request.body())
            except (ValidationError, ClientDisconnect):
                return await thorough(request)
            response: Response = await endpoint(request, request.path_params[named], sent)
            return response

        return brisk


def _asked_for(endpoint: Callable[..., Any]) -> tuple[str, type[BaseModel]]:
    """Returns the name of the endpoint's id and the type of its body."""
    hints = get_type_hints(endpoint)
    match [(name, hints[name]) for name in signature(endpoint).parameters]:
        case [(_, asked), (named, _), (_, type() as body)] if asked is Request and issubclass(
            body, BaseModel
        ):
            return named, body
    raise TypeError(f"{endpoint.__qualname__} is not (request, id, body): give it an ordinary route.")

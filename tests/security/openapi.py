"""Requests made of the OpenAPI document by schemathesis, and what every response must keep to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.security.stand import Stand

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def operations(stand: Stand) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    """Yields every operation that the running game describes."""
    described = stand.send("GET", "/api/openapi.json", signed_in=False).json()
    for result in schemathesis.openapi.from_dict(described).get_all_operations():
        yield result.ok()


def attack(stand: Stand, operation: APIOperation[Any, Any, Any, Any], *, examples: int) -> None:
    """Sends ``examples`` requests that fit the document, and as many that do not. Raises at the first
    response that is not as the document says.

    Half of them name what is really open, three of four come from a player.
    """
    _attack(stand, operation.as_strategy(generation_mode=GenerationMode.POSITIVE), examples=examples)
    # Any text will do as an id: without body and query nothing can be wrong about a request.
    if operation.body or operation.query:
        with suppress(Unsatisfiable):
            _attack(stand, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), examples=examples)


def _attack(stand: Stand, cases: st.SearchStrategy[Case], *, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate,),  # the request that broke is told as it was sent
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, real=st.booleans(), signed_in=st.sampled_from((True, True, True, False)))
    def one(case: Case, real: bool, signed_in: bool) -> None:
        if real and case.path_parameters:
            stand.ready()
            for name in case.path_parameters.keys() & stand.ids.keys():
                case.path_parameters[name] = stand.ids[name]
        response = send(stand, case, signed_in=signed_in)
        case.validate_response(response, checks=CHECKS)
        if response.headers.get("content-type") == "application/json":
            stand.learn(response.json())

    one()


def send(stand: Stand, case: Case, *, signed_in: bool) -> Any:
    """Sends the bytes that schemathesis means: prepared by requests, as its own transport does."""
    kwargs = case.as_transport_kwargs(base_url=str(stand.client.base_url).rstrip("/"))
    wanted = ("method", "url", "headers", "params", "data", "json", "files", "cookies", "auth")
    prepared = requests.Request(**{name: kwargs[name] for name in wanted if name in kwargs}).prepare()
    headers = [(_bytes(name), _bytes(value)) for name, value in prepared.headers.items()]
    body = prepared.body
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    return stand.send(
        str(prepared.method), str(prepared.url), signed_in=signed_in, headers=headers, content=body
    )


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")

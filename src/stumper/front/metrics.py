"""GET /metrics for an operator's Prometheus; without a token there is none."""

from __future__ import annotations

import secrets
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from stumper.config import shared_metrics
from stumper.errors import NotFound, NotSignedIn
from stumper.front.parts import Parts
from stumper.monitoring.stored import Stored
from stumper.observe.metrics import scraped

router: Final = APIRouter()


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, app: Parts) -> Response:
    """Numbers of all processes of this server and of the database, in Prometheus' text format."""
    wanted = app.settings.metrics_token
    if wanted is None:
        raise NotFound("Metrics are off. Set STUMPER_METRICS_TOKEN, and send it as a bearer token.")
    sent = request.headers.get("authorization", "").encode()
    if not secrets.compare_digest(sent, f"Bearer {wanted.get_secret_value()}".encode()):
        raise NotSignedIn("Metrics need 'Authorization: Bearer' with the token of STUMPER_METRICS_TOKEN.")
    stored: Stored | None = getattr(request.app.state, "stored", None)
    if stored is None:
        stored = request.app.state.stored = Stored(app.database, folder=app.settings.data)
    await stored.refresh(now=app.clock())
    return Response(generate_latest(scraped(stored, shared=shared_metrics())), media_type=CONTENT_TYPE_LATEST)

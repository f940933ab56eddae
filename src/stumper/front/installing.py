"""What makes the game an app on a phone: the manifest, the service worker, and the page it shows offline."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from stumper.front.i18n import words_for
from stumper.front.statics import DIGEST, asset, read
from stumper.front.templating import templates

router = APIRouter(include_in_schema=False)

OFFLINE: Final = "/offline"
_KEPT: Final = ("stumper.css", "site.js", "favicon.svg", "fonts/fredoka-latin.woff2")
"""What the offline page is made of."""
_ICONS: Final = (
    ("icon-192.png", 192, "any"),
    ("icon-512.png", 512, "any"),
    ("maskable-512.png", 512, "maskable"),
)
_PAPER: Final = "#fbf2e1"


@router.get("/manifest.webmanifest")
async def manifest(request: Request) -> Response:
    """How the game looks on a home screen, in the reader's language."""
    words = words_for(request)
    told: dict[str, Any] = {
        "id": "/",
        "name": "Stumper",
        "short_name": "Stumper",
        "description": words(
            "Ask a robot about a picture and catch its wrong answers. What stumps it makes it better."
        ),
        "lang": words.code,
        "dir": words.direction,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": _PAPER,
        "theme_color": _PAPER,
        "categories": ["games", "education"],
        "icons": [
            {"src": asset(f"icons/{name}"), "sizes": f"{px}x{px}", "type": "image/png", "purpose": purpose}
            for name, px, purpose in _ICONS
        ],
        "shortcuts": [
            {"name": words("Play"), "url": "/"},
            {"name": words("Referee"), "url": "/referee"},
            {"name": words("Me"), "url": "/me"},
        ],
    }
    return JSONResponse(
        told,
        media_type="application/manifest+json",
        headers={"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"},
    )


@router.get("/sw.js")
async def service_worker() -> Response:
    """The service worker; it changes with the static files, so that browsers see every update."""
    known = {"VERSION": DIGEST, "FILES": [asset(name) for name in _KEPT], "OFFLINE": OFFLINE}
    head = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in known.items())
    return Response(
        head.encode() + read("worker.js"),
        media_type="text/javascript",
        headers={"Cache-Control": "no-cache"},
    )


@router.get(OFFLINE)
async def offline(request: Request) -> Response:
    """What the service worker shows without a connection; nothing on it is about the player."""
    return templates.TemplateResponse(request, "offline.html", headers={"Cache-Control": "no-cache"})

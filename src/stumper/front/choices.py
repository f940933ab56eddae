"""How pages look on this device: language, and light or dark. Kept in cookies that say nothing else."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from stumper.front import i18n
from stumper.front.auth import Cookies, host_of
from stumper.front.hostcookie import chosen
from stumper.front.parts import Jar, MaybeMe, Parts
from stumper.front.queries import set_language

router = APIRouter(include_in_schema=False)

THEME: Final = "stumper_theme"


class Theme(StrEnum):
    DEVICE = "device"
    LIGHT = "light"
    DARK = "dark"


def theme_of(request: Request) -> Theme:
    """Returns what was chosen on this device; what the device itself wants where nothing was."""
    kept = chosen(request, THEME)
    return Theme(kept) if kept in set(Theme) else Theme.DEVICE


@router.post("/choices")
async def choose(
    request: Request,
    app: Parts,
    jar: Jar,
    me: MaybeMe,
    language: Annotated[str | None, Form()] = None,
    theme: Annotated[Theme | None, Form()] = None,
) -> Response:
    """Keeps the choice and shows the same page again. A player's language is also that of their questions."""
    response = RedirectResponse(_page_before(request), status_code=303)
    if language in i18n.LANGUAGES:
        keep_language(jar, response, language)
        if me is not None:
            async with app.database.begin() as tx:
                await set_language(tx, me, language)
    if theme is not None:
        jar.keep(response, THEME, theme.value)
    return response


def keep_language(jar: Cookies, response: Response, language: str) -> None:
    """Speaks ``language`` on this device from now on."""
    jar.keep(response, i18n.COOKIE, language)


def _page_before(request: Request) -> str:
    """Returns the path the request came from, within this site only."""
    referer = request.headers.get("referer", "")
    host = host_of(referer)
    path = urlsplit(referer).path if host and host == request.headers.get("host") else ""
    return path if path.startswith("/") and not path.startswith("//") else "/"

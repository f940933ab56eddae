"""The web game inside Telegram: a page that passes on what Telegram signed, and the door behind it.

In Telegram's web client the game is in a frame of another site. There browsers send only cookies that say
``SameSite=None; Secure; Partitioned``: moves are protected by `auth.from_our_pages` in any case.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import JSONResponse

from stumper.app import App
from stumper.errors import BadInput, NoConsent, NotFound
from stumper.front import auth, i18n
from stumper.front.parts import Jar, Network, Parts, may_join
from stumper.front.queries import epoch_of
from stumper.front.refusals import in_words
from stumper.front.telegram import joining, queries
from stumper.front.telegram.initdata import Visitor, verify
from stumper.front.templating import templates
from stumper.play.texts import NICKNAME_CHARS
from stumper.records import PlayerId

router = APIRouter(include_in_schema=False)

FRAMED_BY: Final = ("https://web.telegram.org", "https://*.telegram.org")


def _visitor(app: App, init_data: str) -> Visitor:
    """Raises NotFound where there is no bot, NotSignedIn for forged or old data."""
    token = app.settings.telegram_token
    if token is None:
        raise NotFound("This game has no Telegram bot. The start page is at /.")
    return verify(init_data, token=token.get_secret_value(), now=app.clock())


@router.get("/telegram")
async def page(request: Request, app: Parts) -> Response:
    """What Telegram opens: a small script reads who it is from the address and asks to enter."""
    if app.settings.telegram_token is None:
        raise NotFound("This game has no Telegram bot. The start page is at /.")
    return _page(request)


def _page(request: Request, *, problem: str = "", **form: Any) -> Response:
    context = {
        "problem": problem,
        "form": {"nickname": "", "language": i18n.language_of(request), "init_data": "", **form},
        "nickname_chars": NICKNAME_CHARS,
    }
    return templates.TemplateResponse(request, "telegram.html", context, status_code=422 if problem else 200)


@router.post("/telegram/enter")
async def enter(app: Parts, jar: Jar, init_data: Annotated[str, Form()] = "") -> Response:
    """Lets a linked player in; for somebody new it says what to fill into the form of consent."""
    visitor = _visitor(app, init_data)
    async with app.database.read() as tx:
        link = await queries.find_link(tx, visitor.user_id)
    if link is None:
        return JSONResponse({"enter": None, "nickname": visitor.name[:NICKNAME_CHARS]})
    async with app.database.read() as tx:
        epoch = await epoch_of(tx, link.player_id)
    response = JSONResponse({"enter": "/"})
    _give(app, jar, response, link.player_id, epoch=epoch or 0, language=link.language)
    return response


@router.post("/telegram/join", dependencies=[Depends(may_join)])
async def join(
    request: Request,
    app: Parts,
    jar: Jar,
    network: Network,
    init_data: Annotated[str, Form()] = "",
    nickname: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "en",
    consent: Annotated[bool, Form()] = False,
) -> Response:
    """Joins after consent and links the player with their Telegram account."""
    visitor = _visitor(app, init_data)
    try:
        player_id = await joining.enrol(
            app,
            jar,
            user_id=visitor.user_id,
            nickname=nickname,
            language=language,
            consent=consent,
            payload=visitor.payload,
            network=network,
        )
    except (BadInput, NoConsent) as error:
        problem = in_words(error.code, str(error), i18n.words_for(request))
        typed = {"nickname": nickname[:NICKNAME_CHARS], "language": language, "init_data": init_data}
        return _page(request, problem=problem, **typed)
    response = Response(status_code=303, headers={"Location": "/"})
    async with app.database.read() as tx:
        epoch = await epoch_of(tx, player_id)
    _give(app, jar, response, player_id, epoch=epoch or 0, language=language)
    return response


def _give(app: App, jar: Jar, response: Response, player_id: PlayerId, *, epoch: int, language: str) -> None:
    """Signs the player in, in a frame of Telegram's web client too."""
    framed = app.settings.public_url.startswith("https:")
    kept = {jar.name: (jar.value(player_id, epoch=epoch), "; HttpOnly")}
    if language in i18n.LANGUAGES:
        kept[jar.named(i18n.COOKIE)] = (language, "; HttpOnly")
    # Before Python 3.14 the standard library cannot write a partitioned cookie.
    place = "SameSite=None; Secure; Partitioned" if framed else "SameSite=Lax"
    for name, (value, only) in kept.items():
        cookie = f"{name}={value}; Max-Age={auth.MAX_AGE_S}; Path=/; {place}{only}"
        response.headers.append("Set-Cookie", cookie)
    jar.note_signed_in(player_id)

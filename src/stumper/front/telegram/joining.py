"""The door of the chat: language and consent by buttons before anything is kept, and what a deep link brings.

A link ``t.me/BOT?start=PAYLOAD`` may join a team (``t_CODE``), name who invited (``p_CODE``, of
`accounts.invites`), or let an account from the web in (``go_CODE``, a passcode made there). Until consent,
the payload travels in the buttons.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.accounts import passcodes
from stumper.accounts.profile import thank
from stumper.app import App
from stumper.errors import Conflict, NotFound
from stumper.front import i18n
from stumper.front.auth import Cookies
from stumper.front.parts import JOINS, PASSCODES
from stumper.front.queries import set_language as store_language
from stumper.front.teams import TRIES
from stumper.front.telegram import queries
from stumper.front.telegram.client import Button, Rows
from stumper.front.telegram.talk import Talk
from stumper.play.texts import NICKNAME_CHARS
from stumper.progress.teams import join_team
from stumper.records import PlayerId

_PAYLOAD: Final = re.compile(r"(?:t|p|go)_[A-Za-z0-9-]{1,40}")
"""A button carries 64 bytes: with its move and the language, 43 are enough for every code of ours."""


async def start(talk: Talk) -> None:
    """/start, perhaps with a payload."""
    payload = talk.argument if _PAYLOAD.fullmatch(talk.argument) else ""
    if payload.startswith("go_"):
        await _let_in(talk, payload.removeprefix("go_"))
    elif talk.link is None:
        await _door(talk, language=talk.words.code, payload=payload)
    else:
        await _team(talk, payload)
        await home(talk)


async def strangers(talk: Talk) -> None:
    """Somebody who has not joined says or taps anything else: the door."""
    await talk.nod()
    await _door(talk, language=talk.words.code, payload="")


async def _door(talk: Talk, *, language: str, payload: str) -> None:
    """Shows what this is and what is kept; a tap on a language shows the same message in it."""
    talk.speak(language)
    text, buttons = _question(talk, payload)
    if talk.incoming.tap_id:
        await talk.change(talk.incoming.message_id, text, buttons=buttons)
    else:
        await talk.say(text, buttons=buttons)


def _question(talk: Talk, payload: str) -> tuple[str, Rows]:
    words = talk.words
    text = "\n\n".join(
        (
            words("Hello! Pixel is a robot that looks at pictures. Ask it, and catch its wrong answers."),
            words(
                "What you type here (questions, right answers, verdicts) is kept and may be published as "
                "CC BY 4.0, so that models learn from it. Your name is not published; please type nothing "
                "private."
            ),
            words("We keep your Telegram number to know you again. /delete ends that at any time."),
        )
    )
    names = list(i18n.LANGUAGES.items())
    languages = [
        [Button(name, f"lang:{code}:{payload}") for code, name in names[n : n + 2]]
        for n in range(0, len(names), 2)
    ]
    agree = [Button("✅ " + words("I agree, let's play"), f"join:{words.code}:{payload}")]
    return text, [agree, *languages]


async def choose_language(talk: Talk) -> None:
    """A tap on a language: before joining it only changes the door, afterwards the player's pages too."""
    code, _, payload = talk.argument.partition(":")
    await talk.nod()
    if code not in i18n.LANGUAGES:
        return
    if talk.link is None:
        await _door(talk, language=code, payload=payload)
        return
    await set_language(talk, code)


async def set_language(talk: Talk, code: str) -> None:
    """Speaks this language with the player from now on, here and on the web."""
    async with talk.app.database.begin() as tx:
        await store_language(tx, talk.me, code)
    talk.speak(code)
    await talk.say(talk.words("From now on we speak {language}.", language=i18n.LANGUAGES[code]))


async def agree(talk: Talk) -> None:
    """Consent was given: the player is made, linked with this chat, and plays."""
    await talk.nod()
    language, _, payload = talk.argument.partition(":")
    if talk.link is None:
        await JOINS.spend(talk.app.cache, "telegram")
        await enrol(
            talk.app,
            talk.parts.jar,
            user_id=talk.chat_id,
            nickname=talk.incoming.name[:NICKNAME_CHARS].strip() or "Player",
            language=language if language in i18n.LANGUAGES else "en",
            consent=True,
            payload=payload,
        )
        await talk.reload()
    await talk.change(
        talk.incoming.message_id, talk.words("Welcome, {name}!", name=talk.incoming.name or "👋")
    )
    await home(talk)


class _LinkedAlready(Exception):
    def __init__(self, player_id: PlayerId) -> None:
        self.player_id = player_id


async def enrol(
    app: App,
    jar: Cookies,
    *,
    user_id: int,
    nickname: str,
    language: str,
    consent: bool,
    payload: str,
    network: str | None = None,
) -> PlayerId:
    """Makes a player and links them; who is linked already stays who they are. Raises NoConsent, BadInput."""

    async def link(tx: AsyncConnection, player_id: PlayerId) -> None:
        linked = await queries.add_link(tx, user_id, player_id, now=app.clock())
        if linked != player_id:
            raise _LinkedAlready(linked)

    try:
        player = await app.game.join(
            nickname=nickname, language=language, consent=consent, network=network, also=link
        )
    except _LinkedAlready as known:
        return known.player_id
    await _bring(app, jar, player.id, payload if _PAYLOAD.fullmatch(payload) else "")
    return player.id


async def _bring(app: App, jar: Cookies, player_id: PlayerId, payload: str) -> None:
    """Does what the link brought. Each in a transaction of its own: without it one can play all the same."""
    what, _, code = payload.partition("_")
    if what == "p":
        await thank(app.database, player_id, invite=jar.invites.player(code))
    elif what == "t":
        with suppress(NotFound, Conflict):  # a full team, or one that is gone
            await join_team(app.database, player_id, code=code)


async def _team(talk: Talk, payload: str) -> None:
    if not payload.startswith("t_"):
        return
    await TRIES.spend(talk.app.cache, talk.me)
    try:
        name = await join_team(talk.app.database, talk.me, code=payload.removeprefix("t_"))
    except NotFound:
        await talk.say(talk.words("There is no team with this code. Ask for a new link."))
    except Conflict as error:  # it is full, or they are in another one
        await talk.refuse(error)
    else:
        await talk.say(talk.words("You play for the team {name} now.", name=name))


async def _let_in(talk: Talk, code: str) -> None:
    now = talk.app.clock()
    await PASSCODES.spend(talk.app.cache, f"telegram {talk.chat_id}")
    try:
        found = await passcodes.use(talk.app.database, code, hashed=talk.parts.jar.passcode_hash, now=now)
    except NotFound:
        await talk.say(talk.words("This code is wrong, used, or too old. Make a new one on the web page."))
        return
    # A bot that dies here has used the code up: making another one is safer than one that works twice.
    async with talk.app.database.begin() as tx:
        await queries.move_link(tx, talk.chat_id, found, now=now)
    talk.parts.watch.leave(talk.chat_id)
    await talk.reload()
    await talk.say(talk.words("Telegram and the web are one account now."))
    await home(talk)


async def home(talk: Talk) -> None:
    """Offers what there is to do."""
    words = talk.words
    rows = [[Button(words("Play"), "play"), Button(words("Three pictures"), "quick")]]
    if talk.parts.mini_app:
        rows.append([Button(words("Open the game"), app=talk.parts.mini_app)])
    await talk.say(
        words(
            "You get a picture and two minutes. Ask Pixel, and say whether each answer is right or wrong. "
            "Some answers were falsified by us: can you tell?"
        ),
        buttons=rows,
    )

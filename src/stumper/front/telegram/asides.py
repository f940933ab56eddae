"""Commands beside the game: how one stands, boards, language, notices, the web, privacy, deletion, help."""

from __future__ import annotations

from typing import Final

from stumper.campaigns import find_campaign
from stumper.front import i18n
from stumper.front.telegram import joining, queries
from stumper.front.telegram.client import Button
from stumper.front.telegram.talk import Talk
from stumper.trust import rewards
from stumper.trust.queries import standing

_TOP: Final = 10


async def me(talk: Talk) -> None:
    """/me: points, and how far one is from being a referee."""
    async with talk.app.database.read() as tx:
        stands = await standing(tx, talk.me)
        rules = (await find_campaign(tx, talk.app.settings.campaign)).rules
    words = talk.words
    points = words.count("You have {n} point.", "You have {n} points.", rewards.shown(stands.balance))
    trusted = stands.e_value >= rules.trust_e
    told = words("You are a referee: /referee") if trusted else words("Careful sessions make you a referee.")
    await talk.say(f"{points}\n{told}", buttons=[[Button(words("Play"), "play")]])


async def boards(talk: Talk) -> None:
    """/boards: the first ten of all time, and oneself below."""
    async with talk.app.database.read() as tx:
        ranked = await queries.board(tx, talk.me, period="all", top=_TOP)
    if not ranked:
        await talk.say(talk.words("Nobody has points yet. Be the first!"))
        return
    lines = [f"{one.place}. {one.nickname}: {one.points}" + (" 👈" if one.me else "") for one in ranked]
    await talk.say("\n".join((talk.words("The best of all time"), *lines)))


async def language(talk: Talk) -> None:
    """/language: one button for each."""
    rows = [[Button(name, f"lang:{code}:")] for code, name in i18n.LANGUAGES.items()]
    await talk.say(talk.words("Which language shall we speak?"), buttons=rows)


async def notices(talk: Talk) -> None:
    """/notices on or off; without a word it tells how to."""
    wanted = talk.argument.lower()
    if wanted not in {"on", "off"}:
        await talk.say(
            talk.words("Shall we write to you outside the game, at most once in a while?"),
            buttons=[[Button(talk.words("Yes"), "notices:on"), Button(talk.words("No"), "notices:off")]],
        )
        return
    async with talk.app.database.begin() as tx:
        await queries.set_notices(tx, talk.me, on=wanted == "on")
    on = talk.words("We write when there is news. /notices off ends it.")
    off = talk.words("We write no more by ourselves. /notices on brings it back.")
    await talk.nod()
    await talk.say(on if wanted == "on" else off)


async def web(talk: Talk) -> None:
    """/web: the game as a Mini App, or its address."""
    address = talk.app.settings.public_url
    if talk.parts.mini_app:
        button = Button(talk.words("Open the game"), app=talk.parts.mini_app)
        await talk.say(talk.words("The same game, the same account, with more to see:"), buttons=[[button]])
    elif address:
        await talk.say(talk.words("The game on the web: {address}", address=address))
    else:
        await talk.say(talk.words("This game is played here only."))


async def privacy(talk: Talk) -> None:
    """/privacy: what is kept."""
    words = talk.words
    text = words(
        "We keep your Telegram number and first name, your language, and what you do in the game: questions, "
        "verdicts, right answers, votes and their times. Questions that stump Pixel are published with a "
        "made-up code in place of you. /delete ends it."
    )
    address = talk.app.settings.public_url
    more = f"\n{address.rstrip('/')}/privacy" if address else ""
    await talk.say(text + more)


async def delete(talk: Talk) -> None:
    """/delete: asks once more."""
    await talk.say(
        talk.words("Shall we forget you? You leave the game here, and your Telegram number is deleted."),
        buttons=[[Button(talk.words("Yes, forget me"), "delete:yes"), Button(talk.words("No"), "home")]],
    )


async def delete_now(talk: Talk) -> None:
    """Forgets the chat; what was typed is deleted by whoever runs the game, by the player's code."""
    await talk.nod()
    player_id = talk.me
    talk.parts.watch.leave(talk.chat_id)
    async with talk.app.database.begin() as tx:
        await queries.set_notices(tx, player_id, on=False)
        await queries.drop_link(tx, talk.chat_id)
    await talk.change(
        talk.incoming.message_id,
        talk.words(
            "Your Telegram number is deleted. To have all that you typed deleted too, tell the people "
            "who run this game your player code: {code}",
            code=player_id,
        ),
    )


async def help_(talk: Talk) -> None:
    """/help: every command with a few words."""
    lines = [f"/{name} – {talk.words(about)}" for name, about in COMMANDS]
    await talk.say("\n".join(lines))


async def home(talk: Talk) -> None:
    """Back to where one can play."""
    await talk.nod()
    await joining.home(talk)


async def unreadable(talk: Talk) -> None:
    """A sticker, a voice, a picture."""
    await talk.say(talk.words("Pixel only reads words. Type your question about the picture."))


async def edited(talk: Talk) -> None:
    """A text was changed after it was sent."""
    await talk.say(
        talk.words("What was sent counts as it was; we do not see changes. Send a new message instead.")
    )


def _offered(text: str) -> str:
    """Marks a text that is translated where it is shown."""
    return text


COMMANDS: Final = (
    ("play", _offered("Play, or go on with your session")),
    ("quick", _offered("Three pictures only")),
    ("stop", _offered("Stop for now")),
    ("referee", _offered("Judge the catches of others")),
    ("me", _offered("Your points")),
    ("boards", _offered("The best players")),
    ("language", _offered("Choose a language")),
    ("notices", _offered("Messages outside the game: on or off")),
    ("web", _offered("The game as a web page")),
    ("privacy", _offered("What we keep")),
    ("delete", _offered("Have yourself forgotten")),
    ("help", _offered("All commands")),
)

"""Commands beside the game: language, notices, the web, privacy, deletion, help."""

from __future__ import annotations

from typing import Final

from stumper.accounts.forget import forget
from stumper.front import i18n
from stumper.front.i18n import N_
from stumper.front.telegram import joining, queries
from stumper.front.telegram.client import Button
from stumper.front.telegram.talk import Talk


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
    """/delete: tells what goes, and asks."""
    words = talk.words
    await talk.say(
        words(
            "Your name, your questions and answers, your catches, points, badges, messages and links go for "
            "good, and no later data set has them. It cannot be undone."
        ),
        buttons=[[Button(words("Delete it all?"), "delete:ask")], [Button(words("No, back"), "delete:no")]],
    )


async def delete_tapped(talk: Talk) -> None:
    """Asks once more in the same message, or forgets the player, or lets it be."""
    await talk.nod()
    words, asked = talk.words, talk.incoming.message_id
    if talk.argument == "ask":
        sure = [Button(words("I am sure: delete everything"), "delete:yes")]
        again = words("Are you sure? All of it is deleted at once, here and on the web.")
        await talk.change(asked, again, buttons=[[Button(words("No, back"), "delete:no")], sure])
    elif talk.argument == "yes":
        await _forget(talk)
    else:
        await talk.change(asked, words("Nothing was deleted."))


async def _forget(talk: Talk) -> None:
    words = talk.words
    talk.parts.watch.leave(talk.chat_id)
    done = await forget(talk.app.database, talk.me, talk.app.clock())  # the link with this chat goes too
    told = [
        words("All of it is gone"),
        words("Nothing you typed is kept any more, and nothing names you."),
    ]
    if done.releases:
        told.append(
            words.count(
                "{n} data set was frozen before and may still hold answers of yours, without your name. "
                "Whoever runs the game has been told which one.",
                "{n} data sets were frozen before and may still hold answers of yours, without your name. "
                "Whoever runs the game has been told which ones.",
                len(done.releases),
            )
        )
    await talk.change(talk.incoming.message_id, "\n\n".join(told))


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


COMMANDS: Final = (
    ("play", N_("Play, or go on with your session")),
    ("quick", N_("Three pictures only")),
    ("stop", N_("Stop for now")),
    ("referee", N_("Judge the catches of others")),
    ("me", N_("Where you stand")),
    ("boards", N_("The best players")),
    ("language", N_("Choose a language")),
    ("notices", N_("Messages outside the game: on or off")),
    ("web", N_("The game as a web page")),
    ("privacy", N_("What we keep")),
    ("delete", N_("Have yourself forgotten")),
    ("help", N_("All commands")),
)

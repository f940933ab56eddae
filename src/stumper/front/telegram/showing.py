"""What the chat shows of a session: picture, progress bar, answer, time, and the end.

``show`` compares what the game says with what was sent, and sends what is missing. Every move ends with it,
so a bot that was killed at any point goes on when the update comes again: the move itself is known to the
game by its key and changes nothing the second time.
"""

from __future__ import annotations

import random

from stumper.front import ending
from stumper.front.cardart import CardFacts
from stumper.front.telegram import queries, wording
from stumper.front.telegram.client import Button
from stumper.front.telegram.talk import Talk
from stumper.front.telegram.watch import next_look
from stumper.play.state import GRACE_S
from stumper.play.views import ExchangeView, SessionView, TurnView
from stumper.progress.finish import finish
from stumper.progress.standing import standing
from stumper.records import SessionId, TurnId


def last_of(view: SessionView | None) -> ExchangeView | None:
    """Returns the last question of the open picture."""
    return view.turn.exchanges[-1] if view and view.turn and view.turn.exchanges else None


async def on_show(talk: Talk) -> SessionView | None:
    """Returns the session on show, or None after saying how to start one."""
    if talk.stand.session_id is not None:
        return await talk.app.game.view(talk.me, talk.stand.session_id)
    await talk.say(
        talk.words("No picture is open. Shall we play?"),
        buttons=[[Button(talk.words("Play"), "play"), Button(talk.words("Three pictures"), "quick")]],
    )
    return None


async def show(talk: Talk, view: SessionView) -> None:
    """Sends what the player has not seen yet of a session: picture, answer, or its end."""
    turn = view.turn
    if turn is None:
        await _over(talk, view)
        return
    if talk.stand.turn_id != turn.id:
        await _picture(talk, view, turn)
    last = last_of(view)
    if last is not None and last.answer and last.verdict is None and talk.stand.exchange_id != last.id:
        buttons = wording.verdict_buttons(talk.words, last.id)
        sent = await talk.say(wording.answer(last.answer, talk.words), buttons=buttons)
        await talk.keep(exchange_id=last.id, answer=sent, correcting=None)
    if not turn.paused:
        now = talk.app.clock()
        when = next_look(turn.seconds_left, now=now, grace_s=GRACE_S)
        talk.parts.watch.at(when, talk.chat_id, turn.id)


async def _picture(talk: Talk, view: SessionView, turn: TurnView) -> None:
    await close_bar(talk)
    telegram = talk.parts.telegram
    await telegram.photo(talk.chat_id, await talk.app.game.picture(talk.me, turn.id))
    told = wording.bar(talk.words, position=turn.position, turns=turn.turns, seconds_left=turn.seconds_left)
    hint = talk.words("Ask Pixel something about this picture: just type your question.")
    bar = await talk.say(f"{told}\n{hint}", buttons=wording.bar_buttons(talk.words, turn.id))
    await talk.keep(session_id=view.id, turn_id=turn.id, bar=bar, correcting=None)


async def show_time(talk: Talk, turn: TurnView) -> None:
    """Tells on the bar how much time is left, and offers more once that is allowed."""
    few = turn.more_at_s is not None and turn.seconds_left <= turn.more_at_s
    await talk.change(
        talk.stand.bar,
        wording.bar(talk.words, position=turn.position, turns=turn.turns, seconds_left=turn.seconds_left),
        buttons=wording.bar_buttons(talk.words, turn.id, more=few),
    )


async def close_bar(talk: Talk) -> None:
    """Takes the buttons from the bar of the picture before."""
    if talk.stand.bar is None:
        return
    await talk.change(talk.stand.bar, "▰ " + talk.words("This picture is behind you."))
    await talk.keep(bar=None)


async def stale(talk: Talk, view: SessionView | None) -> None:
    """A button of long ago: says so and changes nothing; what was not sent yet is."""
    await talk.nod(talk.words("That is behind us already."))
    if view is not None and talk.stand.turn_id is not None:
        await show(talk, view)


async def _over(talk: Talk, view: SessionView) -> None:
    """Tells the end, but not while the last verdict may be taken back: then the clock looks again."""
    if talk.stand.session_id != view.id:
        return  # it was told
    if view.undo is None or talk.stand.turn_id is None:
        await end(talk, view.id)
        return
    when = talk.app.clock() + view.undo_s + GRACE_S
    talk.parts.watch.at(when, talk.chat_id, talk.stand.turn_id)


async def end(talk: Talk, session_id: SessionId) -> None:
    """Grades a finished session, and tells what was falsified, what it was worth, and what comes next."""
    talk.parts.watch.leave(talk.chat_id)
    await close_bar(talk)
    app, words = talk.app, talk.words
    summary = await app.game.summary(talk.me, session_id)
    counted = ending.count(summary)
    grade = await finish(app.database, session_id, now=app.clock(), rng=random.SystemRandom())
    stands = await standing(app.database, talk.me, now=app.clock())
    buttons = wording.end_buttons(
        words,
        invitation=_invitation(talk),
        card=_card_address(talk, counted),
        caught=counted.caught,
        falsified=counted.falsified,
        trusted=grade.trusted,
    )
    await talk.say(wording.end(summary, grade, stands, words), buttons=buttons)
    await talk.keep(session_id=None, turn_id=None, exchange_id=None, answer=None, correcting=None, late=None)


def _invitation(talk: Talk) -> str:
    """Returns the address with which the player invites others; their id stays on this server."""
    bot = f"https://t.me/{talk.parts.bot_name}"
    # Ids that were made by hand, by an import, fit no code.
    return f"{bot}?start=p_{talk.parts.jar.invites.code(talk.me)}" if len(talk.me) == 16 else bot


def _card_address(talk: Talk, counted: ending.Count) -> str:
    """Returns the address of the session's card; empty without a public address, or with nothing to tell."""
    home = talk.app.settings.public_url.rstrip("/")
    if not home or not counted.falsified:
        return ""
    facts = CardFacts(caught=counted.caught, falsified=counted.falsified, language=talk.words.code)
    return f"{home}/s/{talk.parts.jar.cards.token(facts)}"


async def look(talk: Talk, turn_id: TurnId) -> None:
    """The clock's own move: tells how much time is left, that it is up, or how the session ended.

    The next picture waits for a tap: nobody's session runs through while they are away.
    """
    stand = talk.stand
    if stand.session_id is None or stand.turn_id != turn_id or stand.late == turn_id:
        return
    async with talk.app.database.read() as tx:
        clock = await queries.clock(tx, turn_id)
    if clock is not None and clock.deadline_at + GRACE_S <= talk.app.clock():
        await _time_is_up(talk, turn_id, clock)
        return
    # Only now: to look at a session whose time is up opens its next picture, and starts that clock.
    view = await talk.app.game.view(talk.me, stand.session_id)
    if clock is not None and view.turn is not None and view.turn.id == turn_id:
        await show_time(talk, view.turn)
        await show(talk, view)
    elif view.finished:
        await show(talk, view)


async def _time_is_up(talk: Talk, turn_id: TurnId, clock: queries.Clock) -> None:
    told = wording.bar(talk.words, position=clock.position, turns=clock.turns, seconds_left=0)
    await talk.change(talk.stand.bar, told)
    buttons = wording.next_button(talk.words, turn_id)
    await talk.say(talk.words("Time is up for this picture."), buttons=buttons)
    await talk.keep(late=turn_id, bar=None, correcting=None)

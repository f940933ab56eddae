"""A player's moves in the chat: question as text, verdict by button, correction as a reply, and Undo."""

from __future__ import annotations

import random
from typing import Final

from stumper.errors import (
    AlreadyJudged,
    BadCorrection,
    BudgetSpent,
    Conflict,
    ModelError,
    NotFound,
    NotYours,
    StillThinking,
    TurnClosed,
)
from stumper.front.parts import QUESTIONS
from stumper.front.telegram import queries, wording
from stumper.front.telegram.client import Button
from stumper.front.telegram.in_line import place_told, take_away
from stumper.front.telegram.showing import close_bar, end, last_of, on_show, show, stale
from stumper.front.telegram.talk import Talk
from stumper.play.views import SessionView, TurnView
from stumper.progress.finish import settle_left
from stumper.records import ExchangeId, SessionId, TurnId, Verdict

_LEASE_S: Final = 70
"""The game lets go of a question whose asker died after 65 s: then the same update may ask again."""


async def play(talk: Talk) -> None:
    """/play: starts a session, or shows again the picture of the one that is not finished."""
    await _start(talk, quick=False)


async def quick(talk: Talk) -> None:
    """/quick: the same with three pictures."""
    await _start(talk, quick=True)


async def _start(talk: Talk, *, quick: bool) -> None:
    await talk.nod()
    await settle(talk)
    view = await talk.app.game.start(talk.me, campaign=talk.app.settings.campaign, quick=quick)
    await close_bar(talk)
    await talk.keep(session_id=view.id, turn_id=None, exchange_id=None, correcting=None, late=None)
    await show(talk, view)


async def settle(talk: Talk) -> None:
    """Tells an end that was not told yet, and grades what was played to its end elsewhere."""
    if talk.stand.session_id is not None:
        view = await talk.app.game.view(talk.me, talk.stand.session_id)
        if view.finished:
            await end(talk, view.id)
    await settle_left(talk.app.database, talk.me, now=talk.app.clock(), rng=random.SystemRandom())


async def stop(talk: Talk) -> None:
    """/stop: no more reminders; the session waits as it is."""
    talk.parts.watch.leave(talk.chat_id)
    await close_bar(talk)
    await talk.keep(turn_id=None, correcting=None)
    await talk.say(
        talk.words("Good bye for now. Nothing is lost: /play goes on where you are."),
        buttons=[[Button(talk.words("Play on"), "play")]],
    )


async def hear(talk: Talk) -> None:
    """Takes a text: the right answer if one is waited for, else a question."""
    view = await on_show(talk)
    if view is None:
        return
    last = last_of(view)
    unjudged = last is not None and last.answer is not None and last.verdict is None
    if talk.stand.correcting is not None:
        await _correct(talk, talk.stand.correcting)
    elif view.turn is None or view.turn.id != talk.stand.turn_id:
        await _go_past(talk, view)
    elif last is not None and unjudged and talk.stand.exchange_id == last.id:
        await talk.say(talk.words("First tap whether the last answer is right or wrong, then ask again."))
    elif unjudged:
        await take_away(talk)
        await show(talk, view)  # this very question was answered before, and the answer never sent
    else:
        await _ask(talk, view.turn, question=talk.incoming.text)


async def _go_past(talk: Talk, view: SessionView) -> None:
    """A question came for a picture that is closed: tells why if that is news, and shows what comes."""
    turn_id = talk.stand.turn_id
    if turn_id is not None and talk.stand.late != turn_id:
        async with talk.app.database.read() as tx:
            late = await queries.timed_out(tx, turn_id)
        if late:
            await talk.say(talk.words("Time is up for that picture."))
    if view.finished and talk.stand.session_id == view.id:
        await end(talk, view.id)  # whoever asks on does not want to take anything back
    else:
        await show(talk, view)


async def _ask(talk: Talk, turn: TurnView, *, question: str) -> None:
    await QUESTIONS.spend(talk.app.cache, talk.me)
    try:
        async with place_told(talk):
            await _answered(talk, turn.id, question=question)
    except (TurnClosed, BudgetSpent) as late:
        await talk.refuse(late)
    except ModelError as error:
        await talk.refuse(error, buttons=[[Button(talk.words("Ask it again"), f"again:{turn.id}")]])
        return
    await show(talk, await talk.app.game.view(talk.me, _session_of(talk)))


async def _answered(talk: Talk, turn_id: TurnId, *, question: str) -> None:
    """Asks the model. Whoever died while it thought holds the question for a minute: then wait."""
    key = f"tg{talk.incoming.id}"
    for _ in range(_LEASE_S):
        try:
            await talk.app.game.ask(talk.me, turn_id, question=question, key=key)
        except StillThinking:
            await talk.parts.sleep(1.0)
        else:
            return
    await talk.app.game.ask(talk.me, turn_id, question=question, key=key)


def _session_of(talk: Talk) -> SessionId:
    if talk.stand.session_id is None:
        raise LookupError("a turn is shown only with its session")
    return talk.stand.session_id


async def again(talk: Talk) -> None:
    """Asks the question that the model failed to answer once more."""
    view = await on_show(talk)
    last = last_of(view)
    if view is None or view.turn is None or last is None or last.answer is not None:
        await stale(talk, view)
        return
    await talk.nod()
    await _ask(talk, view.turn, question=last.question)


async def right(talk: Talk) -> None:
    """Keeps "It is right"; the player may ask again or go on."""
    view = await on_show(talk)
    last = last_of(view)
    if last is None or last.id != talk.argument or last.answer is None or last.verdict is Verdict.WRONG:
        await stale(talk, view)
        return
    await talk.nod()
    try:
        view = await talk.app.game.judge(talk.me, last.id, verdict=Verdict.CORRECT)
    except TurnClosed as late:
        await talk.refuse(late)
        view = await talk.app.game.view(talk.me, _session_of(talk))
    else:
        told = wording.answer(last.answer, talk.words, verdict=Verdict.CORRECT)
        buttons = wording.judged_buttons(talk.words, last.id, view)
        await talk.change(talk.incoming.message_id, told, buttons=buttons)
    await talk.keep(correcting=None)
    await show(talk, view)


async def wrong(talk: Talk) -> None:
    """Asks for the right answer; the verdict is kept when that comes."""
    view = await on_show(talk)
    last = last_of(view)
    if last is None or last.id != talk.argument or last.answer is None or last.verdict is not None:
        await stale(talk, view)
        return
    if talk.stand.correcting == last.id:
        await talk.nod(talk.words("Type the right answer."))
        return
    await talk.nod()
    await talk.keep(correcting=last.id)
    await talk.say(talk.words("What is the right answer? Just type it."), force_reply=True)


async def _correct(talk: Talk, exchange_id: ExchangeId) -> None:
    correction, game = talk.incoming.text, talk.app.game
    try:
        view = await game.judge(talk.me, exchange_id, verdict=Verdict.WRONG, correction=correction)
    except BadCorrection as error:
        await talk.refuse(error, force_reply=True)
        return
    except (TurnClosed, AlreadyJudged) as error:  # too late, or marked on the web meanwhile
        await talk.refuse(error)
        view = await game.view(talk.me, _session_of(talk))
    else:
        async with talk.app.database.read() as tx:
            shown = await queries.shown_answer(tx, exchange_id)
        told = wording.answer(shown, talk.words, verdict=Verdict.WRONG)
        buttons = wording.judged_buttons(talk.words, exchange_id, view)
        await talk.change(talk.stand.answer, told, buttons=buttons)
    await talk.keep(correcting=None)
    await show(talk, view)


async def undo(talk: Talk) -> None:
    """Takes the last verdict back while that is allowed; its picture is sent again if another one was."""
    exchange_id = ExchangeId(talk.argument)
    try:
        view = await talk.app.game.undo(talk.me, exchange_id)
    except (Conflict, NotFound, NotYours):
        await talk.nod(talk.words("It is too late to take this verdict back: it stays."))
        return
    if view.turn is None or view.id != talk.stand.session_id:
        await stale(talk, None)  # it was taken back long ago, and that session is over
        return
    await talk.nod()
    here = view.turn.id == talk.stand.turn_id
    last = last_of(view)
    if here and last is not None and last.answer and talk.incoming.message_id == talk.stand.answer:
        told, buttons = wording.answer(last.answer, talk.words), wording.verdict_buttons(talk.words, last.id)
        await talk.change(talk.stand.answer, told, buttons=buttons)
    else:
        await talk.change(talk.incoming.message_id, "↩️ " + talk.words("You took this verdict back."))
    if not here:
        await talk.change(talk.stand.bar, talk.words("This picture comes back after the one before it."))
        await talk.keep(turn_id=None, bar=None, exchange_id=None)
    await talk.keep(correcting=None, late=None)
    await show(talk, view)


async def result(talk: Talk) -> None:
    """Tells the end at once: the player does not want to take the last verdict back."""
    view = await on_show(talk)
    if view is None or not view.finished or view.id != talk.argument:
        await stale(talk, view)
        return
    await talk.nod()
    await end(talk, view.id)

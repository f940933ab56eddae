"""A session in the chat: picture, progress bar, question as text, verdict by button, correction as a reply.

``show`` compares what the game says with what was sent, and sends what is missing. Every move ends with it,
so a bot that was killed at any point goes on when the update comes again: the move itself is known to the
game by its key and changes nothing the second time.
"""

from __future__ import annotations

from typing import Final

from stumper.errors import BadCorrection, ModelError, StillThinking, TurnClosed
from stumper.front.parts import QUESTIONS
from stumper.front.telegram import queries, wording
from stumper.front.telegram.client import Button
from stumper.front.telegram.talk import Talk
from stumper.front.telegram.watch import next_look
from stumper.play.state import GRACE_S
from stumper.play.views import ExchangeView, SessionView, TurnView
from stumper.records import SessionId, TurnId, Verdict
from stumper.trust.grade import grade_session

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
    view = await talk.app.game.start(talk.me, campaign=talk.app.settings.campaign, quick=quick)
    await _close_bar(talk)
    await talk.keep(session_id=view.id, turn_id=None, exchange_id=None, correcting=None, late=None)
    await show(talk, view)


async def stop(talk: Talk) -> None:
    """/stop: no more reminders; the session waits as it is."""
    talk.parts.watch.leave(talk.chat_id)
    await _close_bar(talk)
    await talk.keep(turn_id=None, correcting=None)
    await talk.say(
        talk.words("Good bye for now. Nothing is lost: /play goes on where you are."),
        buttons=[[Button(talk.words("Play on"), "play")]],
    )


async def show(talk: Talk, view: SessionView) -> None:
    """Sends what the player has not seen yet of a session: picture, answer, or its end."""
    turn = view.turn
    if turn is None:
        await _end(talk, view.id)
        return
    if talk.stand.turn_id != turn.id:
        await _picture(talk, view, turn)
    last = _last(view)
    if last is not None and last.answer and last.verdict is None and talk.stand.exchange_id != last.id:
        buttons = wording.verdict_buttons(talk.words, last.id)
        sent = await talk.say(wording.answer(last, talk.words), buttons=buttons)
        await talk.keep(exchange_id=last.id, answer=sent, correcting=None)
    if not turn.paused:
        now = talk.app.clock()
        when = next_look(turn.seconds_left, now=now, grace_s=GRACE_S)
        talk.parts.watch.at(when, talk.chat_id, turn.id)


async def _picture(talk: Talk, view: SessionView, turn: TurnView) -> None:
    await _close_bar(talk)
    telegram = talk.parts.telegram
    await telegram.photo(talk.chat_id, await talk.app.game.picture(talk.me, turn.id))
    told = wording.bar(talk.words, position=turn.position, turns=turn.turns, seconds_left=turn.seconds_left)
    hint = talk.words("Ask Pixel something about this picture: just type your question.")
    bar = await talk.say(f"{told}\n{hint}", buttons=wording.skip_button(talk.words, turn.id))
    await talk.keep(session_id=view.id, turn_id=turn.id, bar=bar, correcting=None)


async def _close_bar(talk: Talk) -> None:
    """Takes the button from the bar of the picture before."""
    if talk.stand.bar is None:
        return
    await talk.change(talk.stand.bar, "▰ " + talk.words("This picture is behind you."))
    await talk.keep(bar=None)


async def _end(talk: Talk, session_id: SessionId) -> None:
    if talk.stand.session_id != session_id:
        return  # it was told
    talk.parts.watch.leave(talk.chat_id)
    await _close_bar(talk)
    summary = await talk.app.game.summary(talk.me, session_id)
    grade = await grade_session(talk.app.database, session_id, now=talk.app.clock())
    buttons = wording.end_buttons(
        talk.words, bot_name=talk.parts.bot_name, host=talk.me, trusted=grade.trusted
    )
    await talk.say(wording.end(summary, grade, talk.words), buttons=buttons)
    await talk.keep(session_id=None, turn_id=None, exchange_id=None, answer=None, correcting=None, late=None)


def _last(view: SessionView) -> ExchangeView | None:
    return view.turn.exchanges[-1] if view.turn is not None and view.turn.exchanges else None


async def _view(talk: Talk) -> SessionView | None:
    """Returns the session on show, or None after saying how to start one."""
    if talk.stand.session_id is not None:
        return await talk.app.game.view(talk.me, talk.stand.session_id)
    await talk.say(
        talk.words("No picture is open. Shall we play?"),
        buttons=[[Button(talk.words("Play"), "play"), Button(talk.words("Three pictures"), "quick")]],
    )
    return None


async def hear(talk: Talk) -> None:
    """Takes a text: the right answer if one is waited for, else a question."""
    view = await _view(talk)
    if view is None:
        return
    last = _last(view)
    unjudged = last is not None and last.answer is not None and last.verdict is None
    if view.turn is None or view.turn.id != talk.stand.turn_id:
        if talk.stand.turn_id is not None and talk.stand.late != talk.stand.turn_id:
            await talk.say(talk.words("Time is up for that picture."))
        await show(talk, view)
    elif last is not None and unjudged and talk.stand.correcting == last.id:
        await _correct(talk, last)
    elif last is not None and unjudged and talk.stand.exchange_id == last.id:
        await talk.say(talk.words("First tap whether the last answer is right or wrong, then ask again."))
    elif unjudged:
        await show(talk, view)  # this very question was answered before, and the answer never sent
    else:
        await _ask(talk, view.turn, question=talk.incoming.text)


async def _ask(talk: Talk, turn: TurnView, *, question: str) -> None:
    await QUESTIONS.spend(talk.app.cache, talk.me)
    try:
        await _answered(talk, turn.id, question=question)
    except TurnClosed as late:
        await talk.say(str(late))
    except ModelError as error:
        again = [[Button(talk.words("Ask it again"), f"again:{turn.id}")]]
        await talk.say(str(error), buttons=again)
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
    view = await _view(talk)
    last = None if view is None else _last(view)
    if view is None or view.turn is None or last is None or last.answer is not None:
        await _stale(talk, view)
        return
    await talk.nod()
    await _ask(talk, view.turn, question=last.question)


async def right(talk: Talk) -> None:
    """Keeps "It is right"; the player may ask again or go on."""
    view = await _view(talk)
    last = None if view is None else _last(view)
    if last is None or last.id != talk.argument or last.answer is None or last.verdict is Verdict.WRONG:
        await _stale(talk, view)
        return
    await talk.nod()
    buttons = wording.next_button(talk.words, talk.stand.turn_id or TurnId(""))
    try:
        view = await talk.app.game.judge(talk.me, last.id, verdict=Verdict.CORRECT)
    except TurnClosed as late:
        await talk.say(str(late))
        view = await talk.app.game.view(talk.me, _session_of(talk))
    judged = _last(view)
    if judged is not None and judged.id == last.id:
        await talk.change(talk.incoming.message_id, wording.answer(judged, talk.words), buttons=buttons)
    await talk.keep(correcting=None)
    await show(talk, view)


async def wrong(talk: Talk) -> None:
    """Asks for the right answer; the verdict is kept when that comes."""
    view = await _view(talk)
    last = None if view is None else _last(view)
    if last is None or last.id != talk.argument or last.answer is None or last.verdict is not None:
        await _stale(talk, view)
        return
    if talk.stand.correcting == last.id:
        await talk.nod(talk.words("Type the right answer."))
        return
    await talk.nod()
    await talk.keep(correcting=last.id)
    await talk.say(talk.words("What is the right answer? Just type it."), force_reply=True)


async def _correct(talk: Talk, exchange: ExchangeView) -> None:
    correction = talk.incoming.text
    try:
        view = await talk.app.game.judge(talk.me, exchange.id, verdict=Verdict.WRONG, correction=correction)
    except BadCorrection as error:
        await talk.say(str(error), force_reply=True)
        return
    except TurnClosed as late:
        await talk.say(str(late))
        view = await talk.app.game.view(talk.me, _session_of(talk))
    else:
        said = f"🤖 {exchange.answer}\n\n👎 " + talk.words("You say: wrong. Thank you!")
        await talk.change(talk.stand.answer, said)
    await talk.keep(correcting=None)
    await show(talk, view)


async def go_on(talk: Talk) -> None:
    """Leaves the picture that the tapped button is about, if it is the one on show."""
    view = await _view(talk)
    if view is None:
        await talk.nod()
        return
    if talk.stand.turn_id != talk.argument:
        await _stale(talk, view)
        return
    await talk.nod()
    if view.turn is not None and view.turn.id == talk.argument:
        view = await talk.app.game.skip(talk.me, view.turn.id)
    await show(talk, view)


async def _stale(talk: Talk, view: SessionView | None) -> None:
    """A button of long ago: says so and changes nothing; what was not sent yet is."""
    await talk.nod(talk.words("That is behind us already."))
    if view is not None and talk.stand.turn_id is not None:
        await show(talk, view)


async def look(talk: Talk, turn_id: TurnId) -> None:
    """The clock's own move: tells how much time is left, or that it is up.

    The next picture waits for a tap: nobody's session runs through while they are away.
    """
    stand = talk.stand
    if stand.turn_id != turn_id or stand.late == turn_id:
        return
    async with talk.app.database.read() as tx:
        clock = await queries.clock(tx, turn_id)
    if clock is None:
        return  # it stands still, or the turn is closed: whoever moves next asks for another look
    now = talk.app.clock()
    left = clock.deadline_at - now
    if left + GRACE_S > 0:
        told = wording.bar(talk.words, position=clock.position, turns=clock.turns, seconds_left=left)
        buttons = wording.skip_button(talk.words, turn_id)
        await talk.change(stand.bar, told, buttons=buttons)
        talk.parts.watch.at(next_look(left, now=now, grace_s=GRACE_S), talk.chat_id, turn_id)
        return
    await talk.change(
        stand.bar, wording.bar(talk.words, position=clock.position, turns=clock.turns, seconds_left=0)
    )
    buttons = wording.next_button(talk.words, turn_id)
    await talk.say(talk.words("Time is up for this picture."), buttons=buttons)
    await talk.keep(late=turn_id, bar=None, correcting=None)

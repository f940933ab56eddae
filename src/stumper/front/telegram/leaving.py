"""Leaving a picture, with a reason or as one that nobody should see, and taking more time for it."""

from __future__ import annotations

from stumper.errors import Conflict
from stumper.front.refusals import in_words
from stumper.front.telegram import wording
from stumper.front.telegram.client import Rows
from stumper.front.telegram.showing import on_show, show, show_time, stale
from stumper.front.telegram.talk import Talk
from stumper.play.views import SessionView, TurnView
from stumper.records import ReportReason, SkipReason, TurnId


async def go_on(talk: Talk) -> None:
    """Leaves the picture that the tapped button is about, if it is the one on show."""
    view = await on_show(talk)
    if view is None:
        await talk.nod()
        return
    if talk.stand.turn_id != talk.argument:
        await stale(talk, view)
        return
    await talk.nod()
    if view.turn is not None and view.turn.id == talk.argument:
        view = await talk.app.game.skip(talk.me, view.turn.id)
    await show(talk, view)


async def why(talk: Talk) -> None:
    """Shows the reasons for a skip in place of the bar's buttons."""
    await _other_buttons(talk, wording.reason_buttons(talk.words, TurnId(talk.argument)))


async def report(talk: Talk) -> None:
    """Shows the reasons for a report."""
    await _other_buttons(talk, wording.report_buttons(talk.words, TurnId(talk.argument)))


async def stay(talk: Talk) -> None:
    """Brings the bar's own buttons back."""
    await _other_buttons(talk, None)


async def _other_buttons(talk: Talk, buttons: Rows | None) -> None:
    view = await on_show(talk)
    turn = _open(talk, view, talk.argument)
    if turn is None:
        await stale(talk, view)
        return
    await talk.nod()
    if buttons is None:
        await show_time(talk, turn)
        return
    told = wording.bar(talk.words, position=turn.position, turns=turn.turns, seconds_left=turn.seconds_left)
    await talk.change(talk.incoming.message_id, told, buttons=buttons)


def _open(talk: Talk, view: SessionView | None, turn_id: str) -> TurnView | None:
    """Returns the turn that a button is about if its picture is on show, with time left."""
    here = view is not None and view.turn is not None and view.turn.id == turn_id == talk.stand.turn_id
    return view.turn if here and view is not None else None


async def skip(talk: Talk) -> None:
    """Leaves the picture and keeps why."""
    reason, _, turn_id = talk.argument.partition(":")
    view = await on_show(talk)
    turn = _open(talk, view, turn_id)
    if turn is None or reason not in set(SkipReason):
        await stale(talk, view)
        return
    await talk.nod(talk.words("Thank you!"))
    await show(talk, await talk.app.game.skip(talk.me, turn.id, reason=SkipReason(reason)))


async def flag(talk: Talk) -> None:
    """Keeps that nobody should see the picture, and leaves it."""
    reason, _, turn_id = talk.argument.partition(":")
    view = await on_show(talk)
    turn = _open(talk, view, turn_id)
    if turn is None or reason not in set(ReportReason):
        await stale(talk, view)
        return
    await talk.nod(talk.words("Thank you!"))
    await show(talk, await talk.app.game.report(talk.me, turn.id, reason=ReportReason(reason)))


async def more(talk: Talk) -> None:
    """Takes more time for the picture."""
    view = await on_show(talk)
    turn = _open(talk, view, talk.argument)
    if turn is None:
        await stale(talk, view)
        return
    try:
        view = await talk.app.game.more(talk.me, turn.id)
    except Conflict as error:
        await talk.nod(in_words(error.code, str(error), talk.words))
        return
    await talk.nod()
    if view.turn is not None and view.turn.id == turn.id:
        await show_time(talk, view.turn)
    await show(talk, view)

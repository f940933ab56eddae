"""A model plays sessions through the game's own moves, controls among them, and is graded like anybody.

Every decision about what comes next is read from the database, so a run that was killed goes on where it
stood. A turn on which a model fails, or says what cannot be read, is left; after three in a row the run ends.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from stumper.app import App
from stumper.challengers import queries
from stumper.challengers.minds import Mind
from stumper.challengers.stronger import Stronger
from stumper.challengers.unsure import Unsure
from stumper.errors import (
    BadCorrection,
    BadImage,
    BadInput,
    BadQuestion,
    BadSetting,
    ModelError,
    ModelUnavailable,
    StillThinking,
    TurnClosed,
)
from stumper.play.views import SessionView, TurnView
from stumper.progress.finish import finish, settle_left
from stumper.records import Campaign, Method, PlayerId, PlayerKind, Round, SkipReason, Verdict
from stumper.vlm.seer import Meter, open_seer
from stumper.vlm.structured import Unreadable

FAULTS: Final = 3
"""Pictures in a row that come to nothing; then the run ends."""
_FAILED: Final = (ModelError, Unreadable, BadImage, BadQuestion, BadCorrection, StillThinking)
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a run came to."""

    model_ref: str
    method: Method
    sessions: int = 0
    """Finished by this run."""
    questions: int = 0
    wrong: int = 0
    """Answers marked wrong, those on controls included."""
    left: int = 0
    """Pictures left because a model failed or said what could not be read."""
    calls: int = 0
    tokens: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class _Seat:
    """A model at the game."""

    app: App
    player_id: PlayerId
    mind: Mind
    questions: int
    played: Played
    faults: int = 0

    def count(self, **more: int) -> None:
        self.played = replace(
            self.played, **{name: getattr(self.played, name) + n for name, n in more.items()}
        )


async def play(
    app: App,
    campaign: Campaign,
    current: Round,
    *,
    model_ref: str | None,
    method: Method,
    sessions: int,
    questions: int,
    rng: random.Random,
    on_progress: OnProgress | None = None,
) -> Played:
    """Lets a model play until it has finished ``sessions`` of this round; what it has already counts.

    ``questions`` is the most it asks a picture; ``model_ref`` None: the opponent, which `Method.UNSURE`
    always is. Raises BadInput for a number that is none, BadSetting for another model that is unsure or a
    reference that cannot be opened, ModelUnavailable if ``FAULTS`` pictures in a row come to nothing, and
    what starting a session raises.
    """
    if sessions < 1 or questions < 1:
        raise BadInput(f"{sessions} sessions of {questions} questions cannot be played. Use 1 or more.")
    ref = _player_of(model_ref, method, opponent=current.model_ref)
    meter = Meter()
    seer = await open_seer(ref, open_model=app.open_model, secrets=app.settings.model_secrets, meter=meter)
    mind: Mind = Stronger(seer)
    if method is Method.UNSURE:
        mind = Unsure(seer, await app.open_model(ref), meter=meter, rng=rng)
    try:
        player_id = await _join(app, ref, method)
        seat = _Seat(app, player_id, mind, questions, Played(model_ref=ref, method=method))
        await settle_left(app.database, player_id, now=app.clock(), rng=rng)
        async with app.database.read() as tx:
            done = await queries.finished(tx, player_id, current.id)
        for n in range(done, sessions):
            await _play_session(seat, campaign, meter, rng=rng)
            seat.count(sessions=1)
            if on_progress is not None:
                on_progress(n + 1, sessions)
    finally:
        await seer.close()
    return replace(seat.played, calls=meter.calls, tokens=meter.tokens, seconds=round(meter.seconds, 3))


def _player_of(model_ref: str | None, method: Method, *, opponent: str) -> str:
    if method is Method.UNSURE and model_ref not in (None, opponent):
        raise BadSetting(
            f"Only the opponent itself plays as unsure: it is {opponent!r} now. Leave --player out, or let "
            f"{model_ref!r} play --as stronger."
        )
    return model_ref or opponent


async def _join(app: App, ref: str, method: Method) -> PlayerId:
    async with app.database.read() as tx:
        known = await queries.player_of(tx, ref, method)
    if known is not None:
        return known
    name = ref.rpartition("#")[2] if "#" in ref else ref
    joined = await app.game.join(
        nickname=f"{method}: {name[-28:]}",
        language="en",
        consent=True,
        kind=PlayerKind.MODEL,
        model_ref=ref,
        method=method,
    )
    return joined.id


async def _play_session(seat: _Seat, campaign: Campaign, meter: Meter, *, rng: random.Random) -> None:
    game, me = seat.app.game, seat.player_id
    view = await game.start(me, campaign=campaign.name)
    while not view.finished:
        if view.turn is None:
            view = await game.view(me, view.id)
            continue
        before = replace(meter)
        try:
            view = await _turn_or_leave(seat, view, view.turn)
        finally:
            await _note(seat.app, view, before, meter)
    await finish(seat.app.database, view.id, now=seat.app.clock(), rng=rng)


async def _note(app: App, view: SessionView, before: Meter, meter: Meter) -> None:
    spent = {
        "calls": meter.calls - before.calls,
        "tokens": meter.tokens - before.tokens,
        "seconds": round(meter.seconds - before.seconds, 3),
    }
    async with app.database.begin() as tx:
        await queries.add_effort(tx, view.id, spent)


async def _turn_or_leave(seat: _Seat, view: SessionView, turn: TurnView) -> SessionView:
    game, me = seat.app.game, seat.player_id
    try:
        after = await _play_turn(seat, view, turn)
    except TurnClosed:  # too slow, as anybody may be
        return await game.view(me, view.id)
    except _FAILED as error:
        seat.faults += 1
        seat.count(left=1)
        after = await game.skip(me, turn.id, reason=SkipReason.OTHER)
        if seat.faults >= FAULTS:
            raise ModelUnavailable(
                f"{seat.played.model_ref} came to nothing on {FAULTS} pictures in a row ({error}). What was "
                "played is kept: run the command again and it goes on."
            ) from error
        return after
    seat.faults = 0
    return after


async def _play_turn(seat: _Seat, view: SessionView, turn: TurnView) -> SessionView:
    """Asks until an answer is marked wrong, the mind is not sure of its mark, or has no more questions."""
    game, me = seat.app.game, seat.player_id
    image = await game.picture(me, turn.id)
    exchanges = turn.exchanges
    while True:
        last = exchanges[-1] if exchanges and exchanges[-1].verdict is None else None
        question = last.question if last else None
        if last is None and len(exchanges) < min(seat.questions, len(exchanges) + turn.questions_left):
            question = await seat.mind.think(image, [one.question for one in exchanges])
        if question is None:
            return await game.skip(me, turn.id)
        if last is None or last.answer is None:  # new, or its answer never came
            key = f"q{last.number if last else len(exchanges)}"
            last = await game.ask(me, turn.id, question=question, key=key)
            seat.count(questions=1)
        mark = await seat.mind.mark(image, last.question, last.answer or "")
        if mark.verdict is None:
            return await game.skip(me, turn.id)
        view = await game.judge(me, last.id, verdict=mark.verdict, correction=mark.correction)
        seat.count(wrong=mark.verdict is Verdict.WRONG)
        if view.turn is None or view.turn.id != turn.id:
            return view
        turn, exchanges = view.turn, view.turn.exchanges

"""A crowd plays a round through the same moves as people, one session after the other, then votes.

Every draw has a generator of its own, named after its place (seed, person, session, turn, question), and
every decision about what comes next is read from the database. So a run that was killed goes on where it
stood and ends with the same rows.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections.abc import Callable
from typing import NamedTuple

from stumper.app import App
from stumper.curate.desk.dealing import ClaimView, next_claim
from stumper.curate.peers import vote
from stumper.curate.settle import settle_all
from stumper.errors import StillThinking, TurnClosed
from stumper.play.rules import LEASE_S
from stumper.play.views import ExchangeView, SessionView, TurnView
from stumper.records import Campaign, PlayerId, PlayerKind, Round, SessionId, Verdict
from stumper.simulate import queries
from stumper.simulate.people import Person, crowd_of
from stumper.simulate.stage import Stage, open_stage
from stumper.simulate.world import Truth, TruthBook, correct, wonder
from stumper.toytown.world import Scene
from stumper.trust.grade import grade_session

OnProgress = Callable[[str, int, int], None]
_SESSION_S = 1300.0  # longer than ten turns of 120 s, so that sessions never overlap
_TURN_S = 120.0


async def simulate(
    app: App,
    *,
    campaign: Campaign,
    current: Round,
    players: int,
    mix: str,
    seed: int,
    on_progress: OnProgress | None = None,
) -> dict[str, int]:
    """Lets a crowd play and vote; returns the counts of the round. Goes on where a killed run stood.

    The crowd of a later round has played those before it, but for newcomers. Raises BadInput for an unknown
    mix, PoolEmpty when pictures run out, NotFound without drawn pictures.
    """
    crowd = crowd_of(players=players, mix=mix, seed=seed, round_number=current.number)
    stage = await open_stage(app, campaign, current, seed)
    ids = await _join(stage, crowd)
    await _play_all(stage, crowd, ids, on_progress or _quiet)
    await _vote_all(stage, crowd, ids, on_progress or _quiet)
    asking = True
    while asking:
        # All votes together reopen what was decided too soon; the crowd is asked about that again. One
        # transaction, so that a run killed here goes on before or after it.
        await settle_all(app.database, campaign.id, current.id, now=stage.clock(), chunk=sys.maxsize)
        asking = await _vote_all(stage, crowd, ids, on_progress or _quiet)
    async with app.database.read() as tx:
        return await queries.round_counts(tx, round_id=current.id)


def _quiet(_what: str, _done: int, _total: int) -> None:
    return


async def _join(stage: Stage, crowd: list[Person]) -> dict[int, PlayerId]:
    async with stage.app.database.read() as tx:
        known = await queries.simulated_players(tx)
    ids: dict[int, PlayerId] = {}
    for person in crowd:
        if person.name not in known:
            joined = await stage.game("join", person.index).join(
                nickname=person.name, language="en", consent=True, kind=PlayerKind.SIMULATED
            )
            known[person.name] = joined.id
        ids[person.index] = known[person.name]
    return ids


async def _play_all(
    stage: Stage, crowd: list[Person], ids: dict[int, PlayerId], on_progress: OnProgress
) -> None:
    async with stage.app.database.read() as tx:
        finished = await queries.finished_sessions(tx, round_id=stage.round.id)
        ungraded = await queries.ungraded_sessions(tx, round_id=stage.round.id)
    for session_id in ungraded:
        await grade_session(stage.app.database, session_id, now=stage.clock())
    visits = [(n, person) for person in crowd for n in range(person.sessions)]
    visits.sort(key=lambda visit: (visit[0], stage.mind("order", visit[0], visit[1].index).random()))
    for done, (n, person) in enumerate(visits):
        stage.clock.now = stage.began + done * _SESSION_S
        if n >= finished.get(ids[person.index], 0):
            session_id = await _play_session(stage, person, ids[person.index], n)
            await grade_session(stage.app.database, session_id, now=stage.clock())
        on_progress("sessions", done + 1, len(visits))


async def _play_session(stage: Stage, person: Person, player_id: PlayerId, n: int) -> SessionId:
    view = await stage.game("start", person.index, n).start(player_id, campaign=stage.campaign.name)
    if view.turn is not None:  # a killed run left the session where it was later than its start
        stage.clock.now += max(0.0, view.turn.seconds_left - _TURN_S)
    while not view.finished:
        if view.turn is None:
            view = await stage.game("view", person.index, n, view.position).view(player_id, view.id)
            continue
        view = await _play_turn(stage, person, player_id, n, view, view.turn)
    return view.id


async def _play_turn(
    stage: Stage, person: Person, player_id: PlayerId, n: int, view: SessionView, turn: TurnView
) -> SessionView:
    """Asks until an answer is marked wrong or the person has no more questions."""
    place = (person.index, n, turn.position)
    mind = stage.mind("turn", *place)
    picture = stage.pictures[turn.image_id]
    scene = Scene.from_json(picture.scene)
    hope = await stage.hopes(player_id, turn.position)
    try:
        for k in range(min(person.type.questions, turn.questions_left + len(turn.exchanges))):
            truth = wonder(scene, image_id=turn.image_id, easy=picture.easy, rng=mind, hope=hope)
            stage.truths.write(truth)
            stage.clock.now += person.type.seconds * 0.5
            said = await _ask(stage, place, k, player_id, turn, truth)
            stage.clock.now += person.type.seconds * 0.5
            shown = said.answer or ""
            wrong = person.marks_wrong(
                answer_wrong=not truth.holds(shown), easy=picture.easy, picture=turn.position, rng=mind
            )
            correction = (
                correct(truth, shown, right=mind.random() < person.type.corrects, rng=mind) if wrong else None
            )
            view = await stage.game("judge", *place, k).judge(
                player_id,
                said.id,
                verdict=Verdict.WRONG if wrong else Verdict.CORRECT,
                correction=correction,
            )
            if wrong:
                return view
        if view.turn is not None and view.turn.id == turn.id:
            view = await stage.game("skip", *place).skip(player_id, turn.id)
    except TurnClosed:
        view = await stage.game("late", *place).view(player_id, view.id)
    return view


async def _ask(
    stage: Stage, place: tuple[int, int, int], k: int, player_id: PlayerId, turn: TurnView, truth: Truth
) -> ExchangeView:
    key = f"{turn.position}-{k}"
    try:
        return await stage.game("ask", *place, k).ask(player_id, turn.id, question=truth.question, key=key)
    except StillThinking:  # the run was killed while the model thought: wait as a phone would, ask again
        stage.clock.now += LEASE_S + 1.0
        return await stage.game("ask", *place, k).ask(player_id, turn.id, question=truth.question, key=key)


async def _vote_all(
    stage: Stage, crowd: list[Person], ids: dict[int, PlayerId], on_progress: OnProgress
) -> bool:
    """Whoever voted least votes next, so that who votes follows from the database alone.

    Returns whether anybody voted.
    """
    database = stage.app.database
    by_id = {ids[person.index]: person for person in crowd}
    async with database.read() as tx:
        cast = await queries.votes_by_player(tx)
    waiting = [(cast.get(id_, 0), person.index, id_) for id_, person in by_id.items()]
    heapq.heapify(waiting)
    before = total = sum(cast.values())
    while waiting:
        votes, index, player_id = heapq.heappop(waiting)
        rng = stage.mind("vote", index, votes)
        dealt = await next_claim(database, player_id, now=stage.clock(), rng=stage.mind("deal", index, votes))
        if dealt is None:
            continue
        stage.clock.now += 10.0  # nobody judges a case sooner, and it would not be paid
        opinion = _opinion(by_id[player_id], stage.truths, dealt, rng)
        await vote(
            database,
            player_id,
            dealt.id,
            model_wrong=opinion.model_wrong,
            correction_right=opinion.correction_right,
            unanswerable=opinion.unanswerable,
            now=stage.clock(),
            rng=rng,
        )
        total += 1
        heapq.heappush(waiting, (votes + 1, index, player_id))
        on_progress("votes", total, 0)
    return total > before


class Opinion(NamedTuple):
    model_wrong: bool
    correction_right: bool
    unanswerable: bool = False


def _opinion(person: Person, truths: TruthBook, dealt: ClaimView, rng: random.Random) -> Opinion:
    """Is the model wrong, is the correction right? A person errs on both as on busy pictures.

    What none of them asked, a model that plays did: they cannot tell.
    """
    if not truths.knows(dealt.image_id, dealt.question):
        return Opinion(model_wrong=False, correction_right=False, unanswerable=True)
    truth = truths.find(dealt.image_id, dealt.question)
    model_wrong = person.marks_wrong(
        answer_wrong=not truth.holds(dealt.model_answer), easy=False, picture=0, rng=rng
    )
    # Accepting a wrong correction is the false alarm of this question.
    correction_right = person.marks_wrong(
        answer_wrong=truth.holds(dealt.correction), easy=False, picture=0, rng=rng
    )
    return Opinion(model_wrong, correction_right)

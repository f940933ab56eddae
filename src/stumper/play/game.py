"""The moves of the game. One transaction a move, or two around the model, which is never asked inside one.

``ask`` stores the question and stops the clock, asks the model, stores the answer and lets the clock go on.
Whatever dies in between, the question stays: the phone sends it again under the same key and never gets two
answers.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.campaigns import DEFAULT_LICENCE, find_campaign
from stumper.errors import (
    BadSetting,
    Conflict,
    ModelBusy,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
    NoConsent,
    NotSignedIn,
    NotYours,
    StillThinking,
    StoreError,
)
from stumper.images.files import Files
from stumper.images.queries import complain
from stumper.observe.work import answering, move
from stumper.play import queries, rules, texts
from stumper.play.draw import draw
from stumper.play.learned import Vocabularies
from stumper.play.poison import serve
from stumper.play.state import Play, PlayedTurn
from stumper.play.undo import undo
from stumper.play.views import ExchangeView, IdeasView, SessionView, Summary, exchange_view, session_view
from stumper.play.vocabulary import AnswerVocabulary
from stumper.records import (
    ClaimId,
    Exchange,
    ExchangeId,
    Idea,
    Method,
    Player,
    PlayerId,
    PlayerKind,
    ReportReason,
    SessionId,
    SkipReason,
    TurnId,
    Verdict,
    new_id,
)
from stumper.spending import Till
from stumper.store.database import Database
from stumper.vlm.base import Answer, Model
from stumper.vlm.line import in_person

PATIENCE_S: Final = 60.0
"""A model that has not answered by then is taken for down; less than ``rules.LEASE_S``."""
_FORSAKEN: Final = 10_000
"""Questions remembered that failed and were not sent again; one that is forgotten waits for its lease."""


class Game:
    """Every move a player can make. Holds no state of any player: replicas may serve the same session.

    A move of a player who is forgotten (`accounts.forget`) raises NotSignedIn.

    ``open_model`` returns a model that stays open, the same one for the same reference.
    """

    def __init__(
        self,
        *,
        database: Database,
        files: Files,
        open_model: Callable[[str], Awaitable[Model]],
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        vocabularies: Vocabularies | None = None,
        till: Till | None = None,
    ) -> None:
        self._database = database
        self._files = files
        self._open_model = open_model
        self._clock = clock
        self._rng = rng or random.SystemRandom()
        self._vocabularies = vocabularies or Vocabularies()
        self._till = till or Till()
        # What was asked before and has no answer was asked by a process that was killed. If it lives (another
        # replica), it only loses its word: the model is asked once more, and one answer is kept.
        self._born = clock()
        self._forsaken: set[tuple[TurnId, str]] = set()

    @move("join")
    async def join(
        self,
        *,
        nickname: str,
        language: str,
        consent: bool,
        kind: PlayerKind = PlayerKind.HUMAN,
        model_ref: str | None = None,
        method: Method | None = None,
        network: str | None = None,
        time_zone: str = "UTC",
        also: Callable[[AsyncConnection, PlayerId], Awaitable[None]] | None = None,
    ) -> Player:
        """Registers a player; ``network`` is a hash that neighbours share, ``time_zone`` an IANA name.

        ``model_ref`` and ``method`` say which model plays, and how, for ``PlayerKind.MODEL``.

        ``also`` runs in the same transaction: what it raises leaves no player behind. Raises NoConsent, or
        BadInput for a name or language that cannot be kept.
        """
        if not consent:
            raise NoConsent(
                f"Playing needs your consent: what you write is published as {DEFAULT_LICENCE}. Tick the box."
            )
        now = self._clock()
        player = Player(
            id=PlayerId(new_id(self._rng)),
            nickname=texts.check_nickname(nickname),
            language=texts.check_language(language),
            kind=kind,
            consent_at=now,
            licence=DEFAULT_LICENCE,
            network=network,
            time_zone=texts.check_time_zone(time_zone),
            model_ref=model_ref,
            method=method,
            created_at=now,
        )
        async with self._database.begin() as tx:
            await queries.insert_player(tx, player)
            if also is not None:
                await also(tx, player.id)
        return player

    @move("start")
    async def start(
        self, player_id: PlayerId, *, campaign: str | None = None, quick: bool = False
    ) -> SessionView:
        """Resumes the player's unfinished session, of the named campaign if one is named, or deals a new one.

        Raises NotFound, RoundClosed (no new session between two rounds), CampaignPaused,
        BudgetSpent or PoolEmpty.
        """
        async with self._database.begin() as tx:
            e_value = await queries.lock_player(tx, player_id)
            wanted = None if campaign is None else await find_campaign(tx, campaign)
            session_id = await queries.unfinished_session(
                tx, player_id, campaign_id=None if wanted is None else wanted.id
            )
            if session_id is None:
                wanted = wanted or await find_campaign(tx, await queries.newest_campaign_name(tx))
                await self._till.require_left(tx, wanted)
                session_id = await draw(
                    tx,
                    player_id,
                    wanted,
                    e_value=e_value,
                    quick=quick,
                    rng=self._rng,
                    now=self._clock(),
                )
            return await self._show(tx, await queries.by_session(tx, session_id, now=self._clock()))

    async def _show(self, tx: AsyncConnection, play: Play, changed: Play | None = None) -> SessionView:
        """Writes what a rule and the time have changed, and returns what the player sees now."""
        now = self._clock()
        after = rules.advance(changed or play, now=now)
        await queries.save(tx, play, after)
        return session_view(after, now=now)

    @move("view")
    async def view(self, player_id: PlayerId, session_id: SessionId) -> SessionView:
        """Returns the session now: late turns closed, the next one open. Raises NotFound or NotYours."""
        async with self._database.read(brief=True) as tx:
            play = await queries.by_session(tx, session_id, now=self._clock(), lock=False)
        rules.require_own(play, player_id)
        now = self._clock()
        if rules.advance(play, now=now) == play:  # most views only look: they need not wait for a writer
            return session_view(play, now=now)
        async with self._database.begin() as tx:
            return await self._show(tx, await queries.by_session(tx, session_id, now=self._clock()))

    async def picture(self, player_id: PlayerId, turn_id: TurnId) -> bytes:
        """Returns the picture of a turn that the player has opened.

        Raises NotFound, NotYours, or Conflict if the turn is still to come.
        """
        async with self._database.glance() as tx:
            shown = await queries.picture(tx, turn_id)
        if shown.player_id != player_id:
            raise NotYours("This picture belongs to another player's turn. Open your own session.")
        if shown.forgotten:
            raise NotSignedIn(rules.FORGOTTEN)
        if shown.opened_at is None:
            raise Conflict(rules.NOT_OPEN)
        return await self._files.get(shown.file)

    @move("ask")
    async def ask(
        self,
        player_id: PlayerId,
        turn_id: TurnId,
        *,
        question: str,
        key: str,
        pasted: bool | None = None,
        opening: bool = False,
    ) -> ExchangeView:
        """Asks the model and returns its answer; the same key returns the same exchange.

        The clock stands still until the answer is stored. If the model fails, the question stays, costs
        nothing, and is asked again when it comes again under its key. Raises NotFound, NotYours,
        BadQuestion, TurnClosed, StillThinking (the key is being answered: ask again in a moment), Conflict,
        BudgetSpent, or ModelError.
        """
        texts.check_key(key)
        try:
            return await self._ask(
                player_id, turn_id, question=question, key=key, pasted=pasted, opening=opening
            )
        except (StoreError, ModelError):
            if len(self._forsaken) >= _FORSAKEN:
                self._forsaken.pop()
            self._forsaken.add((turn_id, key))  # perhaps nothing could be stored, not even that
            raise

    async def _ask(
        self,
        player_id: PlayerId,
        turn_id: TurnId,
        *,
        question: str,
        key: str,
        pasted: bool | None,
        opening: bool,
    ) -> ExchangeView:
        async with self._database.begin() as tx:
            play = await queries.by_turn(tx, turn_id, now=self._clock())
            rules.require_own(play, player_id)
            known = play.turn(turn_id).with_key(key)
            if known is not None and known.model_answer is not None:
                return exchange_view(known)
            asked_play, asked = rules.ask(
                play,
                turn_id,
                exchange_id=ExchangeId(new_id(self._rng)),
                question=question,
                key=key,
                now=self._clock(),
                pasted=pasted,
                opening=opening,
                dead_before=self._dead_before(play.turn(turn_id)),
            )
            self._forsaken.discard((turn_id, key))
            await queries.save(tx, play, asked_play)
            await self._till.reserve(
                tx,
                campaign_id=play.session.campaign_id,
                exchange_id=asked.id,
                model_ref=play.model_ref,
                now=self._clock(),
            )
            # On every turn, though only controls need it: a control must not take longer.
            vocabulary = await self._vocabularies.of(tx, play.session)
        answer: Answer | None = None
        try:
            with answering(play.model_ref):
                answer = await self._think(play.model_ref, play.turn(turn_id).file, asked.question)
        finally:  # also when the request is cancelled: the next try need not wait for the lease
            if answer is None:
                await asyncio.shield(self._give_up(play, asked))
        # Also if nobody waits any more: an answer that was paid for is kept, and counted.
        return await asyncio.shield(self._keep(play, asked, answer, vocabulary))

    def _dead_before(self, played: PlayedTurn) -> float:
        """Returns the time before which whoever asked what waits has ceased to think about it."""
        pending = played.pending
        forsaken = pending is not None and (played.turn.id, pending.key) in self._forsaken
        return math.inf if forsaken else self._born

    async def _think(self, model_ref: str, file: str, question: str) -> Answer:
        kept = "Your question is kept and the clock stands still: send it again, or leave this picture."
        try:
            async with asyncio.timeout(PATIENCE_S):
                picture = await self._files.get(file)
                model = await self._open_model(model_ref)
                with in_person():
                    answer = await model.answer(picture, question)
        except TimeoutError as error:
            raise ModelTimeout(f"The model took too long. {kept}") from error
        except BadSetting as error:
            raise ModelUnavailable(f"The model cannot be opened. {kept}") from error
        except ModelBusy as error:
            raise ModelBusy(f"So many ask at once that the line is full. {kept}") from error
        except ModelError as error:
            raise type(error)(f"The model cannot answer now. {kept}") from error
        said = texts.clean(answer.text)  # a model may say what no database stores and no page should show
        if not said:
            raise ModelUnavailable(f"The model said nothing that can be read. {kept}")
        return replace(answer, text=said)

    async def _give_up(self, play: Play, asked: Exchange) -> None:
        """Notes that nobody is thinking about the question any more."""
        async with self._database.begin() as tx:
            await queries.answer(tx, asked, answered=replace(asked, answered_at=self._clock()))
            await self._till.give_back(tx, asked.id, model_ref=play.model_ref)

    async def _keep(
        self, play: Play, asked: Exchange, answer: Answer, vocabulary: AnswerVocabulary | None
    ) -> ExchangeView:
        """Stores the answer, falsified if the turn's coin says so, and returns what the player sees."""
        played = play.turn(asked.turn_id)
        served = serve(
            answer.text,
            question=asked.question,
            number=asked.number,
            turn=played.turn,
            salt=play.session.salt,
            vocabulary=vocabulary,
            truths=played.truths if played.complex else None,
        )
        answered = replace(
            asked,
            model_answer=answer.text,
            shown_answer=served.text,
            poisoned=served.poisoned,
            counts=served.counts,
            answered_at=self._clock(),
            latency_ms=answer.latency_ms,
            answered_by=answer.served.label if answer.served else None,
        )
        async with self._database.begin() as tx:
            stored = await queries.answer(tx, asked, answered=answered)
            await self._till.pay(
                tx,
                campaign_id=play.session.campaign_id,
                round_id=play.session.round_id,
                exchange_id=asked.id,
                answer=answer,
                now=self._clock(),
            )
            if stored:
                return exchange_view(answered)
            reloaded = await queries.by_turn(tx, asked.turn_id, now=self._clock())
        now_stored = reloaded.turn(asked.turn_id).with_key(asked.key)
        if now_stored is None:
            raise Conflict("You have asked something else since. Open your session again.")
        if now_stored.model_answer is None:
            raise StillThinking("The model thinks about this question once more. Its answer is on the way.")
        return exchange_view(now_stored)

    @move("judge")
    async def judge(
        self,
        player_id: PlayerId,
        exchange_id: ExchangeId,
        *,
        verdict: Verdict,
        correction: str | None = None,
        pasted: bool | None = None,
        confidence: int | None = None,
    ) -> SessionView:
        """Keeps the verdict and returns what comes next; "wrong" off control becomes a claim.

        ``confidence`` is 1 (not sure) to 3 (sure). The same verdict sent again changes nothing. Raises
        NotFound, NotYours, AlreadyJudged, TurnClosed, BadCorrection, or Conflict without an answer.
        """
        async with self._database.begin() as tx:
            now = self._clock()
            play = await queries.by_exchange(tx, exchange_id, now=now)
            rules.require_own(play, player_id)
            expired = rules.expire(play, now=now)
            judged_play, judged = rules.judge(
                expired,
                exchange_id,
                verdict=verdict,
                correction=correction,
                now=now,
                pasted=pasted,
                confidence=confidence,
            )
            shown = await self._show(tx, play, judged_play)
            played = play.turn(judged.turn_id)
            if judged_play is not expired and verdict is Verdict.WRONG and played.claims(judged):
                await queries.insert_claim(tx, rules.claim(play, judged, ClaimId(new_id(self._rng))))
            return shown

    @move("undo")
    async def undo(self, player_id: PlayerId, exchange_id: ExchangeId) -> SessionView:
        """Takes the last verdict back, with its claim, and returns the turn as it was; twice does it once.

        Raises NotFound, NotYours, or Conflict if it is too late (`play.undo`).
        """
        async with self._database.begin() as tx:
            now = self._clock()
            play = await queries.by_exchange(tx, exchange_id, now=now)
            rules.require_own(play, player_id)
            undone = undo(rules.expire(play, now=now), exchange_id, now=now)
            if undone is not play and await queries.has_begun_after(tx, play.session):
                raise Conflict("You have begun another session: the verdicts of this one stay.")
            shown = await self._show(tx, play, undone)
            if undone is not play and not await queries.drop_claim(tx, exchange_id):
                raise Conflict("Others are judging this catch already: your verdict stays.")
            return shown

    @move("more")
    async def more(self, player_id: PlayerId, turn_id: TurnId) -> SessionView:
        """Gives the open turn as much time again. Raises NotFound, NotYours, TurnClosed or Conflict."""
        async with self._database.begin() as tx:
            now = self._clock()
            play = await queries.by_turn(tx, turn_id, now=now)
            rules.require_own(play, player_id)
            return await self._show(tx, play, rules.more(play, turn_id, now=now))

    async def ideas(self, player_id: PlayerId, turn_id: TurnId, given: Sequence[Idea] = ()) -> IdeasView:
        """Keeps the ideas that a player gets for the open turn, the first time only, and returns those kept.

        With none ``given`` it only looks. Raises NotFound, NotYours, TurnClosed, or Conflict where the
        campaign gives no ideas.
        """
        async with self._database.begin() as tx:
            now = self._clock()
            play = await queries.by_turn(tx, turn_id, now=now)
            rules.require_own(play, player_id)
            noted = rules.note_ideas(play, turn_id, given, now=now)
            await queries.save(tx, play, noted)
        return IdeasView(
            session_id=play.session.id,
            speaks=play.rules.speaks,
            target_mix=play.rules.target_mix,
            ideas=tuple(Idea.of(one) for one in noted.turn(turn_id).turn.ideas or ()),
        )

    @move("skip")
    async def skip(
        self, player_id: PlayerId, turn_id: TurnId, *, reason: SkipReason | None = None
    ) -> SessionView:
        """Leaves the picture and returns what comes next. Raises NotFound, NotYours or Conflict."""
        async with self._database.begin() as tx:
            now = self._clock()
            play = await queries.by_turn(tx, turn_id, now=now)
            rules.require_own(play, player_id)
            left = rules.skip(rules.expire(play, now=now), turn_id, now=now, reason=reason)
            return await self._show(tx, play, left)

    @move("report")
    async def report(self, player_id: PlayerId, turn_id: TurnId, *, reason: ReportReason) -> SessionView:
        """Keeps that the player thinks nobody should see this picture, once, and leaves it.

        Raises NotFound, NotYours, or Conflict if the picture is still to come.
        """
        async with self._database.begin() as tx:
            now = self._clock()
            play = await queries.by_turn(tx, turn_id, now=now)
            rules.require_own(play, player_id)
            left = rules.skip(rules.expire(play, now=now), turn_id, now=now)
            await complain(
                tx,
                player_id=player_id,
                campaign_id=play.session.campaign_id,
                image_id=play.turn(turn_id).turn.image_id,
                reason=reason,
                now=now,
            )
            return await self._show(tx, play, left)

    @move("summary")
    async def summary(self, player_id: PlayerId, session_id: SessionId) -> Summary:
        """Returns a session with its secrets. Raises NotFound, NotYours, or Conflict before its end."""
        async with self._database.read() as tx:
            whole = await queries.summary(tx, session_id)
        if whole.session.player_id != player_id:
            raise NotYours("This session belongs to another player. Open your own one from the start page.")
        if whole.session.finished_at is None:
            raise Conflict("The summary is shown at the end of the session. Play on: your turn is kept.")
        return whole

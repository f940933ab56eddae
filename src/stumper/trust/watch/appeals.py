"""Appeals: a player answers what was noticed, the operator decides. One open appeal at a time."""

from __future__ import annotations

import random
from typing import Final, NamedTuple

from stumper.errors import BadInput, Conflict, NotFound
from stumper.play.texts import clean
from stumper.records import CampaignId, PlayerId, new_id
from stumper.store.acts import SELF, note
from stumper.store.database import Database
from stumper.trust.watch import queries
from stumper.trust.watch.kept import Appeal, Decision, State
from stumper.trust.watch.words import Notice, notice

APPEAL_CHARS: Final = 1_000
ANSWER_CHARS: Final = 1_000


class Decided(NamedTuple):
    signals: int
    appeals: int


async def notice_of(database: Database, campaign_id: CampaignId, player_id: PlayerId) -> Notice:
    """Returns what a player is told about themselves."""
    async with database.read() as tx:
        found = await queries.signals(tx, campaign_id, players=[player_id])
        return notice(found, await queries.appeals(tx, campaign_id, player_id=player_id))


async def appeal(
    database: Database,
    campaign_id: CampaignId,
    player_id: PlayerId,
    *,
    text: str,
    now: float,
    rng: random.Random,
) -> Appeal:
    """Keeps a player's appeal. Raises BadInput for an empty or long text, Conflict if one is open already or
    if there is nothing to appeal against, NotFound for an unknown player.
    """
    said = _checked(text, what="message", limit=APPEAL_CHARS)
    async with database.begin() as tx:
        name = await queries.hold_player(tx, player_id)
        if name is None:
            raise NotFound("You have not joined this game. Choose a nickname on the start page.")
        if await queries.appeals(tx, campaign_id, player_id=player_id, open_only=True):
            raise Conflict("We have a message of yours already and will look at it. One at a time is enough.")
        if not await queries.signals(tx, campaign_id, players=[player_id], counting=True):
            raise Conflict("There is nothing to appeal against: nothing was noticed about you.")
        made = Appeal(
            id=new_id(rng),
            player_id=player_id,
            nickname=name,
            text=said,
            written_at=now,
            decision=None,
            answer="",
            decided_at=None,
        )
        await queries.add_appeal(tx, campaign_id, made)
    return made


async def decide(
    database: Database,
    campaign_id: CampaignId,
    player_id: PlayerId,
    *,
    dismiss: bool,
    answer: str = "",
    now: float,
    actor: str = SELF,
) -> Decided:
    """Dismisses or upholds all signals of a player that count, and their open appeal with them.

    Raises NotFound for an unknown player, Conflict if nothing counts against them, BadInput for a long
    answer.
    """
    said = _checked(answer, what="answer", limit=ANSWER_CHARS) if answer.strip() else ""
    async with database.begin() as tx:
        if await queries.hold_player(tx, player_id) is None:
            raise NotFound(f"No player has the id {player_id!r}. See: stumper players list")
        state = State.DISMISSED if dismiss else State.UPHELD
        signals = await queries.set_states(tx, campaign_id, player_id, state=state)
        decision = Decision.GRANTED if dismiss else Decision.REFUSED
        appeals = await queries.close_appeals(
            tx, campaign_id, player_id, decision=decision, answer=said, now=now
        )
        if not signals and not appeals:
            raise Conflict(f"Nothing counts against player {player_id}. See: stumper players signals")
        await note(tx, actor=actor, act=f"signals.{state.value}", about=player_id, now=now)
    return Decided(signals, appeals)


def _checked(text: str, *, what: str, limit: int) -> str:
    said = clean(text)
    if not said:
        raise BadInput(f"The {what} is empty. Say in a sentence or two how it came about.")
    if len(said) > limit:
        raise BadInput(f"The {what} has {len(said)} characters. Keep it within {limit}.")
    return said

"""SQL of curation: the queue of open claims, votes, decisions, and the examples that come of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Ballot
from stumper.curate.census import Passed, Sight
from stumper.errors import NotFound
from stumper.records import (
    CampaignId,
    Category,
    Claim,
    ClaimId,
    ClaimStatus,
    Example,
    ExchangeId,
    ImageId,
    PlayerId,
    RoundId,
    Rules,
    SessionId,
    Verdict,
)
from stumper.store.schema import (
    campaign,
    claim,
    example,
    exchange,
    image,
    player,
    round_,
    session,
    sight,
    turn,
    vote,
)
from stumper.store.upsert import insert_into

SETTLED = (ClaimStatus.ACCEPTED.value, ClaimStatus.REJECTED.value)
YOUNG_S = 10.0
"""A claim younger than this may be taken back by its player (`play.undo`, 7 s with the grace; the rest is
for clocks that differ): nothing may hang on it yet.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What to write about a claim."""

    claim_id: ClaimId
    status: ClaimStatus
    posterior: float | None
    reason: str
    decided_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Where the claims of a round stand."""

    by_status: Counter[ClaimStatus]
    votes: int
    merged: int
    """Claims that say the same as an older one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an accepted claim comes from, as far as its example must be able to tell."""

    e_value: float
    consent_at: float
    consent_licence: str
    model_ref: str
    image_licence: str
    image_source: str
    language: str | None
    """Of the player when they asked (BCP 47); None where that was not kept."""
    asked_by: dict[str, str]
    """Kind of the player (`PlayerKind`); of a model also which one, and its method."""
    suggested: str | None
    answered_by: str | None
    """What the question was made of (`Suggestion`); None if it is the player's own."""


def claim_of(row: Any) -> Claim:
    """Returns the record of a row of ``select(claim)``."""
    return Claim(
        id=ClaimId(row.id),
        exchange_id=ExchangeId(row.exchange_id),
        campaign_id=CampaignId(row.campaign_id),
        round_id=RoundId(row.round_id),
        player_id=PlayerId(row.player_id),
        image_id=ImageId(row.image_id),
        question=row.question,
        model_answer=row.model_answer,
        correction=row.correction,
        status=ClaimStatus(row.status),
        posterior=row.posterior,
        category=None if row.category is None else Category(row.category),
        reason=row.reason,
        votes=row.votes,
        same_as=None if row.same_as is None else ClaimId(row.same_as),
        blind=row.blind,
        created_at=row.created_at,
        decided_at=row.decided_at,
    )


async def rules_of(tx: AsyncConnection, campaign_id: CampaignId) -> Rules:
    """Raises NotFound for an unknown campaign."""
    rules = (
        await tx.execute(select(campaign.c.rules).where(campaign.c.id == campaign_id))
    ).scalar_one_or_none()
    if rules is None:
        raise NotFound(f"No campaign has the id {campaign_id!r}. See: stumper round list")
    return Rules(**rules)


async def get_claim(tx: AsyncConnection, claim_id: ClaimId) -> Claim | None:
    """Returns a claim and holds its row; None if there is no such claim."""
    query = select(claim).where(claim.c.id == claim_id).with_for_update(key_share=True)
    row = (await tx.execute(query)).first()
    return None if row is None else claim_of(row)


def _ballot(row: Any) -> Ballot:
    return Ballot(PlayerId(row.player_id), row.model_wrong, row.correction_right, row.unanswerable)


async def judge(tx: AsyncConnection, judgements: Sequence[Judgement]) -> None:
    """Writes decisions."""
    rows = [
        {
            "claim_id_": one.claim_id,
            "status_": one.status.value,
            "posterior_": one.posterior,
            "reason_": one.reason,
            "decided_at_": one.decided_at,
        }
        for one in judgements
    ]
    if rows:
        named = update(claim).where(claim.c.id == bindparam("claim_id_"))
        columns = ("status", "posterior", "reason", "decided_at")
        await tx.execute(named.values({name: bindparam(f"{name}_") for name in columns}), rows)


async def round_claims(tx: AsyncConnection, round_id: RoundId) -> list[Claim]:
    """Returns all claims of a round, oldest first."""
    rows = await tx.execute(
        select(claim).where(claim.c.round_id == round_id).order_by(claim.c.created_at, claim.c.id)
    )
    return [claim_of(row) for row in rows]


async def unseen_claims(tx: AsyncConnection, round_id: RoundId) -> list[Claim]:
    """Returns the claims of a round that have no category yet, oldest first."""
    unseen = select(claim).where(claim.c.round_id == round_id, claim.c.category.is_(None))
    return [claim_of(row) for row in await tx.execute(unseen.order_by(claim.c.created_at, claim.c.id))]


def _unwritten(round_id: RoundId) -> ColumnElement[bool]:
    """Accepted claims of a round that lead, and that no example was made of."""
    written = select(example.c.id).where(example.c.claim_id == claim.c.id).exists()
    accepted = claim.c.status == ClaimStatus.ACCEPTED.value
    return and_(claim.c.round_id == round_id, accepted, claim.c.same_as.is_(None), ~written)


async def unwritten_claims(tx: AsyncConnection, round_id: RoundId) -> list[Claim]:
    """Returns the claims of a round of which examples are to be made, oldest first."""
    rows = await tx.execute(
        select(claim).where(_unwritten(round_id)).order_by(claim.c.created_at, claim.c.id)
    )
    return [claim_of(row) for row in rows]


async def tally(tx: AsyncConnection, round_id: RoundId) -> Tally:
    """Counts the claims of a round."""
    rows = await tx.execute(
        select(claim.c.status, func.count(), func.sum(claim.c.votes), func.count(claim.c.same_as))
        .where(claim.c.round_id == round_id)
        .group_by(claim.c.status)
    )
    counted = [(ClaimStatus(status), int(n), int(votes), int(same)) for status, n, votes, same in rows]
    return Tally(
        by_status=Counter({status: n for status, n, _, _ in counted}),
        votes=sum(votes for _, _, votes, _ in counted),
        merged=sum(same for _, _, _, same in counted),
    )


async def campaign_claims(tx: AsyncConnection, campaign_id: CampaignId) -> list[Claim]:
    """Returns all claims of a campaign, oldest first."""
    rows = await tx.execute(
        select(claim).where(claim.c.campaign_id == campaign_id).order_by(claim.c.created_at, claim.c.id)
    )
    return [claim_of(row) for row in rows]


async def unwritten_ballots(tx: AsyncConnection, round_id: RoundId) -> dict[ClaimId, list[Ballot]]:
    """Returns the votes on each of `unwritten_claims`, oldest first."""
    return await _ballots(tx, _unwritten(round_id))


async def campaign_ballots(tx: AsyncConnection, campaign_id: CampaignId) -> dict[ClaimId, list[Ballot]]:
    """Returns the votes on every claim of a campaign, oldest first."""
    return await _ballots(tx, claim.c.campaign_id == campaign_id)


async def _ballots(tx: AsyncConnection, which: ColumnElement[bool]) -> dict[ClaimId, list[Ballot]]:
    rows = await tx.execute(
        select(
            vote.c.claim_id,
            vote.c.player_id,
            vote.c.model_wrong,
            vote.c.correction_right,
            vote.c.unanswerable,
        )
        .join(claim, claim.c.id == vote.c.claim_id)
        .where(which)
        .order_by(vote.c.voted_at, vote.c.id)
    )
    cast: dict[ClaimId, list[Ballot]] = defaultdict(list)
    for claim_id, player_id, *marks in rows:
        cast[ClaimId(claim_id)].append(Ballot(PlayerId(player_id), *marks))
    return cast


async def passed(tx: AsyncConnection, campaign_id: CampaignId) -> list[Passed]:
    """Returns the answers on complex pictures of a campaign that their players found right, oldest first."""
    rows = await tx.execute(
        select(session.c.player_id, turn.c.image_id, session.c.round_id, exchange.c.question)
        .select_from(
            session.join(turn, turn.c.session_id == session.c.id).join(
                exchange, exchange.c.turn_id == turn.c.id
            )
        )
        .where(
            session.c.campaign_id == campaign_id,
            ~turn.c.control,
            exchange.c.verdict == Verdict.CORRECT.value,
        )
        .order_by(exchange.c.judged_at, exchange.c.id)
    )
    return [
        Passed(PlayerId(player_id), ImageId(image_id), RoundId(round_id), question)
        for player_id, image_id, round_id, question in rows
    ]


async def campaign_players(tx: AsyncConnection, campaign_id: CampaignId) -> list[PlayerId]:
    """Returns who has played or voted in a campaign."""
    played = select(session.c.player_id).where(session.c.campaign_id == campaign_id)
    voted = select(vote.c.player_id).join(claim, claim.c.id == vote.c.claim_id)
    rows = await tx.execute(played.union(voted.where(claim.c.campaign_id == campaign_id)))
    return [PlayerId(id_) for (id_,) in rows]


async def write_sights(
    tx: AsyncConnection, campaign_id: CampaignId, sights: Sequence[tuple[PlayerId, Sight]]
) -> None:
    """Writes what the last estimate says about players over what an earlier one said."""
    put = insert_into(tx, sight)
    put = put.on_conflict_do_update(
        index_elements=["player_id", "campaign_id"],
        set_={name: put.excluded[name] for name in Sight._fields},
    )
    if sights:
        await tx.execute(
            put, [{"player_id": id_, "campaign_id": campaign_id, **one._asdict()} for id_, one in sights]
        )


async def exemplary_claims(tx: AsyncConnection, campaign_id: CampaignId) -> list[Claim]:
    """Returns the claims of a campaign that have become examples, oldest first."""
    rows = await tx.execute(
        select(claim)
        .join(example, example.c.claim_id == claim.c.id)
        .where(claim.c.campaign_id == campaign_id)
        .order_by(claim.c.created_at, claim.c.id)
    )
    return [claim_of(row) for row in rows]


async def merge(tx: AsyncConnection, twins: Iterable[tuple[ClaimId, ClaimId]]) -> None:
    """Writes (claim, the older one it is merged with) pairs."""
    rows = [{"claim_id_": id_, "same_as_": same_as} for id_, same_as in twins]
    if rows:
        named = update(claim).where(claim.c.id == bindparam("claim_id_"))
        await tx.execute(named.values(same_as=bindparam("same_as_")), rows)


async def origins(tx: AsyncConnection, round_id: RoundId) -> dict[ClaimId, Origin]:
    """Returns the origin of each of `unwritten_claims`."""
    rows = await tx.execute(
        select(
            claim.c.id,
            player.c.e_value,
            player.c.consent_at,
            player.c.licence.label("consent_licence"),
            round_.c.model_ref,
            image.c.licence.label("image_licence"),
            image.c.source,
            exchange.c.language,
            exchange.c.suggested,
            exchange.c.answered_by,
            player.c.kind,
            player.c.model_ref.label("player_ref"),
            player.c.method,
        )
        .select_from(
            claim.join(player, player.c.id == claim.c.player_id)
            .join(exchange, exchange.c.id == claim.c.exchange_id)
            .join(round_, round_.c.id == claim.c.round_id)
            .join(image, (image.c.id == claim.c.image_id) & (image.c.campaign_id == claim.c.campaign_id))
        )
        .where(_unwritten(round_id))
    )
    return {
        ClaimId(row.id): Origin(
            e_value=row.e_value,
            consent_at=row.consent_at,
            consent_licence=row.consent_licence,
            model_ref=row.model_ref,
            image_licence=row.image_licence,
            image_source=row.source,
            language=row.language,
            asked_by=asked_by(row.kind, row.player_ref, row.method),
            suggested=row.suggested,
            answered_by=row.answered_by,
        )
        for row in rows
    }


def asked_by(kind: str, model_ref: str | None, method: str | None) -> dict[str, str]:
    """Returns who asked, as provenance tells it: what a person has not is left out."""
    told = {"kind": kind, "model": model_ref, "method": method}
    return {name: value for name, value in told.items() if value is not None}


async def count_examples(tx: AsyncConnection, round_id: RoundId) -> int:
    counted = select(func.count()).select_from(example).where(example.c.round_id == round_id)
    return int((await tx.execute(counted)).scalar_one())


async def category_counts(tx: AsyncConnection, campaign_id: CampaignId) -> dict[Category, int]:
    """Counts a campaign's examples by category; a category without any is not in the answer."""
    query = select(example.c.category, func.count()).where(example.c.campaign_id == campaign_id)
    rows = await tx.execute(query.group_by(example.c.category))
    return {Category(category): int(n) for category, n in rows}


async def add_examples(tx: AsyncConnection, examples: Sequence[Example]) -> None:
    if examples:
        await tx.execute(
            insert(example), [{**asdict(one), "category": one.category.value} for one in examples]
        )


async def asked_in(tx: AsyncConnection, session_id: SessionId) -> list[str]:
    """Returns the questions of a session, in no order."""
    query = select(exchange.c.question).join(turn, turn.c.id == exchange.c.turn_id)
    return [question for (question,) in await tx.execute(query.where(turn.c.session_id == session_id))]


async def kept_by_category(tx: AsyncConnection, session_id: SessionId) -> dict[Category, int]:
    """Counts the examples of a session's campaign; a category without any is left out."""
    rows = await tx.execute(
        select(example.c.category, func.count())
        .join(session, session.c.campaign_id == example.c.campaign_id)
        .where(session.c.id == session_id)
        .group_by(example.c.category)
    )
    return {Category(category): int(number) for category, number in rows}

"""What deciding about opponents needs to know of rounds, releases and evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import CampaignId, ClaimStatus, Decision, ReleaseId, RoundId
from stumper.store.schema import claim, evaluation, example, release, round_, tuning


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A tuned model with the figures that it was judged by, and the round that it was made of."""

    id: str
    """Of its evaluation."""
    release_id: ReleaseId
    round_id: RoundId
    round_number: int
    base_ref: str
    tuned_ref: str
    figures: dict[str, Any]
    plays: bool
    decision: Decision | None
    decided_at: float | None


def _candidates() -> Select[Any]:
    return (
        select(evaluation, release.c.round_id, round_.c.number)
        .join(release, release.c.id == evaluation.c.release_id)
        .join(round_, round_.c.id == release.c.round_id)
    )


def _candidate(row: Any) -> Candidate:
    return Candidate(
        id=row.id,
        release_id=ReleaseId(row.release_id),
        round_id=RoundId(row.round_id),
        round_number=row.number,
        base_ref=row.base_ref,
        tuned_ref=row.tuned_ref,
        figures=row.figures,
        plays=row.passed,
        decision=None if row.decision is None else Decision(row.decision),
        decided_at=row.decided_at,
    )


async def candidate(tx: AsyncConnection, evaluation_id: str) -> Candidate | None:
    """Returns the tuned model of an evaluation; None before it was decided about."""
    row = (await tx.execute(_candidates().where(evaluation.c.id == evaluation_id))).first()
    return None if row is None else _candidate(row)


async def newest_asked(tx: AsyncConnection, campaign_id: CampaignId) -> Candidate | None:
    """Returns the newest tuned model of a campaign about which a person was asked."""
    newest = (
        _candidates()
        .where(release.c.campaign_id == campaign_id, evaluation.c.decision.is_not(None))
        .order_by(evaluation.c.evaluated_at.desc(), round_.c.number.desc(), evaluation.c.id)
        .limit(1)
    )
    row = (await tx.execute(newest)).first()
    return None if row is None else _candidate(row)


async def waiting(tx: AsyncConnection, campaign_id: CampaignId) -> Candidate | None:
    """Returns the tuned model that waits for a person, if one does."""
    newest = await newest_asked(tx, campaign_id)
    return newest if newest is not None and newest.decision is Decision.WAITING else None


async def settle(tx: AsyncConnection, one: Candidate, decision: Decision, *, now: float) -> None:
    """Keeps what a person said."""
    changed = update(evaluation).where(evaluation.c.id == one.id)
    plays = decision is Decision.APPROVED
    await tx.execute(changed.values(decision=decision.value, decided_at=now, passed=plays))


async def seed_of(tx: AsyncConnection, one: Candidate) -> int:
    """Returns the seed that a model was tuned and evaluated with."""
    return int((await tx.execute(select(tuning.c.seed).where(tuning.c.id == one.id))).scalar_one())


async def keep_panel(tx: AsyncConnection, one: Candidate, told: dict[str, Any]) -> None:
    """Keeps what models that judge said of an evaluation, in place of what they said before."""
    figures = {**one.figures, "details": {**one.figures["details"], "panel": told}}
    await tx.execute(update(evaluation).where(evaluation.c.id == one.id).values(figures=figures))


async def candidates_by_round(tx: AsyncConnection) -> dict[RoundId, Candidate]:
    """Returns the tuned model that every closed round ended with; the newest where there were several."""
    rows = await tx.execute(_candidates().order_by(evaluation.c.evaluated_at, evaluation.c.id))
    return {RoundId(row.round_id): _candidate(row) for row in rows}


async def unfinished(tx: AsyncConnection, campaign_id: CampaignId, *, before: int) -> list[RoundId]:
    """Returns the rounds before that number in which curation has something left to do, oldest first.

    A session under way ends in its own round, and referees vote on its claims as long as they like: what
    comes after a round was closed is curated when the next one is.
    """
    no_example = claim.c.id.not_in(select(example.c.claim_id).where(example.c.campaign_id == campaign_id))
    accepted = (claim.c.status == ClaimStatus.ACCEPTED.value) & claim.c.same_as.is_(None) & no_example
    # An open claim without votes that has passed the gates stays as it is.
    undecided = (claim.c.status == ClaimStatus.OPEN.value) & (
        claim.c.category.is_(None) | (claim.c.votes > 0)
    )
    rows = await tx.execute(
        select(round_.c.id)
        .where(
            round_.c.campaign_id == campaign_id,
            round_.c.number < before,
            round_.c.id.in_(
                select(claim.c.round_id).where(claim.c.campaign_id == campaign_id, accepted | undecided)
            ),
        )
        .order_by(round_.c.number)
    )
    return [RoundId(round_id) for (round_id,) in rows]


async def examples_of(tx: AsyncConnection, round_id: RoundId) -> int:
    """Counts the examples that came of a round."""
    counted = select(func.count()).select_from(example).where(example.c.round_id == round_id)
    return int((await tx.execute(counted)).scalar_one())


async def origin(tx: AsyncConnection, model_ref: str) -> str:
    """Returns the model that the tunings behind this one began with; itself if it was not tuned here."""
    rows = await tx.execute(select(tuning.c.tuned_ref, tuning.c.base_ref).order_by(tuning.c.finished_at))
    base_of = {row.tuned_ref: row.base_ref for row in rows}
    while model_ref in base_of:
        model_ref = base_of.pop(model_ref)  # popped: a reference that names its own base ends, too
    return model_ref

"""From claims to examples: name the category and stop at the gates, merge what says the same, settle, and
write accepted claims down.

Every step is written in small transactions and may be repeated: a run that was killed goes on where it
stood, and a run without new votes changes nothing. An example's id follows from its claim's.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stumper.curate import queries
from stumper.curate.belief import STOPPED, Ballot, Cause
from stumper.curate.dedup import twins
from stumper.curate.gates import queries as gates
from stumper.curate.gates.blind import ask_blind
from stumper.curate.gates.entrance import look
from stumper.curate.payday import CHUNK
from stumper.curate.queries import Origin
from stumper.curate.settle import Ruling, settle_all
from stumper.images.look import groups
from stumper.records import (
    CampaignId,
    Claim,
    ClaimId,
    ClaimStatus,
    Example,
    ExampleId,
    PlayerId,
    RoundId,
)
from stumper.store.database import Database
from stumper.trust.watch.find import find_signals
from stumper.vlm.blind import Guesser

OnProgress = Callable[[int, int], None]
"""Called with steps done and steps in all."""
_STEPS = 4
_APART = STOPPED | {Cause.FORGOTTEN}
"""Claims that are merged with none: what stopped one need not stop the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurateReport:
    """Where the claims of a round stand after curation."""

    claims: int
    accepted: int
    rejected: int
    disputed: int
    open: int
    merged: int
    """Claims that say the same as an older one; they are counted with its status too."""
    votes: int
    examples: int
    added: int
    """Examples written by this run."""
    advice: str
    """What the operator can do, if nothing could be accepted; else empty."""
    audit: str
    """How far off the beliefs were on the audited share; empty before any of it has its votes."""


async def curate(
    database: Database,
    campaign_id: CampaignId,
    round_id: RoundId,
    *,
    now: float,
    guesser: Guesser | None = None,
    on_progress: OnProgress | None = None,
) -> CurateReport:
    """Turns what votes decide into examples; returns where the round stands. May be called at any time.

    Looks for signals of cheating first, so that they count in what is decided. ``guesser`` is asked without
    the pictures.
    """
    tell = on_progress or _quiet
    tell(0, _STEPS)
    await find_signals(database, campaign_id, now=now)
    await _pass_gates(database, round_id, now=now)
    tell(1, _STEPS)
    await _merge(database, campaign_id, round_id, now=now)
    if guesser is not None:
        await ask_blind(database, round_id, guesser)
    tell(2, _STEPS)
    ruling = await settle_all(database, campaign_id, round_id, now=now)
    tell(3, _STEPS)
    added = await _write_examples(database, round_id)
    tell(4, _STEPS)
    return await _report(database, round_id, added=added, ruling=ruling)


def _quiet(_done: int, _total: int) -> None:
    return


async def _pass_gates(database: Database, round_id: RoundId, *, now: float) -> None:
    """Gives claims that nobody has looked at their category, and stops those that no referee need see."""
    async with database.read() as tx:
        unseen = await queries.unseen_claims(tx, round_id)
    for start in range(0, len(unseen), CHUNK):
        seen = await asyncio.to_thread(look, unseen[start : start + CHUNK])
        async with database.begin() as tx:
            await gates.write(tx, seen, now=now)


async def _merge(database: Database, campaign_id: CampaignId, round_id: RoundId, *, now: float) -> None:
    """Merges claims; one that an example was made of, or that was merged before, stays as it is.

    So does one that is young: its player may still take it back.
    """
    async with database.read() as tx:
        claims = await queries.round_claims(tx, round_id)
        exemplary = await queries.exemplary_claims(tx, campaign_id)
        alike = groups(await gates.looks(tx, campaign_id))
    older = [claim for claim in exemplary if claim.round_id != round_id]
    # An example, or a claim that others were merged with, leads for good.
    leading = {claim.id for claim in exemplary} | {claim.same_as for claim in claims}
    ripe = [one for one in claims if one.created_at <= now - queries.YOUNG_S]
    free = [one for one in ripe if one.same_as is None and one.reason not in _APART]
    found = await asyncio.to_thread(twins, free, known=older, alike=alike)
    async with database.begin() as tx:
        await queries.merge(tx, [twin for twin in found if twin.claim_id not in leading])


async def _write_examples(database: Database, round_id: RoundId) -> int:
    async with database.read() as tx:
        claims = await queries.unwritten_claims(tx, round_id)
        ballots = await queries.unwritten_ballots(tx, round_id)
        origins = await queries.origins(tx, round_id)
    # Without an origin its picture is not in the pool any more: there is nothing to show with the question.
    shown = [claim for claim in claims if claim.id in origins]
    examples = [_example(claim, origins[claim.id], ballots.get(claim.id, ())) for claim in shown]
    for start in range(0, len(examples), CHUNK):
        async with database.begin() as tx:
            await queries.add_examples(tx, examples[start : start + CHUNK])
    return len(examples)


def _example(claim: Claim, origin: Origin, ballots: Sequence[Ballot]) -> Example:
    if claim.category is None or claim.posterior is None:
        raise AssertionError(f"claim {claim.id} was accepted without category or posterior")
    return Example(
        id=example_id(claim.id),
        claim_id=claim.id,
        campaign_id=claim.campaign_id,
        round_id=claim.round_id,
        image_id=claim.image_id,
        question=claim.question,
        answer=claim.correction,
        wrong_answer=claim.model_answer,
        category=claim.category,
        posterior=claim.posterior,
        provenance={
            "player": pseudonym(claim.campaign_id, claim.player_id),
            "e_value": round(origin.e_value, 4),
            "votes": {
                "cast": len(ballots),
                "model_wrong": sum(ballot.model_wrong for ballot in ballots),
                "correction_right": sum(ballot.correction_right for ballot in ballots),
                "unanswerable": sum(ballot.unanswerable for ballot in ballots),
            },
            "model": origin.model_ref,
            **({"answered_by": origin.answered_by} if origin.answered_by else {}),
            "consent": {"licence": origin.consent_licence, "given_at": origin.consent_at},
            "image": {"licence": origin.image_licence, "source": origin.image_source},
            "language": origin.language,
            "asked_by": origin.asked_by,
            "suggested": origin.suggested,
        },
    )


def example_id(claim_id: ClaimId) -> ExampleId:
    """Returns the id of a claim's example: always the same one."""
    return ExampleId(hashlib.sha256(f"example {claim_id}".encode()).hexdigest()[:16])


def pseudonym(campaign_id: CampaignId, player_id: PlayerId) -> str:
    """Returns the name under which a campaign's data know a player; another one in every campaign.

    A player's id has 80 random bits, so nobody finds it by trying; the operator can, to forget a player.
    """
    return hashlib.sha256(f"player {campaign_id} {player_id}".encode()).hexdigest()[:16]


async def _report(database: Database, round_id: RoundId, *, added: int, ruling: Ruling) -> CurateReport:
    async with database.read() as tx:
        tally = await queries.tally(tx, round_id)
        written = await queries.count_examples(tx, round_id)
    claims = tally.by_status.total()
    return CurateReport(
        claims=claims,
        accepted=tally.by_status[ClaimStatus.ACCEPTED],
        rejected=tally.by_status[ClaimStatus.REJECTED],
        disputed=tally.by_status[ClaimStatus.DISPUTED],
        open=tally.by_status[ClaimStatus.OPEN],
        merged=tally.merged,
        votes=tally.votes,
        examples=written,
        added=added,
        advice=_advice(claims, tally.votes, written, note=ruling.note),
        audit=str(ruling.audit),
    )


def _advice(claims: int, votes: int, examples: int, *, note: str) -> str:
    if examples:
        return ""
    if not claims:
        return "No claims yet: players have to catch the model on complex pictures first."
    if not votes:
        return (
            f"{claims} claims wait and nobody has voted. Only trusted players judge claims: let careful "
            "players finish two or three sessions, then ask them to the referee's desk (/referee)."
        )
    if note:
        return note
    return (
        f"{claims} claims have {votes} votes, too few to decide. Ask trusted players to the referee's desk."
    )

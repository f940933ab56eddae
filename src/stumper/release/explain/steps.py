"""How the belief in a claim grew vote by vote, by what is known about its players now (`curate.belief`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Ballot, Belief, Evidence, learned, posterior
from stumper.curate.votes.queries import history
from stumper.records import CampaignId, ClaimId, PlayerId
from stumper.release.explain import queries
from stumper.release.explain.chain import Step
from stumper.release.raw.export import name_of
from stumper.trust.watch.find import jury

_LEAST: Final = 1e-9
"""No probability is closer to 0 or 1 when it is turned into logits."""


async def steps(tx: AsyncConnection, one: Any, claims: Sequence[ClaimId]) -> tuple[Step, ...]:
    """Returns the belief before any vote and after each vote on the claim or one that was merged with it.

    Votes on a settled claim are shown and not counted. The belief is of this claim alone; settling weighs all
    claims of the campaign together, so what is written may differ a little.
    """
    rows = await queries.votes_on(tx, claims)
    campaign_id, claimant = CampaignId(one.campaign_id), PlayerId(one.player_id)
    voters = {PlayerId(row.player_id) for row in rows}
    known = await history(tx, {claimant, *voters}, claimant=claimant)
    tallies = learned(known.votes, known.claims)
    weights = await jury(tx, campaign_id, players={claimant, *voters})

    def believed(ballots: Sequence[Ballot]) -> Belief:
        evidence = Evidence(ClaimId(one.claim_id), claimant, tuple(ballots))
        return posterior(evidence, controls=known.controls, tallies=tallies, jury=weights)

    cast: list[Ballot] = []
    belief = believed(cast)
    first = "nobody has voted"
    found = [Step(belief=belief, voter=None, says=first, gold=False, weight=1.0, told=0.0, at=one.created_at)]
    for row in rows:
        voter, before = PlayerId(row.player_id), belief
        if not row.gold:
            cast.append(Ballot(voter, row.model_wrong, row.correction_right, row.unanswerable))
            belief = believed(cast)
        found.append(
            Step(
                belief=belief,
                voter=name_of(campaign_id, voter, forgotten=row.forgotten_at is not None),
                says=_says(row),
                gold=row.gold,
                weight=weights.shares(claimant, [voter])[0],
                told=_logit(belief.good) - _logit(before.good),
                at=row.voted_at,
            )
        )
    return tuple(found)


def _says(row: Any) -> str:
    if row.unanswerable:
        return f"cannot be answered ({row.flag})" if row.flag else "cannot be answered"
    if not row.model_wrong:
        return "the model was right"
    if row.correction_right:
        return "the model was wrong, the correction is right"
    better = f", better: {row.better}" if row.better else ""
    return f"the model was wrong, and so is the correction{better}"


def _logit(p: float) -> float:
    p = min(max(p, _LEAST), 1.0 - _LEAST)
    return math.log(p / (1.0 - p))

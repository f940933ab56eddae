"""What a simulated crowd left behind in a round, and how true it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from stumper.app import App
from stumper.evaluate.insight import Insight, insight, load_played
from stumper.records import Campaign, Round
from stumper.simulate import queries
from stumper.simulate.quality import Quality, TypeStanding, measure, really_wrong, standings
from stumper.simulate.world import truth_book


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """One round."""

    counts: dict[str, int]
    quality: Quality
    standings: list[TypeStanding]
    insight: Insight
    wrong: float
    """Share of the answers judged off control that were really wrong; nan of none."""


async def collect(app: App, campaign: Campaign, rounds: Sequence[Round], *, seed: int) -> Collected:
    """Returns what was collected in the last of the rounds; those before it are in its book of truths."""
    current = rounds[-1]
    truths = truth_book(app.settings.data, [one.id for one in rounds])
    async with app.database.read() as tx:
        played = await load_played(tx, campaign, [current], truths=lambda _: truths.holds)
    told = await asyncio.to_thread(insight, played, seed=seed)
    async with app.database.read() as tx:
        return Collected(
            insight=told,
            counts=await queries.round_counts(tx, round_id=current.id),
            quality=measure(await queries.claim_fates(tx, round_id=current.id), truths),
            standings=standings(await queries.standing(tx), trust_e=campaign.rules.trust_e),
            wrong=really_wrong(await queries.judged_targets(tx, round_id=current.id), truths),
        )

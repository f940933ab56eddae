"""The rounds of all campaigns with what came of each: who played, why, and how its tuned model was judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stumper import campaigns
from stumper.app import App
from stumper.evaluate.closing import Figures
from stumper.evaluate.gate import Gate
from stumper.records import Decision, Round
from stumper.rounds import queries
from stumper.rounds.queries import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the model that a round was closed with was judged."""

    tuned_ref: str
    verdict: str
    """'passed the gate', 'refused by the gate', 'waits for approval', 'approved' or 'refused by a person'."""
    gain: float
    lost: tuple[tuple[str, float], ...]
    """Categories of what it knew in which it lost more than the gate allows, with the loss, 0..1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One round of a campaign."""

    campaign: str
    round: Round
    ending: Ending | None
    """None while it is open, and where it was closed for another opponent."""

    def to_json(self) -> dict[str, Any]:
        """Returns plain values."""
        end = self.ending
        return {
            "campaign": self.campaign,
            "round": self.round.number,
            "opponent": self.round.model_ref,
            "status": self.round.status.value,
            "reason": self.round.reason,
            "tuned": end and end.tuned_ref,
            "verdict": end and end.verdict,
            "gain": end and end.gain,
            "lost": dict(end.lost) if end else {},
        }


async def lineage(app: App) -> list[Chapter]:
    """Returns every round, by campaign and number."""
    async with app.database.read() as tx:
        rounds = await campaigns.list_rounds(tx)
        ends = await queries.candidates_by_round(tx)
    return [
        Chapter(campaign=name, round=one, ending=_ending(ends[one.id]) if one.id in ends else None)
        for name, one in rounds
    ]


def _ending(one: Candidate) -> Ending:
    figures = Figures.from_json(one.figures)
    verdict = {
        Decision.WAITING: "waits for approval",
        Decision.REFUSED: "refused by a person",
        Decision.APPROVED: "approved",
        None: "passed the gate" if one.plays else "refused by the gate",
    }[one.decision]
    return Ending(
        tuned_ref=one.tuned_ref, verdict=verdict, gain=figures.gain, lost=tuple(Gate().lost(figures))
    )

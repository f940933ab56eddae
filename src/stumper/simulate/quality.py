"""What only a simulation can know: how much of the data is true, and what each type of player earned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from stumper.simulate.queries import ClaimFate
from stumper.simulate.world import TruthBook


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision and recall of the accepted claims, 0..1; nan where there is nothing to divide by."""

    precision: float
    recall: float
    good: int
    accepted: int


@dataclass(frozen=True, slots=True)
class TypeStanding:
    """One type of player at the end of a simulation."""

    name: str
    players: int
    trusted: int
    points: float
    """Mean of the ledger a player."""
    payable: float
    """Mean of the points that count for prizes: those of trusted players, never below zero."""


def measure(fates: list[ClaimFate], truths: TruthBook) -> Quality:
    """Compares decisions with the truth; good = the model was wrong and the correction is right.

    What models that play asked is left out: nobody knows the truth of it.
    """
    good = accepted = both = 0
    for fate in fates:
        if not truths.knows(fate.image_id, fate.question):
            continue
        truth = truths.find(fate.image_id, fate.question)
        is_good = truth.holds(fate.correction) and not truth.holds(fate.model_answer)
        good += is_good
        accepted += fate.accepted
        both += is_good and fate.accepted
    return Quality(
        precision=both / accepted if accepted else float("nan"),
        recall=both / good if good else float("nan"),
        good=good,
        accepted=accepted,
    )


def really_wrong(judged: Sequence[tuple[str, str, str]], truths: TruthBook) -> float:
    """Returns the share of answers that were wrong, of (image, question, answer); nan of none."""
    wrong = sum(not truths.find(image_id, question).holds(answer) for image_id, question, answer in judged)
    return wrong / len(judged) if judged else float("nan")


def standings(rows: list[tuple[str, float, int]], *, trust_e: float) -> list[TypeStanding]:
    """Sums (nickname, E-value, points) rows up by type; a nickname is type and number."""
    groups: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for nickname, e_value, points in rows:
        groups[nickname.rsplit("-", 1)[0]].append((e_value, points))
    return [
        TypeStanding(
            name=name,
            players=len(group),
            trusted=sum(e >= trust_e for e, _ in group),
            points=sum(points for _, points in group) / len(group),
            payable=sum(max(points, 0) for e, points in group if e >= trust_e) / len(group),
        )
        for name, group in sorted(groups.items())
    ]

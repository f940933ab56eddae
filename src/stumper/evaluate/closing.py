"""The examination that closes a round: what stumped the model, what it knew, and what it never knew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stumper.errors import BadRelease
from stumper.evaluate.consistency import Consistency, cases, consistency
from stumper.evaluate.items import known_items, release_items, withheld_items
from stumper.evaluate.metrics import Interval
from stumper.evaluate.panel import PanelScores, Unheard
from stumper.evaluate.run import Comparison, Figure, Item, compare
from stumper.release.manifest import read_manifest
from stumper.vlm.base import Model

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of a closed round; `details` holds each set by category and gap, as plain values."""

    score_base: float
    score_base_ci: tuple[float, float]
    score_tuned: float
    score_tuned_ci: tuple[float, float]
    score_guess: float
    gain: float
    gain_ci: tuple[float, float]
    known_base: float
    known_tuned: float
    withheld_base: float
    withheld_tuned: float
    withheld_guess: float
    details: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Returns plain values in the shape of the demo's line."""
        return {
            "score": {
                "base": self.score_base,
                "base_ci": [*self.score_base_ci],
                "tuned": self.score_tuned,
                "tuned_ci": [*self.score_tuned_ci],
                "guess": self.score_guess,
                "gain": self.gain,
                "gain_ci": [*self.gain_ci],
            },
            "known": {"base": self.known_base, "tuned": self.known_tuned},
            "withheld": {
                "base": self.withheld_base,
                "tuned": self.withheld_tuned,
                "guess": self.withheld_guess,
            },
            "details": dict(self.details),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Figures:
        """Returns the figures that `to_json` wrote. Raises KeyError if one is missing."""
        score, known, withheld = data["score"], data["known"], data["withheld"]
        return cls(
            score_base=score["base"],
            score_base_ci=_pair(score["base_ci"]),
            score_tuned=score["tuned"],
            score_tuned_ci=_pair(score["tuned_ci"]),
            score_guess=score["guess"],
            gain=score["gain"],
            gain_ci=_pair(score["gain_ci"]),
            known_base=known["base"],
            known_tuned=known["tuned"],
            withheld_base=withheld["base"],
            withheld_tuned=withheld["tuned"],
            withheld_guess=withheld["guess"],
            details=data["details"],
        )


@dataclass(frozen=True, slots=True)
class Examination:
    """Base beside tuned on three sets of questions."""

    score: Comparison
    """The release's test split: questions that stumped the base, on pictures never tuned on."""
    known: Comparison
    """What the shipped model was taught: what tuning must not make it forget."""
    withheld: Comparison
    """What it was never taught, one group a gap."""
    consistency: Consistency | None = None
    """Whether right answers stay right in other words and in the mirror."""
    panel: PanelScores | Unheard | None = None
    """What models that judge say of ``score``; None where none are asked. The gate does not look at it."""

    def figures(self) -> Figures:
        score, known, withheld = self.score.overall, self.known.overall, self.withheld.overall
        return Figures(
            score_base=score.base.mean,
            score_base_ci=_ends(score.base),
            score_tuned=score.tuned.mean,
            score_tuned_ci=_ends(score.tuned),
            score_guess=score.guess,
            gain=score.gain.mean,
            gain_ci=_ends(score.gain),
            known_base=known.base.mean,
            known_tuned=known.tuned.mean,
            withheld_base=withheld.base.mean,
            withheld_tuned=withheld.tuned.mean,
            withheld_guess=withheld.guess,
            details={
                "score": self.score.to_json(),
                "known": self.known.to_json(),
                "withheld": self.withheld.to_json(),
                "consistency": self.consistency and self.consistency.to_json(),
                "panel": self.panel and self.panel.to_json(),
            },
        )


def _quiet(_done: int, _total: int) -> None:
    return


async def examine(
    base: Model,
    tuned: Model,
    release: Path,
    *,
    seed: int,
    cache: Path | None = None,
    on_progress: OnProgress = _quiet,
) -> Figures:
    """Returns the figures of `examine_fully`."""
    found = await examine_fully(base, tuned, release, seed=seed, cache=cache, on_progress=on_progress)
    return found.figures()


async def examine_fully(
    base: Model,
    tuned: Model,
    release: Path,
    *,
    seed: int,
    cache: Path | None = None,
    on_progress: OnProgress = _quiet,
) -> Examination:
    """Asks both models the release's test questions of its own round, Toytown's known and withheld ones, and
    some of them in other words and in the mirror.

    ``cache`` is a folder; a second call with the same models asks nothing again. Raises BadRelease if
    nothing of the test split can be scored, ModelError if a model answers nothing.
    """
    sets = _sets(release, seed)
    varied = cases(sets["score"], seed=seed)
    total = sum(2 * len(items) for items in sets.values()) + 2 * sum(len(case.all) for case in varied)
    before = 0
    found: dict[str, Comparison] = {}
    for name, items in sets.items():
        found[name] = await compare(
            base,
            tuned,
            items,
            seed=seed,
            cache=cache / name if cache else None,
            on_progress=lambda done, _, start=before: on_progress(start + done, total),  # type: ignore[misc]
        )
        before += 2 * len(items)
    if _unscored(found["score"].overall):
        raise BadRelease(
            f"No question of the test split of {release} could be scored. Look at its answers and build it "
            "again."
        )
    steady = await consistency(
        base,
        tuned,
        varied,
        seed=seed,
        cache=cache / "consistency" if cache else None,
        on_progress=lambda done, _: on_progress(before + done, total),
    )
    return Examination(found["score"], found["known"], found["withheld"], steady)


def questions(release: Path, *, seed: int) -> dict[str, list[Item]]:
    """Returns all that `examine_fully` asks each model, by the folder of its cache where answers are kept."""
    sets = _sets(release, seed)
    varied = cases(sets["score"], seed=seed)
    return {**sets, "consistency": [one.item for case in varied for one in case.all]}


def _sets(release: Path, seed: int) -> dict[str, list[Item]]:
    number = read_manifest(release).round
    return {
        "score": release_items(release, round_number=number) or release_items(release),
        "known": known_items(seed=seed),
        "withheld": withheld_items(seed=seed),
    }


def _unscored(figure: Figure) -> bool:
    return figure.gain.n == 0


def _ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def _pair(values: Any) -> tuple[float, float]:
    low, high = values
    return low, high

"""The gate: whether a tuned model may be the next opponent (pure). Nothing is forgotten for a gain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from stumper.evaluate.closing import Figures

LEAST_ITEMS: Final = 30
"""Of a category; below it a loss cannot be told from chance."""


@dataclass(frozen=True, slots=True)
class Gate:
    """When a tuned model may become the next opponent."""

    least_gain: float = 0.0
    """The lower end of the interval of the gain must lie above this."""
    most_forgotten: float = 0.03
    """Of what the model knew before, 0..1."""
    most_lost: float = 0.08
    """In any one category of what it knew, 0..1, where the loss is beyond chance: a model that counts
    better and names nothing any more would hide in the mean."""

    def passes(self, figures: Figures) -> bool:
        forgotten = figures.known_base - figures.known_tuned
        gained = figures.gain_ci[0] > self.least_gain
        return gained and forgotten <= self.most_forgotten and not list(self.lost(figures))

    def lost(self, figures: Figures) -> Iterator[tuple[str, float]]:
        """Yields the categories that lost too much, each with its loss, 0..1.

        An interval of the loss must exclude 0. Figures of older evaluations without categories lose none.
        """
        for one in figures.details.get("known", {}).get("categories", ()):
            gain = one["gain"]
            if one["items"] < LEAST_ITEMS or gain["mean"] is None:
                continue
            if gain["high"] < 0 and -gain["mean"] > self.most_lost:
                yield one["name"], -gain["mean"]

    def verdict(self, figures: Figures, *, waits: bool = False) -> str:
        """Says in one sentence what was decided and why; ``waits``: a person is asked as well."""
        forgotten = figures.known_base - figures.known_tuned
        gained = f"it gained {figures.gain:+.3f} (at least {figures.gain_ci[0]:+.3f})"
        kept = f"lost {max(forgotten, 0.0):.3f} of what it knew (allowed {self.most_forgotten:.3f})"
        passed = "waits for approval" if waits else "plays the next round"
        what = passed if self.passes(figures) else "does not play: the model stays"
        lost = "".join(
            f", {loss:.3f} of {'colour' if name == 'color' else name} (allowed {self.most_lost:.3f})"
            for name, loss in self.lost(figures)
        )
        return f"The tuned model {what}; {gained} and {kept}{lost}."

"""The page of a campaign's rounds: one HTML file, in the look of a round's report; every text is escaped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import Markup

from stumper.evaluate.charts import course, number
from stumper.evaluate.chronicle import Chronicle, Told
from stumper.records import Category
from stumper.release.paper import pages, write_whole

_LEAST: Final = 0.02
"""Share of a round's questions below which a category that was never asked more is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One category over the rounds."""

    name: str
    asked: list[float]
    """Share of a round's questions."""
    per_100: list[float]
    """Claims a hundred questions of this category; nan where none was asked."""
    chart: Markup


def write_chronicle(path: Path, found: Chronicle, *, links: dict[int, str] | None = None) -> Path:
    """Writes the page whole or not at all; returns its path. ``links`` name the reports of rounds."""
    return write_whole(path, render_chronicle(found, links=links))


def render_chronicle(found: Chronicle, *, links: dict[int, str] | None = None) -> str:
    """Returns the page; the same chronicle gives the same text."""
    templates = pages("stumper.evaluate")
    templates.filters["figure"] = number
    templates.filters["tenth"] = tenth
    rates = [one.per_100 for one in found.rounds]
    really = [math.nan if one.wrong is None else 100 * one.wrong for one in found.rounds]
    most = max([rate for rate in (*rates, *really) if math.isfinite(rate)], default=1.0)
    return templates.get_template("chronicle.html").render(
        found=found,
        links=links or {},
        known_truth=any(one.wrong is not None for one in found.rounds),
        rates=course(
            {"claimed": rates, "really": really},
            most=most,
            label="Claims per 100 questions: " + ", ".join(map(tenth, rates)),
            height_px=120,
        ),
        kinds=kinds(found.rounds),
    )


def kinds(rounds: tuple[Told, ...]) -> list[_Kind]:
    """Returns the categories by how much they were asked for in the first round, each with its course."""
    shares = {
        category: [_share(one.asked.get(category, 0), one.questions) for one in rounds]
        for category in Category
    }
    caught = {
        category: [_share(one.claimed.get(category, 0), one.claims) for one in rounds]
        for category in Category
    }
    shown = [one for one in Category if max(shares[one], default=0.0) >= _LEAST]
    most = max((share for one in shown for share in (*shares[one], *caught[one])), default=1.0)
    return [
        _Kind(
            name=str(one),
            asked=shares[one],
            per_100=[_per_100(told, one) for told in rounds],
            chart=course(
                {"asked": shares[one], "caught": caught[one]},
                most=most,
                label=f"{one}: " + ", ".join(f"{share:.0%}" for share in shares[one]) + " of the questions",
            ),
        )
        for one in sorted(shown, key=lambda one: (-shares[one][0], str(one)))
    ]


def tenth(value: float) -> str:
    """Returns one decimal, or a dash for nan."""
    return f"{value:.1f}" if math.isfinite(value) else "–"


def _share(part: int, of: int) -> float:
    return part / of if of else 0.0


def _per_100(told: Told, category: Category) -> float:
    asked = told.asked.get(category, 0)
    return 100 * told.claimed.get(category, 0) / asked if asked else math.nan

"""The operator's page of who comes back: one HTML file, in the look of a round's report."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import Markup

from stumper.evaluate.charts import versus
from stumper.evaluate.retention import PAPER_WEEK, PAPER_WHOLE, Quartiles, Retention, Share
from stumper.release.paper import pages, write_whole

WEEK_NAMES: Final = ("no session", "one session", "two or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One share beside the paper's; ``paper`` is nan where it tells none."""

    name: str
    share: Share
    paper: float = math.nan

    @property
    def chart(self) -> Markup:
        return versus(self.share.value, self.paper, label=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What the figures are of."""

    campaign: str
    since: str
    """A date, or empty for all time."""
    until: str
    simulated: bool


def week_lines(found: Retention) -> list[Line]:
    return [
        Line(name=name, share=share, paper=paper)
        for name, share, paper in zip(WEEK_NAMES, found.week, PAPER_WEEK, strict=True)
    ]


def depth_lines(found: Retention) -> list[Line]:
    """One line a picture; the paper tells of the last only."""
    last = len(found.depth)
    return [
        Line(name=f"picture {k}", share=share, paper=PAPER_WHOLE if k == last else math.nan)
        for k, share in enumerate(found.depth, start=1)
    ]


def return_lines(found: Retention) -> list[Line]:
    return [Line(name="the day after", share=found.day_1), Line(name="a week after", share=found.day_7)]


def motive_lines(found: Retention) -> list[Line]:
    return [
        Line(name="sessions in the hour after a notice", share=found.after_notice),
        Line(name="in the hour before one, to compare", share=found.before_notice),
        Line(name="players who judge as referees", share=found.referees),
        Line(name="players in a team", share=found.teams),
        Line(name="quick sessions played to the end", share=found.quick),
    ]


def streak_lines(found: Retention) -> list[Line]:
    return [Line(name=name, share=share) for name, share in found.streaks]


def render_retention(found: Retention, heading: Heading) -> str:
    """Returns the page; the same figures give the same text."""
    templates = pages("stumper.evaluate")
    templates.filters["percent"] = percent
    templates.filters["seconds"] = seconds
    return templates.get_template("retention.html").render(
        found=found,
        heading=heading,
        week=week_lines(found),
        depth=depth_lines(found),
        returns=return_lines(found),
        motives=motive_lines(found),
        streaks=streak_lines(found),
    )


def write_retention(path: Path, found: Retention, heading: Heading) -> Path:
    """Writes the page whole or not at all; returns its path."""
    return write_whole(path, render_retention(found, heading))


def percent(value: float) -> str:
    """Returns per cent with one decimal, or a dash for nan."""
    return f"{100 * value:.1f} %" if math.isfinite(value) else "–"


def seconds(quartiles: Quartiles) -> str:
    """Returns median and quartiles in seconds, or a dash of nothing."""
    if not quartiles.n:
        return "–"
    return f"{quartiles.median:.0f} s (half between {quartiles.low:.0f} and {quartiles.high:.0f} s)"

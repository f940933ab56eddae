"""The whole loop on one machine: a crowd plays, catches become a data set, the model is tuned and scored.

Every stage finds what an earlier run of the same seed has made, so a demo that was killed goes on where it
was and ends with the same release.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import random
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from stumper import __version__, campaigns
from stumper.app import App, build
from stumper.config import Settings
from stumper.errors import Conflict
from stumper.evaluate.closing import Examination
from stumper.evaluate.insight import Insight, insight, load_played
from stumper.evaluate.report import Loop, ReportData, write_report
from stumper.front.console import StageDisplay
from stumper.images.toytown import add_toytown
from stumper.images.verify import verify, verify_complex
from stumper.records import Campaign, Round, RoundStatus
from stumper.release import queries as release_queries
from stumper.release.manifest import read_manifest
from stumper.rounds import CLOSING_PLAN, Closing, OnProgress, close_round
from stumper.simulate import queries as simulation_queries
from stumper.simulate import simulate
from stumper.simulate.quality import Quality, TypeStanding, measure, standings
from stumper.simulate.world import TruthBook

# Seconds of each stage on two cores without a GPU; only the time left is reckoned from them.
_PLAN = {
    "draw pictures": 33.0,
    "verify controls": 17.0,
    "sessions": 165.0,
    "votes": 175.0,
    **CLOSING_PLAN,
    "report": 8.0,
}
_LEAST_PICTURES, _MOST_PICTURES = 120, 1200
"""Five sessions show one player 25 easy and 25 busy pictures; more of them make a broader data set."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What the simulated crowd left behind, and how true it is."""

    counts: dict[str, int]
    quality: Quality
    standings: list[TypeStanding]
    insight: Insight


def run_demo(settings: Settings, *, players: int, mix: str, seed: int, console: Console) -> dict[str, Any]:
    """Runs or resumes the demo and returns the figures of its JSON line."""
    return asyncio.run(_demo(settings, players=players, mix=mix, seed=seed, console=console))


async def _demo(settings: Settings, *, players: int, mix: str, seed: int, console: Console) -> dict[str, Any]:
    watch = _Watch(settings.data / "seconds")
    _keep_choice(settings.data / "demo.json", {"players": players, "mix": mix, "seed": seed})
    async with build(settings) as app:
        campaign, first = await _first_round(app, seed)
        with StageDisplay(_PLAN, console=console) as display:
            if first.status is RoundStatus.OPEN:
                await _pictures(app, campaign, first, players, seed, display.tell)
                await _crowd(app, campaign, first, players, mix, seed, display.tell)
                watch.keep()
            result = await close_round(app, campaign, first, seed=seed, on_progress=display.tell)
            display.tell("report", 0, 1)
            collected = await _collected(app, campaign, first, seed)
            examined = await _examined(app, campaign, first, result, seed)
            minutes = watch.keep() / 60
            report = settings.data / "report.html"
            write_report(report, _report_data(collected, examined, result, seed, minutes))
    return _line(collected, result["figures"], minutes, report)


class _Watch:
    """Seconds of work over all starts of a demo, so that a resumed one tells the whole time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = float(path.read_text()) if path.exists() else 0.0
        self._began = time.monotonic()

    def keep(self) -> float:
        seconds = self._before + time.monotonic() - self._began
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(f"{seconds:.1f}")
        return seconds


def _keep_choice(path: Path, choice: dict[str, Any]) -> None:
    """A folder holds one demo: going on with another crowd would mix two data sets."""
    if path.exists() and json.loads(path.read_text()) != choice:
        raise Conflict(
            f"{path.parent} holds a demo of {path.read_text().strip()}. "
            "Use the same options, or another --dir or --seed."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(choice) + "\n")


async def _first_round(app: App, seed: int) -> tuple[Campaign, Round]:
    """The campaign and its first round, which the demo plays and closes."""
    async with app.database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx,
            name=app.settings.campaign,
            model_ref=app.settings.model,
            now=app.clock(),
            rng=random.Random(f"demo {seed}"),
            rules=replace(campaigns.rules_of(app.settings.campaign), split_seed=seed),
        )
        numbered = {r.number: r for name, r in await campaigns.list_rounds(tx) if name == campaign.name}
    return campaign, numbered[1]


async def _pictures(
    app: App, campaign: Campaign, current: Round, players: int, seed: int, tell: OnProgress
) -> None:
    """Draws the pool and lets the model show which easy pictures it knows."""
    tell("draw pictures", 0, 1)
    await add_toytown(
        app.database,
        app.files,
        campaign_id=campaign.id,
        n=min(max(_LEAST_PICTURES, 6 * players), _MOST_PICTURES),
        seed=seed,
        now=app.clock(),
        on_progress=lambda done, total: tell("draw pictures", done, total),
    )
    model = await app.open_model(current.model_ref)
    await verify(
        app.database,
        app.files,
        model,
        campaign_id=campaign.id,
        on_progress=lambda done, total: tell("verify controls", done, total),
    )
    await verify_complex(app.database, app.files, model, campaign_id=campaign.id)


async def _crowd(
    app: App, campaign: Campaign, current: Round, players: int, mix: str, seed: int, tell: OnProgress
) -> None:
    await simulate(
        app,
        campaign=campaign.name,
        campaign_id=campaign.id,
        round_id=current.id,
        players=players,
        mix=mix,
        seed=seed,
        on_progress=tell,
    )


async def _collected(app: App, campaign: Campaign, current: Round, seed: int) -> Collected:
    truths = TruthBook(app.settings.data / "simulation" / f"truth-{current.id}.jsonl")
    async with app.database.read() as tx:
        played = await load_played(tx, campaign, [current])
    told = await asyncio.to_thread(insight, played, seed=seed)
    async with app.database.read() as tx:
        return Collected(
            insight=told,
            counts=await simulation_queries.round_counts(tx, round_id=current.id),
            quality=measure(await simulation_queries.claim_fates(tx, round_id=current.id), truths),
            standings=standings(await simulation_queries.standing(tx), trust_e=100.0),
        )


async def _examined(
    app: App, campaign: Campaign, current: Round, result: dict[str, Any], seed: int
) -> Examination:
    """The examination again, from the answers kept at the closing: no model is asked."""
    async with app.database.read() as tx:
        release = await release_queries.get(tx, result["release"])
    return await Closing(app, campaign, current, seed=seed).evaluate(release, result["tuned"])


def _report_data(
    collected: Collected, examined: Examination, result: dict[str, Any], seed: int, minutes: float
) -> ReportData:
    counts, quality = collected.counts, collected.quality
    return ReportData(
        title="toytown, round 1",
        examination=examined,
        passed=result["passed"],
        verdict=result["verdict"],
        manifest=read_manifest(Path(result["path"])),
        seed=seed,
        loop=Loop(
            sessions=counts["sessions"],
            exchanges=counts["exchanges"],
            claims=counts["claims"],
            examples=counts["examples"],
            precision=quality.precision,
            recall=quality.recall,
        ),
        standings=collected.standings,
        insight=collected.insight,
        facts=(
            ("Seed", str(seed)),
            ("Time", f"{minutes:.1f} minutes"),
            ("Stumper", __version__),
            ("Python", platform.python_version()),
            ("Machine", f"{os.cpu_count()} processors, {platform.machine()}, no GPU used"),
        ),
    )


def _line(collected: Collected, figures: dict[str, Any], minutes: float, report: Path) -> dict[str, Any]:
    """The demo's one line."""
    counts, quality = collected.counts, collected.quality
    return {
        "sessions": counts["sessions"],
        "exchanges": counts["exchanges"],
        "claims": counts["claims"],
        "examples": counts["examples"],
        "precision": round(quality.precision, 4),
        "recall": round(quality.recall, 4),
        "withheld": figures["withheld"],
        "known": figures["known"],
        "score": figures["score"],
        "minutes": round(minutes, 2),
        "report": str(report),
    }

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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from stumper import __version__, campaigns
from stumper.app import App, build
from stumper.config import Settings
from stumper.errors import Conflict
from stumper.evaluate.chronicle import Chronicle
from stumper.evaluate.chronicle_page import write_chronicle
from stumper.evaluate.closing import Examination
from stumper.evaluate.curve import curve_of
from stumper.evaluate.report import Loop, ReportData, write_report
from stumper.front.console import StageDisplay
from stumper.images.toytown import add_toytown
from stumper.images.verify import verify, verify_complex
from stumper.records import Campaign, Round, RoundStatus
from stumper.release import queries as release_queries
from stumper.release.manifest import read_manifest
from stumper.rounds import CLOSING_PLAN, Closing, OnProgress, chronicle, close_round
from stumper.simulate import simulate
from stumper.simulate.collected import Collected, collect

# Seconds of each stage on two cores without a GPU; only the time left is reckoned from them.
_PLAN = {
    "draw pictures": 33.0,
    "verify controls": 17.0,
    "sessions": 165.0,
    "votes": 175.0,
    **CLOSING_PLAN,
    "report": 8.0,
}
_SIDE_BY_SIDE = {"compare": 60.0}
_LEAST_PICTURES, _MOST_PICTURES = 120, 1200
"""Five sessions show one player 25 easy and 25 busy pictures; more of them make a broader data set."""


def run_demo(
    settings: Settings, *, players: int, mix: str, seed: int, console: Console, rounds: int = 1
) -> list[dict[str, Any]]:
    """Runs or resumes the demo and returns the figures of its JSON lines, one a round."""
    choice = {"players": players, "mix": mix, "seed": seed}
    _keep_choice(settings.data / "demo.json", choice)
    return asyncio.run(_demo(settings, rounds=rounds, console=console, players=players, mix=mix, seed=seed))


async def _demo(
    settings: Settings, *, rounds: int, console: Console, players: int, mix: str, seed: int
) -> list[dict[str, Any]]:
    async with build(settings) as app:
        this = _Demo(
            app=app,
            campaign=await _campaign(app, seed),
            players=players,
            mix=mix,
            seed=seed,
            watch=_Watch(settings.data / "seconds"),
        )
        ended = []
        for number in range(1, rounds + 1):
            if rounds > 1:
                console.print(f"Round {number} of {rounds}", highlight=False)
            with StageDisplay(_PLAN, console=console) as display:
                ended.append(await this.round(number, display.tell))
        if rounds == 1:
            return [ended[0].line]
        with StageDisplay(_SIDE_BY_SIDE, console=console) as display:
            return await this.side_by_side(ended, display.tell)


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


async def _campaign(app: App, seed: int) -> Campaign:
    """The campaign with its first round."""
    async with app.database.begin() as tx:
        return await campaigns.open_campaign(
            tx,
            name=app.settings.campaign,
            model_ref=app.settings.model,
            now=app.clock(),
            rng=random.Random(f"demo {seed}"),
            rules=replace(campaigns.rules_of(app.settings.campaign), split_seed=seed),
        )


class _Ended(NamedTuple):
    """A round that was closed."""

    line: dict[str, Any]
    wrong: float
    """Share of the answers that were really wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demo:
    """One crowd that plays a campaign round after round."""

    app: App
    campaign: Campaign
    players: int
    mix: str
    seed: int
    watch: _Watch

    async def round(self, number: int, tell: OnProgress) -> _Ended:
        """Plays and closes a round, or finds what was done of it."""
        app, rounds = self.app, await self._rounds(number)
        current = rounds[-1]
        if current.status is RoundStatus.OPEN and not await self._frozen(current):
            await self._pictures(current, tell)
            await simulate(
                app,
                campaign=self.campaign,
                current=current,
                players=self.players,
                mix=self.mix,
                seed=self.seed,
                on_progress=tell,
            )
            self.watch.keep()
        result = await close_round(app, self.campaign, current, seed=self.seed, on_progress=tell)
        tell("report", 0, 1)
        collected = await collect(app, self.campaign, rounds, seed=self.seed)
        examined = await self._examined(current, result)
        minutes = self.watch.keep() / 60
        report = _report_path(app.settings.data, number)
        write_report(report, _report_data(current, collected, examined, result, self.seed, minutes))
        return _Ended(_line(collected, result["figures"], minutes, report), collected.wrong)

    async def side_by_side(self, ended: Sequence[_Ended], tell: OnProgress) -> list[dict[str, Any]]:
        """Writes the page of the rounds; returns their lines with what only all of them together say."""
        data, numbers = self.app.settings.data, range(1, len(ended) + 1)
        found = await chronicle(
            self.app,
            self.campaign,
            seed=self.seed,
            up_to=len(ended),
            wrong=dict(zip(numbers, (one.wrong for one in ended), strict=True)),
            on_progress=tell,
        )
        links = {number: _report_path(data, number).name for number in numbers}
        page = write_chronicle(data / "rounds.html", found, links=links)
        return [{**_beside(found, place), **one.line, "rounds": str(page)} for place, one in enumerate(ended)]

    async def _rounds(self, up_to: int) -> list[Round]:
        async with self.app.database.read() as tx:
            every = [one for name, one in await campaigns.list_rounds(tx) if name == self.campaign.name]
        return [one for one in every if one.number <= up_to]

    async def _frozen(self, current: Round) -> bool:
        async with self.app.database.read() as tx:
            made = await release_queries.all_of(tx, self.campaign.id)
        return any(one.round_id == current.id for one in made)

    async def _pictures(self, current: Round, tell: OnProgress) -> None:
        """Draws as many new pictures a round, and lets its opponent show which easy ones it knows."""
        tell("draw pictures", 0, 1)
        app, campaign_id = self.app, self.campaign.id
        a_round = min(max(_LEAST_PICTURES, 6 * self.players), _MOST_PICTURES)
        await add_toytown(
            app.database,
            app.files,
            campaign_id=campaign_id,
            n=a_round * current.number,
            seed=self.seed,
            now=app.clock(),
            on_progress=lambda done, total: tell("draw pictures", done, total),
        )
        model = await app.open_model(current.model_ref)
        await verify(
            app.database,
            app.files,
            model,
            campaign_id=campaign_id,
            on_progress=lambda done, total: tell("verify controls", done, total),
        )
        await verify_complex(app.database, app.files, model, campaign_id=campaign_id)

    async def _examined(self, current: Round, result: dict[str, Any]) -> Examination:
        """The examination again, from the answers kept at the closing: no model is asked."""
        async with self.app.database.read() as tx:
            release = await release_queries.get(tx, result["release"])
        closing = Closing(self.app, self.campaign, current, seed=self.seed)
        return await closing.evaluate(release, result["tuned"])


def _report_path(data: Path, number: int) -> Path:
    return data / ("report.html" if number == 1 else f"report-{number}.html")


def _report_data(
    current: Round,
    collected: Collected,
    examined: Examination,
    result: dict[str, Any],
    seed: int,
    minutes: float,
) -> ReportData:
    counts, quality = collected.counts, collected.quality
    return ReportData(
        title=f"toytown, round {current.number}",
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
        curve=curve_of(result["tuned"]),
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


def _beside(found: Chronicle, place: int) -> dict[str, Any]:
    """What a line says of a round only where there are several."""
    told = found.to_json()
    one = told["rounds"][place]
    shown = ("round", "opponent", "questions", "claims_per_100", "wrong_per_100", "verdict")
    return {
        **{name: one[name] for name in shown},
        "scores": {model["name"]: model["tests"].get(str(one["round"])) for model in told["models"]},
    }

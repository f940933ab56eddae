"""Closing a round: claims -> release -> tuned model -> evaluation -> gate -> the next round -> lessons.

Each step makes its product once and finds it again, and the whole is a durable job: killed anywhere, it goes
on at the step it was in. No step holds a transaction while it works.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import random
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stumper import __version__, campaigns
from stumper.app import App, build
from stumper.config import Settings
from stumper.curate.panel.panel import Panel
from stumper.curate.pipeline import curate
from stumper.errors import BadSetting, Conflict, StumperError
from stumper.evaluate.closing import Examination, Figures, examine_fully
from stumper.evaluate.gate import Gate
from stumper.evaluate.panel import panel_scores
from stumper.evaluate.report import ReportData, write_report
from stumper.jobs import Jobs
from stumper.progress.impact.lessons import Taught, teach, tell
from stumper.records import Campaign, Release, Round, RoundId, RoundStatus
from stumper.release import queries as release_queries
from stumper.release.freeze import freeze
from stumper.release.manifest import read_manifest
from stumper.release.withdraw.renew import ensure_current, succeed
from stumper.tune import fresh_pairs
from stumper.vlm.base import open_model
from stumper.vlm.onnx import SHIPPED

if TYPE_CHECKING:
    from stumper.tune import Recipe, TuneResult

OnProgress = Callable[[str, int, int], None]


_REPLAY_PAIRS = 6000
"""Known pairs at hand for replay; tuning draws the share its recipe asks for."""
CLOSING_PLAN = {"curate": 3.0, "freeze": 3.0, "tune": 200.0, "evaluate": 45.0, "lessons": 12.0}
"""Seconds of each step on two cores; only the time left is reckoned from them."""


def _quiet(_stage: str, _done: int, _total: int) -> None:
    return


class Closing:
    """One round being closed; each method makes one product or finds it."""

    def __init__(
        self,
        app: App,
        campaign: Campaign,
        current: Round,
        *,
        seed: int,
        on_progress: OnProgress = _quiet,
        gate: Gate | None = None,
    ) -> None:
        self._app = app
        self._campaign = campaign
        self._round = current
        self._seed = seed
        self._tell = on_progress
        self._gate = gate or Gate()

    async def curate(self) -> dict[str, Any]:
        """Settles what votes decide and turns accepted claims into examples."""
        self._tell("curate", 0, 1)
        async with self._app.guesser() as guesser:
            report = await curate(
                self._app.database,
                self._campaign.id,
                self._round.id,
                now=self._app.clock(),
                guesser=guesser,
                on_progress=lambda done, total: self._tell("curate", done, total),
            )
        return asdict(report)

    async def freeze(self, *, split_seed: int | None = None) -> Release:
        """Freezes the campaign's examples up to this round; without a seed by the campaign's own."""
        self._tell("freeze", 0, 1)
        made = await freeze(
            self._app.database,
            self._app.files,
            campaign_id=self._campaign.id,
            round_id=self._round.id,
            out=self._app.settings.data / "releases",
            seed=self._campaign.rules.split_seed if split_seed is None else split_seed,
            now=self._app.clock(),
        )
        return await succeed(self._app.database, made)

    async def tune(self, release: Release, *, withdrawn: bool = False) -> str:
        """Tunes the round's model on the release; returns the reference of the tuned one.

        Raises Conflict for a release that was withdrawn since it was frozen, unless ``withdrawn``.
        """
        if not withdrawn:
            await ensure_current(self._app.database, release.id)
        self._tell("tune", 0, 1)
        name = f"{self._campaign.name}-round-{self._round.number + 1}-{release.digest[:8]}-{self._seed}"
        target = (self._app.settings.data / "models" / name).resolve()
        tuned = await asyncio.to_thread(
            tune_on,
            Path(release.path),
            base_ref=self._round.model_ref,
            target=target,
            seed=self._seed,
            on_progress=lambda done, total: self._tell("tune", done, total),
        )
        async with self._app.database.begin() as tx:
            await campaigns.record_tuning(
                tx,
                release_id=release.id,
                base_ref=self._round.model_ref,
                tuned_ref=tuned.ref,
                recipe=asdict(tuned.recipe),
                seed=self._seed,
                figures=tuned.figures(),
                now=self._app.clock(),
            )
        return tuned.ref

    async def evaluate(self, release: Release, tuned_ref: str) -> Examination:
        """Scores base and tuned on the release's test split and on what the model knew before.

        Answers are kept in a folder, so that asking again (for the report) asks no model.
        """
        self._tell("evaluate", 0, 1)
        base = await self._app.open_model(self._round.model_ref)
        tuned = await self._app.open_model(tuned_ref)
        return await examine_fully(
            base,
            tuned,
            Path(release.path),
            seed=self._seed,
            cache=self._app.settings.data / "evaluations" / f"{release.digest[:16]}-{self._seed}",
            on_progress=lambda done, total: self._tell("evaluate", done, total),
        )

    async def decide(self, release: Release, tuned_ref: str, figures: Figures) -> bool:
        """Closes the round and opens the next: with the tuned model if it passes the gate, else as before.

        Written in one transaction, so that a campaign is never left without a round.
        """
        passed = self._gate.passes(figures)
        async with self._app.database.begin() as tx:
            current = await campaigns.find_round(tx, self._round.id)
            if current.status is RoundStatus.CLOSED:
                return passed
            now = self._app.clock()
            await campaigns.record_evaluation(
                tx,
                release_id=release.id,
                base_ref=current.model_ref,
                tuned_ref=tuned_ref,
                figures=figures.to_json(),
                passed=passed,
                now=now,
            )
            await campaigns.set_status(tx, current.id, RoundStatus.CLOSED, now=now)
            rng = random.Random(f"next round {current.id} {self._seed}")
            await campaigns.open_round(
                tx,
                campaign_id=self._campaign.id,
                model_ref=tuned_ref if passed else current.model_ref,
                now=now,
                rng=rng,
            )
        return passed

    async def lessons(self, release: Release, tuned_ref: str, *, passed: bool) -> Taught:
        """Asks the tuned model what players caught, and tells them what it learned, if it plays now.

        Comes after `decide`, so players of the next round wait for none of it.
        """
        self._tell("lessons", 0, 1)
        evaluation_id = campaigns.comparison_id(release.id, self._round.model_ref, tuned_ref)
        taught = await teach(
            self._app.database,
            self._app.files,
            await self._app.open_model(tuned_ref),
            campaign_id=self._campaign.id,
            round_id=self._round.id,
            evaluation_id=evaluation_id,
            release=Path(release.path),
            on_progress=lambda done, total: self._tell("lessons", done, total),
        )
        if passed:
            await tell(
                self._app.database,
                evaluation_id=evaluation_id,
                round_number=self._round.number,
                now=self._app.clock(),
                rng=random.SystemRandom(),
            )
        return taught


async def close_round(
    app: App,
    campaign: Campaign,
    current: Round,
    *,
    seed: int,
    withdrawn: bool = False,
    on_progress: OnProgress = _quiet,
) -> dict[str, Any]:
    """Runs the closing of a round as a durable job, or goes on with it; returns its figures.

    Raises Conflict if the round is closed already, or its release was withdrawn before it was tuned on
    (another seed collects anew; ``withdrawn`` goes on), BadRelease with too few examples, and what tuning
    raises.
    """
    jobs = Jobs(app.settings.jobs_url)
    workflow = _register(jobs, app, on_progress, withdrawn=withdrawn)
    workflow_id = f"close-{current.id}-{seed}"
    async with jobs:
        if current.status is RoundStatus.CLOSED and not await jobs.finished(workflow_id):
            raise Conflict(f"Round {current.number} of {campaign.name!r} is closed already.")
        result: dict[str, Any] = await jobs.run(
            workflow, campaign.name, current.id, seed, workflow_id=workflow_id
        )
        return result


class Tuned(NamedTuple):
    """A tuned model and how it came to be."""

    ref: str
    recipe: Recipe
    result: TuneResult

    def figures(self) -> dict[str, Any]:
        """What is kept beside release, recipe and seed: the run's numbers, the code and the machine."""
        run = {name: value for name, value in asdict(self.result).items() if name != "folder"}
        return {**run, "stumper": __version__, "machine": _machine()}


def _machine() -> str:
    import torch

    processors = f"{os.cpu_count()} processors, {platform.machine()}"
    return f"{torch.cuda.get_device_name()}, {processors}" if torch.cuda.is_available() else processors


def tune_on(
    release: Path,
    *,
    base_ref: str,
    target: Path,
    seed: int,
    recipe: Recipe | None = None,
    batch: int | None = None,
    remote_code: bool = False,
    say: Callable[[str], None] = lambda _: None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Tuned:
    """Tunes ``base_ref`` on a release, exports the result, and returns it; found if made before.

    Without a ``recipe`` the one that fits the checkpoint is taken. ``batch`` pairs are looked at at once; an
    update stays as large. ``say`` hears what will be done and the memory it needs. Raises BadSetting for a
    model that has no checkpoint on this machine, or without the extra ``train``.
    """
    scheme, _, rest = base_ref.partition(":")
    if scheme not in {"onnx", "hf"}:
        raise BadSetting(
            f"{base_ref} cannot be tuned: only its answers are here. Give the checkpoint: --base hf:DIR"
        )
    base = Path(rest) if rest else SHIPPED
    is_tiny = scheme == "onnx"
    fresh_pairs(release)  # what is wrong with it is said before anything is loaded
    try:
        from stumper.toytown.export import export
        from stumper.toytown.replay import write_replay
        from stumper.tune import plan, recipe_for, tune

        replay = (
            write_replay(target.parent / f"replay-{seed}", pairs=_REPLAY_PAIRS, seed=seed)
            if is_tiny
            else None
        )
        recipe = (recipe or recipe_for(base)).with_batch(batch)
        say(plan(base, recipe, remote_code=remote_code))
        result = tune(
            base,
            release,
            target,
            recipe=recipe,
            seed=seed,
            replay=replay,
            remote_code=remote_code,
            on_progress=on_progress,
        )
        if is_tiny and not (target / "onnx").is_dir():
            export(target, target)
    except ModuleNotFoundError as error:
        raise BadSetting(f"Tuning needs {error.name}: pip install 'stumper[train]'") from error
    return Tuned(f"{scheme}:{target}", recipe, result)


async def evaluate_on(
    release: Path,
    *,
    base_ref: str,
    tuned_ref: str,
    report: Path,
    seed: int,
    secrets: dict[str, str],
    panel: Panel | None = None,
) -> dict[str, Any]:
    """Scores two models on a release's test split, writes the report and returns the figures.

    A ``panel`` is asked about the same answers; its figures stand beside those of the rules, which decide.
    """
    base, tuned = await open_model(base_ref, secrets=secrets), await open_model(tuned_ref, secrets=secrets)
    try:
        found = await examine_fully(base, tuned, release, seed=seed)
        told = await panel_scores(panel, found.score.outcomes, seed=seed) if panel else None
    finally:
        await base.close()
        await tuned.close()
    figures, gate = found.figures(), Gate()
    manifest = read_manifest(release)
    data = ReportData(
        title=f"{manifest.campaign}, round {manifest.round}",
        examination=found,
        passed=gate.passes(figures),
        verdict=gate.verdict(figures),
        manifest=manifest,
        seed=seed,
        facts=[("judged by a panel", str(told))] if told else (),
    )
    write_report(report, data)
    return {**figures.to_json(), **({"panel": told.to_json()} if told else {})}


async def run_worker(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Goes on with long jobs that were killed, until it is stopped."""
    async with build(settings) as app:
        jobs = Jobs(settings.jobs_url)
        _register(jobs, app, _quiet)
        async with jobs:
            say("Working. Stop with Ctrl+C; what is unfinished goes on at the next start.")
            await asyncio.Event().wait()


def _register(
    jobs: Jobs, app: App, on_progress: OnProgress, *, withdrawn: bool = False
) -> Callable[..., Any]:
    """The closing as a workflow of steps; arguments and results are small and plain."""

    async def closing(name: str, round_id: str, seed: int) -> Closing:
        async with app.database.read() as tx:
            campaign = await campaigns.find_campaign(tx, name)
            current = await campaigns.find_round(tx, RoundId(round_id))
        return Closing(app, campaign, current, seed=seed, on_progress=on_progress)

    async def release_of(release_id: str) -> Release:
        async with app.database.read() as tx:
            return await release_queries.get(tx, release_id)

    async def mark(round_id: str, status: RoundStatus) -> None:
        async with app.database.begin() as tx:
            await campaigns.set_status(tx, RoundId(round_id), status, now=app.clock())

    @jobs.step("collect")
    async def collect(name: str, round_id: str, seed: int) -> dict[str, Any]:
        """Curates and freezes while nobody plays or votes; refused, the round goes on.

        One step, so that a closing tried again closes the round again and curates what came between.
        """
        await mark(round_id, RoundStatus.CLOSING)
        try:
            this = await closing(name, round_id, seed)
            curated, made = await this.curate(), await this.freeze()
        except StumperError:
            await mark(round_id, RoundStatus.OPEN)
            raise
        told = read_manifest(Path(made.path)).told()
        return {"curated": curated, "release": made.id, "path": made.path, "told": told}

    @jobs.step("tune")
    async def tune_model(name: str, round_id: str, seed: int, release_id: str) -> str:
        this = await closing(name, round_id, seed)
        return await this.tune(await release_of(release_id), withdrawn=withdrawn)

    @jobs.step("evaluate")
    async def evaluate_both(name: str, round_id: str, seed: int, release_id: str, tuned: str) -> str:
        found = await (await closing(name, round_id, seed)).evaluate(await release_of(release_id), tuned)
        return json.dumps(found.figures().to_json())

    @jobs.step("decide")
    async def decide(name: str, round_id: str, seed: int, release_id: str, tuned: str, figures: str) -> bool:
        found = Figures.from_json(json.loads(figures))
        return await (await closing(name, round_id, seed)).decide(await release_of(release_id), tuned, found)

    @jobs.step("lessons")
    async def lessons(name: str, round_id: str, seed: int, release_id: str, tuned: str, passed: bool) -> str:
        this = await closing(name, round_id, seed)
        return json.dumps(asdict(await this.lessons(await release_of(release_id), tuned, passed=passed)))

    @jobs.workflow("close round")
    async def close(name: str, round_id: str, seed: int) -> dict[str, Any]:
        collected = await collect(name, round_id, seed)
        release_id = collected["release"]
        tuned = await tune_model(name, round_id, seed, release_id)
        figures = await evaluate_both(name, round_id, seed, release_id, tuned)
        passed = await decide(name, round_id, seed, release_id, tuned, figures)
        taught = await lessons(name, round_id, seed, release_id, tuned, passed)
        return {
            **collected,
            "tuned": tuned,
            "passed": passed,
            "verdict": Gate().verdict(Figures.from_json(json.loads(figures))),
            "figures": json.loads(figures),
            "lessons": json.loads(taught),
        }

    return close

"""Closing a round as a durable job: killed anywhere, it goes on at the step it was in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stumper import campaigns
from stumper.app import App, build
from stumper.checks import start
from stumper.config import Settings
from stumper.errors import Conflict
from stumper.evaluate.closing import Figures
from stumper.evaluate.gate import Gate
from stumper.jobs import Jobs
from stumper.monitoring.watch import telling, watching
from stumper.records import Campaign, Release, Round, RoundId, RoundStatus
from stumper.release import queries as release_queries
from stumper.release.manifest import read_manifest
from stumper.rounds import queries
from stumper.rounds.closing import Closing, OnProgress, quiet
from stumper.shards.on_dbos import QUEUE, ShardWorker
from stumper.stopping import until_stopped

CLOSING_PLAN = {"curate": 3.0, "freeze": 3.0, "tune": 200.0, "evaluate": 45.0, "lessons": 12.0}
"""Seconds of each step on two cores; only the time left is reckoned from them."""


async def close_round(
    app: App,
    campaign: Campaign,
    current: Round,
    *,
    seed: int,
    withdrawn: bool = False,
    on_progress: OnProgress = quiet,
) -> dict[str, Any]:
    """Runs the closing of a round as a durable job, or goes on with it; returns its figures.

    Raises BadSetting for judges that are no panel, Conflict if the round is closed already, if an earlier
    one's tuned model waits for approval, or if its release was withdrawn before it was tuned on (another seed
    collects anew; ``withdrawn`` goes on), BadRelease with too few examples, and what tuning raises.
    """
    async with app.panel(app.settings.data / "opinions.jsonl"):
        pass  # judges that cannot be a panel are said before hours are spent
    jobs = Jobs(app.settings.jobs_url, worker=app.settings.worker)
    workflow = _register(jobs, app, on_progress, withdrawn=withdrawn)
    workflow_id = f"close-{current.id}-{seed}"
    async with jobs:
        if current.status is RoundStatus.CLOSED and not await jobs.finished(workflow_id):
            raise Conflict(f"Round {current.number} of {campaign.name!r} is closed already.")
        result: dict[str, Any] = await jobs.run(
            workflow, campaign.name, current.id, seed, workflow_id=workflow_id
        )
        return result


async def run_worker(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Goes on with long jobs that this worker began and that were killed, and works shards from the queue,
    until it is stopped. Raises StoreError if the database is away or another worker has this name.
    """
    with watching(settings, service="stumper-worker"), telling(settings.metrics_port):
        await _work(settings, say=say)


async def _work(settings: Settings, *, say: Callable[[str], None]) -> None:
    async with build(settings, role="work") as app:
        jobs = Jobs(settings.jobs_url, worker=settings.worker, queues=[QUEUE])
        _register(jobs, app, quiet)
        shards = ShardWorker(jobs)
        try:
            async with jobs, app.lapsing():
                for line in await start(app, role="work"):
                    say(line)
                say(
                    f"Working as {settings.worker!r}. Stop with Ctrl+C; the next start goes on with the rest."
                )
                await until_stopped()
        finally:
            shards.close()


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

    async def refuse_while_one_waits(name: str) -> None:
        async with app.database.read() as tx:
            one = await queries.waiting(tx, (await campaigns.find_campaign(tx, name)).id)
        if one is not None:
            raise Conflict(
                f"The model tuned in round {one.round_number} of {name!r} waits for a person. First say "
                "stumper round approve, or stumper round refuse."
            )

    @jobs.step("collect")
    async def collect(name: str, round_id: str, seed: int) -> dict[str, Any]:
        """Curates and freezes while no session begins; then, and when it is refused, the round goes on.

        So players wait for seconds, not for the hours of a tuning; what they catch meanwhile is curated with
        the next round. One step, so that a closing tried again closes the round again and curates what came
        between.
        """
        await refuse_while_one_waits(name)
        await mark(round_id, RoundStatus.CLOSING)
        try:
            this = await closing(name, round_id, seed)
            curated, made = await this.curate(), await this.freeze()
        except Exception:
            await mark(round_id, RoundStatus.OPEN)
            raise
        await mark(round_id, RoundStatus.OPEN)
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
        plays = await decide(name, round_id, seed, release_id, tuned, figures)
        taught = await lessons(name, round_id, seed, release_id, tuned, plays)
        gate, found = Gate(), Figures.from_json(json.loads(figures))
        waits = gate.passes(found) and not plays
        return {
            **collected,
            "tuned": tuned,
            "passed": gate.passes(found),
            "waits": waits,
            "verdict": gate.verdict(found, waits=waits),
            "figures": json.loads(figures),
            "lessons": json.loads(taught),
        }

    return close

"""The steps that close a round: each makes its product once and finds it again.

No step holds a transaction while it works.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper import campaigns
from stumper.app import App
from stumper.curate.pipeline import CurateReport, curate
from stumper.evaluate.closing import Examination, Figures, examine_fully
from stumper.evaluate.gate import Gate
from stumper.evaluate.panel import ask_panel
from stumper.progress.impact.lessons import Taught, teach, tell
from stumper.records import Campaign, Decision, Release, Round, RoundId, RoundStatus
from stumper.release.freeze import freeze
from stumper.release.withdraw.renew import ensure_current, succeed
from stumper.rounds import queries
from stumper.rounds.tuning import tune_on
from stumper.store.acts import SELF, note
from stumper.vlm.blind import Guesser

OnProgress = Callable[[str, int, int], None]


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Tells nobody."""


class Closing:
    """One round being closed; each method makes one product or finds it."""

    def __init__(
        self,
        app: App,
        campaign: Campaign,
        current: Round,
        *,
        seed: int,
        on_progress: OnProgress = quiet,
        gate: Gate | None = None,
    ) -> None:
        self._app = app
        self._campaign = campaign
        self._round = current
        self._seed = seed
        self._tell = on_progress
        self._gate = gate or Gate()

    async def curate(self) -> dict[str, Any]:
        """Settles what votes decide and turns accepted claims into examples.

        Also of earlier rounds, what came after they were closed: ``late`` counts these examples.
        """
        self._tell("curate", 0, 1)
        async with self._app.database.read() as tx:
            earlier = await queries.unfinished(tx, self._campaign.id, before=self._round.number)
        async with self._app.guesser() as guesser:
            late = [(await self._curate(round_id, guesser)).added for round_id in earlier]
            report = await self._curate(
                self._round.id, guesser, lambda done, total: self._tell("curate", done, total)
            )
        return {**asdict(report), "late": sum(late)}

    async def _curate(
        self,
        round_id: RoundId,
        guesser: Guesser | None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> CurateReport:
        return await curate(
            self._app.database,
            self._campaign.id,
            round_id,
            now=self._app.clock(),
            guesser=guesser,
            on_progress=on_progress,
        )

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
        """Tunes on the release the model that the campaign began with, so that nothing drifts from round to
        round (decision 29); returns the reference of the tuned one.

        Raises Conflict for a release that was withdrawn since it was frozen, unless ``withdrawn``.
        """
        if not withdrawn:
            await ensure_current(self._app.database, release.id)
        self._tell("tune", 0, 1)
        name = f"{self._campaign.name}-round-{self._round.number + 1}-{release.digest[:8]}-{self._seed}"
        target = (self._app.settings.data / "models" / name).resolve()
        async with self._app.database.read() as tx:
            base_ref = await queries.origin(tx, self._round.model_ref)
        tuned = await asyncio.to_thread(
            tune_on,
            Path(release.path),
            base_ref=base_ref,
            target=target,
            seed=self._seed,
            on_progress=lambda done, total: self._tell("tune", done, total),
        )
        async with self._app.database.begin() as tx:
            await campaigns.record_tuning(
                tx,
                release_id=release.id,
                base_ref=base_ref,
                tuned_ref=tuned.ref,
                recipe=asdict(tuned.recipe),
                seed=self._seed,
                figures=tuned.figures(),
                now=self._app.clock(),
            )
        return tuned.ref

    async def evaluate(self, release: Release, tuned_ref: str) -> Examination:
        """Scores base and tuned on the release's test split and on what the model knew before.

        Answers are kept in a folder, so that asking again (for the report) asks no model. Models that judge,
        where the settings name some, are asked about the test split; one that is down stops nothing.
        """
        self._tell("evaluate", 0, 1)
        base = await self._app.open_model(self._round.model_ref)
        tuned = await self._app.open_model(tuned_ref)
        kept = self._app.settings.data / "evaluations" / f"{release.digest[:16]}-{self._seed}"
        found = await examine_fully(
            base,
            tuned,
            Path(release.path),
            seed=self._seed,
            cache=kept,
            on_progress=lambda done, total: self._tell("evaluate", done, total),
        )
        async with self._app.panel(kept / "opinions.jsonl") as panel:
            told = await ask_panel(panel, found.score.outcomes, seed=self._seed) if panel else None
        return replace(found, panel=told)

    async def decide(self, release: Release, tuned_ref: str, figures: Figures) -> bool:
        """Closes the round and opens the next: with the tuned model if it passes the gate, else as before.

        The champion plays on until a person says otherwise where the campaign asks for approval, and where
        the round was closed meanwhile by a person who put another model in. Returns whether the tuned model
        plays. Written in one transaction, so that a campaign is never left without a round.
        """
        passed = self._gate.passes(figures)
        key = campaigns.comparison_id(release.id, self._round.model_ref, tuned_ref)
        async with self._app.database.begin() as tx:
            approval = (await campaigns.hold(tx, self._campaign.id)).approval
            current = await campaigns.find_round(tx, self._round.id)
            overtaken = current.status is RoundStatus.CLOSED
            known = await queries.candidate(tx, key) if overtaken else None
            if known is not None:
                return known.plays
            waits = passed and (approval or overtaken)
            plays = passed and not waits
            now = self._app.clock()
            await campaigns.record_evaluation(
                tx,
                release_id=release.id,
                base_ref=current.model_ref,
                tuned_ref=tuned_ref,
                figures=figures.to_json(),
                passed=plays,
                now=now,
                decision=Decision.WAITING if waits else None,
            )
            if not overtaken:
                await self._open_next(tx, current, tuned_ref, plays=plays, waits=waits)
        return plays

    async def _open_next(
        self, tx: AsyncConnection, current: Round, tuned_ref: str, *, plays: bool, waits: bool
    ) -> None:
        now = self._app.clock()
        await campaigns.set_status(tx, current.id, RoundStatus.CLOSED, now=now)
        told = {"round": current.number, "plays": plays, "waits": waits}
        await note(tx, actor=SELF, act="round.closed", about=self._campaign.name, now=now, **told)
        await campaigns.open_round(
            tx,
            campaign_id=self._campaign.id,
            model_ref=tuned_ref if plays else current.model_ref,
            now=now,
            rng=random.Random(f"next round {current.id} {self._seed}"),
            reason=_why(current, plays=plays, waits=waits),
        )

    async def lessons(self, release: Release, tuned_ref: str, *, passed: bool) -> Taught:
        """Asks the tuned model what players caught, and tells them what it learned, if it plays now.

        Comes after `decide`, so players of the next round wait for none of it. A model that was approved
        meanwhile plays as well.
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
        if passed or await self._approved(evaluation_id):
            await tell(
                self._app.database,
                evaluation_id=evaluation_id,
                round_number=self._round.number,
                now=self._app.clock(),
                rng=random.SystemRandom(),
            )
        return taught

    async def _approved(self, evaluation_id: str) -> bool:
        async with self._app.database.read() as tx:
            known = await queries.candidate(tx, evaluation_id)
        return known is not None and known.decision is Decision.APPROVED


def _why(closed: Round, *, plays: bool, waits: bool) -> str:
    if plays:
        return f"tuned in round {closed.number}, passed the gate"
    waiting = f"the model tuned in round {closed.number} waits for approval"
    return waiting if waits else f"the model tuned in round {closed.number} did not pass the gate"

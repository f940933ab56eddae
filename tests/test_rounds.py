"""Closing a round: the gate, the next round, and what is refused before hours are spent."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import stumper.rounds.closing as closing_module
import stumper.rounds.tuning as tuning_module
import stumper.rounds.work as work_module
from stumper import __version__, campaigns
from stumper.app import App, build
from stumper.config import load
from stumper.curate.pipeline import CurateReport, curate
from stumper.errors import BadRelease, BadSetting, Conflict, ModelUnavailable, PoolEmpty, RoundClosed
from stumper.progress.impact.lessons import Taught
from stumper.records import Campaign, Release, ReleaseId, Round, RoundStatus, Rules
from stumper.rounds import Closing, Tuned, close_round, tune_on
from stumper.store.database import Database
from stumper.store.schema import evaluation, tuning
from stumper.store.schema import release as release_table
from stumper.tune import TINY, TuneResult
from tests.evaluate.test_gate import GAINED


async def _open(app: App) -> tuple[Campaign, Round, Release]:
    async with app.database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx, name="toytown", model_ref="scripted:", now=1.0, rng=random.Random(1)
        )
        current = await campaigns.current_round(tx, campaign.id)
        made = Release(
            id=ReleaseId("r1"),
            campaign_id=campaign.id,
            round_id=current.id,
            version=1,
            digest="d",
            path="nowhere",
            examples=3,
            created_at=1.0,
        )
        await tx.execute(
            release_table.insert().values({f: getattr(made, f) for f in Release.__dataclass_fields__})
        )
    return campaign, current, made


@pytest.mark.parametrize(("passes", "model"), [(True, "scripted:tuned"), (False, "scripted:")])
async def test_the_next_round_has_the_tuned_model_only_if_it_passed(
    tmp_path: Path, passes: bool, model: str
) -> None:
    figures = GAINED if passes else replace(GAINED, known_tuned=0.5)
    async with build(load(data=tmp_path)) as app:
        campaign, current, release = await _open(app)
        closing = Closing(app, campaign, current, seed=1)

        assert await closing.decide(release, "scripted:tuned", figures) is passes
        assert await closing.decide(release, "scripted:tuned", figures) is passes  # a repeated step

        async with app.database.read() as tx:
            rounds = [r for _, r in await campaigns.list_rounds(tx)]
    assert [(r.number, r.status) for r in rounds] == [(1, RoundStatus.CLOSED), (2, RoundStatus.OPEN)]
    assert rounds[1].model_ref == model


async def test_a_round_without_examples_is_not_closed_and_says_what_to_do(tmp_path: Path) -> None:
    async with build(load(data=tmp_path)) as app:
        async with app.database.begin() as tx:
            campaign = await campaigns.open_campaign(
                tx, name="toytown", model_ref="scripted:", now=1.0, rng=random.Random(1)
            )
            current = await campaigns.current_round(tx, campaign.id)

        with pytest.raises(BadRelease, match="example"):
            await close_round(app, campaign, current, seed=1)

        async with app.database.read() as tx:
            assert (await campaigns.current_round(tx, campaign.id)).status is RoundStatus.OPEN
        assert await asyncio.to_thread(lambda: "threads work after a job") == "threads work after a job"


async def test_a_closing_tried_again_closes_the_round_to_players_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curated_while: list[RoundStatus] = []

    async def watched(database: Database, *args: Any, **kwargs: Any) -> CurateReport:
        async with database.read() as tx:
            curated_while.append((await campaigns.find_round(tx, args[1])).status)
        return await curate(database, *args, **kwargs)

    monkeypatch.setattr(closing_module, "curate", watched)
    async with build(load(data=tmp_path)) as app:
        async with app.database.begin() as tx:
            campaign = await campaigns.open_campaign(
                tx, name="toytown", model_ref="scripted:", now=1.0, rng=random.Random(1)
            )
            current = await campaigns.current_round(tx, campaign.id)
        for _ in range(2):
            with pytest.raises(BadRelease, match="example"):
                await close_round(app, campaign, current, seed=1)
            async with app.database.read() as tx:
                assert (await campaigns.find_round(tx, current.id)).status is RoundStatus.OPEN
    assert curated_while == [RoundStatus.CLOSING] * 2


async def test_players_begin_sessions_while_the_model_is_tuned_and_after_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with build(load(data=tmp_path)) as app:
        campaign, current, made = await _open(app)
        player = await app.game.join(nickname="Ann", language="en", consent=True)

        async def collected(*_: Any, **__: Any) -> Any:
            with pytest.raises(RoundClosed):
                await app.game.start(player.id)
            return made

        async def broken(*_: Any, **__: Any) -> str:
            with pytest.raises(PoolEmpty):  # it is open: there are only no pictures here
                await app.game.start(player.id)
            raise ModelUnavailable("no memory")

        monkeypatch.setattr(Closing, "curate", collected)
        monkeypatch.setattr(Closing, "freeze", collected)
        monkeypatch.setattr(Closing, "tune", broken)
        monkeypatch.setattr(work_module, "read_manifest", lambda _: SimpleNamespace(told=dict))
        with pytest.raises(ModelUnavailable):
            await close_round(app, campaign, current, seed=1)
        async with app.database.read() as tx:
            assert (await campaigns.find_round(tx, current.id)).status is RoundStatus.OPEN


@pytest.mark.slow
async def test_a_tuning_is_kept_with_what_made_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tuned_in_no_time(_release: Path, *, target: Path, **_: Any) -> Tuned:
        run = TuneResult(folder=target, pairs=30, replayed=20, steps=12, loss=0.5, seconds=7.5)
        return Tuned(f"onnx:{target}", TINY, run)

    monkeypatch.setattr(closing_module, "tune_on", tuned_in_no_time)
    async with build(load(data=tmp_path)) as app:
        campaign, current, release = await _open(app)
        closing = Closing(app, campaign, current, seed=3)
        assert await closing.tune(release) == await closing.tune(release)  # a repeated step
        async with app.database.read() as tx:
            (row,) = (await tx.execute(tuning.select())).all()
    assert (row.release_id, row.base_ref, row.seed) == (release.id, "scripted:", 3)
    assert row.recipe["rate"] == TINY.rate
    assert {name: row.figures[name] for name in ("pairs", "replayed", "steps", "loss", "seconds")} == {
        "pairs": 30,
        "replayed": 20,
        "steps": 12,
        "loss": 0.5,
        "seconds": 7.5,
    }
    assert row.figures["stumper"] == __version__
    assert "processors" in row.figures["machine"]


async def test_a_later_round_is_tuned_from_the_model_that_the_campaign_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases: list[str] = []

    def tuned_in_no_time(_release: Path, *, base_ref: str, target: Path, **_: Any) -> Tuned:
        bases.append(base_ref)
        return Tuned(
            f"onnx:{target}",
            TINY,
            TuneResult(folder=target, pairs=1, replayed=1, steps=1, loss=0.5, seconds=1.0),
        )

    monkeypatch.setattr(closing_module, "tune_on", tuned_in_no_time)
    monkeypatch.setattr(tuning_module, "_machine", lambda: "this one")  # without importing torch
    async with build(load(data=tmp_path)) as app:
        campaign, current, release = await _open(app)
        for number in range(3):  # each plays against the model that was tuned before
            this = replace(current, number=number + 1)
            tuned = await Closing(app, campaign, this, seed=3).tune(release)
            current = replace(current, model_ref=tuned)
        assert current.model_ref != "scripted:"
    assert bases == ["scripted:"] * 3


@pytest.mark.parametrize("passed", [True, False])
async def test_players_hear_of_lessons_only_from_a_model_that_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed: bool
) -> None:
    heard: list[dict[str, Any]] = []

    async def taught(*_: Any, **_given: Any) -> Taught:
        return Taught(asked=3, learned=1, missing=0)

    async def told(_database: Database, **given: Any) -> int:
        heard.append(given)
        return 1

    monkeypatch.setattr(closing_module, "teach", taught)
    monkeypatch.setattr(closing_module, "tell", told)
    async with build(load(data=tmp_path)) as app:
        campaign, current, release = await _open(app)
        closing = Closing(app, campaign, current, seed=1)
        await closing.decide(release, "scripted:text=two", GAINED)

        assert (await closing.lessons(release, "scripted:text=two", passed=passed)).asked == 3
        async with app.database.read() as tx:
            (known,) = (await tx.execute(evaluation.select())).all()
    assert [given["evaluation_id"] for given in heard] == ([known.id] if passed else [])


async def test_a_closed_round_is_not_closed_again(tmp_path: Path) -> None:
    async with build(load(data=tmp_path)) as app:
        campaign, current, release = await _open(app)
        await Closing(app, campaign, current, seed=1).decide(release, "scripted:tuned", GAINED)
        async with app.database.read() as tx:
            closed = await campaigns.find_round(tx, current.id)

        with pytest.raises(Conflict, match="closed already"):
            await close_round(app, campaign, closed, seed=1)


def test_a_model_behind_an_endpoint_cannot_be_tuned(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="hf:DIR"):
        tune_on(tmp_path, base_ref="openai:http://127.0.0.1:1/v1#m", target=tmp_path, seed=1)


async def test_a_release_is_split_by_the_campaigns_own_seed_unless_one_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seeds: list[int] = []

    async def freeze(*_: Any, seed: int, **__: Any) -> None:
        seeds.append(seed)

    async def as_made(_database: Any, made: Any) -> Any:
        return made

    monkeypatch.setattr(closing_module, "freeze", freeze)
    monkeypatch.setattr(closing_module, "succeed", as_made)
    app: Any = SimpleNamespace(
        database=None, files=None, settings=SimpleNamespace(data=tmp_path), clock=lambda: 1.0
    )
    campaign: Any = SimpleNamespace(id="c", name="c", rules=Rules(split_seed=7))
    current: Any = SimpleNamespace(id="r")
    closing = Closing(app, campaign, current, seed=3)

    await closing.freeze()
    await closing.freeze(split_seed=9)

    assert seeds == [7, 9]

"""What is read from a campaign: no arm has a picture or player of the test, and no claim that must not be."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from stumper.app import App, build
from stumper.campaigns import find_campaign
from stumper.config import load
from stumper.curate.belief import Cause
from stumper.curate.pipeline import pseudonym
from stumper.errors import BadInput, NotFound
from stumper.experiment import exam
from stumper.experiment.arms import Arm
from stumper.experiment.pool import Pool, gather
from stumper.experiment.study import Choice, Prepared, prepare_controls
from stumper.experiment.tuner import RecipeTuner
from stumper.records import PlayerId, Split
from stumper.release.formats import read_rows
from stumper.release.freeze import freeze
from stumper.store import schema
from stumper.toytown.sample import sample_scene
from tests.release.rows import CAMPAIGN, FIRST, accept, facts, image_id, open_campaign

PICTURES, PLAYERS = 40, 8


@asynccontextmanager
async def campaign(folder: Path) -> AsyncIterator[tuple[App, Path]]:
    """A campaign whose players have pictures of their own, so that a release can keep both apart."""
    async with build(load(data=folder, campaign="toytown")) as app:
        await open_campaign(app.database)
        found = [replace(one, player=f"player {one.picture % PLAYERS}") for one in facts(PICTURES, each=4)]
        await accept(app.database, app.files, found)
        made = await freeze(
            app.database,
            app.files,
            campaign_id=CAMPAIGN,
            round_id=FIRST,
            out=folder / "releases",
            seed=3,
            now=9.0,
        )
        yield app, Path(made.path)


async def add(app: App, name: str, *, picture: int, player: str, **more: Any) -> None:
    """One exchange off control, with a claim if ``more`` says what became of it."""
    async with app.database.begin() as tx:
        await tx.execute(
            insert(schema.session),
            {"id": f"s{name}", "player_id": player, "round_id": FIRST, "campaign_id": CAMPAIGN, "turns": 10,
             "started_at": 1.0, "poison_rate": 0.4, "salt": "x", "commitment": "y"},
        )  # fmt: skip
        await tx.execute(
            insert(schema.turn),
            {"id": f"t{name}", "session_id": f"s{name}", "position": 1, "image_id": image_id(picture),
             "control": False, "coins": "0"},
        )  # fmt: skip
        await tx.execute(
            insert(schema.exchange),
            {"id": f"x{name}", "turn_id": f"t{name}", "number": 0, "key": "k", "poisoned": False,
             "judged_at": 3.0, "question": f"What is {name}?", "model_answer": "a cat", "asked_at": 2.0,
             "verdict": "wrong" if more else "correct"},
        )  # fmt: skip
        if more:
            await tx.execute(
                insert(schema.claim),
                {"id": f"c{name}", "exchange_id": f"x{name}", "player_id": player,
                 "question": f"What is {name}?", "model_answer": "a cat", "correction": "a dog",
                 "created_at": 5.0, "campaign_id": CAMPAIGN, "round_id": FIRST,
                 "image_id": image_id(picture), **more},
            )  # fmt: skip


async def read(app: App, folder: Path) -> Pool:
    async with app.database.read() as tx:
        owner = await find_campaign(tx, "toytown")
    return await gather(app, owner, folder)


def examined(folder: Path) -> tuple[set[str], list[int]]:
    """The ids of the test's pictures, and their numbers."""
    ids = {row.image_id for row in read_rows(folder, Split.TEST)}
    return set(ids), [number for number in range(PICTURES) if image_id(number) in ids]


def trained(folder: Path) -> list[int]:
    ids = {row.image_id for row in read_rows(folder, Split.TRAIN)}
    return [number for number in range(PICTURES) if image_id(number) in ids]


def test_no_arm_has_a_picture_or_a_player_of_the_test(tmp_path: Path) -> None:
    async def work() -> None:
        async with campaign(tmp_path) as (app, folder):
            pool = await read(app, folder)
            kept = {row.image_id for split in (Split.TEST, Split.VAL) for row in read_rows(folder, split)}
            held = {number % PLAYERS for number in examined(folder)[1]}

            assert pool.apart
            assert {one.image_id for one in pool.sources.accepted}.isdisjoint(kept)
            assert len(pool.sources.accepted) == 4 * sum(
                image_id(number) not in kept and number % PLAYERS not in held for number in range(PICTURES)
            )
            assert {one.question for one in pool.sources.released} == {
                row.question for row in read_rows(folder, Split.TRAIN)
            }

    asyncio.run(work())


def test_claims_count_whatever_became_of_them_but_for_what_nobody_may_learn(tmp_path: Path) -> None:
    async def work() -> None:
        async with campaign(tmp_path) as (app, folder):
            where = trained(folder)[0]
            player = f"player {where % PLAYERS}"
            on_test = examined(folder)[1][0]
            await add(app, "open", picture=where, player=player, status="open")
            await add(
                app, "refused", picture=where, player=player, status="rejected", reason=Cause.MODEL_RIGHT
            )
            await add(app, "private", picture=where, player=player, status="rejected", reason=Cause.PERSONAL)
            await add(app, "held", picture=on_test, player=player, status="open")
            await add(app, "by held", picture=where, player=f"player {on_test % PLAYERS}", status="open")

            pool = await read(app, folder)

            extra = {one.question: one.answer for one in pool.sources.claimed[len(pool.sources.accepted) :]}
            assert extra == {"What is open?": "a dog", "What is refused?": "a dog"}

    asyncio.run(work())


def test_in_toytown_ordinary_questions_are_asked_about_the_scene(tmp_path: Path) -> None:
    async def work() -> None:
        async with campaign(tmp_path) as (app, folder):
            async with app.database.begin() as tx:
                scene = sample_scene(3, style="complex").to_json()
                await tx.execute(update(schema.image).values(scene=scene))
            pool = await read(app, folder)
            rng = random.Random(1)
            asked = [pool.sources.ask(image_id(0), rng) for _ in range(200)]

            assert pool.drawn
            assert len({one.question for one in asked if one}) > 50
            assert pool.sources.ask("unknown", rng) is None

    asyncio.run(work())


def test_elsewhere_they_are_what_trusted_players_found_answered_rightly(tmp_path: Path) -> None:
    async def work() -> None:
        async with campaign(tmp_path) as (app, folder):
            where, on_test = trained(folder)[0], examined(folder)[1][0]
            trusted, other = f"player {where % PLAYERS}", f"player {trained(folder)[1] % PLAYERS}"
            held = f"player {on_test % PLAYERS}"
            async with app.database.begin() as tx:
                await tx.execute(
                    update(schema.player).where(schema.player.c.id.in_([trusted, held])).values(e_value=500.0)
                )
            await add(app, "seen", picture=where, player=trusted)
            await add(app, "untrusted", picture=where, player=other)
            await add(app, "tested", picture=on_test, player=held)

            pool = await read(app, folder)

            assert other != trusted
            assert not pool.drawn
            (asked,) = {pool.sources.ask(image_id(where), random.Random(seed)) for seed in range(9)}
            assert asked is not None
            assert (asked.question, asked.answer) == ("What is seen?", "a cat")
            assert pool.sources.ask(image_id(trained(folder)[1]), random.Random(1)) is None
            assert [one.question for one in pool.confirmed] == ["What is tested?"]
            assert pseudonym(CAMPAIGN, PlayerId(held)) != held

    asyncio.run(work())


def prepared(folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Prepared:
    monkeypatch.setattr(exam, "_LEAST", 1)

    async def work() -> Prepared:
        async with campaign(folder) as (app, _):
            choice = Choice(out=folder / "out", tuner=RecipeTuner(), seeds=[1], seed=1)
            chosen: dict[str, Any] = {"release": None, "base": "onnx:", "arms": list(Arm), "sizes": [20]}
            return await prepare_controls(app, choice, **(chosen | more))

    return asyncio.run(work())


def test_without_ordinary_questions_their_arm_and_test_are_left_out_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, plan, about = prepared(tmp_path, monkeypatch)

    assert {place.arm for place in plan.runs} == set(Arm) - {Arm.ORDINARY}
    assert plan.left_out == {Arm.ORDINARY: "it has 0 pairs, and 20 are compared"}
    assert list(bench.tests) == ["caught"]
    assert "found 0 answers right" in about.notes[0]
    assert about.played == "onnx:"


def test_an_unknown_release_and_no_pairs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound):
        prepared(tmp_path / "a", monkeypatch, release="nothing")
    with pytest.raises(BadInput, match="No arm has enough"):
        prepared(tmp_path / "b", monkeypatch, sizes=[5000])

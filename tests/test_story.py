"""The story in one test: pictures, play, trust, votes, examples, a release, and the model scored on it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import func, select

from stumper import campaigns
from stumper.app import build
from stumper.config import load
from stumper.evaluate.items import release_items
from stumper.evaluate.run import compare
from stumper.images import queries as image_queries
from stumper.images.toytown import add_toytown
from stumper.images.verify import verify
from stumper.records import ClaimStatus, ImageKind
from stumper.release.manifest import verify_release
from stumper.rounds import Closing
from stumper.simulate import measure, simulate
from stumper.simulate import queries as simulation_queries
from stumper.simulate.world import TruthBook
from stumper.store.schema import claim, example, player


@pytest.mark.slow
async def test_a_crowd_plays_and_what_it_caught_becomes_a_release(tmp_path: Path) -> None:
    async with build(load(data=tmp_path, model="onnx:")) as app:
        async with app.database.begin() as tx:
            campaign = await campaigns.open_campaign(
                tx, name="toytown", model_ref="onnx:", now=1.0, rng=random.Random(1)
            )
            current = await campaigns.current_round(tx, campaign.id)
        await add_toytown(app.database, app.files, campaign_id=campaign.id, n=80, seed=1, now=1.0)
        model = await app.open_model("onnx:")

        report = await verify(app.database, app.files, model, campaign_id=campaign.id)
        async with app.database.read() as tx:
            kinds = await image_queries.count_kinds(tx, campaign.id)
        assert report.tainted == kinds[ImageKind.TAINTED] >= 25
        assert kinds[ImageKind.UNTAINTED] == 40

        counts = await simulate(
            app,
            campaign=campaign,
            current=current,
            players=10,
            mix="benign",
            seed=2,
        )
        assert counts["sessions"] >= 10
        assert counts["votes"] > 0

        closing = Closing(app, campaign, current, seed=1)
        await closing.curate()
        release = await closing.freeze()
        assert verify_release(Path(release.path)).digest == release.digest

        async with app.database.read() as tx:
            wrong_status = (
                select(func.count())
                .select_from(example.join(claim))
                .where(claim.c.status != ClaimStatus.ACCEPTED.value)
            )
            assert (await tx.execute(wrong_status)).scalar_one() == 0
            fates = await simulation_queries.claim_fates(tx, round_id=current.id)
            blind = select(player.c.e_value).where(player.c.nickname.like("always_wrong%"))
            assert all(e_value < 100 for (e_value,) in await tx.execute(blind))
        truths = TruthBook(tmp_path / "simulation" / f"truth-{current.id}.jsonl")
        assert measure(fates, truths).precision >= 0.9

        items = release_items(Path(release.path))
        scored = await compare(model, model, items, seed=1)
        assert scored.overall.gain.mean == 0.0
        assert scored.overall.base.mean < 0.5  # it holds what stumped this very model

"""The chain of an example: complete, true to the database, without names, and clear where there is none."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from typer.testing import CliRunner

from stumper.cli import cli
from stumper.curate.belief import Ballot, Evidence, learned, posterior
from stumper.curate.pipeline import example_id, pseudonym
from stumper.curate.votes.queries import history
from stumper.errors import NotFound
from stumper.records import CampaignId, ClaimId, ImageId, PlayerId
from stumper.release.explain.assemble import explain, find
from stumper.release.explain.chain import Chain
from stumper.release.explain.page import render
from stumper.release.freeze import row_id
from stumper.store import schema
from stumper.store.database import Database
from stumper.trust.watch.find import jury
from tests.release.raw.campaign import GONE, MARK, fill
from tests.trust.rows import CAMPAIGN, IMAGE, ROUND

CLAIM = ClaimId("c0")
EXAMPLE = example_id(CLAIM)
ROW = row_id(ImageId(IMAGE), "q", "four")
NOW = 1_000.0


async def filled(database: Database, folder: Path) -> None:
    """The small campaign; its example is in one release of three, on which a model was tuned."""
    await fill(database)
    async with database.begin() as tx:
        await tx.execute(update(schema.example).values(id=EXAMPLE, provenance={"e_value": 500.0}))
        await tx.execute(insert(schema.opinion).values(
            claim_id=CLAIM, judge="rules", prompt="p", score=0.75, facts={}, asked_at=1.0,
        ))  # fmt: skip
        for n, lines in enumerate(([{"id": ROW, "split": "test", "weight": 0.5}], [{"id": "x"}], None)):
            path = folder / f"release-{n}"
            if lines is not None:
                path.mkdir()
                (path / "provenance.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
            await tx.execute(insert(schema.release).values(
                id=f"r{n}", campaign_id=CAMPAIGN, round_id=ROUND, version=n + 1, digest="d", path=str(path),
                examples=1, created_at=NOW,
            ))  # fmt: skip
            await tx.execute(insert(schema.tuning).values(
                id=f"t{n}", release_id=f"r{n}", base_ref="onnx:", tuned_ref=f"onnx:/home/me/t{n}", recipe={},
                seed=1, figures={}, finished_at=float(n),
            ))  # fmt: skip
        await tx.execute(insert(schema.evaluation).values(
            id="v", release_id="r0", base_ref="onnx:", tuned_ref="onnx:/home/me/t0", figures={}, passed=True,
            evaluated_at=2.0,
        ))  # fmt: skip
        await tx.execute(insert(schema.lesson).values(
            evaluation_id="v", example_id=EXAMPLE, answer="four", score=1.0, learned=True, held_out=True,
        ))  # fmt: skip


async def test_every_link_of_the_chain_is_there(database: Database, tmp_path: Path) -> None:
    await filled(database, tmp_path)

    found = await explain(database, CLAIM)

    assert found.picture is not None
    assert (found.picture.licence, found.picture.source) == ("CC0", "drawn")
    assert found.asker.pseudonym == pseudonym(CampaignId(CAMPAIGN), PlayerId("bob"))
    assert (found.asked.turn, found.asked.number, found.asked.seconds) == (1, 1, 15.0)
    assert (found.asked.question, found.asked.shown_answer) == ("How many cats, 0?", "a cat")
    assert [(one.id, one.split, one.weight, one.row_id) for one in found.releases] == [
        ("r0", "test", 0.5, ROW),
        ("r2", None, None, ROW),  # not on this machine
    ]
    assert [one.tuned_ref for one in found.models] == ["onnx:t0", "onnx:t2"]
    assert [(one.answer, one.learned, one.held_out) for one in found.lessons] == [("four", True, True)]
    assert [(one.judge, one.score) for one in found.opinions] == [("rules", 0.75)]
    assert found.decided.posterior_in_example == 0.97


async def test_beliefs_are_those_of_the_model_and_votes_add_up(database: Database, tmp_path: Path) -> None:
    await filled(database, tmp_path)

    found = (await explain(database, CLAIM)).steps

    ballots = (Ballot(PlayerId("ann"), True, True), Ballot(PlayerId("bob"), True, False))
    people = {PlayerId("ann"), PlayerId("bob")}
    async with database.read() as tx:
        known = await history(tx, people, claimant=PlayerId("bob"))
        weights = await jury(tx, CampaignId(CAMPAIGN), players=people)
    for n, step in enumerate(found):
        expected = posterior(
            Evidence(CLAIM, PlayerId("bob"), ballots[:n]),
            controls=known.controls,
            tallies=learned(known.votes, known.claims),
            jury=weights,
        )
        assert step.belief == pytest.approx(expected, abs=1e-12)
    first, last = found[0].belief.good, found[-1].belief.good
    moved = math.log(last / (1 - last)) - math.log(first / (1 - first))
    assert sum(step.told for step in found) == pytest.approx(moved)
    assert [step.says for step in found[1:]] == [
        "the model was wrong, the correction is right",
        "the model was wrong, and so is the correction",
    ]


async def test_the_e_value_is_the_one_of_that_time(sqlite_database: Database, tmp_path: Path) -> None:
    await filled(sqlite_database, tmp_path)
    before = await explain(sqlite_database, CLAIM)
    async with sqlite_database.begin() as tx:
        await tx.execute(update(schema.claim).where(schema.claim.c.id == CLAIM).values(created_at=5_000.0))

    after = await explain(sqlite_database, CLAIM)

    assert before.asker.e_value_then == 1.0
    # fifteen controls without a mistake, six of them falsified: factors .8/.38 and .9/.62
    assert after.asker.e_value_then == pytest.approx(min(1000.0, (0.8 / 0.38) ** 6 * (0.9 / 0.62) ** 9))


@pytest.mark.parametrize("id_", [CLAIM, EXAMPLE, ROW])
async def test_it_is_found_by_every_id_it_has(sqlite_database: Database, tmp_path: Path, id_: str) -> None:
    await filled(sqlite_database, tmp_path)

    assert await find(sqlite_database, id_) == CLAIM


async def test_what_nobody_made_or_somebody_had_deleted_is_said(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await filled(sqlite_database, tmp_path)

    with pytest.raises(NotFound, match=r"train\.jsonl"):
        await find(sqlite_database, "nothing")
    with pytest.raises(NotFound, match="deleted"):
        await explain(sqlite_database, ClaimId("c4"))


async def test_a_forgotten_voter_stays_without_their_words_and_old_name(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await filled(sqlite_database, tmp_path)

    steps = (await explain(sqlite_database, ClaimId("c3"))).steps

    assert [step.says for step in steps[1:]] == [
        "cannot be answered",
        "the model was wrong, and so is the correction",
    ]
    assert pseudonym(CampaignId(CAMPAIGN), GONE) not in {step.voter for step in steps}


async def test_a_claim_that_is_no_example_and_merged_ones_are_explained_too(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await filled(sqlite_database, tmp_path)

    leader, twin = [await explain(sqlite_database, ClaimId(id_)) for id_ in ("c2", "c3")]

    assert (leader.example_id, leader.releases, leader.lessons) == (None, (), ())
    assert [one.claim_id for one in leader.claimed.twins] == ["c3"]
    assert len(leader.steps) == 1 + 2 + 2  # votes on both
    assert twin.claimed.same_as == "c2"


async def test_the_estimate_of_everybody_is_the_one_that_settling_makes(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await filled(sqlite_database, tmp_path)

    plain = await explain(sqlite_database, CLAIM)
    found = await explain(sqlite_database, CLAIM, everybody=True)

    assert plain.decided.posterior_of_all is None
    assert found.decided.posterior_of_all is not None
    assert 0.0 < found.decided.posterior_of_all < 1.0


async def page_of(database: Database, folder: Path) -> tuple[Chain, str]:
    await filled(database, folder)
    hostile = "<script>alert(1)</script>"
    async with database.begin() as tx:
        await tx.execute(update(schema.claim).where(schema.claim.c.id == CLAIM).values(question=hostile))
    found = await explain(database, CLAIM)
    return found, render(found, b"png")


async def test_the_page_shows_all_escapes_all_and_names_nobody(
    sqlite_database: Database, tmp_path: Path
) -> None:
    found, page = await page_of(sqlite_database, tmp_path)

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "data:image/png;base64,cG5n" in page
    assert page.count('class="chart belief"') == len(found.steps)
    assert all(word in page for word in (found.asker.pseudonym, "weight 0.5", "understood", "onnx:t0", ROW))
    assert "http" not in page.replace("http-equiv", "")  # nothing to fetch
    assert not [word for word in (">bob<", ">ann<", MARK, "/home/me") if word in page]
    assert render(found, None).count("not here any more") == 1


def said(*words: str) -> str:
    ended = CliRunner().invoke(cli, ["explain", *words])
    if ended.exception is not None:
        raise ended.exception
    return ended.output


def test_the_command_prints_the_chain_and_writes_the_page(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stumper.db").write_bytes(sqlite_template.read_bytes())
    asyncio.run(_ready(f"sqlite:///{tmp_path / 'stumper.db'}", tmp_path))
    monkeypatch.setenv("STUMPER_DATA", str(tmp_path))

    text = said(EXAMPLE, "--html", str(tmp_path / "page.html"))
    data = json.loads(said(ROW, "--json").splitlines()[-1])

    assert "How many cats, 0?" in text
    assert "accepted above 0.95" in text
    assert data["example_id"] == EXAMPLE
    assert set(data["steps"][0]["belief"]) == {"good", "wrong_correction", "model_right", "unanswerable"}
    assert "not here any more" in (tmp_path / "page.html").read_text(encoding="utf-8")
    with pytest.raises(NotFound, match="nothing"):
        said("nothing")


async def _ready(url: str, folder: Path) -> None:
    database = Database(url)
    await filled(database, folder)
    await database.close()

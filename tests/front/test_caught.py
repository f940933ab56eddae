"""How a catch became data: a player's own, without votes, controls or anybody else's."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import insert, update

from stumper.curate.belief import Cause
from stumper.curate.pipeline import pseudonym
from stumper.records import ImageId, PlayerId
from stumper.release.freeze import row_id
from stumper.store import schema
from tests.front.lessons import SOME, catch, close_round
from tests.front.test_web import seen
from tests.front.world import World, join


async def caught(world: World, player_id: str, folder: Path) -> None:
    """Closes the round; its second release holds the first catch and the third is withdrawn."""
    await close_round(world, player_id, SOME[:2])
    async with world.app.database.begin() as tx:
        image = (await tx.execute(schema.claim.select().where(schema.claim.c.id == "cl-0"))).one().image_id
        key = row_id(ImageId(image), SOME[0].question, SOME[0].right)
        line = json.dumps({"id": key, "split": "test"})
        (folder / "provenance.jsonl").write_text(line + "\n")
        old = (await tx.execute(schema.release.select())).one()
        for version, withdrawn_at in ((2, None), (3, 9.0)):
            await tx.execute(insert(schema.release).values(
                id=f"r{version}", campaign_id=old.campaign_id, round_id=old.round_id, version=version,
                digest="d", path=str(folder), examples=2, created_at=3.0, withdrawn_at=withdrawn_at,
            ))  # fmt: skip
        confirmed = {"reason": Cause.CONFIRMED.value, "votes": 3, "posterior": 0.987}
        await tx.execute(update(schema.claim).where(schema.claim.c.id == "cl-0").values(**confirmed))


async def test_the_way_of_a_catch_is_told_to_its_player(
    world: World, phone: httpx2.AsyncClient, tmp_path: Path
) -> None:
    player = await join(phone)
    await caught(world, player["id"], tmp_path)

    page = await phone.get("/me/catch/cl-0")

    text = seen(page)
    assert "How your catch became data" in text
    assert pseudonym(world.campaign.id, PlayerId(player["id"])) in text
    assert "your answer is right" in text
    assert "Version 2: for exams." in text
    assert "Version 3" not in text
    assert "seven By heart" in text
    assert not [word for word in ("0.987", "control", "posterior", "votes") if word in page.text]
    assert "/me/catch/cl-0" in (await phone.get("/me/learned")).text


async def test_one_that_is_still_looked_at_says_what_comes(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    async with world.app.database.begin() as tx:
        await catch(tx, world, player["id"], SOME[:1], name="now")

    text = seen(await phone.get("/me/catch/cnow-0"))

    assert "Referees are looking at it" in text
    assert "Then it becomes an example" in text


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.FORGOTTEN])
async def test_every_decision_has_a_sentence(world: World, phone: httpx2.AsyncClient, cause: Cause) -> None:
    player = await join(phone)
    async with world.app.database.begin() as tx:
        await catch(tx, world, player["id"], SOME[:1], name="now")
        await tx.execute(update(schema.claim).values(status="rejected", reason=cause.value))

    page = await phone.get("/me/catch/cnow-0")

    assert page.status_code == 200
    assert '<li class="stop">' in page.text
    assert 'class="pixel"' not in page.text  # nobody says who was right by colour
    assert page.text.split('<li class="stop">')[1].split("</li>")[0].count("<p>") == 1


async def test_a_merged_catch_follows_the_older_one(
    world: World, phone: httpx2.AsyncClient, tmp_path: Path
) -> None:
    player = await join(phone)
    async with world.phone() as other:
        first = await join(other, "Eve")
        await caught(world, first["id"], tmp_path)
    async with world.app.database.begin() as tx:
        await catch(tx, world, player["id"], SOME[:1], name="twin")
        await tx.execute(update(schema.claim).where(schema.claim.c.id == "ctwin-0").values(same_as="cl-0"))

    page = await phone.get("/me/catch/ctwin-0")

    assert "Somebody had caught the same before" in seen(page)
    assert "Version 2" in seen(page)
    assert pseudonym(world.campaign.id, PlayerId(first["id"])) not in page.text


async def test_nothing_is_told_of_others_or_before_the_session_is_over(
    world: World, phone: httpx2.AsyncClient
) -> None:
    player = await join(phone)
    async with world.app.database.begin() as tx:
        await catch(tx, world, player["id"], SOME[:1], name="mine")
        await tx.execute(update(schema.session).values(finished_at=None))

    playing = await phone.get("/me/catch/cmine-0")
    async with world.app.database.begin() as tx:
        await tx.execute(update(schema.session).values(finished_at=2.0))
    async with world.phone() as other:
        stranger = await other.get("/me/catch/cmine-0")
        await join(other, "Eve")
        theirs = await other.get("/me/catch/cmine-0")
        nobody = await other.get("/me/catch/nothing")

    assert [one.status_code for one in (playing, stranger, theirs, nobody)] == [404, 401, 404, 404]
    assert theirs.text == nobody.text  # whether it exists is not told either
    assert (await phone.get("/me/catch/cmine-0")).status_code == 200


async def test_what_was_typed_is_only_text(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    async with world.app.database.begin() as tx:
        await catch(tx, world, player["id"], SOME[:1], name="now")
        await tx.execute(update(schema.claim).values(question="<script>alert(1)</script>", correction="{n}"))

    page = await phone.get("/me/catch/cnow-0")

    assert "&lt;script&gt;alert" in page.text
    assert "<script>alert" not in page.text

"""The statements on both databases: order, rounds apart, and who is trusted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from stumper.errors import NotFound
from stumper.experiment import queries
from stumper.images.files import FolderFiles
from stumper.store import schema
from stumper.store.database import Database
from tests.release.rows import CAMPAIGN, FIRST, SECOND, accept, facts, image_id, open_campaign


async def test_each_round_has_its_own_claims_in_order(database: Database, tmp_path: Path) -> None:
    await open_campaign(database)
    found = facts(3, each=1)
    files = FolderFiles(tmp_path)
    await accept(database, files, found[:1], prefix="late", now=9.0)
    await accept(database, files, found[1:2], prefix="early", now=5.0)
    await accept(database, files, [replace(found[2], round_id=SECOND)], prefix="next")
    async with database.begin() as tx:
        await tx.execute(
            update(schema.claim)
            .where(schema.claim.c.image_id == image_id(0))
            .values(reason="flagged by voters")
        )

    async with database.read() as tx:
        accepted = await queries.accepted(tx, FIRST)
        claims = await queries.claims(tx, FIRST, without=frozenset({"flagged by voters"}))
        pictures = await queries.pictures(tx, CAMPAIGN)
        played = await queries.round_of(tx, CAMPAIGN, 2)
        with pytest.raises(NotFound, match="no round 3"):
            await queries.round_of(tx, CAMPAIGN, 3)

    assert [one.image_id for one in accepted] == [image_id(1), image_id(0)]
    assert [one.image_id for one in claims] == [image_id(1)]
    assert set(pictures) == {image_id(number) for number in range(3)}
    assert pictures[image_id(0)].scene is None
    assert (played.id, played.model_ref) == (SECOND, "onnx:")


async def test_only_trusted_players_confirm_and_never_on_controls(database: Database, tmp_path: Path) -> None:
    await open_campaign(database)
    await accept(database, FolderFiles(tmp_path), facts(2, each=1))

    async def confirmed() -> list[str]:
        async with database.read() as tx:
            return [one.image_id for one in await queries.confirmed(tx, FIRST, trust_e=100.0)]

    async with database.begin() as tx:
        await tx.execute(update(schema.exchange).values(verdict="correct", judged_at=3.0))
        await tx.execute(
            update(schema.turn).where(schema.turn.c.image_id == image_id(1)).values(control=True)
        )
    assert await confirmed() == []

    async with database.begin() as tx:
        await tx.execute(update(schema.player).values(e_value=100.0))
    assert await confirmed() == [image_id(0)]

"""Forgetting a player: no word of theirs is left, nothing of others changes, and the round still closes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from stumper.accounts.forget import forget
from stumper.curate.pipeline import curate
from stumper.errors import NotFound
from stumper.records import CampaignId, PlayerId, RoundId
from stumper.store import schema
from stumper.store.database import Database
from stumper.trust.watch.find import find_signals
from tests.accounts.lives import BOB, EVE, MARK, NOW, everything, live
from tests.trust.rows import CAMPAIGN, ROUND

OF_EVE_ALONE = {
    "passcode", "link", "message", "badge", "quest", "score", "member", "complaint", "assignment", "sight",
    "signal", "appeal", "waiting",
}  # fmt: skip


async def test_no_word_they_typed_is_found_anywhere(database: Database, tmp_path: Path) -> None:
    await live(database, tmp_path)
    assert sum(MARK in str(row) for rows in (await everything(database)).values() for row in rows) > 12

    await forget(database, EVE, NOW)

    left = [
        (name, row) for name, rows in (await everything(database)).items() for row in rows if MARK in str(row)
    ]
    assert left == []


async def test_every_table_that_knows_players_is_thought_of(database: Database, tmp_path: Path) -> None:
    """A table added later, whose rows belong to a player, fails here until somebody decides about it."""
    await live(database, tmp_path)

    await forget(database, EVE, NOW)

    after = await everything(database)
    named = {name for name, rows in after.items() for row in rows if EVE in row.values() and name != "player"}
    assert named == {"session", "claim", "vote", "ledger"}
    assert not {name for name in OF_EVE_ALONE for row in after[name] if row["player_id"] == EVE}


async def test_nothing_of_others_changes(database: Database, tmp_path: Path) -> None:
    await live(database, tmp_path)
    before = await everything(database)

    await forget(database, EVE, NOW)

    after = await everything(database)
    for name in OF_EVE_ALONE | {"player", "session", "vote", "claim", "ledger"}:
        of_others = [row for row in before[name] if EVE not in (row.get("player_id"), row.get("id"))]
        assert [_but_leader(row) for row in of_others] == [
            _but_leader(row) for row in after[name] if EVE not in (row.get("player_id"), row.get("id"))
        ]
    assert before["ledger"] == after["ledger"]
    theirs = {
        row["id"]
        for row in before["exchange"]
        if not row["id"].startswith(("s-eve", "s-c1", "s-c2", "s-open"))
    }
    kept = {row["id"]: row for row in after["exchange"]}
    assert all(kept[row["id"]] == row for row in before["exchange"] if row["id"] in theirs)


def _but_leader(row: Any) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "same_as"}


async def test_claims_merged_with_theirs_get_a_leader_of_their_own(
    database: Database, tmp_path: Path
) -> None:
    await live(database, tmp_path)

    await forget(database, EVE, NOW)

    claims = {row["id"]: row for row in (await everything(database))["claim"]}
    assert (claims["c3"]["same_as"], claims["c4"]["same_as"]) == (None, "c3")
    assert {claims[one]["status"] for one in ("c3", "c4")} == {"open"}
    assert {claims[one]["reason"] for one in ("c1", "c2")} == {"forgotten"}


async def test_a_picture_keeps_what_others_taught(database: Database, tmp_path: Path) -> None:
    await live(database, tmp_path)

    await forget(database, EVE, NOW)

    assert (await everything(database))["image"][0]["known"] == [{"question": "q", "answer": "a"}]


async def test_it_says_which_frozen_releases_hold_something(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await live(sqlite_database, tmp_path)

    done = await forget(sqlite_database, EVE, NOW)

    assert (done.claims, done.examples) == (2, 1)
    assert [(held.release_id, held.version, held.examples) for held in done.releases] == [
        ("r0", 1, 1),
        ("r2", 3, None),  # its folder is elsewhere
    ]


async def test_the_round_is_curated_and_paid_as_before(database: Database, tmp_path: Path) -> None:
    await live(database, tmp_path)
    await forget(database, EVE, NOW)
    counted = select(func.count()).select_from(schema.ledger).where(schema.ledger.c.player_id == EVE)
    async with database.read() as tx:
        lines = (await tx.execute(counted)).scalar_one()

    for now in (NOW + 1, NOW + 2):
        await find_signals(database, CampaignId(CAMPAIGN), now=now)
        await curate(database, CampaignId(CAMPAIGN), RoundId(ROUND), now=now)

    after = await everything(database)
    theirs = [row for row in after["claim"] if row["player_id"] == EVE]
    assert {(row["status"], row["reason"], row["question"]) for row in theirs} == {
        ("rejected", "forgotten", "")
    }
    assert after["example"] == []
    assert not [row for row in after["signal"] if row["player_id"] == EVE]
    async with database.read() as tx:
        assert (await tx.execute(counted)).scalar_one() == lines


async def test_a_team_with_others_in_it_stays(sqlite_database: Database, tmp_path: Path) -> None:
    await live(sqlite_database, tmp_path)
    async with sqlite_database.begin() as tx:
        await tx.execute(insert(schema.team).values(id="u", name="Owls", code="U", created_at=1.0))
        await tx.execute(schema.player.update().values(team_id="u"))

    await forget(sqlite_database, EVE, NOW)
    rows = await everything(sqlite_database)
    await forget(sqlite_database, BOB, NOW)
    await forget(sqlite_database, PlayerId("ref"), NOW)

    assert {row["id"] for row in rows["team"]} == {"t", "u"}
    assert {row["id"] for row in (await everything(sqlite_database))["team"]} == {"t"}


async def test_forgetting_twice_is_the_same(sqlite_database: Database, tmp_path: Path) -> None:
    await live(sqlite_database, tmp_path)
    await forget(sqlite_database, EVE, NOW)
    once = await everything(sqlite_database)

    again = await forget(sqlite_database, EVE, NOW + 5)

    assert again.questions == again.claims == again.examples == 0
    assert [held.release_id for held in again.releases] == ["r0", "r2"]
    assert await everything(sqlite_database) == once


async def test_nobody_unknown_is_forgotten(sqlite_database: Database) -> None:
    with pytest.raises(NotFound, match="players list"):
        await forget(sqlite_database, PlayerId("nobody"), NOW)

"""What a player takes away: all of their own, nothing of others, and no secret of a session still played."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stumper.accounts.forget import forget
from stumper.accounts.kept.export import FORMAT, export
from stumper.accounts.kept.queries import NAMES
from stumper.errors import NotFound
from stumper.records import PlayerId
from stumper.store.database import Database
from tests.accounts.lives import BOB, EVE, MARK, NOW, live


async def exported(database: Database, player_id: PlayerId) -> dict[str, Any]:
    text = "".join([piece async for piece in export(database, player_id, now=NOW)])
    return dict(json.loads(text))


async def test_all_that_is_kept_about_them_is_in_it(database: Database, tmp_path: Path) -> None:
    await live(database, tmp_path)

    told = await exported(database, EVE)

    assert set(told) == {"format", "exported_at", "player", "sessions", *NAMES}
    assert told["format"] == FORMAT
    assert told["player"]["nickname"] == MARK
    assert told["player"]["team"] == f"{MARK}s"
    assert [claim["status"] for claim in told["claims"]] == ["accepted", "open"]
    assert [vote["better"] for vote in told["votes"]] == [f"rather {MARK}"]
    assert [line["points"] for line in told["points"]] == [20]
    for name in ("badges", "quests", "leagues", "messages", "links", "appeals"):
        assert len(told[name]) == 1, name
    assert {session["id"] for session in told["sessions"]} == {"s-eve", "s-c1", "s-c2", "s-open"}


async def test_a_session_still_played_keeps_its_secrets(sqlite_database: Database, tmp_path: Path) -> None:
    await live(sqlite_database, tmp_path)

    sessions = {one["id"]: one for one in (await exported(sqlite_database, EVE))["sessions"]}

    going, over = sessions["s-open"], sessions["s-eve"]
    assert (going["salt"], over["salt"]) == (None, "salt")
    assert {(turn["control"], turn["coins"]) for turn in going["turns"]} == {(None, None)}
    asked = going["turns"][0]["exchanges"][0]
    assert asked["question"] == f"{MARK} still?"
    assert (asked["poisoned"], asked["counts"], asked["model_answer"]) == (None, None, None)
    assert all(turn["control"] for turn in over["turns"])
    assert over["turns"][0]["exchanges"][0]["poisoned"] is True


async def test_nobody_else_is_in_it(sqlite_database: Database, tmp_path: Path) -> None:
    await live(sqlite_database, tmp_path)

    text = json.dumps(await exported(sqlite_database, EVE))

    assert BOB not in text
    assert '"ref"' not in text
    assert "word" not in text


async def test_somebody_forgotten_has_nothing_to_take(sqlite_database: Database, tmp_path: Path) -> None:
    await live(sqlite_database, tmp_path)
    await forget(sqlite_database, EVE, NOW)

    with pytest.raises(NotFound):
        await exported(sqlite_database, EVE)

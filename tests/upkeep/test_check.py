"""The checker finds nothing in a game that was played, and exactly the damage that is planted."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from stumper.app import build
from stumper.config import Settings
from stumper.errors import BadInput
from stumper.images.files import FolderFiles
from stumper.store.database import Database
from stumper.upkeep.check import check_store
from stumper.upkeep.checker import sums
from stumper.upkeep.checker.journal import Told, read_journals
from stumper.upkeep.finding import Finding, State
from tests.commands import stumper
from tests.front.world import Clock
from tests.upkeep.played import NAME, furnish, play


def _wrong(found: list[Finding]) -> list[str]:
    return [one.name for one in found if one.state is State.WRONG]


async def _played(folder: Path, url: str) -> None:
    clock = Clock()
    settings = Settings(data=folder, database=url, campaign=NAME)
    async with build(settings, clock=clock, rng=random.Random(7), prepare=False) as app:
        await furnish(app)
        await play(app, clock)


@pytest.fixture(scope="module")
def played(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which two players have played two sessions each."""
    folder = tmp_path_factory.mktemp("played")
    shutil.copy(sqlite_template, folder / "stumper.db")
    asyncio.run(_played(folder, f"sqlite:///{folder / 'stumper.db'}"))
    return folder


@pytest.fixture
def folder(played: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(played, tmp_path / "data"))


async def _check(folder: Path, told: list[Told] | None = None) -> list[Finding]:
    database = Database(f"sqlite:///{folder / 'stumper.db'}")
    try:
        return await check_store(
            database, files=FolderFiles(folder / "files"), releases=folder / "releases", told=told or ()
        )
    finally:
        await database.close()


async def test_what_was_played_adds_up_on_both_databases(database_url: str, tmp_path: Path) -> None:
    await _played(tmp_path, database_url)
    database = Database(database_url)

    found = await check_store(database, files=FolderFiles(tmp_path / "files"), releases=tmp_path / "releases")

    assert _wrong(found) == []
    assert len(found) > 15
    async with database.begin() as tx:
        await tx.execute(text("UPDATE score SET points = points + 1 WHERE period = 'all'"))
        await tx.execute(text("UPDATE exchange SET poisoned = NOT poisoned WHERE number = 0 AND counts"))
    found = await check_store(database, files=FolderFiles(tmp_path / "files"), releases=tmp_path / "releases")
    await database.close()
    assert {"boards", "coins"} <= set(_wrong(found))


_CAUGHT = "(SELECT MIN(exchange_id) FROM claim)"
_HIT = "(SELECT MIN(id) FROM ledger WHERE reason = 'hit')"
_OPEN = "(SELECT MIN(id) FROM claim WHERE status = 'open')"
_EXAMPLE = "(SELECT claim_id FROM example)"
_OTHER = "(SELECT MAX(o.id) FROM {0} o WHERE o.id <> {1})"
_LINE = (
    "INSERT INTO ledger (id, player_id, session_id, exchange_id, vote_id, reason, points, written_at) "
    "SELECT 99, player_id, session_id, exchange_id, vote_id, reason, points, written_at FROM ledger WHERE "
)
_VOTE = "claim_id, player_id, model_wrong, correction_right, unanswerable, gold, voted_at"
_MADE = "claim_id, campaign_id, round_id, image_id, question, answer, wrong_answer, category, posterior"

# What is planted, and the rules that are to say so.
DAMAGE: dict[str, tuple[str, set[str]]] = {
    "half an answer": (
        "UPDATE exchange SET shown_answer = NULL WHERE verdict IS NULL OR number = 0",
        {"answers", "verdicts"},
    ),
    "a question is gone": (f"UPDATE exchange SET number = 3 WHERE id = {_CAUGHT}", {"questions"}),
    "a verdict without a correction": (
        f"UPDATE exchange SET correction = NULL WHERE id = {_CAUGHT}",
        {"verdicts"},
    ),
    "an open turn in an ended session": (
        "UPDATE turn SET closed_at = NULL, opened_at = NULL WHERE id = (SELECT MIN(t.id) FROM turn t JOIN "
        "exchange e ON e.turn_id = t.id WHERE e.verdict = 'correct')",
        {"turns"},
    ),
    "graded before its end": (
        "UPDATE session SET finished_at = NULL WHERE id = (SELECT MIN(id) FROM session)",
        {"gradings"},
    ),
    "lines without a grading": (
        "UPDATE session SET graded_at = NULL WHERE id = "
        "(SELECT MIN(session_id) FROM ledger WHERE reason = 'hit')",
        {"gradings", "trust"},
    ),
    "a claim is lost": (f"DELETE FROM claim WHERE id = {_OPEN}", {"claims"}),
    "a claim of somebody else": (
        f"UPDATE claim SET player_id = {_OTHER.format('player', 'claim.player_id')} WHERE id = {_OPEN}",
        {"claims"},
    ),
    "a claim decided twice": (
        f"INSERT INTO example (id, {_MADE}, provenance) SELECT 'x2', {_MADE}, provenance FROM example",
        {"decisions"},
    ),
    "a claim with too many votes": (f"UPDATE claim SET votes = 5 WHERE id = {_OPEN}", {"decisions"}),
    "an example of what was refused": (
        f"UPDATE claim SET status = 'rejected' WHERE id = {_EXAMPLE}",
        {"decisions"},
    ),
    "voted twice": (f"INSERT INTO vote (id, {_VOTE}) SELECT 'vote-2', {_VOTE} FROM vote", {"votes"}),
    "paid twice": (f"{_LINE} id = {_HIT}", {"payments"}),
    "a vote paid twice": (f"{_LINE} vote_id IS NOT NULL", {"payments"}),
    "a line for another's move": (
        f"UPDATE ledger SET session_id = {_OTHER.format('session', 'ledger.session_id')} WHERE id = {_HIT}",
        {"owners", "ledger"},
    ),
    "paid for nothing": (
        f"UPDATE claim SET posterior = NULL, status = 'open' WHERE id = {_EXAMPLE}",
        {"promises", "decisions"},
    ),
    "a bounty alone": ("UPDATE ledger SET reason = 'bounty' WHERE reason = 'claim'", {"promises"}),
    "a picture is gone": ("DELETE FROM image WHERE id = (SELECT image_id FROM turn)", {"pictures"}),
    "too many points": (f"UPDATE ledger SET points = 21 WHERE id = {_HIT}", {"ledger"}),
    "a line is lost": (f"DELETE FROM ledger WHERE id = {_HIT}", {"ledger"}),
    "a claim that pays what none can": (
        "UPDATE ledger SET points = 500 WHERE reason = 'claim'",
        {"amounts"},
    ),
    "an unknown reason": ("UPDATE ledger SET reason = 'gift' WHERE reason = 'vote hit'", {"amounts"}),
    "trust from nowhere": ("UPDATE player SET e_value = e_value + 400", {"trust"}),
    "other coins": (
        "UPDATE turn SET coins = '11111111' WHERE id = (SELECT MIN(id) FROM turn WHERE NOT control)",
        {"coins"},
    ),
    "a score nobody earned": ("UPDATE score SET points = points + 1 WHERE period = 'all'", {"boards"}),
    "a player is gone": ("DELETE FROM player WHERE id = (SELECT MAX(id) FROM player)", {"references"}),
}


def _plant(path: Path, statement: str) -> None:
    """Changes rows in a copy of the tables that refuses nothing."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys=OFF")
    for table in ("exchange", "claim", "example", "vote", "ledger"):
        connection.execute(f"CREATE TABLE bare AS SELECT * FROM {table}")
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE bare RENAME TO {table}")
    before = connection.total_changes
    connection.executescript(statement)
    assert connection.total_changes > before, "nothing was damaged"
    connection.commit()
    connection.close()


@pytest.mark.parametrize("what", DAMAGE)
async def test_damage_is_found(what: str, folder: Path) -> None:
    statement, expected = DAMAGE[what]
    _plant(folder / "stumper.db", statement)

    found = set(_wrong(await _check(folder)))

    assert expected <= found
    # Points that change make boards differ, and a row that is gone leaves others without it: nothing else.
    assert found - expected <= {"boards", "references"}


async def test_a_picture_that_was_changed_or_lost_is_found(folder: Path) -> None:
    one, other, *_ = sorted(path for path in (folder / "files").rglob("*") if path.is_file())
    one.write_bytes(b"not a picture")
    other.unlink()
    left = other.parent / ".left.by-a-kill"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    (other.parent / ".just.being-written").write_bytes(b"half")

    said = [(one.state, one.said) for one in await _check(folder) if one.name == "files"]

    assert [state for state, _ in said] == [State.WRONG, State.WRONG, State.WARN]
    assert other.name in said[0][1]
    assert one.name in said[1][1]
    assert said[2][1].endswith(left.name)  # what was just written may get its row in a moment


def _told(folder: Path) -> list[Told]:
    connection = sqlite3.connect(folder / "stumper.db")
    connection.row_factory = sqlite3.Row
    rows = connection.execute(
        "SELECT e.*, t.session_id, s.player_id FROM exchange e JOIN turn t ON t.id = e.turn_id "
        "JOIN session s ON s.id = t.session_id ORDER BY e.asked_at"
    ).fetchall()
    connection.close()
    told: list[Told] = []
    for row in rows:
        common = {"session": row["session_id"], "exchange": row["id"]}
        told.append({"kind": "joined", "player": row["player_id"]})
        told.append(
            {
                **common,
                "kind": "asked",
                "turn": row["turn_id"],
                "key": row["key"],
                "answer": row["shown_answer"],
            }
        )
        told.append({**common, "kind": "judged", "verdict": row["verdict"], "correction": row["correction"]})
        told.append({"kind": "left", "session": row["session_id"], "turn": row["turn_id"]})
        told.append({"kind": "graded", "session": row["session_id"]})
    return told


async def test_acknowledged_moves_are_looked_up(folder: Path) -> None:
    told = _told(folder)

    assert _wrong(await _check(folder, told)) == []


async def test_a_session_that_is_stored_as_another_players_is_lost(folder: Path) -> None:
    told = _told(folder)
    session = next(one["session"] for one in told if "session" in one)
    started = {"kind": "started", "session": session, "player": "somebody else"}

    assert _wrong(await _check(folder, [*told, started])) == ["acknowledged"]


@pytest.mark.parametrize(
    "lost",
    [
        {"kind": "joined", "player": "nobody"},
        {"kind": "started", "session": "nowhere", "player": "nobody"},
        {"kind": "voted", "claim": "none", "player": "nobody"},
    ],
)
async def test_an_acknowledged_move_that_is_not_there_is_lost(folder: Path, lost: Told) -> None:
    assert _wrong(await _check(folder, [*_told(folder), lost])) == ["acknowledged"]


async def test_a_verdict_that_is_stored_otherwise_is_lost(folder: Path) -> None:
    told = _told(folder)
    last = next(one for one in reversed(told) if one["kind"] == "judged")

    assert _wrong(await _check(folder, [*told, {**last, "verdict": "wrong", "correction": "four"}])) == [
        "acknowledged"
    ]
    assert _wrong(await _check(folder, [*told, {**last, "kind": "undone"}])) == ["acknowledged"]


def test_the_command_says_what_differs(folder: Path, tmp_path: Path) -> None:
    whole = stumper("check", "--json", folder=tmp_path, STUMPER_DATA=str(folder))
    _plant(folder / "stumper.db", DAMAGE["paid twice"][0])
    journal = tmp_path / "journal.jsonl"
    journal.write_text('{"kind": "joined", "player": "nobody"}\n')
    ended = stumper("check", "--quick", "--journal", str(journal), folder=tmp_path, STUMPER_DATA=str(folder))

    assert whole.returncode == 0, whole.stderr
    assert json.loads(whole.stdout)["ok"] is True
    assert ended.returncode == 1
    assert "paid twice" in ended.stdout
    assert "of 1 acknowledged moves are lost: joined nobody" in ended.stdout


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"[]", "Line 2 of .* is no acknowledgement"),
        (b'{"kind": "gone"}', "is no acknowledgement"),
        (b'"\xff"', "is no acknowledgement"),
        (b'{"kind": ["joined"]}', "is no acknowledgement"),
        (b'{"kind": "judged", "session": "s", "exchange": "e"}', "lacks correction, verdict"),
    ],
)
def test_a_line_that_is_no_acknowledgement_is_refused(line: bytes, says: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(b'{"kind": "joined", "player": "p"}\n' + line)

    with pytest.raises(BadInput, match=says):
        read_journals([journal])


def test_a_journal_that_is_none_is_refused(folder: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text("[]\n")

    ended = stumper("check", "--journal", str(journal), folder=tmp_path, STUMPER_DATA=str(folder))

    assert ended.returncode == 1
    assert "Line 1 of" in ended.stderr


@pytest.mark.parametrize(("rate", "cost"), [(0.4, 20), (0.5, 30), (0.1, 4), (0.35, 17)])
def test_a_false_alarm_costs_what_the_guide_says(rate: float, cost: int) -> None:
    rules = {"hit_points": 20, "false_alarm_factor": 1.5}

    assert sums.pay(rules, rate) == (20, cost)


def test_no_claim_can_pay_more_than_the_window_lets() -> None:
    cost, gain = sums.claim_bounds({"bonus_stake": 16.0})

    assert gain == 106  # at an error rate of .15: 16 / .15, rounded down
    assert cost == 98  # yes or no there: 1.4 x 106.7 x .65, rounded up


def test_where_a_clock_was_set_back_nobody_knows_what_was_played_before() -> None:
    def session(id_: str, started_at: float, finished_at: float | None) -> SimpleNamespace:
        return SimpleNamespace(id=id_, started_at=started_at, finished_at=finished_at)

    one = session("one", 10_000.0, 10_100.0)
    before = [session("a", 1_000.0, 1_300.0), session("open", 1_200.0, None), session("b", 2_000.0, 2_200.0)]
    assert sums.played_by_another_clock(one, [*before, one]) == set()

    later = session("later", 5_000.0, 9_000.0)  # played after it, by a clock that was set back
    crossed = session("crossed", 9_500.0, 8_000.0)
    for odd in ([later, session("x", 6_000.0, 6_100.0)], [crossed]):
        assert sums.played_by_another_clock(one, [*before, one, *odd]) == {0.0, 500.0}

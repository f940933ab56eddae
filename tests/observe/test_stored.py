"""Numbers are those of the rows, on both databases, read by index and asked for once in ten seconds."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from sqlalchemy import event, insert

from stumper import campaigns
from stumper.monitoring import queries, stored
from stumper.monitoring.stored import Stored, buckets
from stumper.observe.metrics import scraped
from stumper.spending import Budget, Spent, Unit
from stumper.spending.queries import add, set_budget
from stumper.store import schema
from stumper.store.database import Database
from tests.observe.lines import samples, value

NOW = 1_000_000.0
E_VALUES = (0.5, 100.0, 250.0)
BUDGET_METRIC = "stumper_budget_spent_ratio"
MARKS = ((True, "wrong"), (False, "correct"), (False, "wrong"), (False, None))


async def _filled(database: Database) -> None:
    """Three players, each with a graded session of one control turn; marks as in ``MARKS``."""
    async with database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx, name="toytown", model_ref="scripted:", now=0.0, rng=random.Random(1)
        )
        current = await campaigns.current_round(tx, campaign.id)
        for n, e_value in enumerate(E_VALUES):
            name = {"nickname": f"P{n}", "language": "en", "kind": "human", "licence": "CC0"}
            await tx.execute(
                insert(schema.player).values(
                    id=f"p{n}", e_value=e_value, consent_at=0.0, created_at=0.0, **name
                )
            )
            times = {
                "started_at": NOW - 700 * n - 600,
                "finished_at": NOW - 90,
                "graded_at": NOW - 700 * n - 60,
            }
            await tx.execute(
                insert(schema.session).values(
                    id=f"s{n}",
                    player_id=f"p{n}",
                    round_id=current.id,
                    campaign_id=campaign.id,
                    turns=1,
                    poison_rate=0.4,
                    salt="",
                    commitment="",
                    **times,
                )
            )
            turn = {"position": 0, "image_id": "i", "control": True, "coins": "h"}
            await tx.execute(insert(schema.turn).values(id=f"t{n}", session_id=f"s{n}", **turn))
            for k, (poisoned, verdict) in enumerate(MARKS):
                said = {
                    "question": "?",
                    "asked_at": 0.0,
                    "counts": True,
                    "poisoned": poisoned,
                    "verdict": verdict,
                }
                row = {"id": f"e{n}-{k}", "turn_id": f"t{n}", "number": k, "key": str(k)}
                await tx.execute(insert(schema.exchange).values(**row, **said))
            score = {"period": "all", "player_id": f"p{n}", "points": 10 * n - 5, "updated_at": NOW}
            await tx.execute(insert(schema.score).values(**score))


async def test_numbers_are_those_of_the_rows(database: Database, tmp_path: Path) -> None:
    await _filled(database)
    numbers = Stored(database, folder=tmp_path)
    await numbers.refresh(now=NOW)
    found = samples(generate_latest(scraped(numbers, shared=None)).decode())

    assert value(found, "stumper_graded_sessions", trusted="yes") == 2
    assert value(found, "stumper_graded_sessions", trusted="no") == 1
    assert value(found, "stumper_control_marks", falsified="no", verdict="wrong") == 3
    assert value(found, "stumper_control_marks", falsified="yes", verdict="wrong") == 3
    assert value(found, "stumper_control_marks", falsified="yes", verdict="correct") == 0
    assert value(found, "stumper_players_active", campaign="toytown") == 3
    assert value(found, "stumper_ledger_points") == 15
    assert value(found, "stumper_oldest_claim_seconds") == 0
    assert value(found, "stumper_e_value_gcount") == 3
    assert value(found, "stumper_e_value_bucket", le="100.0") == 2

    async with database.read() as tx:
        ((round_id, *_),) = await queries.unclosed_rounds(tx)
        assert await queries.players_since(tx, round_id, NOW - 700) == 1
        assert await queries.e_values(tx, round_id, NOW - 800) == [0.5, 100.0]


async def _ratio(database: Database, folder: Path) -> dict[str, float]:
    numbers = Stored(database, folder=folder)
    await numbers.refresh(now=NOW)
    found = samples(generate_latest(scraped(numbers, shared=None)).decode())
    return {dict(has)["campaign"]: n for (name, has), n in found.items() if name == BUDGET_METRIC}


async def test_a_budget_is_told_by_its_spent_part_and_none_without_one(
    database: Database, tmp_path: Path
) -> None:
    async with database.begin() as tx:
        for name in ("street", "toytown", "free"):
            await campaigns.open_campaign(
                tx, name=name, model_ref="scripted:", now=0.0, rng=random.Random(name)
            )
        for name, most in (("street", 0), ("toytown", 8)):
            await set_budget(
                tx, (await campaigns.find_campaign(tx, name)).id, Budget(Unit.CALLS, most), now=NOW
            )
        owner = await campaigns.find_campaign(tx, "toytown")
        current = await campaigns.current_round(tx, owner.id)
        where = {"campaign_id": owner.id, "round_id": current.id, "now": NOW}
        await add(tx, **where, model="m", part=0, spent=Spent(calls=6))  # type: ignore[arg-type]
    assert await _ratio(database, tmp_path) == {"street": 1.0, "toytown": 0.75}

    async with database.begin() as tx:
        await add(tx, **where, model="other", part=0, spent=Spent(calls=6))  # type: ignore[arg-type]
        await set_budget(tx, (await campaigns.find_campaign(tx, "street")).id, None, now=NOW)
    assert await _ratio(database, tmp_path) == {"toytown": 1.0}, "it cannot be more than spent"


async def test_a_database_that_hangs_is_told_to_be_away(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(stored, "PATIENCE_S", 0.01)
    monkeypatch.setattr(queries, "claims_by_status", hang)
    numbers = Stored(sqlite_database, folder=tmp_path)
    await asyncio.wait_for(numbers.refresh(now=NOW), timeout=5)

    found = samples(generate_latest(scraped(numbers, shared=None)).decode())
    assert found["stumper_database_up", frozenset()] == 0


async def test_the_database_is_asked_once_in_ten_seconds(sqlite_database: Database, tmp_path: Path) -> None:
    numbers, asked = Stored(sqlite_database, folder=tmp_path), []
    event.listen(sqlite_database.engine.sync_engine, "before_cursor_execute", lambda *_: asked.append(1))
    await numbers.refresh(now=NOW)
    once = len(asked)
    await numbers.refresh(now=NOW + stored.KEPT_S - 0.1)
    assert len(asked) == once > 0
    await numbers.refresh(now=NOW + stored.KEPT_S)
    assert len(asked) == 2 * once


async def test_no_number_reads_a_whole_table_that_grows_with_play(sqlite_database: Database) -> None:
    await _filled(sqlite_database)
    sent: list[tuple[str, object]] = []
    listen = (sqlite_database.engine.sync_engine, "before_cursor_execute")

    def note(_: object, __: object, sql: str, arguments: object, *___: object) -> None:
        sent.append((sql, arguments))

    event.listen(*listen, note)
    await Stored(sqlite_database, folder=Path()).refresh(now=NOW)
    event.remove(*listen, note)
    plans = []
    async with sqlite_database.read() as tx:
        for sql, arguments in sent:
            if sql.lstrip().upper().startswith("SELECT"):
                plan = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", arguments)  # type: ignore[arg-type]
                plans += [row.detail for row in plan]

    assert len(plans) > 6
    large = ("session", "turn", "exchange", "player", "score", "claim")
    whole = [step for step in plans if step.startswith("SCAN") and step.split()[1] in large]
    assert [step for step in whole if "COVERING INDEX" not in step] == [], plans


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], [0] * 9), ([0.005, 1.0, 99.0, 1e9], [1, 1, 2, 2, 2, 2, 3, 3, 4])],
)
def test_buckets_hold_what_is_at_most_their_bound(values: list[float], expected: list[int]) -> None:
    assert [n for _, n in buckets(values)] == expected
    assert buckets(values)[-1][0] == "+Inf"

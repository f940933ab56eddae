"""Rows that progress reads, made quickly: players in time zones, and graded sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from stumper.store import schema
from stumper.store.database import Database
from tests.trust.rows import CAMPAIGN, IMAGE, ROUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A session that somebody finishes."""

    player_id: str
    session_id: str
    at: float
    hits: int = 0
    alarms: int = 0
    judged: bool = True
    question: str = ""


async def add_players(database: Database, ids: Sequence[str], *, zones: Sequence[str] = ("UTC",)) -> None:
    rows = [
        {
            "id": id_, "nickname": f"Player {id_}", "language": "en", "kind": "human", "consent_at": 1.0,
            "licence": "CC BY 4.0", "e_value": 1.0, "time_zone": zones[n % len(zones)], "created_at": 1.0,
        }
        for n, id_ in enumerate(ids)
    ]  # fmt: skip
    async with database.begin() as tx:
        await tx.execute(insert(schema.player), rows)


async def add_visits(database: Database, visits: Sequence[Visit]) -> None:
    """Inserts finished sessions whose controls were marked so; nothing is graded yet."""
    async with database.begin() as tx:
        for table, rows in _rows(visits).items():
            if rows:
                await tx.execute(insert(schema.metadata.tables[table]), rows)


def _rows(visits: Sequence[Visit]) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {"session": [], "turn": [], "exchange": []}
    for visit in visits:
        rows["session"].append(
            {
                "id": visit.session_id, "player_id": visit.player_id, "round_id": ROUND,
                "campaign_id": CAMPAIGN, "turns": 10, "started_at": visit.at - 600.0,
                "finished_at": visit.at, "poison_rate": 0.4, "salt": "salt", "commitment": "hash",
            }
        )  # fmt: skip
        marks = [True] * visit.hits + [False] * visit.alarms
        for n, poisoned in enumerate(marks or [False]):
            turn_id = f"{visit.session_id}-{n}"
            rows["turn"].append(
                {
                    "id": turn_id, "session_id": visit.session_id, "position": n, "image_id": IMAGE,
                    "control": True, "coins": "0", "opened_at": visit.at - 600.0,
                }
            )  # fmt: skip
            verdict = ("wrong" if marks else "correct") if visit.judged else None
            judged_at = visit.at - 550.0 + 30.0 * n
            rows["exchange"].append(
                {
                    "id": f"{turn_id}-x", "turn_id": turn_id, "number": 0, "key": "k",
                    "question": visit.question or f"What is thing {n}?", "model_answer": "a cat",
                    "shown_answer": "a dog", "poisoned": poisoned, "counts": True,
                    "asked_at": judged_at - 5.0, "answered_at": judged_at - 4.0,
                    "verdict": verdict, "judged_at": judged_at if verdict else None,
                }
            )  # fmt: skip
    return rows


async def ledger_lines(database: Database) -> list[tuple[str, int, float]]:
    """(player, points, written at) of every line, in the order written."""
    columns = schema.ledger.c.player_id, schema.ledger.c.points, schema.ledger.c.written_at
    async with database.read() as tx:
        rows = await tx.execute(select(*columns).order_by(schema.ledger.c.written_at, schema.ledger.c.id))
        return [tuple(row) for row in rows]


async def scores(database: Database) -> dict[tuple[str, str], int]:
    """Points by (period, player)."""
    columns = schema.score.c.period, schema.score.c.player_id, schema.score.c.points
    async with database.read() as tx:
        return {(period, id_): points for period, id_, points in await tx.execute(select(*columns))}


async def change_player(database: Database, player_id: str, **values: Any) -> None:
    async with database.begin() as tx:
        await tx.execute(update(schema.player).where(schema.player.c.id == player_id).values(**values))

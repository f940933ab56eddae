"""Rows that grading reads: a campaign, players, and sessions with judged controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert

from stumper.records import PlayerId, Rules, SessionId
from stumper.store import schema
from stumper.store.database import Database

CAMPAIGN, ROUND, IMAGE = "c", "r", "i"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One exchange; ``verdict`` None: never judged."""

    turn: int
    poisoned: bool
    verdict: str | None
    at: float
    question: str = ""
    control: bool = True
    counts: bool = True


async def open_campaign(database: Database, *, rules: Rules | None = None) -> None:
    async with database.begin() as tx:
        await tx.execute(
            insert(schema.campaign).values(
                id=CAMPAIGN,
                name="town",
                licence="CC BY 4.0",
                rules=asdict(rules or Rules()),
                created_at=0.0,
            )
        )
        await tx.execute(
            insert(schema.round_).values(
                id=ROUND, campaign_id=CAMPAIGN, number=1, model_ref="scripted:", status="open", opened_at=0.0
            )
        )
        await tx.execute(
            insert(schema.image).values(
                id=IMAGE, campaign_id=CAMPAIGN, file="ab/c.png", kind="untainted", width_px=9, height_px=9,
                source="drawn", licence="CC0", created_at=0.0,
            )
        )  # fmt: skip


async def add_player(database: Database, player_id: str, *, e_value: float = 1.0) -> PlayerId:
    async with database.begin() as tx:
        await tx.execute(
            insert(schema.player).values(
                id=player_id, nickname=player_id, language="en", kind="human", consent_at=1.0,
                licence="CC BY 4.0", e_value=e_value, created_at=1.0,
            )
        )  # fmt: skip
    return PlayerId(player_id)


async def add_session(
    database: Database,
    player_id: str,
    said: Sequence[Said],
    *,
    session_id: str = "s",
    poison_rate: float = 0.4,
    finished_at: float | None = 1_000.0,
    graded_at: float | None = None,
) -> SessionId:
    """Inserts a session whose exchanges are ``said``, started at 0."""
    turns: dict[int, bool] = {one.turn: one.control for one in said}
    async with database.begin() as tx:
        await tx.execute(
            insert(schema.session).values(
                id=session_id, player_id=player_id, round_id=ROUND, campaign_id=CAMPAIGN, turns=10,
                started_at=0.0, finished_at=finished_at, graded_at=graded_at, poison_rate=poison_rate,
                salt="salt", commitment="hash",
            )
        )  # fmt: skip
        for position, control in turns.items():
            await tx.execute(
                insert(schema.turn).values(
                    id=f"{session_id}-{position}", session_id=session_id, position=position, image_id=IMAGE,
                    control=control, coins="0" * 8, opened_at=0.0,
                )
            )  # fmt: skip
        rows = [_exchange(session_id, n, one) for n, one in enumerate(said)]
        if rows:
            await tx.execute(insert(schema.exchange), rows)
    return SessionId(session_id)


def _exchange(session_id: str, n: int, one: Said) -> dict[str, Any]:
    return {
        "id": f"{session_id}-x{n}",
        "turn_id": f"{session_id}-{one.turn}",
        "number": n,
        "key": str(n),
        "question": one.question or f"What is thing {n}?",
        "model_answer": "a cat",
        "shown_answer": "a dog" if one.poisoned else "a cat",
        "poisoned": one.poisoned,
        "counts": one.counts,
        "asked_at": one.at - 5.0,
        "answered_at": one.at - 4.0,
        "verdict": one.verdict,
        "judged_at": None if one.verdict is None else one.at,
    }


def attentive(turns: int) -> list[Said]:
    """Returns that many control turns without a mistake: two poisoned answers of five, all of them caught."""
    return [
        Said(turn=n, poisoned=n % 5 < 2, verdict="wrong" if n % 5 < 2 else "correct", at=30.0 * (n + 1))
        for n in range(turns)
    ]

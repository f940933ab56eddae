"""A store in which many have played before: made-up players, ten turns a session, one question a turn.

Names are hashes, so that rows stand in the indexes as scattered as real ones. The pictures of the past are
none of the campaign's: these would be worn out.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from sqlalchemy import create_engine, event, text

PRESENT: Final = 1e9
"""Times before it are of the past: seconds since 1970, as everywhere."""
_DEALT: Final = 100_000
"""Pictures of the past."""
_TABLES: Final = {
    "player": (
        100,
        "id, nickname, language, kind, consent_at, licence, created_at",
        "md5('player' || i), 'past', 'en', 'human', 1, 'CC-BY-4.0', 1",
    ),
    "session": (
        10,
        "id, player_id, round_id, campaign_id, turns, started_at, finished_at, poison_rate, salt, commitment",
        "md5('session' || i), md5('player' || (i / 10)), :round_id, :campaign_id, 10, i, i, 0.5, '', ''",
    ),
    "turn": (
        1,
        'id, session_id, position, image_id, control, coins, opened_at, deadline_at, closed_at, "end"',
        "md5('turn' || i), md5('session' || (i / 10)), i % 10, md5('picture' || (i % :pictures)), "
        "i % 2 = 0, '', i, i, i, 'judged'",
    ),
    "exchange": (
        1,
        "id, turn_id, number, key, question, model_answer, shown_answer, poisoned, asked_at, answered_at, "
        "latency_ms, verdict, judged_at",
        "md5('exchange' || i), md5('turn' || i), 1, md5('key' || i), 'What colour is the ball on the left?', "
        "'red', 'red', i % 4 = 0, i, i, 1, 'right', i",
    ),
}


def fill(url: str, moves: int) -> None:
    """Adds ``moves`` moves of the past to the store at SQLAlchemy's ``url``, and counts them in."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _with_md5)
    with engine.begin() as tx:
        current = tx.execute(text("SELECT id AS round_id, campaign_id FROM round")).mappings().one()
        for table, (per_row, columns, values) in _TABLES.items():
            rows = -(-moves // per_row)
            tx.execute(
                text(
                    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last) "
                    f"INSERT INTO {table} ({columns}) SELECT {values} FROM n"
                )
                if engine.dialect.name == "sqlite"
                else text(
                    f"INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(0, :last) AS n(i)"
                ),
                {"last": rows - 1, "pictures": _DEALT, **current},
            )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
        alone.execute(text("ANALYZE"))
    engine.dispose()


def _with_md5(connection: Any, _record: Any) -> None:
    connection.create_function(
        "md5", 1, lambda value: hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
    )
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-4000000")  # 4 GB: scattered rows would thrash a small one

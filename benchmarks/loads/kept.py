"""Looks every acknowledged move up in the store, after the servers have ended."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import create_engine, text

from loads.past import PRESENT
from loads.players import Log


@dataclass(frozen=True, slots=True)
class Kept:
    lost: int
    """Acknowledged answers and verdicts that are not in the store as they were acknowledged."""
    double: int
    """Questions in the store that nobody was told of; every player waited for each of its answers."""


def look_up(url: str, *logs: Log, past: bool = False) -> Kept:
    """``url`` is SQLAlchemy's, with a driver that does not need asyncio; ``past``: moves were filled in."""
    engine = create_engine(url)
    with engine.connect() as tx:
        only = f" WHERE asked_at > {PRESENT}" if past else ""
        rows = tx.execute(text(f"SELECT id, shown_answer, verdict FROM exchange{only}"))
        stored = {id_: (shown, verdict) for id_, shown, verdict in rows}
    engine.dispose()
    answers = {id_: shown for log in logs for id_, shown in log.answers.items()}
    verdicts = {id_: mark for log in logs for id_, mark in log.verdicts.items()}
    lost = sum(stored.get(id_, ("", ""))[0] != shown for id_, shown in answers.items())
    lost += sum(stored.get(id_, ("", ""))[1] != mark for id_, mark in verdicts.items())
    return Kept(lost, len(stored.keys() - answers.keys()))

"""Plain SQL that finds rows which no sequence of moves can leave, and reads what `sums` adds up again.

Every statement runs on SQLite and on PostgreSQL. A rule's statement returns one column, the ids of offenders.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.store.schema import metadata

PAGE: Final = 500
"""Players read at once: memory stays small however many there are."""


class Rule(NamedTuple):
    """Rows that may not be."""

    name: str
    said: str
    """What they are, as a line about them begins."""
    sql: str


RULES: Final = (
    Rule(
        "answers",
        "questions with two answers, or half of one",
        """
        SELECT id FROM exchange WHERE (model_answer IS NULL) <> (shown_answer IS NULL)
        UNION SELECT MIN(id) FROM exchange GROUP BY turn_id, number HAVING COUNT(*) > 1
        UNION SELECT MIN(id) FROM exchange GROUP BY turn_id, key HAVING COUNT(*) > 1
        """,
    ),
    Rule(
        "questions",
        "turns of which a question is missing, or two wait for an answer",
        """
        SELECT turn_id FROM exchange GROUP BY turn_id
        HAVING COUNT(DISTINCT number) <> MAX(number) + 1 OR MIN(number) <> 0
            OR SUM(CASE WHEN model_answer IS NULL THEN 1 ELSE 0 END) > 1
        """,
    ),
    Rule(
        "verdicts",
        "verdicts without an answer, a time or a correction, or followed by more of their turn",
        """
        SELECT id FROM exchange
        WHERE (verdict IS NULL) <> (judged_at IS NULL) OR (verdict IS NOT NULL AND shown_answer IS NULL)
            OR (verdict = 'wrong' AND correction IS NULL)
        UNION
        SELECT e.id FROM exchange e JOIN exchange later ON later.turn_id = e.turn_id
        WHERE later.number > e.number AND e.verdict = 'wrong'
        UNION
        SELECT e.id FROM exchange e JOIN turn t ON t.id = e.turn_id
        WHERE e.verdict = 'wrong' AND t.closed_at IS NULL
        """,
    ),
    Rule(
        "turns",
        "sessions that lack a turn, have two open ones, or ended with one open",
        """
        SELECT s.id FROM session s LEFT JOIN turn t ON t.session_id = s.id
        GROUP BY s.id, s.turns, s.finished_at
        HAVING COUNT(t.id) <> s.turns OR MAX(t.position) <> s.turns - 1
            OR SUM(CASE WHEN t.opened_at IS NOT NULL AND t.closed_at IS NULL THEN 1 ELSE 0 END) > 1
            OR (s.finished_at IS NOT NULL AND COUNT(t.closed_at) <> s.turns)
        """,
    ),
    Rule(
        "gradings",
        "sessions that were graded before their end, or have lines and were never graded",
        """
        SELECT id FROM session WHERE graded_at IS NOT NULL AND finished_at IS NULL
        UNION
        SELECT s.id FROM session s JOIN ledger l ON l.session_id = s.id
        WHERE s.graded_at IS NULL AND l.reason IN ('hit', 'false_alarm')
        """,
    ),
    Rule(
        "claims",
        "catches without their claim, claims without their catch, or two of one",
        """
        SELECT e.id FROM exchange e JOIN turn t ON t.id = e.turn_id LEFT JOIN claim c ON c.exchange_id = e.id
        WHERE e.verdict = 'wrong' AND NOT t.control AND c.id IS NULL
        UNION
        SELECT c.id FROM claim c JOIN exchange e ON e.id = c.exchange_id JOIN turn t ON t.id = e.turn_id
        JOIN session s ON s.id = t.session_id
        WHERE e.verdict IS NULL OR e.verdict <> 'wrong' OR (t.control AND e.counts)
            OR c.player_id <> s.player_id OR c.round_id <> s.round_id OR c.campaign_id <> s.campaign_id
            OR c.image_id <> t.image_id
        UNION SELECT MIN(id) FROM claim GROUP BY exchange_id HAVING COUNT(*) > 1
        """,
    ),
    Rule(
        "decisions",
        "claims decided twice: two examples, one of a claim that is not accepted, or a wrong count of votes",
        """
        SELECT MIN(claim_id) FROM example GROUP BY claim_id HAVING COUNT(*) > 1
        UNION SELECT c.id FROM example x JOIN claim c ON c.id = x.claim_id WHERE c.status <> 'accepted'
        UNION
        SELECT c.id FROM claim c LEFT JOIN vote v ON v.claim_id = c.id GROUP BY c.id, c.votes
        HAVING c.votes > COUNT(v.id) OR c.votes < SUM(CASE WHEN v.gold OR v.id IS NULL THEN 0 ELSE 1 END)
        """,
    ),
    Rule(
        "votes",
        "claims on which a player voted twice, or their own author did",
        """
        SELECT MIN(claim_id) FROM vote GROUP BY claim_id, player_id HAVING COUNT(*) > 1
        UNION SELECT c.id FROM vote v JOIN claim c ON c.id = v.claim_id AND c.player_id = v.player_id
        """,
    ),
    Rule(
        "payments",
        "questions or votes that were paid twice",
        """
        SELECT MIN(exchange_id) FROM ledger WHERE exchange_id IS NOT NULL
        GROUP BY exchange_id, reason HAVING COUNT(*) > 1
        UNION SELECT MIN(vote_id) FROM ledger WHERE vote_id IS NOT NULL GROUP BY vote_id HAVING COUNT(*) > 1
        UNION
        SELECT MIN(l.exchange_id) FROM ledger l JOIN exchange e ON e.id = l.exchange_id
        WHERE l.reason IN ('hit', 'false_alarm') GROUP BY e.turn_id HAVING COUNT(*) > 1
        """,
    ),
    Rule(
        "owners",
        "lines of the ledger for somebody else's move, or for none",
        """
        SELECT CAST(l.id AS VARCHAR(64)) FROM ledger l LEFT JOIN session s ON s.id = l.session_id
        LEFT JOIN vote v ON v.id = l.vote_id
        LEFT JOIN exchange e ON e.id = l.exchange_id LEFT JOIN turn t ON t.id = e.turn_id
        WHERE (s.id IS NULL AND v.id IS NULL) OR l.player_id <> COALESCE(s.player_id, v.player_id)
            OR (s.id IS NOT NULL AND (t.session_id IS NULL OR t.session_id <> s.id))
        """,
    ),
    Rule(
        "promises",
        "claims that were paid other than promised, unjudged, or with a bounty and no gain",
        """
        SELECT l.exchange_id FROM ledger l JOIN waiting w ON w.exchange_id = l.exchange_id
        WHERE (l.reason = 'claim' AND l.points > 0 AND l.points <> w.points)
            OR (l.reason = 'bounty' AND l.points <> w.bounty)
        UNION
        SELECT l.exchange_id FROM ledger l LEFT JOIN claim c ON c.exchange_id = l.exchange_id
        WHERE l.reason = 'claim' AND (c.id IS NULL OR (c.status = 'open' AND c.posterior IS NULL))
        UNION
        SELECT b.exchange_id FROM ledger b
        LEFT JOIN ledger l ON l.exchange_id = b.exchange_id AND l.reason = 'claim'
        WHERE b.reason = 'bounty' AND (b.points <= 0 OR l.id IS NULL OR l.points <= 0)
        """,
    ),
    Rule(
        "pictures",
        "turns, claims and examples whose picture is not in their campaign",
        """
        SELECT t.id FROM turn t JOIN session s ON s.id = t.session_id
        LEFT JOIN image i ON i.id = t.image_id AND i.campaign_id = s.campaign_id WHERE i.id IS NULL
        UNION SELECT x.id FROM example x
        LEFT JOIN image i ON i.id = x.image_id AND i.campaign_id = x.campaign_id WHERE i.id IS NULL
        """,
    ),
)  # fmt: skip


async def snapshot(tx: AsyncConnection) -> None:
    """Makes all that follows in a reading transaction see one moment, while players go on. Call it first."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


async def offenders(tx: AsyncConnection, rule: Rule) -> list[str]:
    return sorted(str(one) for (one,) in await tx.execute(text(rule.sql)))


async def strays(tx: AsyncConnection) -> list[str]:
    """Returns ``table.column`` for each reference whose rows name one that is not there, and how many do."""
    found = []
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            child, parent = f'"{table.name}"', f'"{key.column.table.name}"'
            column, target = f'"{key.parent.name}"', f'"{key.column.name}"'
            sql = (
                f"SELECT COUNT(*) FROM {child} c LEFT JOIN {parent} p ON p.{target} = c.{column} "  # noqa: S608
                f"WHERE c.{column} IS NOT NULL AND p.{target} IS NULL"
            )
            count = (await tx.execute(text(sql))).scalar_one()
            if count:
                found.append(f"{table.name}.{key.parent.name} ({count:,})")
    return found


async def damaged_pages(tx: AsyncConnection) -> list[str]:
    """Returns what SQLite finds wrong in its own file; PostgreSQL has no such question."""
    if tx.dialect.name != "sqlite":
        return []
    said = [str(line) for (line,) in await tx.execute(text("PRAGMA integrity_check(10)"))]
    return [] if said == ["ok"] else said


_SESSIONS = text("""
    SELECT s.id, s.player_id, s.started_at, s.finished_at, s.graded_at, s.poison_rate, s.salt, s.commitment,
        p.kind, p.forgotten_at, c.rules
    FROM session s JOIN player p ON p.id = s.player_id JOIN campaign c ON c.id = s.campaign_id
    WHERE s.player_id > :after AND s.player_id <= :last ORDER BY s.player_id, s.graded_at, s.id
""")
_TURNS = text("""
    SELECT t.session_id, t.id, t.position, t.coins, t.control
    FROM turn t JOIN session s ON s.id = t.session_id WHERE s.player_id > :after AND s.player_id <= :last
    ORDER BY t.session_id, t.position
""")
_CONTROLS = text("""
    SELECT s.id AS session_id, e.id, e.turn_id, e.number, e.question, e.poisoned, e.counts, e.verdict,
        e.judged_at, t.position, t.coins, t.control
    FROM session s JOIN turn t ON t.session_id = s.id JOIN exchange e ON e.turn_id = t.id
    WHERE s.player_id > :after AND s.player_id <= :last AND (t.control OR e.counts OR e.poisoned)
    ORDER BY s.id, t.position, e.number
""")
_LINES = text("""
    SELECT l.player_id, l.session_id, l.exchange_id, l.vote_id, l.reason, l.points, l.written_at, c.rules
    FROM ledger l LEFT JOIN vote v ON v.id = l.vote_id LEFT JOIN claim k ON k.id = v.claim_id
    LEFT JOIN session s ON s.id = l.session_id
    LEFT JOIN campaign c ON c.id = COALESCE(k.campaign_id, s.campaign_id)
    WHERE l.player_id > :after AND l.player_id <= :last ORDER BY l.id
""")
_SCORES = text("SELECT player_id, period, points FROM score WHERE player_id > :after AND player_id <= :last")
_PLAYERS = text("SELECT id, e_value FROM player WHERE id > :after ORDER BY id LIMIT :most")


class Portion(NamedTuple):
    """All about some players that is added up again."""

    players: Sequence[Row[Any]]
    sessions: Sequence[Row[Any]]
    turns: Sequence[Row[Any]]
    exchanges: Sequence[Row[Any]]
    """Of control turns, and all that count or were falsified."""
    lines: Sequence[Row[Any]]
    scores: Sequence[Row[Any]]


async def portions(tx: AsyncConnection) -> AsyncIterator[Portion]:
    """Yields the players in the order of their ids, ``PAGE`` at a time."""
    after = ""
    while players := (await tx.execute(_PLAYERS, {"after": after, "most": PAGE})).all():
        span = {"after": after, "last": players[-1].id}
        queries = _SESSIONS, _TURNS, _CONTROLS, _LINES, _SCORES
        yield Portion(players, *[(await tx.execute(query, span)).all() for query in queries])
        after = players[-1].id


class Frozen(NamedTuple):
    id: str
    path: str
    digest: str
    withdrawn: bool


async def releases(tx: AsyncConnection) -> list[Frozen]:
    rows = await tx.execute(text("SELECT id, path, digest, withdrawn_at FROM release ORDER BY id"))
    return [Frozen(row.id, row.path, row.digest, row.withdrawn_at is not None) for row in rows]


async def file_keys(tx: AsyncConnection) -> list[str]:
    return [str(key) for (key,) in await tx.execute(text("SELECT DISTINCT file FROM image ORDER BY file"))]


_ACKNOWLEDGED = text("""
    SELECT e.id, e.turn_id, e.key, e.shown_answer, e.verdict, e.correction
    FROM exchange e WHERE e.turn_id IN (SELECT id FROM turn WHERE session_id = :session)
""")


async def exchanges_of(tx: AsyncConnection, session_id: str) -> list[Row[Any]]:
    return list((await tx.execute(_ACKNOWLEDGED, {"session": session_id})).all())


async def session_of(tx: AsyncConnection, session_id: str) -> Row[Any] | None:
    query = text("SELECT id, player_id, finished_at, graded_at FROM session WHERE id = :id")
    return (await tx.execute(query, {"id": session_id})).first()


async def closed_turns(tx: AsyncConnection, session_id: str) -> dict[str, str | None]:
    query = text('SELECT id, "end" AS ended FROM turn WHERE session_id = :id AND closed_at IS NOT NULL')
    return {row.id: row.ended for row in await tx.execute(query, {"id": session_id})}


async def voters(tx: AsyncConnection, claim_id: str, player_id: str) -> int:
    query = text("SELECT COUNT(*) FROM vote WHERE claim_id = :claim AND player_id = :player")
    return int((await tx.execute(query, {"claim": claim_id, "player": player_id})).scalar_one())


async def has_player(tx: AsyncConnection, player_id: str) -> bool:
    query = text("SELECT COUNT(*) FROM player WHERE id = :id")
    return bool((await tx.execute(query, {"id": player_id})).scalar_one())

"""Grading a session: once, from controls only, with ledger and E-value in one transaction."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from stumper.errors import BadSetting, Conflict, NotFound
from stumper.records import PlayerId, SessionId
from stumper.store import schema
from stumper.store.database import Database
from stumper.trust.grade import Grade, grade_session
from stumper.trust.queries import balance, control_counts
from stumper.trust.rewards import Outcome, Reason
from tests.trust.rows import Said, add_player, add_session, attentive, open_campaign


async def ledger_rows(database: Database) -> list[tuple[str, int]]:
    async with database.read() as tx:
        rows = await tx.execute(select(schema.ledger).order_by(schema.ledger.c.id))
        return [(row.reason, row.points) for row in rows]


async def played(database: Database, said: list[Said], **session: float) -> SessionId:
    await open_campaign(database)
    await add_player(database, "ann")
    return await add_session(database, "ann", said, **session)  # type: ignore[arg-type]


async def test_a_session_by_hand(database: Database) -> None:
    session_id = await played(
        database,
        [
            Said(turn=0, poisoned=False, verdict="correct", at=20.0),
            Said(turn=0, poisoned=True, verdict="wrong", at=40.0),
            Said(turn=1, poisoned=True, verdict="correct", at=70.0),
            Said(turn=2, poisoned=False, verdict="wrong", at=100.0),
            Said(turn=3, poisoned=True, verdict="wrong", at=130.0),
        ],
    )

    grade = await grade_session(database, session_id, now=2_000.0)

    assert [line.reason for line in grade.lines] == [
        Reason.CLEAN,
        Reason.HIT,
        Reason.MISS,
        Reason.FALSE_ALARM,
        Reason.HIT,
    ]
    assert grade.points == 20 - 20 + 20
    assert grade.balance_shown == 20
    m = 0.4 * 0.8 + 0.6 * 0.1
    by_hand = (0.9 / (1 - m)) * (0.8 / m) * (0.2 / (1 - m)) * (0.1 / m) * (0.8 / m)
    assert grade.e_value == pytest.approx(by_hand)
    assert not grade.trusted
    assert grade.payable == 0
    assert await ledger_rows(database) == [("hit", 20), ("false_alarm", -20), ("hit", 20)]


async def test_a_second_grading_changes_nothing(database: Database) -> None:
    session_id = await played(database, attentive(5))

    first = await grade_session(database, session_id, now=2_000.0)
    again = await grade_session(database, session_id, now=3_000.0)

    assert again == first
    assert await ledger_rows(database) == [("hit", 20), ("hit", 20)]


async def test_two_gradings_at_once_count_once(database: Database) -> None:
    session_id = await played(database, attentive(5))

    grades = await asyncio.gather(*(grade_session(database, session_id, now=2_000.0) for _ in range(6)))

    assert len({grade.e_value for grade in grades}) == 1
    assert await ledger_rows(database) == [("hit", 20), ("hit", 20)]


async def test_two_sessions_graded_at_once_multiply(database: Database) -> None:
    await played(database, attentive(5))
    await add_session(database, "ann", attentive(5), session_id="t")

    await asyncio.gather(*(grade_session(database, SessionId(id_), now=2_000.0) for id_ in "st"))

    last = await grade_session(database, SessionId("s"), now=2_000.0)
    m = 0.38
    assert last.e_value == pytest.approx(((0.8 / m) ** 2 * (0.9 / (1 - m)) ** 3) ** 2)
    assert last.balance_shown == 80


async def test_only_judged_exchanges_of_controls_that_count_say_something(database: Database) -> None:
    session_id = await played(
        database,
        [
            Said(turn=0, poisoned=True, verdict=None, at=20.0),
            Said(turn=1, poisoned=False, verdict="wrong", at=50.0, control=False),
            Said(turn=2, poisoned=False, verdict="correct", at=80.0, counts=False),
        ],
    )

    grade = await grade_session(database, session_id, now=2_000.0)

    assert grade == Grade((), 0, 0, 1.0, False, 0, 0)
    assert await ledger_rows(database) == []


async def test_the_same_question_again_earns_nothing(database: Database) -> None:
    session_id = await played(
        database,
        [
            Said(turn=0, poisoned=False, verdict="correct", at=20.0, question="How many cats are there?"),
            Said(turn=0, poisoned=True, verdict="wrong", at=40.0, question="how many cats in the picture"),
        ],
    )

    grade = await grade_session(database, session_id, now=2_000.0)

    assert [line.reason for line in grade.lines] == [Reason.CLEAN, Reason.REPEAT]
    assert grade.e_value == pytest.approx(0.9 / 0.62)
    assert grade.points == 0


async def test_the_same_question_on_another_picture_is_a_new_one(database: Database) -> None:
    said = [
        Said(turn=n, poisoned=True, verdict="wrong", at=20.0 + 20 * n, question="How many?") for n in (0, 1)
    ]
    session_id = await played(database, said)

    grade = await grade_session(database, session_id, now=2_000.0)

    assert grade.points == 40


async def test_points_become_payable_with_trust(database: Database) -> None:
    session_id = await played(database, attentive(15))

    grade = await grade_session(database, session_id, now=2_000.0)

    assert grade.trusted
    assert grade.payable == grade.balance_shown == 120


async def test_a_debt_is_kept_but_not_shown(database: Database) -> None:
    session_id = await played(
        database, [Said(turn=n, poisoned=False, verdict="wrong", at=30.0 * (n + 1)) for n in range(3)]
    )

    grade = await grade_session(database, session_id, now=2_000.0)

    assert (grade.points, grade.balance_shown) == (-60, 0)
    async with database.read() as tx:
        assert await balance(tx, PlayerId("ann")) == -60


async def test_an_unfinished_session_is_not_graded(sqlite_database: Database) -> None:
    session_id = await played(sqlite_database, attentive(2), finished_at=None)  # type: ignore[arg-type]

    with pytest.raises(Conflict, match="still being played"):
        await grade_session(sqlite_database, session_id, now=2_000.0)


async def test_an_unknown_session_is_named(sqlite_database: Database) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        await grade_session(sqlite_database, SessionId("nowhere"), now=2_000.0)


async def test_an_unusable_poison_rate_grades_nothing(sqlite_database: Database) -> None:
    session_id = await played(sqlite_database, attentive(2), poison_rate=0.95)

    with pytest.raises(BadSetting):
        await grade_session(sqlite_database, session_id, now=2_000.0)

    assert await ledger_rows(sqlite_database) == []


async def test_controls_are_counted_per_player_from_graded_sessions(database: Database) -> None:
    session_id = await played(database, attentive(5))
    await add_player(database, "bob")
    before = await counted(database)
    await grade_session(database, session_id, now=2_000.0)

    assert before == {"ann": {}, "bob": {}}
    assert await counted(database) == {"ann": {Outcome.HIT: 2, Outcome.CLEAN: 3}, "bob": {}}


async def counted(database: Database) -> dict[str, dict[Outcome, int]]:
    async with database.read() as tx:
        found = await control_counts(tx, [PlayerId("ann"), PlayerId("bob")])
    return {str(player_id): dict(counts) for player_id, counts in found.items()}


said_lists = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["wrong", "correct", None]), st.booleans()), max_size=8
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sessions=st.lists(said_lists, min_size=1, max_size=3))
async def test_the_ledger_is_the_sum_of_the_rules_and_only_grows(
    sqlite_database: Database, sessions: list[list[tuple[bool, str | None, bool]]]
) -> None:
    async with sqlite_database.begin() as tx:
        for table in reversed(schema.metadata.sorted_tables):
            await tx.execute(table.delete())
    await open_campaign(sqlite_database)
    await add_player(sqlite_database, "ann")
    expected, rows = 0, list[tuple[str, int]]()
    for number, said in enumerate(sessions):
        exchanges = [
            Said(turn=n, poisoned=poisoned, verdict=verdict, at=60.0 * (n + 1), control=control)
            for n, (poisoned, verdict, control) in enumerate(said)
        ]
        session_id = await add_session(sqlite_database, "ann", exchanges, session_id=f"s{number}")
        wrong = [one for one in exchanges if one.control and one.verdict == "wrong"]
        expected += sum(20 if one.poisoned else -20 for one in wrong)

        grade = await grade_session(sqlite_database, session_id, now=2_000.0)
        await grade_session(sqlite_database, session_id, now=2_001.0)

        grown = await ledger_rows(sqlite_database)
        assert grown[: len(rows)] == rows
        assert sum(points for _, points in grown) == expected
        assert grade.balance_shown == max(0, expected)
        rows = grown


async def test_always_wrong_players_end_without_payable_points(sqlite_database: Database) -> None:
    await open_campaign(sqlite_database)
    rng = random.Random(3)
    payable = trusted = 0
    for n in range(40):
        await add_player(sqlite_database, f"p{n}")
        said = [
            Said(turn=turn, poisoned=rng.random() < 0.4, verdict="wrong", at=20.0 * (turn + 1))
            for turn in range(15)
        ]
        session_id = await add_session(sqlite_database, f"p{n}", said, session_id=f"s{n}")
        grade = await grade_session(sqlite_database, session_id, now=2_000.0)
        payable += grade.payable
        trusted += grade.trusted

    assert (payable, trusted) == (0, 0)

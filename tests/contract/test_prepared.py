"""Prepared statements say what SQLAlchemy's own execution says, on both databases."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from stumper.store.database import Database
from stumper.store.prepared import Prepared
from stumper.store.schema import campaign, player
from tests.examples import examples

ADD, ALL = insert(campaign), select(campaign).order_by(campaign.c.id)
ADD_PREPARED, ALL_PREPARED = Prepared(ADD), Prepared(ALL)
RENAME = Prepared(update(campaign).where(campaign.c.id == bindparam("row_id")).values(name=bindparam("new")))
DROP = Prepared(delete(campaign))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
ROWS = {"id": "a", "name": "toytown", "licence": "CC BY 4.0", "rules": {}, "created_at": 0.0}


@settings(
    max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rules=st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers(-9, 9) | TEXTS, max_size=3),
    moment=st.floats(allow_nan=False, allow_infinity=False),
)
async def test_what_either_writes_both_read_alike(
    database: Database, rules: dict[str, object], moment: float
) -> None:
    one = {**ROWS, "rules": rules, "created_at": moment}
    two = {**one, "id": "b", "name": "zoo"}

    async with database.begin() as tx:
        await DROP.change(tx, {})
        assert await ADD_PREPARED.change(tx, one) == 1
        await tx.execute(ADD.values(two))
        own = [row._asdict() for row in await tx.execute(ALL)]
        prepared = [row._asdict() for row in await ALL_PREPARED.all(tx, {})]
    async with database.read() as tx:
        later = [row._asdict() for row in await ALL_PREPARED.all(tx, {})]

    assert own == prepared == later == [one, two]


async def test_changes_are_counted(database: Database) -> None:
    async with database.begin() as tx:
        await ADD_PREPARED.change(tx, ROWS)
        assert await RENAME.change(tx, {"row_id": "a", "new": "zoo"}) == 1
        assert await RENAME.change(tx, {"row_id": "nobody", "new": "farm"}) == 0
        assert (await ALL_PREPARED.first(tx, {})).name == "zoo"


async def test_yes_no_and_nothing_come_back(database: Database) -> None:
    known = {
        "id": "p", "nickname": "Ada", "language": "en", "kind": "human", "consent_at": 1.0, "licence": "l",
        "model_ref": None, "method": None, "e_value": 1.0, "network": None, "time_zone": "UTC",
        "team_id": None, "invited_by": None, "notices": False, "epoch": 0, "forgotten_at": None,
        "created_at": 1.0,
    }  # fmt: skip
    async with database.begin() as tx:
        await Prepared(insert(player)).change(tx, known)
        (row,) = await Prepared(select(player)).all(tx, {})

    assert row._asdict() == known
    assert row.notices is False


async def test_a_refusal_is_the_same_error_and_takes_the_transaction_back(database: Database) -> None:
    async with database.begin() as tx:
        await ADD_PREPARED.change(tx, ROWS)

    async def rename_and_add_again() -> None:
        async with database.begin() as tx:
            await RENAME.change(tx, {"row_id": "a", "new": "zoo"})
            await ADD_PREPARED.change(tx, ROWS)

    with pytest.raises(IntegrityError):
        await rename_and_add_again()

    async with database.read(brief=True) as tx:
        assert [row.name for row in await ALL_PREPARED.all(tx, {})] == ["toytown"]

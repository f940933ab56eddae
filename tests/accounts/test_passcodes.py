"""Codes for another device: once, for ten minutes, for one player, and hard to find by trying."""

from __future__ import annotations

import asyncio
import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from stumper.accounts import passcodes
from stumper.accounts.passcodes import AN_HOUR, LIFE_S, draw, make, normal, peek, shown, use
from stumper.errors import NotFound, TooMany
from stumper.store.database import Database
from stumper.store.schema import passcode
from tests.trust.rows import add_player

NOW = 1_000_000.0


def hashed(code: str) -> str:
    return hashlib.sha256(f"of the tests {code}".encode()).hexdigest()


async def made(database: Database, *, now: float = NOW, seed: int = 1) -> str:
    me = await add_player(database, "ann")
    return await make(database, me, hashed=hashed, now=now, rng=random.Random(seed))


@given(st.integers(min_value=0, max_value=2**32))
def test_a_code_is_read_whatever_its_capitals_blanks_and_dashes(seed: int) -> None:
    code = draw(random.Random(seed))

    assert len(code) == 8
    assert not set(code) & set("01IO")
    assert normal(shown(code)) == normal(shown(code).lower()) == normal(f" {code[:3]} {code[3:]}–") == code


@pytest.mark.parametrize(
    "typed", ["", "ABCD-234", "ABCD-23456", "ABCD-2340", "ÄBCD-2345", "x" * 10_000, "\0" * 8]
)
def test_what_is_no_code_is_refused_at_once(typed: str) -> None:
    with pytest.raises(NotFound, match="eight letters"):
        normal(typed)


async def test_a_code_lets_its_player_in_once(database: Database) -> None:
    code = await made(database)

    assert (await peek(database, code, hashed=hashed, now=NOW + 1)).id == "ann"
    assert await use(database, shown(code).lower(), hashed=hashed, now=NOW + 2) == "ann"
    for again in (use, peek):
        with pytest.raises(NotFound, match="used already"):
            await again(database, code, hashed=hashed, now=NOW + 3)


async def test_of_two_devices_at_once_one_gets_in(database: Database) -> None:
    code = await made(database)

    both = await asyncio.gather(
        *(use(database, code, hashed=hashed, now=NOW + 1) for _ in range(8)), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in both) == ["NotFound"] * 7 + ["str"]


async def test_a_code_lives_for_ten_minutes(database: Database) -> None:
    code = await made(database)

    assert (await peek(database, code, hashed=hashed, now=NOW + LIFE_S - 1)).id == "ann"
    with pytest.raises(NotFound):
        await use(database, code, hashed=hashed, now=NOW + LIFE_S)


async def test_a_code_is_not_in_the_database(database: Database) -> None:
    code = await made(database)

    async with database.read() as tx:
        row = (await tx.execute(select(passcode))).one()

    assert code not in str(row)
    assert row.code_hash == hashed(code)


async def test_a_player_makes_few_codes_an_hour(database: Database) -> None:
    await made(database)
    for seed in range(2, AN_HOUR + 1):
        await make(database, "ann", hashed=hashed, now=NOW, rng=random.Random(seed))

    with pytest.raises(TooMany):
        await make(database, "ann", hashed=hashed, now=NOW + 3599, rng=random.Random(99))
    assert await make(database, "ann", hashed=hashed, now=NOW + 3600, rng=random.Random(99))


async def test_hundreds_of_guesses_find_nothing(sqlite_database: Database) -> None:
    await made(sqlite_database)
    rng = random.Random(5)

    for _ in range(300):
        with pytest.raises(NotFound):
            await passcodes.use(sqlite_database, draw(rng), hashed=hashed, now=NOW)


async def test_nobody_unknown_makes_a_code(sqlite_database: Database) -> None:
    with pytest.raises(NotFound):
        await make(sqlite_database, "nobody", hashed=hashed, now=NOW, rng=random.Random(1))

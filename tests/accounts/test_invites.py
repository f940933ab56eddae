"""Invite codes: they name a player to the server that made them, and tell nothing to anybody else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.accounts.invites import Invites
from stumper.accounts.profile import thank
from stumper.accounts.queries import find
from stumper.records import ID_SIGNS, PlayerId, new_id
from stumper.store.database import Database
from tests.trust.rows import add_player

ids = st.text(alphabet=ID_SIGNS, min_size=16, max_size=16).map(PlayerId)


@given(ids, st.text())
def test_a_code_leads_back_to_its_player(player_id: PlayerId, secret: str) -> None:
    invites = Invites(secret)

    assert invites.player(invites.code(player_id)) == player_id


@given(st.lists(ids, unique=True, max_size=30))
def test_two_players_have_two_codes(players: list[PlayerId]) -> None:
    assert len({Invites("s").code(one) for one in players}) == len(players)


def test_without_the_secret_a_code_tells_nothing() -> None:
    me = new_id(random.Random(1))
    neighbour = me[:-1] + ("0" if me[-1] != "0" else "1")
    code, other = (Invites("a").code(PlayerId(one)) for one in (me, neighbour))

    assert Invites("b").player(code) != me
    assert code != me
    assert sum(a == b for a, b in zip(code, other, strict=True)) < 8


@pytest.mark.parametrize("code", ["", "x", "I" * 16, "0" * 17, "../../etc/passwd", "<b>0123456789abc"])
def test_what_is_no_code_names_nobody(code: str) -> None:
    assert Invites("a").player(code) is None


async def test_a_new_player_remembers_who_invited_them(sqlite_database: Database) -> None:
    for name in ("ann", "bob"):
        await add_player(sqlite_database, name)

    await thank(sqlite_database, PlayerId("bob"), invite=PlayerId("ann"))
    await thank(sqlite_database, PlayerId("ann"), invite=PlayerId("ann"))
    await thank(sqlite_database, PlayerId("ann"), invite=PlayerId("nobody"))

    async with sqlite_database.read() as tx:
        ann, bob = await find(tx, PlayerId("ann")), await find(tx, PlayerId("bob"))
    assert ann is not None
    assert bob is not None
    assert (ann.invited_by, bob.invited_by) == (None, "ann")

"""What became of a player's catches: a reason for each, in pages of twenty, and nothing too early."""

from __future__ import annotations

from collections.abc import Sequence

import httpx2
import pytest
from sqlalchemy import select, update

from stumper.curate.belief import Cause
from stumper.curate.pipeline import curate
from stumper.front import naming
from stumper.front.i18n import words_in
from stumper.records import RoundId
from stumper.store import schema
from tests.front.lessons import Caught, catch
from tests.front.test_web import seen
from tests.front.world import World, join

ASKED = (
    ("What the fuck is that?", "a cat", "refused", "It has insulting words."),
    ("How many cats and what colour are they?", "two", "refused", "Ask them one by one."),
    ("How many cats are there?", "red", "refused", "Your answer does not fit the question."),
    ("What does the sign say?", "CALL 416-977-6629", "waiting", "how to reach them"),
    ("hello", "hi", "refused", "did not read as a question"),
)


async def claimed(world: World, player_id: str, asked: Sequence[tuple[str, str]], *, name: str = "l") -> None:
    """Adds a graded session of the player with these questions and corrections as claims."""
    caught = [Caught(question=question, before="three", right=right, after="") for question, right in asked]
    async with world.app.database.begin() as tx:
        await catch(tx, world, player_id, caught, name=name)
        await tx.execute(
            update(schema.session).where(schema.session.c.id == f"s{name}").values(graded_at=2.0)
        )


async def settled(world: World, name: str, *, status: str, reason: str) -> None:
    claims = update(schema.claim).where(schema.claim.c.id.startswith(f"c{name}-"))
    async with world.app.database.begin() as tx:
        await tx.execute(claims.values(status=status, reason=reason, decided_at=3.0, category="counting"))


async def test_claims_pass_the_gates_and_their_player_reads_why_not(
    world: World, phone: httpx2.AsyncClient
) -> None:
    player = await join(phone)
    await claimed(world, player["id"], [(question, right) for question, right, _, _ in ASKED])
    async with world.app.database.read() as tx:
        current = RoundId((await tx.execute(select(schema.round_.c.id))).scalar_one())

    await curate(world.app.database, world.campaign.id, current, now=1_000.0)

    told = (await phone.get("/api/me/catches")).json()
    page = seen(await phone.get("/me/catches"))
    found = {one["question"]: (one["outcome"], one["why"]) for one in told["catches"]}
    assert len(found) == len(ASKED)
    for question, _, outcome, why in ASKED:
        assert found[question][0] == outcome
        assert why in found[question][1]
        assert found[question][1] in page


async def test_twenty_at_most_and_the_rest_on_the_next_page(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    await claimed(world, player["id"], [(f"How many boats has row {n}?", "4") for n in range(23)])
    await settled(world, "l", status="accepted", reason=Cause.CONFIRMED.value)

    first, second, third = [(await phone.get(f"/api/me/catches?page={n}")).json() for n in (1, 2, 3)]

    assert [len(one["catches"]) for one in (first, second, third)] == [20, 3, 0]
    assert [one["more"] for one in (first, second, third)] == [True, False, False]
    asked = {one["question"] for told in (first, second) for one in told["catches"]}
    assert len(asked) == 23
    page = await phone.get("/me/catches")
    assert 'href="/me/catches?page=2"' in page.text
    assert 'rel="prev"' not in page.text
    assert "There are no older ones." in seen(await phone.get("/me/catches?page=3"))
    assert (await phone.get("/me/catches?page=0")).status_code == 422


async def test_nothing_is_told_of_a_session_that_is_not_over(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    await claimed(world, player["id"], [("How many boats?", "4")])
    await settled(world, "l", status="rejected", reason=Cause.MODEL_RIGHT.value)
    async with world.app.database.begin() as tx:
        await tx.execute(update(schema.session).values(graded_at=None))

    told = (await phone.get("/api/me/catches")).json()

    assert told == {"page": 1, "more": False, "checking": 0, "catches": []}


async def test_others_see_nothing_and_open_claims_are_only_counted(
    world: World, phone: httpx2.AsyncClient
) -> None:
    player = await join(phone)
    await claimed(world, player["id"], [("How many boats?", "4")])

    mine = (await phone.get("/api/me/catches")).json()
    async with world.phone() as other:
        await join(other, "Bob")
        theirs = (await other.get("/api/me/catches")).json()
    async with world.phone() as stranger:
        refused = await stranger.get("/api/me/catches")

    assert (mine["checking"], mine["catches"]) == (1, [])
    assert (theirs["checking"], theirs["catches"]) == (0, [])
    assert refused.status_code == 401


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_its_own_sentence(cause: Cause) -> None:
    told = {other: naming.fate(other, words_in("en")) for other in Cause}

    assert told[cause].endswith(".")
    assert [*told.values()].count(told[cause]) == 1


async def test_what_is_typed_is_shown_as_text(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    await claimed(world, player["id"], [("<script>alert(1)</script> how many?", "<b>4</b>")])
    await settled(world, "l", status="rejected", reason=Cause.MODEL_RIGHT.value)

    page = await phone.get("/me/catches")

    assert "<script>alert" not in page.text
    assert "&lt;b&gt;4&lt;/b&gt;" in page.text

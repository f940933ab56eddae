"""The operators' page: what it shows, and who gives roles on it."""

from __future__ import annotations

from stumper.accounts.staff.giving import give
from stumper.accounts.staff.queries import members
from stumper.records import PlayerId, Role
from stumper.store.acts import latest
from tests.fake_endpoint import fake_endpoint
from tests.front.conftest import Worlds
from tests.front.world import join

HTML = {"accept": "text/html"}


async def test_an_owner_gives_and_takes_roles_and_the_page_tells_it(worlds: Worlds) -> None:
    async with worlds() as world, world.phone(**HTML) as phone, world.phone() as other:
        me = PlayerId((await join(phone, "Ada"))["id"])
        bob = PlayerId((await join(other, "Bob"))["id"])
        await give(world.app.database, me, Role.OWNER, actor="cli:root", now=1.0)

        before = await other.get("/me")
        given = await phone.post("/operate/roles", data={"player": bob, "role": "operator"})
        linked = await other.get("/me")
        again = await phone.post("/operate/roles", data={"player": bob, "role": "operator"})
        page = await phone.get("/operate")
        seen = await other.get("/operate", headers=HTML)
        taken = await phone.post("/operate/roles", data={"player": bob, "role": "operator", "take": "1"})
        shut = await other.get("/operate")
        async with world.app.database.read() as tx:
            left = [(one.player_id, one.role) for one in await members(tx)]
            told = [(one.act, one.actor) for one in await latest(tx, limit=2)]

    assert 'href="/operate"' not in before.text
    assert 'href="/operate"' in linked.text
    assert (given.status_code, again.status_code, taken.status_code) == (303, 409, 303)
    assert "already" in again.text
    assert "role.given" in page.text
    assert "The model answers." in page.text
    assert (seen.status_code, shut.status_code) == (200, 403)
    assert "/operate/roles" not in seen.text
    assert left == [(me, Role.OWNER)]
    assert told == [("role.taken", f"player:{me}"), ("role.given", f"player:{me}")]


async def test_a_model_that_is_away_is_told_on_the_page(worlds: Worlds) -> None:
    async with worlds(model="openai:http://127.0.0.1:1/v1#gone") as world, world.phone(**HTML) as phone:
        me = PlayerId((await join(phone, "Ada"))["id"])
        await give(world.app.database, me, Role.OPERATOR, actor="cli:root", now=1.0)

        page = await phone.get("/operate")

    assert page.status_code == 200
    assert "The model answers." not in page.text
    assert "127.0.0.1:1" in page.text


async def test_the_model_is_asked_once_in_half_a_minute_however_often_the_page_is_opened(
    worlds: Worlds,
) -> None:
    with fake_endpoint() as server:
        async with worlds(model=f"openai:{server.url}#sees") as world, world.phone(**HTML) as phone:
            me = PlayerId((await join(phone, "Ada"))["id"])
            await give(world.app.database, me, Role.OPERATOR, actor="cli:root", now=1.0)
            pages = [await phone.get("/operate") for _ in range(3)]
            once = len(server.requests)
            world.clock.now += 31
            server.broken = True
            broken = await phone.get("/operate")

    assert once == 2, "a red and a blue ball"
    assert ["The model answers." in page.text for page in (*pages, broken)] == [True, True, True, False]

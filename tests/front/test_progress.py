"""Boards, standing and teams over the web: real play through the API, then what everybody sees."""

from __future__ import annotations

import asyncio
import random

import httpx2
import pytest
from sqlalchemy import update

from stumper.play.texts import check_time_zone
from stumper.progress.teams import join_team, make_team
from stumper.store import schema
from tests.front.world import World, join, play_through, start


async def played(world: World, phone: httpx2.AsyncClient, nickname: str) -> dict[str, object]:
    await join(phone, nickname)
    session = await play_through(phone, world.clock, await start(phone))
    summary = await phone.get(f"/api/sessions/{session['id']}/summary")
    assert summary.status_code == 200, summary.text
    return dict(summary.json())


async def test_a_session_is_on_the_boards_once_it_is_graded(world: World, phone: httpx2.AsyncClient) -> None:
    summary = await played(world, phone, "Ada")

    league = (await phone.get("/api/boards/league")).json()
    assert [(row["rank"], row["name"], row["me"]) for row in league["rows"]] == [(1, "Ada", True)]
    assert league["rows"][0]["points"] == max(0, int(str(summary["points"])))  # debts are shown as 0
    for tab in ("day", "week", "all", "near"):
        rows = (await phone.get(f"/api/boards/{tab}")).json()["rows"]
        assert len(rows) == bool(summary["points"])
    assert summary["points"] < 0  # type: ignore[operator]
    assert '<strong class="sum">0</strong>' in (await phone.get("/boards?tab=week")).text


async def test_the_start_page_grades_what_was_left_at_its_end(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    await play_through(phone, world.clock, await start(phone))
    assert (await phone.get("/api/me/standing")).json()["streak"]["days"] == 0

    await phone.get("/")

    assert (await phone.get("/api/me/standing")).json()["streak"]["days"] == 1


async def test_the_standing_tells_of_the_first_session(world: World, phone: httpx2.AsyncClient) -> None:
    await played(world, phone, "Ada")

    now = (await phone.get("/api/me/standing")).json()

    assert (now["streak"]["days"], now["streak"]["done_today"], now["streak"]["freezes"]) == (1, True, 2)
    assert now["streak"]["dots"] == ["missed"] * 6 + ["played"]
    assert (now["league"]["tier"], now["league"]["rank"]) == (0, 1)
    assert now["quest"]["goal"] == 3


async def test_asking_for_the_standing_in_two_tabs_gives_one_quest(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    replies = await asyncio.gather(*(phone.get("/api/me/standing") for _ in range(8)))

    assert len({reply.json()["quest"]["category"] for reply in replies}) == 1


async def test_a_quest_tells_what_it_pays_and_for_what(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    await phone.get("/api/me/standing")
    async with world.app.database.begin() as tx:
        await tx.execute(update(schema.quest).values(category="text", points=15, thing=None))
    plain = await phone.get("/me")
    async with world.app.database.begin() as tx:
        await tx.execute(update(schema.quest).values(thing="bus & tram"))
    about = await phone.get("/me")
    told = (await phone.get("/api/me/standing")).json()["quest"]
    async with world.app.database.begin() as tx:
        await tx.execute(update(schema.quest).values(points=0))
    free = await phone.get("/me")

    assert (
        "+15 for each such catch that others confirm. At most 3 a day, and not for yes or no." in plain.text
    )
    assert "that others confirm, on pictures with: bus &amp; tram. At most 3" in about.text
    assert (told["points"], told["thing"]) == (15, "bus & tram")
    assert "others confirm" not in free.text.split("Quest of the day")[1].split("</div>")[0]


async def test_boards_are_open_and_name_nobody_by_id(world: World, phone: httpx2.AsyncClient) -> None:
    me = await join(phone, "<b>Ada</b>")
    session = await play_through(phone, world.clock, await start(phone))
    await phone.get(f"/api/sessions/{session['id']}/summary")

    async with world.phone() as stranger:
        page = await stranger.get("/boards?tab=all")
        rows = await stranger.get("/api/boards/all")
        league = await stranger.get("/api/boards/league")

    assert (page.status_code, rows.status_code, league.json()["rows"]) == (200, 200, [])
    assert str(me["id"]) not in page.text + rows.text
    assert "<b>Ada</b>" not in page.text


async def test_htmx_gets_its_part_and_a_reload_the_page(phone: httpx2.AsyncClient) -> None:
    await join(phone)
    part = await phone.get("/boards?tab=week", headers={"HX-Request": "true"})
    page = await phone.get("/boards?tab=week")
    back = await phone.get(
        "/boards?tab=week", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )

    assert part.text.lstrip().startswith("<section")
    assert page.text.startswith("<!doctype html>")
    assert back.text.startswith("<!doctype html>")


async def test_players_meet_in_a_team_by_its_code(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    await phone.post("/teams", data={"name": "  The\u202e Lamps "})
    code = (await phone.get("/api/me/team")).json()["code"]
    async with world.phone() as other:
        await join(other, "Bo")
        assert "The Lamps" not in (await other.get("/teams")).text
        await other.post("/teams/join", data={"code": f" {code[:4].lower()}-{code[4:].lower()} "})

        team = (await other.get("/api/me/team")).json()

    assert (team["name"], {mate["name"] for mate in team["mates"]}) == ("The Lamps", {"Ada", "Bo"})


async def test_a_wrong_code_is_told_kindly_and_trying_on_is_stopped(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    replies = [await phone.post("/teams/join", data={"code": f"<i>{n}"}) for n in range(12)]

    assert [reply.status_code for reply in replies] == [404] * 10 + [429] * 2
    assert "Ask for it once more" in replies[0].text
    assert "<i>" not in replies[0].text


async def test_a_team_takes_thirty_and_no_more_at_the_same_moment(world: World) -> None:
    game, database = world.app.game, world.app.database
    players = [(await game.join(nickname=f"P{n}", language="en", consent=True)).id for n in range(34)]
    code = await make_team(database, players[0], name="Full", now=0.0, rng=random.Random(1))
    done = await asyncio.gather(
        *(join_team(database, id_, code=code) for id_ in players[1:]), return_exceptions=True
    )

    assert sum(isinstance(one, str) for one in done) == 29
    assert {type(one).__name__ for one in done if not isinstance(one, str)} == {"Conflict"}


@pytest.mark.parametrize("name", ["", "x" * 41, "\u202e", "\x00"])
async def test_a_team_without_a_usable_name_is_not_made(phone: httpx2.AsyncClient, name: str) -> None:
    await join(phone)

    reply = await phone.post("/teams", data={"name": name})

    assert reply.status_code == 422
    assert (await phone.get("/api/me/team")).json() is None


@pytest.mark.parametrize(("sent", "kept"), [("Asia/Kolkata", "Asia/Kolkata"), ("Mars/Base", "UTC")])
async def test_joining_keeps_the_time_zone(world: World, sent: str, kept: str) -> None:
    player = await world.app.game.join(nickname="Ada", language="en", consent=True, time_zone=sent)

    assert player.time_zone == check_time_zone(sent) == kept


async def test_a_teams_link_leads_strangers_through_joining_and_players_to_the_team(world: World) -> None:
    async with world.phone() as stranger:
        first = await stranger.get("/teams?code=ABCD-2345")
        assert first.headers["location"] == "/?team=ABCD-2345"
        assert "/tutorial?team=ABCD-2345" in (await stranger.get(first.headers["location"])).text
        await join(stranger)
        again = await stranger.get("/?team=ABCD-2345")
        assert again.headers["location"] == "/teams?code=ABCD-2345"
        assert 'value="ABCD-2345"' in (await stranger.get(again.headers["location"])).text
        assert (await stranger.get("/join")).headers["location"] == "/"

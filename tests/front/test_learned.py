"""What Pixel learned from a player: their own catches, honestly marked, and kind words where none are."""

from __future__ import annotations

import httpx2
import pytest

from tests.front.lessons import SOME, Caught, catch, close_round
from tests.front.test_web import seen
from tests.front.world import World, join


async def test_whoever_caught_nothing_reads_how_to_begin(phone: httpx2.AsyncClient) -> None:
    await join(phone)

    page = await phone.get("/me/learned")

    assert "Catch Pixel at a mistake on a busy picture" in seen(page)
    assert "What the marks mean" not in page.text
    assert (await phone.get("/api/me/learned")).json() == {
        "round": 1, "checking": 0, "accepted": 0, "rounds": [],
    }  # fmt: skip


async def test_catches_on_their_way_are_counted(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    async with world.app.database.begin() as tx:
        await catch(tx, world, player["id"], SOME[:3], name="now")

    page = seen(await phone.get("/me/learned"))

    assert "your catches are on their way to school" in page
    assert "Referees are checking 3 catches of yours." in page


async def test_the_page_shows_before_and_after_and_marks_them(
    world: World, phone: httpx2.AsyncClient
) -> None:
    player = await join(phone)
    await close_round(world, player["id"], SOME)

    page = await phone.get("/me/learned")

    text = seen(page)
    assert "Pixel learned 2 of your 3 catches" in text
    assert "1 of them is on a picture that it never practised with" in text
    assert '<s dir="auto">two</s>' in page.text
    assert [text.count(mark) for mark in ("Not yet", "No answer came")] == [1, 1]
    lessons = page.text.split('<li class="lesson card">')[1:]
    assert [("Understood" in one, "By heart" in one) for one in lessons[:2]] == [(True, False), (False, True)]
    assert page.text.count("<main") == 1
    picture = await phone.get("/api/turns/tl-0/picture")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")


async def test_the_api_tells_the_same(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    await close_round(world, player["id"], SOME)

    told = (await phone.get("/api/me/learned")).json()

    (day,) = told.pop("rounds")
    lessons = day.pop("lessons")
    assert told == {"round": 2, "checking": 0, "accepted": 0}
    assert day == {"round": 1, "passed": True, "learned": 2, "of": 3, "understood": 1}
    assert lessons[0] == {
        "turn_id": "tl-1", "question": "What does the shop's sign say?", "right_answer": "BAKERY",
        "before": "no idea", "after": "bakery", "right": True, "learned": True, "held_out": True,
    }  # fmt: skip
    assert [one["right"] for one in lessons] == [True, True, False, None]


async def test_a_refused_model_is_no_success(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    await close_round(world, player["id"], SOME, passed=False)

    text = seen(await phone.get("/me/learned"))

    assert "Pixel failed its exam" in text
    assert "the old Pixel plays on" in text
    assert "Pixel learned" not in text.replace("what Pixel learned from you", "")


async def test_the_newest_round_comes_first(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    await close_round(world, player["id"], SOME[:1], name="a")
    await close_round(world, player["id"], SOME[2:3], name="b")

    told = (await phone.get("/api/me/learned")).json()

    assert [(day["round"], day["learned"]) for day in told["rounds"]] == [(2, 0), (1, 1)]
    assert "Pixel learned none of your catches yet" in seen(await phone.get("/me/learned"))


async def test_nobody_sees_the_lessons_or_pictures_of_another(
    world: World, phone: httpx2.AsyncClient
) -> None:
    await close_round(world, (await join(phone))["id"], SOME)

    async with world.phone() as other:
        assert (await other.get("/api/me/learned")).status_code == 401
        await join(other, "Eve")
        assert (await other.get("/api/me/learned")).json()["rounds"] == []
        assert (await other.get("/api/turns/tl-0/picture")).status_code == 403


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\u202eabc", "{n}", "%(n)s"])
async def test_what_people_and_models_wrote_is_only_text(
    world: World, phone: httpx2.AsyncClient, text: str
) -> None:
    player = await join(phone)
    caught = Caught(question=text, before=text, right=text, after=text, score=0.0)
    await close_round(world, player["id"], [caught])

    page = await phone.get("/me/learned")

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert page.text.count("&lt;script&gt;") == (4 if "<" in text else 0)


async def test_many_catches_are_behind_a_tap(world: World, phone: httpx2.AsyncClient) -> None:
    player = await join(phone)
    await close_round(world, player["id"], [SOME[0]] * 20)

    page = await phone.get("/me/learned")

    assert "8 more" in seen(page)
    assert page.text.count('loading="lazy"') == 20

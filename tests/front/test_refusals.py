"""Refusals in the reader's language: the code stays, English keeps its details, page and API agree."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from stumper import errors
from stumper.campaigns import set_paused
from stumper.front import refusals
from stumper.front.i18n import LANGUAGES, words_in
from tests.front.world import World, join, start

# Only operators meet these, on the command line.
OPERATORS = {
    errors.BadDataset,
    errors.BadImage,
    errors.BadSetting,
    errors.BadRelease,
    errors.JobFailed,
    errors.ServiceError,
    errors.ServiceAway,
    errors.ServiceRefused,
    errors.Blocked,
}


def kinds(parent: type[errors.StumperError]) -> Iterator[type[errors.StumperError]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_error_that_a_player_can_meet_has_a_sentence(language: str) -> None:
    for kind in set(kinds(errors.StumperError)) - OPERATORS:
        assert refusals.in_words(kind.code, "In English.", words_in(language)) != "In English.", kind.code


def test_english_keeps_the_details() -> None:
    assert refusals.in_words("too_many", "Wait 10 seconds.", words_in("en")) == "Wait 10 seconds."


def test_an_unknown_code_is_told_as_it_was_raised() -> None:
    assert refusals.in_words("teapot", "I am one.", words_in("ru")) == "I am one."


async def test_the_api_refuses_in_the_players_language_with_the_same_code(phone: httpx2.AsyncClient) -> None:
    await join(phone)
    turn = (await start(phone))["turn"]
    address, empty = f"/api/turns/{turn['id']}/exchanges", {"question": " ", "key": "k"}

    plain = (await phone.post(address, json=empty)).json()["error"]
    told = (await phone.post(address, json=empty, headers={"Accept-Language": "es"})).json()["error"]

    assert plain["code"] == told["code"] == "bad_question"
    assert plain["message"].startswith("The question is empty.")
    assert told["message"].startswith("Esto no se puede preguntar")


async def test_a_page_refuses_in_the_readers_language(phone: httpx2.AsyncClient) -> None:
    reply = await phone.get("/nowhere", headers={"Accept": "text/html", "Accept-Language": "ar"})

    assert reply.status_code == 404
    assert 'lang="ar" dir="rtl"' in reply.text
    assert "بحث بيكسل في كل مكان" in reply.text


async def test_a_pause_is_a_friendly_page(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    async with world.app.database.begin() as tx:
        await set_paused(tx, world.campaign, paused=True, actor="ada", now=world.clock())

    page = await phone.post("/play", headers={"Accept": "text/html"})
    move = await phone.post("/api/sessions", json={})

    assert (page.status_code, move.json()["error"]["code"]) == (409, "campaign_paused")
    assert "What you have begun can be finished; come back later for more." in page.text

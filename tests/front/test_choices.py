"""Language and light or dark: kept on the device, the player's language also with the player."""

from __future__ import annotations

import httpx2
import pytest
from sqlalchemy import select

from stumper.store.schema import player
from tests.front.world import World, join


async def test_a_choice_shows_the_same_page_again_in_the_language_chosen(phone: httpx2.AsyncClient) -> None:
    before = str(phone.base_url.join("/points"))

    chosen = await phone.post("/choices", data={"language": "pt"}, headers={"Referer": before})
    page = await phone.get(chosen.headers["location"])

    assert (chosen.status_code, chosen.headers["location"]) == (303, "/points")
    assert 'lang="pt" dir="ltr"' in page.text
    assert "Como funcionam os pontos" in page.text


async def test_a_theme_is_kept_until_another_is_chosen(phone: httpx2.AsyncClient) -> None:
    await phone.post("/choices", data={"theme": "dark"})
    dark = await phone.get("/privacy")
    await phone.post("/choices", data={"theme": "device"})
    device = await phone.get("/privacy")

    assert 'data-theme="dark"' in dark.text
    assert "data-theme" not in device.text
    assert device.text.count('name="theme-color"') == 2


async def test_a_player_asks_in_the_language_chosen(world: World, phone: httpx2.AsyncClient) -> None:
    me = await join(phone)

    await phone.post("/choices", data={"language": "hi"})

    async with world.app.database.read() as tx:
        kept = (await tx.execute(select(player.c.language).where(player.c.id == me["id"]))).scalar_one()
    assert kept == "hi"


async def test_a_language_that_we_lack_changes_nothing(phone: httpx2.AsyncClient) -> None:
    chosen = await phone.post("/choices", data={"language": "tlh"})

    assert chosen.status_code == 303
    assert "set-cookie" not in chosen.headers


async def test_a_theme_that_there_is_not_is_refused(phone: httpx2.AsyncClient) -> None:
    assert (await phone.post("/choices", data={"theme": "pink"})).status_code == 422


@pytest.mark.parametrize(
    "referer", ["https://elsewhere.example/points", "//elsewhere.example", "", "nonsense"]
)
async def test_a_choice_leads_to_no_other_site(phone: httpx2.AsyncClient, referer: str) -> None:
    chosen = await phone.post("/choices", data={"theme": "light"}, headers={"Referer": referer})

    assert chosen.headers["location"] == "/"

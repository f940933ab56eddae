"""What Pixel learned from a player, in a browser: a phone, a desk, light and dark."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.async_api import Page

from tests.browser.conftest import DESK, PHONE, Screen, Site, Sites
from tests.front.lessons import SOME, Caught, catch, close_round

MORE = (
    Caught(question="How many windows has the red house?", before="one", right="six", after="six", score=1.0,
           held_out=True),
    Caught(question="What time is it on the clock tower?", before="i do not know", right="4 o'clock",
           after="4 o'clock", score=1.0),
    Caught(question="Are there more dogs than cats here, not counting the one on the roof of the blue bus?",
           before="yes", right="no", after="no", score=1.0),
)  # fmt: skip

pytestmark = pytest.mark.browser


async def joined(site: Site, screen: Screen) -> tuple[Page, str]:
    """Joins with the page's own cookies and returns the player's id."""
    page = await site.open(screen)
    reply = await page.request.post(
        "/api/players", data={"nickname": "Ada", "language": "en", "consent": True}
    )
    return page, (await reply.json())["id"]


@pytest.mark.parametrize("screen", [PHONE, DESK, replace(PHONE, dark=True), replace(DESK, dark=True)])
async def test_learned_shows_every_catch_with_its_picture(sites: Sites, screen: Screen) -> None:
    async with sites() as site:
        page, player_id = await joined(site, screen)
        await close_round(site.world, player_id, [*SOME, *MORE])
        async with site.world.app.database.begin() as tx:
            await catch(tx, site.world, player_id, SOME[:3], name="now")

        await page.goto("/me/learned")
        await page.wait_for_load_state("networkidle")

        assert await page.locator("h1").inner_text() == "Pixel learned 5 of your 6 catches"
        for image in await page.locator(".lesson img").all():
            await image.scroll_into_view_if_needed()
            await page.wait_for_function("image => image.naturalWidth > 0", arg=await image.element_handle())
        await page.evaluate("scrollTo(0, 0)")
        await site.shoot(page, f"learned-{screen.name}{'-dark' if screen.dark else ''}")
        assert site.complaints == []


async def test_learned_is_kind_where_nothing_was_learned_yet(sites: Sites) -> None:
    async with sites() as site:
        page, player_id = await joined(site, PHONE)
        await page.goto("/me/learned")
        await site.shoot(page, "learned-empty-phone", whole=True)
        await close_round(site.world, player_id, SOME, passed=False)

        await page.goto("/me/learned")
        await page.get_by_text("What it would have said").click()

        assert await page.locator(".lesson").count() == len(SOME)
        await site.shoot(page, "learned-refused-phone", whole=True)
        assert site.complaints == []

"""The idea button in a real browser: pressed, used, kept, and gone where there are no ideas."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from stumper.records import Rules
from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, Screen, Sites
from tests.browser.test_play import answered, land, press
from tests.browser.test_turn import value

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE_MS)
DARK = Screen(name="dark", width=360, height=740, dark=True)


@pytest.mark.parametrize("screen", [PHONE, DESK, DARK], ids=lambda screen: screen.name)
async def test_an_idea_is_asked_for_and_asked(sites: Sites, screen: Screen) -> None:
    async with sites(rules=Rules(turns=4, ideas=True)) as site:
        page = await site.open(screen)
        await land(page)
        await expect(page.get_by_role("button", name="Give me an idea")).to_be_visible()
        await site.shoot(page, f"{screen.name}-idea-button")
        await press(page, "Give me an idea")
        given = page.locator(".given button")
        await expect(given).to_have_count(3)
        await expect(page.get_by_role("button", name="Give me an idea")).to_be_hidden()
        await expect(given.first).to_be_focused()
        await site.shoot(page, f"{screen.name}-ideas")

        await page.wait_for_timeout(450)  # a tap in the same place so soon would be a slip, and do nothing
        await given.first.click()
        question = page.get_by_label("Your question")
        await question.fill((await question.input_value()).replace("…", "tree"))
        await press(page, "Ask")
        await answered(page)

        assert await value(site, "SELECT suggested FROM exchange") == "need"
        await press(page, "It is right")
        await press(page, "Next picture")
        await expect(page.get_by_text("Picture 2 of")).to_be_visible()
        await expect(given).to_have_count(0)
        await expect(page.get_by_role("button", name="Give me an idea")).to_be_visible()
        assert site.complaints == []


async def test_without_ideas_there_is_no_button_and_an_opening_is_told(sites: Sites) -> None:
    async with sites(rules=Rules(turns=4)) as site:
        page = await site.open(PHONE)
        await land(page)
        await expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
        assert await page.get_by_role("button", name="Give me an idea").count() == 0
        await page.locator(".chips button").first.click()
        await press(page, "Ask")
        await answered(page)

        assert await value(site, "SELECT suggested FROM exchange") == "opening"

"""The Mini App in a real browser: somebody new agrees, plays, and comes back, and no address is missing."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, Screen, Site, _serve
from tests.fake_telegram import TOKEN
from tests.front.telegram.signing import sign
from tests.front.world import open_world

pytestmark = pytest.mark.browser


async def opened(site: Site, page: Page) -> None:
    """Opens the page as Telegram does: who it is stands behind the '#'."""
    data = sign(auth_date=str(int(site.world.clock())))
    await page.goto(f"{site.url}/telegram#tgWebAppData={quote(data, safe='')}")


@pytest.mark.parametrize(
    "screen", [PHONE, Screen(name="desk-dark", width=DESK.width, height=DESK.height, dark=True)],
    ids=lambda screen: screen.name,
)  # fmt: skip
async def test_somebody_new_joins_plays_and_comes_back(
    browser: Browser, screen: Screen, sqlite_template: Path, tmp_path: Path, screenshots: Path
) -> None:
    async with (
        open_world(tmp_path, template=sqlite_template, telegram_token=TOKEN) as world,
        _serve(world) as url,
    ):
        site = Site(url, world, browser, screenshots)
        context = await site.context(screen)
        context.set_default_timeout(PATIENCE_MS)
        missing: list[str] = []
        context.on("response", lambda reply: missing.append(reply.url) if reply.status >= 400 else None)
        page = await site.open(screen, context=context)
        await opened(site, page)
        await expect(page.locator("#nickname")).to_have_value("Ada")
        await site.shoot(page, f"miniapp-{screen.name}", whole=True)
        await page.locator("[name=consent]").check()
        await page.locator("form button[type=submit]:visible").first.click()
        await page.wait_for_url(f"{url}/")
        await page.locator('form[action="/play"] button').first.click()
        await expect(page.locator('[data-ui="question"]')).to_be_visible()
        await page.close()  # what it still asks for would be refused without its cookie
        await context.clear_cookies()
        again = await site.open(screen, context=context)
        await opened(site, again)
        await again.wait_for_url(f"{url}/")

        assert site.complaints == []
        assert missing == []

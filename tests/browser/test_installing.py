"""The game as an app: it can be installed, and shows a page of its own where there is no connection."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from stumper.front import statics
from tests.browser.conftest import PHONE, Site, Sites
from tests.browser.test_everyone import join, said

pytestmark = pytest.mark.browser
KEPT = """async () => {
  const kept = {};
  for (const name of await caches.keys())
    kept[name] = (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname);
  return kept;
}"""


async def with_worker(site: Site) -> Page:
    """A page that the service worker stands behind."""
    page = await (await site.context(PHONE)).new_page()
    await page.goto("/points")
    await page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    await page.wait_for_function("() => navigator.serviceWorker.controller")
    return page


async def test_without_a_connection_pixel_sleeps_and_wakes_when_it_is_back(sites: Sites) -> None:
    async with sites() as site:
        page = await with_worker(site)
        await page.context.set_offline(True)
        await page.goto("/privacy")
        await expect(page.get_by_role("heading", name="Pixel is asleep")).to_be_visible()
        await expect(page.locator(".robot")).to_have_attribute("data-mood", "asleep")
        await site.shoot(page, "phone-offline")
        await page.context.set_offline(False)
        await expect(page.get_by_role("heading", name="What we keep")).to_be_visible()


async def test_the_offline_page_speaks_the_language_chosen_last(sites: Sites) -> None:
    async with sites() as site:
        page = await with_worker(site)
        await page.locator('select[name="language"]').select_option("ar")
        await expect(page.locator("html")).to_have_attribute("lang", "ar")
        await page.wait_for_function(
            "async () => (await (await caches.match('/offline')).text()).includes('dir=\"rtl\"')"
        )
        await page.context.set_offline(True)
        await page.goto("/privacy")
        await expect(page.locator("html")).to_have_attribute("dir", "rtl")
        await site.shoot(page, "phone-offline-ar")


async def test_only_our_own_files_and_the_offline_page_are_kept(sites: Sites) -> None:
    async with sites() as site:
        page = await with_worker(site)
        await join(page.context, "Ada")
        session = await said(page.context, "/api/sessions", {})
        await page.goto(f"/sessions/{session['id']}")
        await expect(page.locator('[data-ui="question"]')).to_be_visible()
        kept = await page.evaluate(KEPT)

    assert list(kept) == [f"stumper-{statics.DIGEST}"]
    paths = kept[f"stumper-{statics.DIGEST}"]
    assert "/offline" in paths
    assert [path for path in paths if not path.startswith(f"/static/{statics.DIGEST}/")] == ["/offline"]


async def test_after_an_update_what_was_kept_is_forgotten(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stumper.front import installing

    async with sites() as site:
        page = await with_worker(site)
        monkeypatch.setattr(installing, "DIGEST", "0123456789ab")
        await page.evaluate("() => navigator.serviceWorker.ready.then((one) => one.update())")
        await page.wait_for_function("async () => (await caches.keys()).join() === 'stumper-0123456789ab'")

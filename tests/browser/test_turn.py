"""One turn in a real browser: undo, more time, a closer look, leaving, and hasty or absent hands."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from stumper.records import Rules
from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, Screen, Site, Sites
from tests.browser.test_play import BOTH, FOUR, answered, ask, land, say_wrong

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE_MS)


async def value(site: Site, sql: str) -> Any:
    async with site.world.app.database.read() as tx:
        return (await tx.exec_driver_sql(sql)).scalar_one()


@BOTH
async def test_a_verdict_is_taken_back(sites: Sites, screen: Screen) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(screen)
        await land(page)
        await ask(page, "How many dogs are there?")
        await answered(page)
        await page.get_by_text("fairly").click()
        await say_wrong(page, "seven")
        await expect(page.get_by_text("Picture 2 of")).to_be_visible()
        await expect(page.get_by_text("Noted: “seven”.").first).to_be_visible()
        await site.shoot(page, f"{screen.name}-undo")
        assert await value(site, "SELECT confidence FROM exchange") == 2

        await page.get_by_role("button", name="Undo", exact=True).click()

        await expect(page.get_by_text("Picture 1 of")).to_be_visible()
        await answered(page)
        await site.shoot(page, f"{screen.name}-undone")
        await page.get_by_role("button", name="It is right").click()
        await expect(page.get_by_text("✓ right")).to_be_visible()
        assert await value(site, "SELECT verdict FROM exchange") == "correct"
        assert await value(site, "SELECT count(*) FROM claim") == 0
        assert site.complaints == []


async def test_the_last_verdict_waits_for_its_result(sites: Sites) -> None:
    async with sites(rules=Rules(turns=2, complex_control_share=0.0)) as site:
        page = await site.open(PHONE)
        await land(page)
        await page.get_by_role("button", name="Skip this picture").click()
        await expect(page.get_by_text("Picture 2 of")).to_be_visible()
        await ask(page, "How many dogs are there?")
        await answered(page)
        await say_wrong(page, "seven")
        await expect(page.get_by_role("link", name="See your result")).to_be_visible()
        await site.shoot(page, "phone-last-verdict")
        assert await value(site, "SELECT graded_at FROM session") is None

        await page.get_by_role("button", name="Undo", exact=True).click()
        await answered(page)
        await say_wrong(page, "eight")

        await expect(page).to_have_url(re.compile("/end$"))
        assert await value(site, "SELECT correction FROM exchange") == "eight"


@BOTH
async def test_more_time_is_offered_before_the_end(sites: Sites, screen: Screen) -> None:
    async with sites(rules=Rules(turns=4, turn_s=16)) as site:
        page = await site.open(screen)
        await land(page)
        more = page.get_by_role("button", name="More time")
        await expect(more).to_be_visible()
        await expect(page.locator(".clock")).to_have_class(re.compile("late"))
        await site.shoot(page, f"{screen.name}-more-time")

        await more.focus()
        await page.keyboard.press("Enter")

        await expect(more).to_be_hidden()
        await expect(page.get_by_text("Picture 1 of")).to_be_visible()
        assert await value(site, "SELECT max(extensions) FROM turn") == 1
        assert site.complaints == []


async def test_the_picture_is_looked_at_closely_by_key_wheel_and_mouse(sites: Sites) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(DESK)
        await land(page)
        await page.locator("body").click(position={"x": 5, "y": 300})
        await page.keyboard.press("z")
        large = page.locator("dialog.zoom img")
        await expect(large).to_be_visible()

        for key, scale in (("+", "1.50"), ("+", "2.25"), ("-", "1.50"), ("0", "1.00")):
            await page.keyboard.press(key)
            await expect(large).to_have_attribute("data-scale", scale)
        await large.dblclick(position={"x": 700, "y": 400})
        await expect(large).to_have_attribute("data-scale", "2.50")
        await page.mouse.move(700, 400)
        await page.mouse.down()
        await page.mouse.move(500, 300)
        await page.mouse.up()
        await page.keyboard.press("ArrowRight")
        await site.shoot(page, "desk-zoom")
        assert await large.evaluate("node => new DOMMatrix(getComputedStyle(node).transform).e") < -1000
        await page.mouse.wheel(0, -400)
        await expect(large).not_to_have_attribute("data-scale", "2.50")
        await page.keyboard.press("Escape")
        await expect(large).to_be_hidden()


async def test_the_picture_is_pinched_and_double_tapped(sites: Sites) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(PHONE)
        await land(page)
        await page.get_by_role("button", name="Picture: look closer").tap()
        large = page.locator("dialog.zoom img")
        fingers = await page.context.new_cdp_session(page)

        async def touch(kind: str, *points: tuple[int, int]) -> None:
            dots = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
            await fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": dots})

        await touch("touchStart", (160, 370), (200, 370))
        await touch("touchMove", (140, 370), (220, 370))
        await touch("touchMove", (120, 370), (240, 370))
        await touch("touchEnd")
        await expect(large).to_have_attribute("data-scale", "3.00")
        await site.shoot(page, "phone-zoom")
        for _ in range(2):
            await page.touchscreen.tap(180, 300)
        await expect(large).to_have_attribute("data-scale", "1.00")
        for _ in range(2):
            await page.touchscreen.tap(180, 300)
        await expect(large).to_have_attribute("data-scale", "2.50")
        await page.get_by_role("button", name="Close", exact=True).tap()
        await expect(large).to_be_hidden()
        assert site.complaints == []


@BOTH
async def test_a_picture_is_skipped_with_a_reason_or_reported(sites: Sites, screen: Screen) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(screen)
        await land(page)
        way_out = page.get_by_role("button", name="Skip with a reason, or report")
        await way_out.click()
        await site.shoot(page, f"{screen.name}-leave")
        await page.get_by_role("button", name="Dull").click()
        await expect(page.get_by_text("Picture 2 of")).to_be_visible()

        await way_out.click()
        await page.get_by_role("button", name="It shows something private").click()

        await expect(page.get_by_text("Picture 3 of")).to_be_visible()
        await expect(page.locator(".toast")).to_contain_text("Thank you")
        assert await value(site, "SELECT reason FROM turn WHERE position = 0") == "dull"
        assert await value(site, "SELECT reason FROM complaint") == "private"
        assert site.complaints == []


async def test_a_hundred_taps_are_one_verdict(sites: Sites) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(PHONE)
        await land(page)
        await ask(page, "How many dogs are there?")
        await answered(page)
        box = await page.get_by_role("button", name="It is right").bounding_box()
        assert box is not None

        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await asyncio.gather(*(page.touchscreen.tap(x, y) for _ in range(100)))

        await expect(page.get_by_text("✓ right")).to_be_visible()
        await expect(page.get_by_text("Picture 1 of")).to_be_visible()
        await site.shoot(page, "phone-hundred-taps")
        assert await value(site, "SELECT count(*) FROM exchange WHERE verdict = 'correct'") == 1
        assert await value(site, "SELECT count(*) FROM exchange") == 1
        assert site.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("screen", [PHONE], ids=["phone"])
async def test_a_connection_cut_for_twenty_seconds_loses_nothing(sites: Sites, screen: Screen) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(screen)
        await land(page)
        await page.route("**/api/**", lambda route: route.abort())

        await ask(page, "Is the door open?")
        await expect(page.get_by_text("The connection is gone")).to_be_visible()
        await site.shoot(page, f"{screen.name}-cut")
        await asyncio.sleep(20)
        await expect(page.get_by_label("Your question")).to_have_value("Is the door open?")
        await page.unroute("**/api/**")

        await answered(page)
        assert await value(site, "SELECT count(*) FROM exchange") == 1


async def test_a_page_from_before_a_deploy_loads_itself_anew_with_the_draft(sites: Sites) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(PHONE)
        await land(page)
        loads: list[str] = []
        page.on("domcontentloaded", lambda page: loads.append(page.url))
        await page.get_by_label("Your question").press_sequentially("Is the door op")

        async def newer(route: Route) -> None:
            reply = await route.fetch()
            await route.fulfill(response=reply, headers={**reply.headers, "stumper-version": "newer"})

        await page.route("**/api/**", newer)
        await page.get_by_role("button", name="Skip this picture").click()

        while not loads:
            await page.wait_for_timeout(50)
        await expect(page.get_by_text("Picture 2 of")).to_be_visible()
        await expect(page.get_by_label("Your question")).to_be_visible()
        await page.get_by_label("Your question").press_sequentially("What is it?")
        await page.wait_for_timeout(1500)
        assert len(loads) == 1  # once, though the server goes on being newer
        await expect(page.get_by_label("Your question")).to_have_value("What is it?")


@BOTH
async def test_the_back_button_leads_home_and_forward_into_the_same_turn(
    sites: Sites, screen: Screen
) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(screen)
        await land(page)
        await ask(page, "How many dogs are there?")
        await answered(page)

        await page.go_back()
        await expect(page).to_have_url(re.compile(r":\d+/$"))
        await site.shoot(page, f"{screen.name}-back")
        await page.go_forward()

        await answered(page)
        for _ in range(4):
            await page.get_by_role("button", name=re.compile("Skip this|Next picture")).click()
            await page.wait_for_timeout(500)
        await expect(page).to_have_url(re.compile("/end$"))
        await page.go_back()
        await expect(page).to_have_url(re.compile(r":\d+/$"))
        assert site.complaints == []


async def test_single_keys_play_and_can_be_switched_off(sites: Sites) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(DESK)
        await land(page)
        await ask(page, "How many dogs are there?")
        await answered(page)
        await page.keyboard.press("?")
        await expect(page.get_by_role("heading", name="Keys and sounds")).to_be_visible()
        await site.shoot(page, "desk-help")
        await page.get_by_label("Single keys do something").uncheck()
        await page.keyboard.press("Escape")
        await page.keyboard.press("w")
        await expect(page.get_by_label("What is the right answer?")).to_be_hidden()
        await page.get_by_role("button", name="Keys and sounds").click()
        await page.get_by_label("Single keys do something").check()
        await page.keyboard.press("Escape")

        await page.keyboard.press("2")

        await expect(page.get_by_label("What is the right answer?")).to_be_focused()


async def test_a_model_of_one_language_says_so(sites: Sites) -> None:
    async with sites(model="scripted:slow=7", rules=Rules(turns=4, speaks="en")) as site:
        page: Page = await site.open(PHONE)
        await land(page)
        await expect(page.get_by_text("Pixel understands")).to_have_count(0)
        await page.context.add_cookies([{"name": "stumper_language", "value": "es", "url": site.url}])

        await page.reload()

        await expect(page.locator(".speaks")).to_contain_text("English")
        await expect(page.locator(".chips")).to_contain_text("What is behind the …?")
        await page.locator("#question").fill("Is it a dog?")
        await page.locator("form:visible button[type=submit]").click()
        await expect(page.locator(".slow")).to_be_visible()
        await site.shoot(page, "phone-slow-model")

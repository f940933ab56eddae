"""The game as people meet it, in a real browser: by thumb, by keyboard, and when something goes wrong."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from stumper.records import Rules
from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, Screen, Site, Sites

pytestmark = pytest.mark.browser
FOUR = Rules(turns=4)
BOTH = pytest.mark.parametrize("screen", [PHONE, DESK], ids=lambda screen: screen.name)
expect.set_options(timeout=PATIENCE_MS)


# ---- a player's hands ----


async def land(page: Page) -> None:
    """Joins and waits for the first picture."""
    await page.goto("/join")
    await page.get_by_label("Nickname").fill("Ada")
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Play", exact=True).click()
    await expect(page.get_by_text("Picture 1 of")).to_be_visible()


async def press(page: Page, name: str) -> None:
    """Presses a button: with a thumb where there is a touch screen."""
    button = page.get_by_role("button", name=name, exact=True)
    await (button.tap() if await page.evaluate("navigator.maxTouchPoints > 0") else button.click())


async def ask(page: Page, question: str) -> None:
    await page.get_by_label("Your question").fill(question)
    await press(page, "Ask")


async def answered(page: Page) -> None:
    await expect(page.get_by_role("button", name="It is right")).to_be_visible()


async def say_wrong(page: Page, correction: str) -> None:
    await press(page, "It is wrong")
    await page.get_by_label("What is the right answer?").fill(correction)
    await press(page, "Send")


async def count_exchanges(site: Site) -> int:
    async with site.world.app.database.read() as tx:
        return int((await tx.exec_driver_sql("SELECT count(*) FROM exchange")).scalar_one())


# ---- whole sessions ----


@pytest.mark.parametrize(
    "screen",
    [PHONE, DESK, Screen(name="dark", width=360, height=740, dark=True)],
    ids=lambda screen: screen.name,
)
async def test_a_whole_session_is_played_by_hand(sites: Sites, screen: Screen) -> None:
    async with sites(model="scripted:slow=2", rules=FOUR) as site:
        page = await site.open(screen)
        await page.goto("/")
        await site.shoot(page, f"{screen.name}-1-landing", whole=True)
        await land(page)
        await expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
        await site.shoot(page, f"{screen.name}-2-picture")

        await ask(page, "How many flowers are there?")
        await expect(page.get_by_text("Pixel is thinking")).to_be_attached()
        await site.shoot(page, f"{screen.name}-3-thinking")
        await answered(page)
        await site.shoot(page, f"{screen.name}-4-judge")
        await press(page, "It is right")
        await expect(page.get_by_text("✓ right")).to_be_visible()
        await ask(page, "Which hand is raised?")
        await answered(page)
        await press(page, "It is wrong")
        await page.get_by_label("What is the right answer?").fill("the left hand")
        await site.shoot(page, f"{screen.name}-5-correct")
        await press(page, "Send")

        for number in (2, 3):
            await expect(page.get_by_text(f"Picture {number} of 4")).to_be_visible()
            await ask(page, "What time is it?")
            await answered(page)
            await say_wrong(page, "half past nine")
        await expect(page.get_by_text("Picture 4 of 4")).to_be_visible()
        await press(page, "Skip this picture")

        await expect(page.get_by_text("Points, line by line")).to_be_visible()
        await site.shoot(page, f"{screen.name}-6-end", whole=True)
        await page.get_by_role("button", name="Next session").click()
        await expect(page.get_by_text("Picture 1 of")).to_be_visible()
        assert site.complaints == []


async def test_a_whole_session_is_played_by_keyboard_alone(sites: Sites) -> None:
    async with sites(rules=Rules(turns=2, complex_control_share=0.0)) as site:
        page = await site.open(DESK)
        keys = page.keyboard
        await page.goto("/join")
        await page.get_by_label("Nickname").focus()
        await keys.type("Ada")
        for key in ("Tab", "Tab", "Space", "Tab", "Tab", "Enter"):  # language, box, licence, Play
            await keys.press(key)
        await expect(page.get_by_label("Your question")).to_be_focused()

        await keys.type("How many dogs are there?")
        await keys.press("Enter")
        await answered(page)
        await keys.press("Tab")
        await expect(page.get_by_role("button", name="It is right")).to_be_focused()
        await keys.press("Tab")
        await keys.press("Enter")
        await expect(page.get_by_label("What is the right answer?")).to_be_focused()
        await keys.type("none")
        await keys.press("Enter")
        await expect(page.get_by_text("Picture 2 of")).to_be_visible()
        await expect(page.get_by_label("Your question")).to_be_focused()
        await keys.type("Is there a cat?")
        await keys.press("Enter")
        await answered(page)
        await keys.press("r")
        await expect(page.get_by_text("✓ right")).to_be_visible()
        await expect(page.get_by_label("Your question")).to_be_focused()
        await site.shoot(page, "desk-keyboard")
        for key in ("Tab", "Tab", "Tab", "Enter"):  # Ask, help, next picture
            await keys.press(key)

        await expect(page).to_have_url(re.compile("/end$"))
        assert site.complaints == []


# ---- what goes wrong ----


@BOTH
async def test_a_reload_keeps_the_draft_the_question_and_the_verdict(sites: Sites, screen: Screen) -> None:
    async with sites(model="scripted:slow=2", rules=FOUR) as site:
        page = await site.open(screen)
        await land(page)
        field = page.get_by_label("Your question")

        await field.press_sequentially("How many trees")
        await page.reload()
        await expect(field).to_have_value("How many trees")

        await ask(page, "How many trees are there?")
        await expect(page.get_by_text("Pixel is thinking")).to_be_attached()
        await page.reload()
        await answered(page)
        await page.reload()
        await answered(page)
        await page.get_by_role("button", name="It is wrong").click()
        await page.get_by_label("What is the right answer?").press_sequentially("seven")
        await page.reload()
        await expect(page.get_by_label("What is the right answer?")).to_have_value("seven")
        await site.shoot(page, f"{screen.name}-reload")

        assert await count_exchanges(site) == 1
        await expect(page.get_by_text("Picture 1 of")).to_be_visible()


@BOTH
async def test_time_running_out_leads_to_the_next_picture(sites: Sites, screen: Screen) -> None:
    async with sites(rules=Rules(turns=4, turn_s=4)) as site:
        page = await site.open(screen)
        await land(page)

        await expect(page.locator(".clock")).to_have_class(re.compile("late"))
        await site.shoot(page, f"{screen.name}-7-late")
        await expect(page.get_by_text("Picture 2 of 4")).to_be_visible()
        await expect(page.locator(".toast")).to_contain_text("Time is up")
        await site.shoot(page, f"{screen.name}-time-is-up")
        assert site.complaints == []


async def test_a_model_that_is_down_loses_nothing(sites: Sites) -> None:
    async with sites(model="scripted:fail=2", rules=FOUR) as site:
        page = await site.open(PHONE)
        await land(page)
        await ask(page, "How many cars are there?")
        await answered(page)
        await page.get_by_role("button", name="It is right").click()

        await ask(page, "What is behind the house?")

        await expect(page.get_by_text("question is kept")).to_be_visible()
        await expect(page.get_by_label("Your question")).to_have_value("What is behind the house?")
        await expect(page.get_by_text("paused")).to_be_visible()
        await site.shoot(page, "phone-8-model-down")
        await page.get_by_role("button", name="Try again").click()
        await answered(page)
        assert await count_exchanges(site) == 2


async def test_a_lost_connection_comes_back_by_itself(sites: Sites) -> None:
    async with sites(rules=FOUR) as site:
        context = await site.context(PHONE)
        page = await site.open(PHONE, context=context)
        await land(page)

        await context.set_offline(True)
        await ask(page, "Is the door open?")
        await expect(page.get_by_text("The connection is gone")).to_be_visible()
        await expect(page.get_by_label("Your question")).to_have_value("Is the door open?")
        await context.set_offline(False)

        await answered(page)
        assert await count_exchanges(site) == 1


@BOTH
async def test_two_tabs_show_the_same_turn(sites: Sites, screen: Screen) -> None:
    async with sites(rules=FOUR) as site:
        context = await site.context(screen)
        first = await site.open(screen, context=context)
        await land(first)
        second = await site.open(screen, context=context)
        await second.goto(first.url)
        await ask(first, "How many birds are there?")
        await answered(first)
        await say_wrong(first, "none")
        await expect(first.get_by_text("Picture 2 of")).to_be_visible()

        await ask(second, "What colour is it?")

        await expect(second.get_by_text("Picture 2 of")).to_be_visible()
        await site.shoot(second, f"{screen.name}-two-tabs")
        assert await count_exchanges(site) == 1


async def test_the_other_pages_are_in_order(sites: Sites) -> None:
    async with sites(rules=FOUR) as site:
        page = await site.open(PHONE)
        await land(page)
        for name, address in (("points", "/points"), ("privacy", "/privacy"), ("referee", "/referee")):
            await page.goto(address)
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await site.shoot(page, f"phone-9-{name}", whole=True)
        await page.goto("/sessions/nope")
        await expect(page.get_by_role("heading", name="Pixel looked everywhere")).to_be_visible()
        await site.shoot(page, "phone-9-error", whole=True)

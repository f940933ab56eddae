"""From the start page through the tutorial into the first session, the player's page, and another device."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from stumper.records import Rules
from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, Screen, Site, Sites

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE_MS)
AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text("utf-8")
DARK = Screen(name="dark", width=360, height=740, dark=True)


async def shoot(site: Site, page: Page, screen: Screen, name: str, *, whole: bool = False) -> None:
    await page.wait_for_timeout(350)  # what pops in is in
    await site.shoot(page, f"{screen.name}-door-{name}", whole=whole)


async def walk_the_tutorial(site: Site, page: Page, screen: Screen) -> None:
    await page.get_by_role("button", name="What colour is the cat?").click()
    await expect(page.get_by_text("pink", exact=True)).to_be_visible()
    await shoot(site, page, screen, "2-judge")
    await page.get_by_role("button", name="It is right").click()
    await expect(page.get_by_text("Well judged!")).to_be_visible()
    await page.get_by_role("button", name="Go on").click()

    await expect(page.get_by_text("Picture 2 of 2")).to_be_visible()
    await shoot(site, page, screen, "3-second")
    await page.get_by_role("button", name="What colour is the umbrella?").click()
    await page.get_by_role("button", name="It is wrong").click()
    await expect(page.get_by_text("you saw it: +20")).to_be_visible()
    await shoot(site, page, screen, "4-caught")
    await page.get_by_role("button", name="Go on").click()

    await page.get_by_role("button", name="How many people are there?").click()
    await page.get_by_role("button", name="It is wrong").click()
    await page.get_by_label("What is the right answer?").fill("5")
    await shoot(site, page, screen, "5-correct")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("A real catch!")).to_be_visible()
    await shoot(site, page, screen, "6-done")
    await page.get_by_role("link", name="Play for points").click()


@pytest.mark.parametrize("screen", [PHONE, DESK, DARK], ids=lambda screen: screen.name)
async def test_a_stranger_learns_the_game_joins_and_sees_their_page(sites: Sites, screen: Screen) -> None:
    async with sites(rules=Rules(turns=4)) as site:
        page = await site.open(screen)
        await page.goto("/")
        await shoot(site, page, screen, "0-landing")
        await page.get_by_role("link", name="Play", exact=True).and_(page.locator(".button.play")).click()
        await expect(page.get_by_role("img", name="A pink cat")).to_be_visible()
        await shoot(site, page, screen, "1-tutorial")
        await walk_the_tutorial(site, page, screen)

        await page.get_by_label("Nickname").fill("Ada")
        await page.get_by_role("checkbox").check()
        assert await page.locator("input[name=time_zone]").input_value() != ""
        await shoot(site, page, screen, "7-join", whole=True)
        await page.get_by_role("button", name="Play", exact=True).click()
        await expect(page.get_by_text("Picture 1 of")).to_be_visible()

        await page.goto("/")
        await shoot(site, page, screen, "8-back")
        await page.goto("/me")
        await shoot(site, page, screen, "9-me", whole=True)
        await page.get_by_role("button", name="Make a code").click()
        code = await page.locator("output").inner_text()
        await shoot(site, page, screen, "a-code")

        other = await site.open(screen, context=await site.context(screen))
        await other.goto("/go")
        await other.get_by_label("Your code").fill(code.lower())
        await shoot(site, other, screen, "b-go")
        await other.get_by_role("button", name="Go on").click()
        await shoot(site, other, screen, "c-hello")
        await other.get_by_role("button", name="Go on as Ada").click()
        await expect(other.get_by_text("Welcome back, Ada")).to_be_visible()

        await page.goto("/me/forget")
        await page.get_by_role("checkbox").check()
        await shoot(site, page, screen, "d-forget")
        await page.get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("All of it is gone")).to_be_visible()
        await other.reload()
        await expect(other.get_by_role("link", name="Have a code?")).to_be_visible()
        assert site.complaints == []


async def test_the_tutorial_is_walked_by_keyboard_alone(sites: Sites) -> None:
    async with sites() as site:
        page = await site.open(DESK)
        await page.goto("/tutorial")
        question = page.get_by_role("button", name="Is there a dog?")
        await question.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Look at the picture.")).to_be_focused()

        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")

        await expect(page.get_by_text("Well judged!")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Careful now")).to_be_focused()
        assert site.complaints == []


async def test_the_tutorial_says_so_when_the_server_is_away(sites: Sites) -> None:
    async with sites() as site:
        page = await site.open(PHONE)
        await page.goto("/tutorial")
        await page.context.set_offline(True)

        await page.get_by_role("button", name="Is there a dog?").click()

        await expect(page.get_by_role("alert")).to_contain_text("connection is gone")
        await page.context.set_offline(False)
        await page.get_by_role("button", name="Is there a dog?").click()
        await expect(page.get_by_role("button", name="It is right")).to_be_visible()


async def played(page: Page) -> str:
    """Joins and plays a session over the API with the page's cookie; returns the address of its end."""
    api = page.context.request
    joined = {"nickname": "Ada", "language": "en", "consent": True}
    assert (await api.post("/api/players", data=joined)).status == 201
    session = await (await api.post("/api/sessions", data={})).json()
    while not session["finished"]:
        turn = session["turn"]
        asked = {"question": "How many flowers are there?", "key": f"k{turn['position']}"}
        exchange = await (await api.post(f"/api/turns/{turn['id']}/exchanges", data=asked)).json()
        said = {"verdict": "wrong", "correction": "seventeen"}
        session = await (await api.post(f"/api/exchanges/{exchange['id']}/verdict", data=said)).json()
    return f"/sessions/{session['id']}/end"


@pytest.mark.parametrize("screen", [PHONE, DESK, DARK], ids=lambda screen: screen.name)
async def test_the_end_counts_up_and_shares_a_card_that_strangers_see(sites: Sites, screen: Screen) -> None:
    async with sites(model="scripted:text=two", rules=Rules(turns=6, poison_rate=0.8)) as site:
        page = await site.open(screen)
        await page.goto("/join")
        await page.goto(await played(page))
        await page.wait_for_timeout(1200)  # the points have counted up
        await shoot(site, page, screen, "e-end", whole=True)
        link = await page.get_by_role("link", name="Share").get_attribute("href")
        assert link is not None

        stranger = await site.open(screen, context=await site.context(screen))
        await stranger.goto(link)
        await expect(stranger.get_by_role("heading", name="Can you stump the robot?")).to_be_visible()
        await shoot(site, stranger, screen, "f-shared")
        assert site.complaints == []


async def faults(page: Page) -> list[str]:
    """What axe-core finds on the page as it is."""
    await page.evaluate(AXE)
    found = await page.evaluate("() => axe.run()")
    return [
        f"{fault['id']}: {node['html'][:120]}" for fault in found["violations"] for node in fault["nodes"]
    ]


@pytest.mark.parametrize("screen", [PHONE, DARK], ids=lambda screen: screen.name)
async def test_axe_finds_nothing_at_the_door(sites: Sites, screen: Screen) -> None:
    async with sites(model="scripted:text=two", rules=Rules(turns=4, poison_rate=0.8)) as site:
        page = await site.open(screen)
        await page.emulate_media(reduced_motion="reduce")  # colours in motion are not the colours
        found = {}
        for address in ("/", "/tutorial", "/join", "/go", "/go/nonsense"):
            await page.goto(address)
            found[address] = await faults(page)
        await page.goto("/tutorial")
        await page.get_by_role("button", name="Is there a dog?").click()
        await page.get_by_role("button", name="It is wrong").click()
        found["judged"] = await faults(page)
        end = await played(page)
        for address in ("/", "/me", "/me/forget", end):
            await page.goto(address)
            await page.wait_for_timeout(300)
            found[f"{address} as a player"] = await faults(page)

        assert {address: some for address, some in found.items() if some} == {}

"""The referee's desk in a phone's browser: a case that says neither is right, and one that is reported."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select, update

from stumper.curate import belief
from stumper.front import referee as desk
from stumper.records import Rules
from stumper.store.schema import claim, player, session, vote
from tests.browser.conftest import PHONE, Site, Sites
from tests.browser.test_play import answered, ask, land, say_wrong

pytestmark = pytest.mark.browser
COMPLEX = Rules(turns=2, control_share=0.0)


async def claims_by_ada(site: Site, *, claims: int = 2) -> None:
    page = await site.open(PHONE)
    await land(page)
    for number in range(1, claims + 1):
        await expect(page.get_by_text(f"Picture {number} of {claims}")).to_be_visible()
        await ask(page, "How many flowers are there?")
        await answered(page)
        await say_wrong(page, "eleven")
    await expect(page.get_by_text("Points, line by line")).to_be_visible()


async def referee(site: Site) -> Page:
    page = await site.open(PHONE)
    await land(page)
    async with site.world.app.database.begin() as tx:
        last = select(session.c.player_id).order_by(session.c.started_at.desc()).limit(1).scalar_subquery()
        await tx.execute(update(player).where(player.c.id == last).values(e_value=500.0))
    await page.goto("/referee")
    return page


async def test_a_referee_says_what_is_right_and_reports_a_case(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(belief, "LEAST_GAP", -1.0)  # this referee has no controls that speak for them
    async with sites(rules=COMPLEX) as site:
        await claims_by_ada(site)
        page = await referee(site)
        await expect(page.get_by_role("heading", name="Who is right?")).to_be_visible()
        await site.shoot(page, "phone-8-referee-case", whole=True)
        await page.get_by_label("If neither is right").fill("twelve")
        await page.keyboard.press("Enter")  # must mean Neither, not the first button that is seen
        await expect(page.get_by_text("Thank you. Here is the next one.")).to_be_visible()
        await page.get_by_text("Something is wrong with this case").click()
        await page.get_by_label("What is it?").select_option("private")
        await site.shoot(page, "phone-8-referee-report", whole=True)
        await page.get_by_role("button", name="Report it").click()
        await expect(page.get_by_role("heading", name="Thank you, referee!")).to_be_visible()

        async with site.world.app.database.read() as tx:
            cast = (await tx.execute(select(vote.c.model_wrong, vote.c.better, vote.c.flag))).all()
            votes = (await tx.execute(select(claim.c.votes))).scalars().all()
        assert {(wrong, better, flag) for wrong, better, flag in cast} == {
            (True, "twelve", None),
            (False, None, "private"),
        }
        assert list(votes) == [1, 1]
        assert site.complaints == []


async def test_a_vote_brings_the_next_case_without_loading_a_page(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(belief, "LEAST_GAP", -1.0)
    async with sites(rules=COMPLEX) as site:
        await claims_by_ada(site)
        page = await referee(site)
        await page.evaluate("() => { window.stayed = true; }")
        first = await page.locator(".picture img").get_attribute("src")
        await page.get_by_role("button", name="Pixel is right").click()
        await expect(page.get_by_text("Thank you. Here is the next one.")).to_be_visible()
        await expect(page.locator("h1")).to_be_focused()
        assert await page.evaluate("() => window.stayed")
        assert await page.locator(".picture img").get_attribute("src") != first
        assert page.url.endswith("/referee")
        assert site.complaints == []


async def test_without_script_a_vote_loads_the_next_case(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(belief, "LEAST_GAP", -1.0)
    async with sites(rules=COMPLEX) as site:
        await claims_by_ada(site)
        scripted = await referee(site)
        plain = await site.browser.new_context(base_url=site.url, java_script_enabled=False)
        await plain.add_cookies(await scripted.context.cookies())  # type: ignore[arg-type]
        page = await plain.new_page()
        await page.goto("/referee")
        await page.get_by_role("button", name="The player is right").click()
        await expect(page.get_by_text("Thank you. Here is the next one.")).to_be_visible()


async def test_a_streak_is_told_when_the_count_comes_and_not_before(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(belief, "LEAST_GAP", -1.0)
    monkeypatch.setattr(desk, "BATCH", 3)
    async with sites(rules=Rules(turns=3, control_share=0.0)) as site:
        await claims_by_ada(site, claims=3)
        page = await referee(site)
        for _ in range(2):
            case = str(await page.locator(".picture img").get_attribute("src"))
            await page.get_by_role("button", name="Pixel is right").click()
            await expect(page.locator(".picture img")).not_to_have_attribute("src", case)
            await expect(page.locator(".streak")).to_have_count(0)
        async with site.world.app.database.begin() as tx:
            voted = select(vote.c.claim_id)
            await tx.execute(update(vote).values(gold=True))
            await tx.execute(update(claim).where(claim.c.id.in_(voted)).values(status="rejected"))
        await page.get_by_role("button", name="Pixel is right").click()
        await expect(page.get_by_text("2 in a row!")).to_be_visible()
        await expect(page.locator(".stars i")).to_have_count(2)
        await page.wait_for_timeout(900)  # the stars have come
        await site.shoot(page, "phone-8-referee-streak", whole=True)
        await page.goto("/referee")  # once is enough
        await expect(page.locator(".streak")).to_have_count(0)
        assert site.complaints == []

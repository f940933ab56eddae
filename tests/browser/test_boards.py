"""Boards that renew themselves, teams and the standing, in Chromium: phone and desk, light and dark."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest
from fastapi import Request, Response
from playwright.async_api import Page, Route
from sqlalchemy import insert, update

from stumper.front.auth import COOKIE, Cookies
from stumper.front.boards import standing_context
from stumper.front.templating import templates
from stumper.progress.seasons import join_league
from stumper.records import LedgerLine, PlayerId, new_id
from stumper.store import schema
from stumper.trust.periods import local_day
from stumper.trust.queries import write_lines
from tests.browser.conftest import DESK, PHONE, Screen, Site, Sites
from tests.front.world import SECRET

pytestmark = pytest.mark.browser

NAMES = (
    "Ada Grace Joan Edith Mary Hedy Katherine Annie Radia Barbara Frances Karen Sofia مريم 小明 Анна".split()
)
ME = PlayerId("p0")
LOOK = """{% extends "base.html" %}
{% block head %}<link rel="stylesheet" href="{{ asset('progress.css') }}">{% endblock %}
{% block main %}<main id="main" class="narrow">{% include "standing.html" %}</main>{% endblock %}"""


async def people(site: Site) -> None:
    """Sixteen players with points of this week; the first has played for some days."""
    now = time.time()
    async with site.world.app.database.begin() as tx:
        for n, name in enumerate(NAMES):
            await tx.execute(
                insert(schema.player).values(
                    id=f"p{n}", nickname=name, language="en", kind="human", consent_at=now,
                    licence="CC BY 4.0", created_at=now,
                )
            )  # fmt: skip
            await join_league(tx, PlayerId(f"p{n}"), now=now, rng=random.Random(1))
            await write_lines(tx, [points(f"p{n}", 40 + 173 * n % 400)])
        await tx.execute(
            insert(schema.badge),
            [{"player_id": ME, "kind": kind, "earned_at": now} for kind in ("sharp", "phoenix")],
        )
        await days(tx, site)


async def days(tx: object, site: Site) -> None:
    today = local_day(time.time(), "UTC")
    campaign_id = site.world.campaign.id
    round_id = (await tx.execute(schema.round_.select())).first().id  # type: ignore[attr-defined]
    for back in (0, 1, 2, 4, 5):
        await tx.execute(  # type: ignore[attr-defined]
            insert(schema.session).values(
                id=new_id(random.Random(back)), player_id=ME, round_id=round_id, campaign_id=campaign_id,
                turns=10, started_at=1.0, finished_at=2.0, graded_at=3.0, poison_rate=0.4, salt="",
                commitment="", day=today - back,
            )
        )  # fmt: skip


def points(player_id: str, n: int) -> LedgerLine:
    return LedgerLine(
        player_id=PlayerId(player_id), session_id=None, exchange_id=None, reason="hit", points=n,
        written_at=time.time(),
    )  # fmt: skip


async def signed_in(site: Site, screen: Screen) -> Page:
    context = await site.context(screen)
    value = Cookies(SECRET, secure=False).value(ME)
    await context.add_cookies([{"name": COOKIE, "value": value, "url": site.url}])
    return await site.open(screen, context=context)


async def look(site: Site, page: Page, name: str) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await page.screenshot(path=Path(site.pictures) / f"{name}.png", full_page=True)


NIGHT = Screen(name="phone-dark", width=360, height=740, dark=True)
SCREENS = [PHONE, Screen(name="desk-dark", width=1440, height=900, dark=True)]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
async def test_boards_renew_themselves_and_keep_the_focus(sites: Sites, screen: Screen) -> None:
    async with sites() as site:
        await people(site)
        page = await signed_in(site, screen)
        await page.goto("/boards")
        await page.locator(".line.mine").wait_for()
        await look(site, page, f"boards-league-{screen.name}")

        for tab in ("Around me", "Today", "All time", "Teams", "This week"):
            await page.get_by_role("link", name=tab, exact=True).focus()
            await page.keyboard.press("Enter")
            await page.locator(f".board-tabs [aria-current]:text-is('{tab}')").wait_for()
            assert await page.evaluate("document.activeElement.textContent") == tab
            await look(site, page, f"boards-{tab.replace(' ', '-').lower()}-{screen.name}")
        async with site.world.app.database.begin() as tx:
            await write_lines(tx, [points(ME, 5_000)])

        await page.locator(".line.mine .sum", has_text=re.compile("5[0-9]{3}")).wait_for()

        assert await page.locator(".line.mine .rank").inner_text() == "1"
        assert "tab=week" in page.url
        await page.go_back()
        await page.locator(".board-tabs [aria-current]:text-is('Teams')").wait_for()
        assert site.complaints == []


@pytest.mark.parametrize("way", ["streams", "asking"])
async def test_a_change_comes_by_itself_and_by_asking_where_no_stream_is_let_through(
    sites: Sites, way: str
) -> None:
    async with sites() as site:
        await people(site)
        page = await signed_in(site, DESK)

        async def without(route: Route) -> None:
            headers = route.request.headers
            other = "hx-request" in headers if way == "streams" else "event-stream" in headers["accept"]
            await (route.abort() if other else route.continue_())

        await page.route("**/boards?tab=week", without)
        await page.goto("/boards?tab=week")
        await page.locator(".board-tabs [aria-current]:text-is('This week')").wait_for()
        await page.get_by_role("link", name="Today", exact=True).focus()
        async with site.world.app.database.begin() as tx:
            await write_lines(tx, [points(ME, 5_000)])

        await page.locator(".line.mine .sum", has_text=re.compile("5[0-9]{3}")).wait_for()

        assert await page.evaluate("document.activeElement.textContent") == "Today"
        assert await page.locator("#boards").count() == 1
        assert [one for one in site.complaints if "ERR_FAILED" not in one] == []


async def test_boards_are_plain_links_without_scripts(sites: Sites) -> None:
    async with sites() as site:
        await people(site)
        context = await site.browser.new_context(java_script_enabled=False, base_url=site.url)
        page = await context.new_page()
        await page.goto("/boards")

        await page.get_by_role("link", name="All time").click()

        assert await page.get_by_role("heading", name="Best of all time").is_visible()
        assert await page.locator(".line").count() == len(NAMES)


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=lambda screen: screen.name)
async def test_a_team_is_made_joined_and_left(sites: Sites, screen: Screen) -> None:
    async with sites() as site:
        await people(site)
        page = await signed_in(site, screen)
        await page.goto("/teams?code=BCDF-GHJK")
        await look(site, page, f"teams-none-{screen.name}")
        await page.get_by_role("button", name="Join the team").click()
        assert "No team has the code 'BCDFGHJK'" in await page.get_by_role("alert").inner_text()

        await page.get_by_label("Its name").fill("The Bright Lamps")
        await page.get_by_role("button", name="Make the team").click()
        code = await page.locator(".code").inner_text()
        await look(site, page, f"team-{screen.name}")

        assert re.fullmatch("[A-Z]{4}-[A-Z]{4}", code)
        await page.get_by_role("link", name="All teams").click()
        assert await page.locator(".line.mine").inner_text() != ""
        await page.goto("/teams")
        await page.get_by_role("button", name="Leave the team").click()
        await page.get_by_role("button", name="Join the team").wait_for()
        assert [one for one in site.complaints if "404" not in one] == []


@pytest.mark.parametrize(
    "screen",
    [*SCREENS, Screen(name="phone-dark", width=360, height=740, dark=True)],
    ids=lambda one: one.name,
)
async def test_the_standing_fits_every_screen(sites: Sites, screen: Screen) -> None:
    async with sites() as site:
        await people(site)
        async with site.world.app.database.begin() as tx:
            await tx.execute(update(schema.player).where(schema.player.c.id == ME).values(e_value=200.0))

        async def show(request: Request) -> Response:
            context = await standing_context(site.world.app, ME)
            html = templates.env.from_string(LOOK)
            return templates.TemplateResponse(request, html, context)  # type: ignore[arg-type]

        site.world.web.add_api_route("/look", show)
        page = await signed_in(site, screen)
        await page.goto("/look")

        assert await page.locator(".count").inner_text() == "5"
        assert await page.locator(".dot.saved").count() == 1
        assert await page.locator(".badge.has").count() == 2
        await look(site, page, f"standing-{screen.name}")
        assert site.complaints == []

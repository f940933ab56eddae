"""Everybody can use every page: axe-core, both themes, both directions of reading, narrow, by keyboard.

`PAGES` names every page there is; a new one fails here until it is added.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.routing import APIRoute
from playwright.async_api import BrowserContext, Page, expect
from sqlalchemy import select, update

from stumper.accounts.staff.giving import give
from stumper.curate import belief
from stumper.front import choices, i18n
from stumper.front.auth import COOKIE
from stumper.front.cardart import CardFacts
from stumper.records import PlayerId, Role, Rules
from stumper.store.schema import claim, player
from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, Screen, Site, Sites

pytestmark = pytest.mark.browser
AXE: Final = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
STANDARDS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

FROM_THE_TOP: Final = """() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
}"""

# Everything below "/" that a browser shows as a page. Left of the address: what the route is called.
STRANGER: Final = {
    "/": "/",
    "/points": "/points",
    "/privacy": "/privacy",
    "/offline": "/offline",
    "/tutorial": "/tutorial",
    "/join": "/join",
    "/go": "/go",
    "/go/{code}": "/go/{code}",
    "/s/{token}": "/s/{token}",
    "/boards": "/boards",
    "/telegram": "/telegram",
    "error": "/there-is-no-such-page",
}
PLAYER: Final = {
    "/ (again)": "/",
    "/sessions/{session_id}/end": "/sessions/{done}/end",
    "/referee": "/referee",
    "/points (noticed)": "/points",
    "/me": "/me",
    "/me/forget": "/me/forget",
    "/me/learned": "/me/learned",
    "/me/catches": "/me/catches",
    "/me/catch/{claim_id}": "/me/catch/{caught}",
    "/boards (league)": "/boards?tab=league",
    "/boards (week)": "/boards?tab=week",
    "/boards (teams)": "/boards?tab=teams",
    "/teams": "/teams",
    "/sessions/{session_id}": "/sessions/{open}",
}
OWNER: Final = {
    "/me (owner)": "/me",
    "/operate": "/operate",
}
# What is asked for by browsers but is no page, or only leads to one.
NO_PAGE: Final = {
    "/play", "/healthz", "/readyz", "/metrics",
    "/sw.js", "/manifest.webmanifest", "/static/{digest}/{name:path}",
    "/tutorial/{number}.png", "/me/export.json", "/sessions/{session_id}/card.png", "/s/{token}.png",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A browser of a player with an open session, a finished one, and a case on the referee's desk."""

    site: Site
    context: BrowserContext
    ids: dict[str, str]

    async def pages(self) -> AsyncIterator[tuple[str, Page]]:
        """Opens every page: as a stranger what strangers see, as a player the rest, as an owner theirs."""
        cookies = await self.context.cookies()
        await self.context.clear_cookies(name=COOKIE)
        page = await self.context.new_page()
        for name, address in STRANGER.items():
            await page.goto(address.format(**self.ids))
            yield name, page
        await self.context.add_cookies(cookies)  # type: ignore[arg-type]
        for name, address in PLAYER.items():
            await page.goto(address.format(**self.ids))
            if "open" in address:
                await expect(page.locator('[data-ui="question"]')).to_be_visible()
            yield name, page
        for state in (judging, correcting, leaving, helping):
            await state(page)
            yield f"play {state.__name__}", page
        await give(self.site.world.app.database, PlayerId(self.ids["me"]), Role.OWNER, actor="test", now=1.0)
        for name, address in OWNER.items():
            await page.goto(address)
            yield name, page
        await mistyping(page)
        yield "/operate (refused)", page


async def judging(page: Page) -> None:
    await page.locator('[data-ui="question"]').fill("How many flowers are there?")
    await page.keyboard.press("Enter")
    await expect(page.locator('[data-ui="right"]')).to_be_visible()


async def correcting(page: Page) -> None:
    await page.locator('[data-ui="wrong"]').click()
    await expect(page.locator('[data-ui="correction"]')).to_be_visible()


async def leaving(page: Page) -> None:
    await page.locator('[data-ui="back"]').click()
    await page.locator('[data-ui="leave-button"]').click()
    await expect(page.locator("dialog[open]")).to_be_visible()


async def helping(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.locator('[data-ui="judge-title"]').focus()
    await page.keyboard.press("?")
    await expect(page.locator("dialog[open]")).to_be_visible()


async def mistyping(page: Page) -> None:
    await page.locator('input[name="player"][type="text"]').fill("nobody-has-this-code")
    await page.locator(".give button").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def join(context: BrowserContext, nickname: str) -> str:
    body = {"nickname": nickname, "language": "en", "consent": True}
    return str((await said(context, "/api/players", body))["id"])


async def said(context: BrowserContext, address: str, body: dict[str, Any]) -> dict[str, Any]:
    """Posts to the API as the player of this browser."""
    response = await context.request.post(address, data=body)
    assert response.ok, await response.text()
    return dict(await response.json())


async def play(context: BrowserContext) -> str:
    """Plays a session of one picture by one wrong answer; returns its id."""
    session = await said(context, "/api/sessions", {})
    turn = session["turn"]["id"]
    question = {"question": "How many flowers are there?", "key": turn}
    asked = await said(context, f"/api/turns/{turn}/exchanges", question)
    verdict = {"verdict": "wrong", "correction": "eleven"}
    assert (await said(context, f"/api/exchanges/{asked['id']}/verdict", verdict))["finished"]
    return str(session["id"])


@asynccontextmanager
async def visit(sites: Sites, screen: Screen, *, language: str = "en", **more: Any) -> AsyncIterator[Visit]:
    async with sites(model="scripted:slow=0", rules=Rules(turns=1, control_share=0.0)) as site:
        colleague = await site.browser.new_context(base_url=site.url)
        await join(colleague, "Bob")
        await play(colleague)  # leaves a case for the referee
        context = await site.browser.new_context(
            viewport={"width": screen.width, "height": screen.height},
            color_scheme="dark" if screen.dark else "light",
            has_touch=screen.width < 600,
            reduced_motion="reduce",
            base_url=site.url,
            **more,
        )
        context.set_default_timeout(PATIENCE_MS)
        await context.add_cookies([{"name": i18n.COOKIE, "value": language, "url": site.url}])
        me = await join(context, "عادل" if language == "ar" else "Ada")
        done = await play(context)
        async with site.world.app.database.begin() as tx:
            await tx.execute(update(player).where(player.c.id == me).values(e_value=500.0))
        opened = (await said(context, "/api/sessions", {}))["id"]
        code = re.findall(r"/go/(\w+)", await (await context.request.post("/me/code")).text())[0]
        token = site.world.web.state.cookies.cards.token(CardFacts(caught=4, falsified=5, streak=3))
        async with site.world.app.database.read() as tx:
            mine = select(claim.c.id).where(claim.c.player_id == me)
            caught = (await tx.execute(mine)).scalar_one()
        ids = {"done": done, "open": opened, "code": code, "token": token, "caught": caught, "me": me}
        yield Visit(site=site, context=context, ids=ids)


@pytest.fixture(autouse=True)
def _trusted_without_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(belief, "LEAST_GAP", -1.0)  # this referee has no controls that speak for them


def slug(name: str) -> str:
    """Returns the name of a page as part of a file's name."""
    return "-".join(re.findall(r"\w+", name.replace("session_id", ""))) or "landing"


def shortly(violation: dict[str, Any]) -> str:
    nodes = "; ".join(
        f"{' '.join(node['target'])}: {node['failureSummary']}" for node in violation["nodes"][:4]
    )
    return f"{violation['id']} ({len(violation['nodes'])}): {nodes}"


async def faults(page: Page) -> list[str]:
    """Runs axe-core; it is evaluated past the page's own policy, which would refuse it."""
    await page.evaluate(f"() => {{ {AXE.read_text(encoding='utf-8')} }}")
    found = await page.evaluate(
        "(tags) => axe.run({ runOnly: tags, rules: { 'target-size': { enabled: true } } })", STANDARDS
    )
    assert len(found["passes"]) > 15, "axe-core looked at nothing"
    return [shortly(violation) for violation in found["violations"]]


def routes(router: Any) -> Iterator[APIRoute]:
    """Yields the routes of the web, those of the routers it includes too."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif included := getattr(route, "original_router", None):
            yield from routes(included)


async def test_every_page_is_in_the_table(sites: Sites) -> None:
    async with sites() as site:
        found = {route.path for route in routes(site.world.web) if "GET" in route.methods}

    named = {name for name in (*STRANGER, *PLAYER, *OWNER) if name.startswith("/") and "(" not in name}
    assert {path for path in found if not path.startswith("/api")} == named | NO_PAGE


@pytest.mark.parametrize(
    ("language", "screen", "dark"),
    [("en", PHONE, False), ("ar", DESK, True)],
    ids=["en-phone-light", "ar-desk-dark"],
)
async def test_axe_finds_nothing(sites: Sites, language: str, screen: Screen, dark: bool) -> None:
    shown = Screen(name=screen.name, width=screen.width, height=screen.height, dark=dark)
    wrong = []
    async with visit(sites, shown, language=language) as visitor:
        async for name, page in visitor.pages():
            html = page.locator("html")
            await expect(html).to_have_attribute("lang", language)
            await expect(html).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
            theme = "dark" if dark else "light"
            await visitor.site.shoot(
                page, f"everyone-{language}-{screen.name}-{theme}-{slug(name)}", whole=True
            )
            wrong += [f"{name}: {fault}" for fault in await faults(page)]

    assert wrong == []


@pytest.mark.parametrize("language", ["en", "ru", "ar"])
async def test_at_320_pixels_or_four_times_the_size_nothing_scrolls_sideways(
    sites: Sites, language: str
) -> None:
    narrow = Screen(name="narrow", width=320, height=600)
    async with visit(sites, narrow, language=language) as visitor:
        async for name, page in visitor.pages():
            await visitor.site.shoot(page, f"everyone-narrow-{language}-{slug(name)}")


async def test_the_tab_key_walks_through_every_page_in_sight(sites: Sites) -> None:
    async with visit(sites, DESK) as visitor:
        async for name, page in visitor.pages():
            if name.startswith("play "):  # its dialogs hold the focus, as they should
                continue
            await page.evaluate(FROM_THE_TOP)
            reached = []
            for _ in range(60):
                await page.keyboard.press("Tab")
                focus = await page.evaluate(
                    """() => {
                      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
                      const { width, height } = document.activeElement.getBoundingClientRect();
                      const tag = document.activeElement.outerHTML.slice(0, 80);
                      return [tag, outlineStyle, outlineWidth, width, height];
                    }"""
                )
                if reached and focus[0].startswith("<body"):
                    break
                reached.append(focus)
            assert "skip-link" in reached[0][0], name
            assert len(reached) < 60, f"{name} holds the focus"
            hidden = [one for one in reached if one[1] == "none" or one[2] == "0px" or not one[3]]
            assert hidden == [], name


async def test_forced_colours_leave_every_button_its_edge(sites: Sites) -> None:
    async with visit(sites, PHONE, forced_colors="active") as visitor:
        async for name, page in visitor.pages():
            await visitor.site.shoot(page, f"everyone-forced-{slug(name)}")
            bare = await page.evaluate(
                """() => [...document.querySelectorAll(".button:not(.plain)")]
                  .filter((node) => node.offsetWidth && getComputedStyle(node).borderTopStyle === "none")
                  .map((node) => node.textContent)"""
            )
            assert bare == [], name


async def test_a_choice_of_language_and_colours_is_sent_at_once_and_kept(sites: Sites) -> None:
    async with visit(sites, PHONE) as visitor:
        page = await visitor.context.new_page()
        await page.goto("/points")
        await page.locator('select[name="language"]').select_option("ar")
        await expect(page.locator("html")).to_have_attribute("dir", "rtl")
        await page.locator('select[name="theme"]').select_option("dark")
        await expect(page.locator("html")).to_have_attribute("data-theme", choices.Theme.DARK)
        assert page.url.endswith("/points")
        await page.goto("/privacy")
        await expect(page.locator("html")).to_have_attribute("dir", "rtl")


async def test_by_keyboard_a_choice_waits_for_the_button(sites: Sites) -> None:
    async with visit(sites, DESK) as visitor:
        page = await visitor.context.new_page()
        await page.goto("/points")
        apply = page.get_by_role("button", name="Apply")
        await expect(apply).to_be_hidden()
        await page.locator('select[name="language"]').focus()
        await page.keyboard.press("ArrowDown")
        await expect(apply).to_be_visible()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await apply.click()
        await expect(page.locator("html")).to_have_attribute("lang", "es")


async def test_without_script_a_choice_has_a_button(sites: Sites) -> None:
    async with visit(sites, PHONE, java_script_enabled=False) as visitor:
        page = await visitor.context.new_page()
        await page.goto("/points")
        await page.locator('select[name="language"]').select_option("ru")
        await page.locator("form.choices button").click()
        await expect(page.locator("html")).to_have_attribute("lang", "ru")

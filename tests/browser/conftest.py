"""A real Chromium in front of a real server on the loopback, with Toytown pictures and the scripted model.

Screenshots go to the folder STUMPER_SCREENSHOTS, or are thrown away.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from stumper.images import queries
from stumper.images.toytown import add_toytown
from stumper.records import ImageKind, Rules
from tests.front.world import World, open_world, reopen_world

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 90_000  # a page took 30 s on two cores that trained a model beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    name: str
    width: int
    height: int
    dark: bool = False


PHONE = Screen(name="phone", width=360, height=740)
DESK = Screen(name="desk", width=1440, height=900)


@dataclass(slots=True)
class Site:
    """A running game, and the browser that looks at it."""

    url: str
    world: World
    browser: Browser
    pictures: Path
    complaints: list[str] = field(default_factory=list)
    """What pages wrote to the console."""

    async def context(self, screen: Screen) -> BrowserContext:
        context = await self.browser.new_context(
            viewport={"width": screen.width, "height": screen.height},
            color_scheme="dark" if screen.dark else "light",
            has_touch=screen is PHONE,
            base_url=self.url,
        )
        context.set_default_timeout(PATIENCE_MS)
        return context

    async def open(self, screen: Screen, *, context: BrowserContext | None = None) -> Page:
        page = await (context or await self.context(screen)).new_page()
        page.on("console", lambda message: self._hear(message))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    async def shoot(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Takes a picture of the page, and checks that it does not scroll sideways."""
        await page.screenshot(path=self.pictures / f"{name}.png", full_page=whole)
        wide = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} px too wide"


Sites = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("STUMPER_SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("No chromium in PATH (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def toytown(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with 12 pictures; drawing them takes longer than a test."""
    folder = tmp_path_factory.mktemp("toytown")
    asyncio.run(_draw(folder, sqlite_template, n=12))
    return folder


async def _draw(folder: Path, template: Path, *, n: int) -> None:
    """Draws ``n`` pictures; the scripted model knows nothing, so the easy ones are declared verified."""
    async with open_world(folder, template=template, pictures=0) as world:
        app, campaign_id = world.app, world.campaign.id
        await add_toytown(app.database, app.files, campaign_id=campaign_id, n=n, seed=4, now=time.time())
        async with app.database.begin() as tx:
            for image in await queries.of_kind(tx, campaign_id, ImageKind.CANDIDATE):
                await queries.set_kind(tx, campaign_id, image.id, kind=ImageKind.TAINTED)


@pytest.fixture
def sites(browser: Browser, toytown: Path, tmp_path: Path, screenshots: Path) -> Sites:
    """Opens a site with a model and rules of the test's choice."""

    @asynccontextmanager
    async def open_site(
        *, model: str = "scripted:slow=0.3", rules: Rules | None = None
    ) -> AsyncIterator[Site]:
        folder = shutil.copytree(toytown, tmp_path / "data")
        async with reopen_world(folder, model=model, rules=rules) as world, _serve(world) as url:
            yield Site(url, world, browser, screenshots)

    return open_site


@asynccontextmanager
async def _serve(world: World) -> AsyncIterator[str]:
    config = uvicorn.Config(world.web, log_level="error", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as door:  # listens: a browser that is early just waits
        serving = asyncio.create_task(server.serve(sockets=[door]))
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            world.web.state.readiness.draining = True  # streams of pages that are still open end
            server.should_exit = True
            await serving

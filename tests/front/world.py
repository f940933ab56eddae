"""A small game to test the web with: all real but for the scripted model and plain squares as pictures."""

from __future__ import annotations

import io
import random
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from PIL import Image as Picture
from sqlalchemy import update
from starlette.routing import BaseRoute

from stumper import campaigns
from stumper.app import App, build
from stumper.config import Settings
from stumper.front.web import create_web
from stumper.images.ingest import image_id_of
from stumper.images.queries import insert_new
from stumper.records import Campaign, Image, ImageKind, Rules
from stumper.store import schema

URL = "http://stumper.test"
QUESTION = "How many dots are there?"
SECRET = "a secret of the tests only"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def square(number: int) -> bytes:
    """A PNG of one colour, another one for each number."""
    buffer = io.BytesIO()
    Picture.new("RGB", (48, 48), (number % 256, number // 256, 90)).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    app: App
    web: FastAPI
    clock: Any
    """A ``Clock``, or ``time.time`` where a browser plays."""
    campaign: Campaign

    @asynccontextmanager
    async def phone(self, **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
        """A client with a cookie jar of its own."""
        transport = httpx2.ASGITransport(app=self.web, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=URL, headers=headers) as client:
            yield client

    async def add_pictures(self, *, tainted: int, untainted: int) -> None:
        kinds = [ImageKind.TAINTED] * tainted + [ImageKind.UNTAINTED] * untainted
        images = []
        for number, kind in enumerate(kinds):
            data = square(number)
            images.append(
                Image(
                    id=image_id_of(data),
                    campaign_id=self.campaign.id,
                    file=await self.app.files.put(data, suffix=".png"),
                    kind=kind,
                    width_px=48,
                    height_px=48,
                    source="test",
                    licence="CC0 1.0",
                    created_at=self.clock(),
                )
            )
        async with self.app.database.begin() as tx:
            await insert_new(tx, images)


_ROUTES: list[BaseRoute] = []
_MADE: dict[tuple[object, ...], tuple[Path, Campaign]] = {}
"""Folders of worlds nobody has played in, by what they are made of."""


def web_of(app: App) -> FastAPI:
    """The web game with the routes of the first one that was made in this process.

    They know nothing of an app, which a request finds in its state; FastAPI takes longer to build them than
    most tests take.
    """
    web = create_web(app)
    if not _ROUTES:
        _ROUTES.extend(web.router.routes)
    assert len(web.router.routes) == len(_ROUTES)
    web.router.routes[:] = _ROUTES
    return web


@asynccontextmanager
async def open_world(
    folder: Path,
    *,
    template: Path,
    model: str = "scripted:text=two",
    rules: Rules | None = None,
    pictures: int = 20,
    **more: Any,
) -> AsyncIterator[World]:
    """A campaign 'toytown' with half of its pictures as controls; ``template`` is a migrated database."""
    settings = Settings(data=folder, model=model, secret=SECRET, **more)  # type: ignore[arg-type]
    made = (template, settings.campaign, model, repr(rules), pictures)
    if made not in _MADE:
        _MADE[made] = await _make(settings, template=template, rules=rules, pictures=pictures)
    copied, campaign = _MADE[made]
    shutil.copytree(copied, folder, dirs_exist_ok=True)
    clock = Clock()
    async with build(settings, clock=clock, rng=random.Random(7), prepare=False) as app:
        yield World(app=app, web=web_of(app), clock=clock, campaign=campaign)


async def _make(
    settings: Settings, *, template: Path, rules: Rules | None, pictures: int
) -> tuple[Path, Campaign]:
    """Makes the campaign and its pictures in a folder beside ``template``, to be copied for each test."""
    folder = Path(tempfile.mkdtemp(dir=template.parent))
    shutil.copy(template, folder / "stumper.db")
    clock = Clock()
    async with build(settings.model_copy(update={"data": folder}), clock=clock, prepare=False) as app:
        async with app.database.begin() as tx:
            campaign = await campaigns.open_campaign(
                tx,
                name=settings.campaign,
                model_ref=settings.model,
                now=clock(),
                rng=random.Random(1),
                rules=rules or Rules(turns=4),
            )
        world = World(app=app, web=web_of(app), clock=clock, campaign=campaign)
        await world.add_pictures(tainted=pictures // 2, untainted=pictures // 2)
    return folder, campaign


@asynccontextmanager
async def reopen_world(folder: Path, *, model: str, rules: Rules | None) -> AsyncIterator[World]:
    """The world in ``folder`` with the real clock and another model and other rules."""
    settings = Settings(data=folder, model=model, secret=SECRET)  # type: ignore[arg-type]
    async with build(settings, rng=random.Random(7), prepare=False) as app:
        async with app.database.begin() as tx:
            await tx.execute(update(schema.campaign).values(rules=asdict(rules or Rules())))
            await tx.execute(update(schema.round_).values(model_ref=model))
            campaign = await campaigns.find_campaign(tx, settings.campaign)
        yield World(app=app, web=web_of(app), clock=app.clock, campaign=campaign)


async def join(phone: httpx2.AsyncClient, nickname: str = "Ada") -> dict[str, Any]:
    reply = await phone.post("/api/players", json={"nickname": nickname, "language": "en", "consent": True})
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


async def start(phone: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    reply = await phone.post("/api/sessions", json=body)
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


async def ask(
    phone: httpx2.AsyncClient,
    turn: dict[str, Any],
    question: str = "How many dots are there?",
    key: str = "key-1",
) -> httpx2.Response:
    return await phone.post(f"/api/turns/{turn['id']}/exchanges", json={"question": question, "key": key})


async def judge(
    phone: httpx2.AsyncClient, exchange: dict[str, Any], verdict: str, correction: str | None = None
) -> Any:
    body = {"verdict": verdict, "correction": correction}
    return await phone.post(f"/api/exchanges/{exchange['id']}/verdict", json=body)


async def play_through(phone: httpx2.AsyncClient, clock: Clock, session: dict[str, Any]) -> dict[str, Any]:
    """Asks one question a picture, marks every other answer wrong, and returns the finished session."""
    while not session["finished"]:
        turn = session["turn"]
        exchange = (await ask(phone, turn, key=f"key-{turn['position']}")).json()
        clock.now += 20
        verdict, correction = ("correct", None) if turn["position"] % 2 else ("wrong", "seventeen")
        session = (await judge(phone, exchange, verdict, correction)).json()
        if verdict == "correct":
            session = (await phone.post(f"/api/turns/{turn['id']}/skip")).json()
    return session

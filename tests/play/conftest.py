"""A campaign with 40 simple and 40 complex pictures, a scripted model, and a clock that a test moves."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from stumper.campaigns import open_campaign
from stumper.images.files import FolderFiles
from stumper.play.game import Game
from stumper.play.views import ExchangeView, SessionView
from stumper.records import Campaign, Player, PlayerId, Rules, Turn, TurnId
from stumper.store.database import Database
from stumper.store.schema import exchange, image, turn
from stumper.vlm import Answer, Model, Script, ScriptedModel
from stumper.vlm.picture import ball

START = 1_000_000.0


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


class SlowModel(ScriptedModel):
    """Takes its time from the test's clock."""

    def __init__(self, clock: Clock, *, seconds: float) -> None:
        super().__init__()
        self._clock = clock
        self._seconds = seconds

    async def answer(self, image: bytes, question: str) -> Answer:
        self._clock.now += self._seconds
        return await super().answer(image, question)


class GatedModel(ScriptedModel):
    """Thinks until the test opens its gate; ``asked`` is set once it has been asked."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()

    async def answer(self, image: bytes, question: str) -> Answer:
        self.asked.set()
        await self.gate.wait()
        return await super().answer(image, question)


@dataclass
class World:
    """One campaign on one database; ``model`` may be put in at any time."""

    database: Database
    files: FolderFiles
    campaign: Campaign
    clock: Clock = field(default_factory=Clock)
    model: Model = field(default_factory=ScriptedModel)
    seed: int = 0

    def game(self, *, seed: int | None = None) -> Game:
        """A game of its own, as another replica would have it."""
        self.seed += 1
        return Game(
            database=self.database,
            files=self.files,
            open_model=self._open,
            clock=self.clock,
            rng=random.Random(self.seed if seed is None else seed),
        )

    async def _open(self, ref: str) -> Model:
        return self.model

    async def player(self, nickname: str = "Ada") -> Player:
        return await self.game().join(nickname=nickname, language="en", consent=True)

    async def started(self, *, quick: bool = False) -> Table:
        """A player with an open first turn."""
        game = self.game()
        player = await game.join(nickname="Ada", language="en", consent=True)
        return Table(self, game, player.id, await game.start(player.id, quick=quick))

    async def turn(self, turn_id: TurnId) -> Turn:
        async with self.database.read() as tx:
            row = (await tx.execute(select(turn).where(turn.c.id == turn_id))).one()
        return Turn(**row._mapping)

    async def count(self, table: object, *where: object) -> int:
        async with self.database.read() as tx:
            query = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
            return int((await tx.execute(query)).scalar_one())

    async def exchanges(self, turn_id: TurnId) -> int:
        return await self.count(exchange, exchange.c.turn_id == turn_id)

    async def to_turn(self, table: Table, *, control: bool) -> SessionView:
        """Skips to a turn of the kind wanted."""
        view = table.view
        while view.turn is not None and (await self.turn(view.turn.id)).control is not control:
            view = await table.game.skip(table.player_id, view.turn.id)
        assert view.turn is not None
        table.view = view
        return view


@dataclass
class Table:
    """A player at the open turn of a session."""

    world: World
    game: Game
    player_id: PlayerId
    view: SessionView

    @property
    def turn_id(self) -> TurnId:
        assert self.view.turn is not None
        return self.view.turn.id

    async def ask(self, question: str = "How many cats are there?", *, key: str = "k1") -> ExchangeView:
        return await self.game.ask(self.player_id, self.turn_id, question=question, key=key)


async def furnish(
    database: Database,
    folder: Path,
    *,
    rules: Rules | None = None,
    simple: int = 40,
    complex_: int = 40,
    known: list[dict[str, str]] | None = None,
) -> World:
    """``known`` are the truths about every second complex picture."""
    files = FolderFiles(folder)
    file = await files.put(ball("red"), suffix=".png")
    async with database.begin() as tx:
        campaign = await open_campaign(
            tx, name="toytown", model_ref="scripted:", now=START, rng=random.Random(7), rules=rules
        )
        kinds = ["tainted"] * simple + ["untainted"] * complex_
        common = {
            "campaign_id": campaign.id,
            "file": file,
            "width_px": 64,
            "height_px": 64,
            "source": "test",
            "licence": "CC0",
            "created_at": START,
        }
        rows = [
            {
                "id": f"image{n:03d}",
                "kind": kind,
                "known": known if kind == "untainted" and n % 2 else None,
                **common,
            }
            for n, kind in enumerate(kinds)
        ]
        await tx.execute(insert(image), rows)
    return World(database, files, campaign)


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> World:
    """The game on SQLite and on PostgreSQL."""
    return await furnish(database, tmp_path / "files")


@pytest.fixture
async def lite(sqlite_database: Database, tmp_path: Path) -> World:
    """The game on SQLite, for rules that do not depend on the database."""
    return await furnish(sqlite_database, tmp_path / "files")

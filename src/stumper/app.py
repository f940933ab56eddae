"""The only place where a setting picks an adapter. Stages get ports and numbers, never settings."""

from __future__ import annotations

import hashlib
import hmac
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from stumper.accounts.lapse.run import lapsing
from stumper.config import Settings, cookie_secret
from stumper.curate.panel.ask import Line, ModelJudge
from stumper.curate.panel.journal import Journal, Remembering
from stumper.curate.panel.panel import Panel
from stumper.images.bucket import Access, BucketFiles
from stumper.images.files import Files, FolderFiles, RememberedFiles
from stumper.play.game import Game
from stumper.spending import Till, read_prices
from stumper.store.cache import Cache, open_cache
from stumper.store.database import Database
from stumper.store.migrate import migrate
from stumper.store.news import News, TellingDatabase, open_news
from stumper.store.server import myself
from stumper.vlm.base import Model, open_model
from stumper.vlm.blind import Guesser, open_guesser
from stumper.vlm.endpoint import Patience
from stumper.vlm.remember import remembering
from stumper.vlm.seer import Seer, open_seer

OpenModel = Callable[[str], Awaitable[Model]]


class Models:
    """Opens each opponent once and keeps it: weights load once, an endpoint has one client and breaker."""

    def __init__(self, secrets: dict[str, str], patience: Patience | None = None) -> None:
        self._secrets = secrets
        self._patience = patience
        self._open: dict[str, Model] = {}

    async def __call__(self, ref: str) -> Model:
        if ref not in self._open:
            self._open[ref] = await open_model(ref, secrets=self._secrets, patience=self._patience)
        return self._open[ref]

    async def close(self) -> None:
        for model in self._open.values():
            await model.close()
        self._open.clear()


class Opponents:
    """The models as players meet them: what was answered before is not asked again (`vlm.remember`)."""

    def __init__(self, models: OpenModel, cache: Cache, *, slots: int) -> None:
        self._models = models
        self._cache = cache
        self._slots = slots
        self._open: dict[str, Model] = {}

    async def __call__(self, ref: str) -> Model:
        if ref not in self._open:
            self._open[ref] = remembering(await self._models(ref), self._cache, slots=self._slots)
        return self._open[ref]


class Seers:
    """Opens each model that is asked for JSON about pictures once, and keeps it with its breaker."""

    def __init__(self, models: OpenModel, secrets: dict[str, str]) -> None:
        self._models = models
        self._secrets = secrets
        self._open: dict[str, Seer] = {}

    async def __call__(self, ref: str) -> Seer:
        if ref not in self._open:
            self._open[ref] = await open_seer(ref, open_model=self._models, secrets=self._secrets)
        return self._open[ref]

    async def close(self) -> None:
        for seer in self._open.values():
            await seer.close()
        self._open.clear()


@dataclass(frozen=True, slots=True)
class App:
    """The parts that fronts, jobs and commands share."""

    settings: Settings
    database: Database
    cache: Cache
    news: News
    files: Files
    open_model: OpenModel
    open_seer: Callable[[str], Awaitable[Seer]]
    game: Game
    clock: Callable[[], float]

    def lapsing(self) -> AbstractAsyncContextManager[None]:
        """Deletes by age while the block runs, unless another process on this database does."""
        settings = self.settings
        return lapsing(
            self.database, url=settings.database_url, keep_days=settings.keep_days, clock=self.clock
        )

    @asynccontextmanager
    async def guesser(self) -> AsyncIterator[Guesser | None]:
        """Opens the model that is asked without pictures; None where none is configured."""
        ref, secrets = self.settings.blind_model, self.settings.model_secrets
        guesser = await open_guesser(ref, open_model=self.open_model, secrets=secrets) if ref else None
        try:
            yield guesser
        finally:
            if guesser is not None:
                await guesser.close()

    @asynccontextmanager
    async def panel(self, journal: Path) -> AsyncIterator[Panel | None]:
        """Opens the models that judge, with their opinions in a file; None where none are configured.

        Nothing is sent and no file is made yet. Raises BadSetting for too few, and for what is no endpoint.
        """
        key, kept = self.settings.model_secrets.get("openai"), Journal(journal)
        judges = [Remembering(ModelJudge(Line(ref, key=key)), kept) for ref in self.settings.judge_refs]
        panel = Panel(judges) if judges else None
        try:
            yield panel
        finally:
            if panel is not None:
                await panel.close()


def patience_of(settings: Settings) -> Patience:
    """Returns how endpoints are waited for, as the operator chose."""
    return Patience(
        read_s=settings.model_silence, concurrent=settings.model_at_once, line=settings.model_line
    )


def open_files(settings: Settings) -> Files:
    """Returns where pictures are, a folder or a bucket. Raises BadSetting for a bucket without obstore."""
    if settings.files_folder is not None:
        return FolderFiles(settings.files_folder)
    bucket, prefix = settings.bucket or ("", "")
    access = Access(
        endpoint=settings.s3_endpoint.rstrip("/"),
        region=settings.s3_region or "us-east-1",
        key=_shown(settings.s3_key),
        secret=_shown(settings.s3_secret),
        token=_shown(settings.s3_token),
    )
    return BucketFiles(bucket, prefix, access)


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _known_as(settings: Settings, role: str) -> str:
    if not role:
        return "stumper"
    if role != "web":
        return str(myself(role))
    # 32 bits of a keyed hash: enough to see that two differ, nothing to find the secret by.
    sign = hmac.new(cookie_secret(settings).encode(), b"which secret", hashlib.sha256).hexdigest()[:8]
    return str(myself(role, secret=sign))


@asynccontextmanager
async def build(
    settings: Settings,
    *,
    clock: Callable[[], float] = time.time,
    rng: random.Random | None = None,
    prepare: bool = True,
    role: str = "",
) -> AsyncIterator[App]:
    """Opens every part and closes it at the end; ``prepare`` brings the tables to this version first.

    ``role`` (``web``, ``work``) is by what others see this process on PostgreSQL.
    """
    cache, news = open_cache(settings.cache), open_news(settings.cache)
    database = TellingDatabase(settings.database_url, news=news, name=_known_as(settings, role))
    models = Models(settings.model_secrets, patience_of(settings))
    seers = Seers(models, settings.model_secrets)
    files = RememberedFiles(open_files(settings))
    try:
        if prepare:
            await migrate(database)
        game = Game(
            database=database,
            files=files,
            open_model=Opponents(models, cache, slots=settings.answer_cache),
            clock=clock,
            rng=rng or random.SystemRandom(),
            till=Till(read_prices(settings.prices)),
        )
        yield App(settings, database, cache, news, files, models, seers, game, clock)
    finally:
        await seers.close()
        await models.close()
        await news.close()
        await cache.close()
        await database.close()

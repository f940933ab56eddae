"""What `stumper.checks` says of a wrong installation: what is wrong, which value, what to do."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy.engine import make_url

from stumper import __version__, checks
from stumper.app import App, build
from stumper.checks import Finding
from stumper.config import Settings, cookie_secret, share_metrics
from stumper.errors import BadSetting, StoreError
from stumper.front.server import run_server
from stumper.images.files import FolderFiles
from stumper.jobs import Waiting
from stumper.store.cache import RedisCache, open_cache
from stumper.store.database import Database
from stumper.store.migrate import SchemaState
from stumper.store.server import Peer, myself, peers


@asynccontextmanager
async def _app(url: str, folder: Path, *, role: str = "web", **more: object) -> AsyncIterator[App]:
    settings = Settings(data=folder, database=url, secret="of the tests", **more)  # type: ignore[arg-type]
    async with build(settings, prepare=False, role=role) as app:
        yield app


def _named(found: list[Finding], name: str) -> Finding:
    return next(one for one in found if one.name == name)


async def test_a_sound_installation_has_nothing_to_say(database_url: str, tmp_path: Path) -> None:
    async with _app(database_url, tmp_path) as app:
        found = await checks.checks(app)

        assert [one for one in found if not one.ok] == []
        assert await checks.start(app, role="web") == []


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"host": "127.0.0.1", "port": 1, "query": {}}, "refused"),
        ({"database": "nothing_of_this_name"}, "does not exist"),
        ({"username": "nobody_of_this_name"}, "does not exist"),
    ],
)
async def test_a_wrong_address_is_told_with_the_servers_reason(
    postgres: str, tmp_path: Path, change: dict[str, object], says: str
) -> None:
    wrong = make_url(postgres).set(password="hunter2", **change)  # type: ignore[arg-type]
    async with _app(wrong.render_as_string(hide_password=False), tmp_path) as app:
        found = _named(await checks.checks(app), "database")

    assert not found.ok
    assert found.fatal
    assert says in found.line
    assert "STUMPER_DATABASE" in found.line
    assert "hunter2" not in found.line


async def test_an_old_server_stops_the_start(sqlite_database: Database, tmp_path: Path) -> None:
    async with _app(sqlite_database.url, tmp_path) as app:
        with (
            mock.patch.object(checks, "server_version", return_value=12),
            pytest.raises(BadSetting, match="PostgreSQL 12; Stumper needs 13"),
        ):
            await checks.start(app, role="web")


@pytest.mark.postgres
async def test_a_clock_that_is_off_is_told_with_the_way_out(database_url: str, tmp_path: Path) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no clock of its own")
    async with _app(database_url, tmp_path) as app:
        for off_s, way in ((60.0, "60 s ahead of"), (-60.0, "60 s behind")):
            late = replace(app, clock=lambda off_s=off_s: app.clock() + off_s)
            found = _named(await checks.checks(late), "clock")

            assert not found.ok
            assert way in found.line
            assert "timedatectl" in found.line


@pytest.mark.parametrize("off_s", [-1.9, 0.0, 1.9])
def test_a_little_skew_is_borne(off_s: float) -> None:
    assert checks._clock(off_s).ok


async def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")

    assert str(blocked) in await FolderFiles(blocked).fault()
    assert await FolderFiles(tmp_path / "files").fault() == ""
    assert not (tmp_path / "files").exists()  # whoever only looks makes nothing


async def test_a_redis_that_is_away_is_told_and_serving_goes_on(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with _app(sqlite_database.url, tmp_path, cache="redis://:hunter2@127.0.0.1:1") as app:
        (said,) = await checks.start(app, role="web")

    assert "STUMPER_CACHE" in said
    assert "hunter2" not in said


async def test_a_wrong_password_of_redis_is_told(redis_url: str) -> None:
    cache = RedisCache(f"{redis_url}?username=nobody&password=hunter2", timeout_s=30)

    fault = await cache.fault()

    await cache.close()
    assert fault
    assert "hunter2" not in fault


def test_an_address_of_redis_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadSetting, match="STUMPER_CACHE"):
        open_cache("redis://host:port")


async def test_jobs_that_nobody_works_on_are_told_with_their_worker(
    sqlite_database: Database, tmp_path: Path
) -> None:
    left = [Waiting("close-r1-1", "gpu 2"), Waiting("close-r2-1", "local")]
    async with _app(sqlite_database.url, tmp_path) as app:
        with mock.patch("stumper.jobs.waiting", return_value=left):
            found = _named(await checks.checks(app), "jobs")

    assert not found.ok
    assert "close-r1-1" in found.line
    assert "stumper work --name 'gpu 2'" in found.line


@pytest.mark.postgres
async def test_processes_see_each_other_on_postgresql(database_url: str, tmp_path: Path) -> None:
    async with (
        _app(database_url, tmp_path) as web,
        _app(database_url, tmp_path, role="work") as worker,
        web.database.read(),
        worker.database.read() as tx,
    ):
        seen = await peers(tx)

    there = [] if database_url.startswith("sqlite") else ["web", "work"]
    assert [peer.role for peer in seen] == there
    assert {peer.version for peer in seen} <= {__version__}


def _peer(role: str = "web", *, version: str = __version__, secret: str = "a") -> Peer:
    return Peer(role=role, version=version, secret=secret, place="1@here")


@pytest.mark.parametrize(
    ("there", "role", "says"),
    [
        ([_peer(), _peer(version="9.9.9")], "web", "9.9.9"),
        ([_peer("work", secret="-")], "work", "stumper serve"),
    ],
)
def test_other_versions_and_a_worker_without_a_game_are_told(there: list[Peer], role: str, says: str) -> None:
    found = checks._others(there, role)

    assert not found.ok
    assert not found.fatal
    assert says in found.line


def test_a_worker_beside_a_game_and_a_game_alone_are_well() -> None:
    assert checks._others([_peer(), _peer("work", secret="-")], "work").ok
    assert checks._others([_peer()], "web").ok
    assert checks._others([], "work").ok  # SQLite tells of nobody


def test_two_secrets_are_told() -> None:
    found = checks._secrets([_peer(secret="a"), _peer(secret="b")])

    assert not found.ok
    assert "STUMPER_SECRET" in found.line
    assert checks._secrets([_peer(secret="a"), _peer("work", secret="-")]).ok


def test_a_name_is_short_enough_for_the_server_and_read_back() -> None:
    with mock.patch("socket.gethostname", return_value="a-very-long-name " * 9):
        name = str(myself("web", secret="0123abcd"))

    assert len(name) <= 63
    assert name.startswith(f"stumper web {__version__} 0123abcd {os.getpid()}@a-very-long")


async def test_several_processes_that_count_limits_apart_are_told(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with _app(sqlite_database.url, tmp_path, processes=3) as app:
        found = _named(await checks.checks(app), "limits")

    assert not found.ok
    assert "STUMPER_CACHE" in found.line


@pytest.mark.parametrize(
    ("jobs", "says"),
    [
        ("postgresql://nobody:hunter2@127.0.0.1:1/x", "No connection to postgresql"),
        ("/no/scheme:hunter2@", "STUMPER_JOBS to sqlite:///PATH"),
    ],
)
async def test_an_address_of_the_jobs_that_is_wrong_is_told(
    jobs: str, says: str, sqlite_database: Database, tmp_path: Path
) -> None:
    async with _app(sqlite_database.url, tmp_path, jobs=jobs) as app:
        found = _named(await checks.checks(app), "jobs")

    assert not found.ok
    assert says in found.line
    assert "hunter2" not in found.line


def test_a_worker_whose_folder_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    from stumper.store.sole import sole

    (tmp_path / "a file").write_text("no folder")
    with (
        pytest.raises(StoreError, match=r"a file.*STUMPER_DATA"),
        sole(f"sqlite:///{tmp_path}/a file/jobs.db", "w"),
    ):
        pass


@pytest.mark.parametrize(
    ("current", "role", "ok", "fatal"),
    [
        ("0009", "web", True, False),  # a process that runs goes on beside the next version
        ("0009", "", False, True),  # one that starts is refused
        ("0007", "web", False, True),
        ("0007", "", False, False),  # one that starts brings it up
        (None, "", False, False),
        ("of a fork", "web", False, True),
    ],
)
def test_a_schema_is_judged_for_who_runs_and_for_who_starts(
    current: str | None, role: str, ok: bool, fatal: bool
) -> None:
    found = checks._schema(SchemaState(current, "0008"), role)

    assert (found.ok, found.fatal) == (ok, fatal)
    assert ok or found.way_out


async def test_looking_at_a_database_that_is_not_there_makes_none(tmp_path: Path) -> None:
    async with _app(f"sqlite:///{tmp_path / 'none.db'}", tmp_path) as app:
        found = await checks.checks(app, role="")

    assert not _named(found, "schema").ok
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_data_folder_that_cannot_be_written_to_is_told_at_the_start(processes: int, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")

    with pytest.raises(BadSetting, match=r"a file.*STUMPER_DATA"):
        run_server(Settings(data=blocked / "data", processes=processes, port=0), say=lambda _: None)


def test_a_folder_for_counting_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("no folder")

    with pytest.raises(BadSetting, match=r"a file.*STUMPER_DATA"):
        share_metrics(tmp_path / "a file" / "metrics")


async def test_a_database_that_is_not_there_stops_a_build_with_a_reason(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database="postgresql://ada@127.0.0.1:1/x", secret="s")  # type: ignore[arg-type]

    with pytest.raises(StoreError, match=r"refused.*STUMPER_DATABASE"):
        async with build(settings):
            pass


def test_two_processes_that_start_at_once_draw_one_secret(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    real = os.link

    def late(source: Path, target: Path) -> None:
        if not target.exists():  # another process was quicker
            target.write_text("of the other")
        real(source, target)

    with mock.patch("os.link", late):
        assert cookie_secret(settings) == "of the other"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.postgres
def test_whoever_looks_for_a_holder_keeps_nobody_from_holding(postgres: str) -> None:
    from stumper.store.sole import held, sole

    with held(postgres, "w") as mine:
        assert mine
        with held(postgres, "w") as second:
            assert not second
    with sole(postgres, "w"), pytest.raises(StoreError, match="STUMPER_WORKER"), sole(postgres, "w"):
        pass

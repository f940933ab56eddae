"""Every alert fires in the state it is for, not before; dashboard and alerts name what is counted."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from prometheus_client import generate_latest

from stumper.campaigns import current_round, open_campaign
from stumper.errors import ModelUnavailable, PoolEmpty
from stumper.jobs import Jobs
from stumper.monitoring import stored
from stumper.monitoring.stored import Stored
from stumper.observe.metrics import REGISTRY, scraped
from stumper.records import Rules
from stumper.spending import Budget, Spent, Unit
from stumper.spending.queries import add, set_budget
from stumper.store.database import Database
from stumper.vlm.endpoint import Endpoint
from tests.front.conftest import Worlds
from tests.front.world import World, ask, join, judge, play_through, start
from tests.observe.lines import samples, scrape
from tests.observe.promql import Samples, evaluate, tokens_of

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS_FILE = DEPLOY / "prometheus" / "alerts.yml"
ALERTS: dict[str, str] = {
    rule["alert"]: rule["expr"]
    for group in yaml.safe_load(ALERTS_FILE.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}
PANELS: list[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "stumper.json").read_text("utf-8"))["panels"]
EXPRESSIONS = {
    *ALERTS.values(),
    *(target["expr"] for panel in PANELS for target in panel["targets"]),
}


def fires(alert: str, now: Samples, before: Samples | None = None) -> bool:
    return bool(evaluate(ALERTS[alert], now=now, before=before or {}))


async def _names(database: Database, folder: Path) -> dict[str, set[str]]:
    """Every metric there is, as it is written in an expression, with its labels."""
    numbers = Stored(database, folder=folder)
    await numbers.refresh(now=1.0)
    found: dict[str, set[str]] = {}
    own = {family._name: set(family._labelnames) for family in REGISTRY._collector_to_names}  # type: ignore[attr-defined]
    for family in scraped(numbers, shared=None).collect():
        labels = own.get(family.name, set(family._labelnames) if hasattr(family, "_labelnames") else set())
        suffixes = {
            "counter": ["_total"],
            "histogram": ["_bucket", "_count", "_sum"],
            "gaugehistogram": ["_bucket", "_gcount", "_gsum"],
        }.get(family.type, [""])
        found |= {family.name + suffix: labels | {"le"} for suffix in suffixes}
    return found


async def test_every_metric_and_label_named_exists(sqlite_database: Database, tmp_path: Path) -> None:
    known = await _names(sqlite_database, tmp_path)

    for expression in EXPRESSIONS:
        named = re.findall(r"\b((?:stumper|process|python)_\w+)(?:\{([^}]*)\})?", expression)
        assert named, expression
        for name, matchers in named:
            assert name in known, f"{name} in {expression}"
            assert set(re.findall(r"(\w+)(?:=~|!=|=)", matchers)) <= known[name], expression
        grouped = set(re.findall(r"\w+", " ".join(re.findall(r"\b(?:by|without) \(([^)]*)\)", expression))))
        assert grouped <= set().union(*(known[name] for name, _ in named)), expression


@pytest.mark.parametrize("expression", sorted(EXPRESSIONS))
def test_every_expression_is_of_words_prometheus_knows_and_closes_its_brackets(expression: str) -> None:
    closes, open_now = {"(": ")", "[": "]", "{": "}"}, []
    tokens = tokens_of(expression)

    for token in tokens:
        if token in closes:
            open_now.append(closes[token])
        elif token in closes.values():
            assert open_now.pop() == token

    assert open_now == []
    called = {token for token, after in pairwise(tokens) if after == "(" and token[0].isalpha()}
    operators = {"by", "without", "and", "sum", "max", "min", "topk"}
    assert called <= operators | {"rate", "increase", "delta", "histogram_quantile"}


async def test_every_metric_is_explained_and_nothing_else(sqlite_database: Database, tmp_path: Path) -> None:
    guide = (DEPLOY.parent / "docs" / "guide" / "observability.md").read_text(encoding="utf-8")
    known = {name for name in await _names(sqlite_database, tmp_path) if name.startswith("stumper_")}
    named = set(re.findall(r"\bstumper_[a-z_]+[a-z]", guide))

    plain = {re.sub(r"_(bucket|count|sum|gcount|gsum)$", "", name) for name in known}
    assert plain - named == set()
    assert named - plain - known == set()
    assert set(ALERTS) <= set(re.findall(r"Stumper[A-Z]\w+", guide))


def test_promtool_takes_the_alerts() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool in PATH (Debian: apt-get install prometheus)")
    done = subprocess.run([promtool, "check", "rules", str(ALERTS_FILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_starving_vote_queue(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone)
    await play_through(phone, world.clock, await start(phone))
    before = await scrape(phone)
    world.clock.now += 90_000
    after = await scrape(phone)

    assert not fires("StumperVotesStarve", before, before), "claims are fresh"
    assert fires("StumperVotesStarve", after, before)


async def test_a_failing_model(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    async with worlds(model="openai:http://127.0.0.1:9/v1#failing") as world, world.phone() as phone:

        async def away(*_: object, **__: object) -> None:
            raise ModelUnavailable("away")

        monkeypatch.setattr(Endpoint, "chat", away)
        await join(phone)
        session = await start(phone)
        await ask(phone, session["turn"], key="key-1")
        before = await scrape(phone)
        assert not fires("StumperModelFails", before, before)
        await ask(phone, session["turn"], key="key-1")
        assert fires("StumperModelFails", await scrape(phone), before)


@pytest.mark.parametrize(
    ("verdict", "players", "alarm"),
    [pytest.param("wrong", 3, True, marks=pytest.mark.slow), ("correct", 1, False)],
)
async def test_a_burst_of_false_alarms(worlds: Worlds, verdict: str, players: int, alarm: bool) -> None:
    async with worlds(pictures=60, rules=Rules(turns=24)) as world:
        for n in range(players):
            async with world.phone() as phone:
                await join(phone, f"Player {n}")
                session = await start(phone)
                while not session["finished"]:
                    turn = session["turn"]
                    exchange = (await ask(phone, turn, key=f"key-{turn['position']}")).json()
                    world.clock.now += 20
                    session = (await judge(phone, exchange, verdict, "nine" if alarm else None)).json()
                    if not alarm:
                        session = (await phone.post(f"/api/turns/{turn['id']}/skip")).json()
                assert (await phone.get(f"/api/sessions/{session['id']}/summary")).status_code == 200
                found = await scrape(phone)

    assert fires("StumperFalseAlarms", found) is alarm


async def test_errors_of_the_server(
    world: World, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    await join(phone)
    with monkeypatch.context() as patched:
        patched.setattr(type(world.app.game), "start", broken)
        await phone.post("/api/sessions", json={})
        before = await scrape(phone)
        await phone.post("/api/sessions", json={})
        after = await scrape(phone)
    for _ in range(3):
        await start(phone)
    healthy = await scrape(phone)

    assert fires("StumperErrors", after, before)
    assert not fires("StumperErrors", healthy, after)


async def test_players_who_cannot_move(world: World) -> None:
    for n in range(5):
        async with world.phone() as phone:
            await join(phone, f"Player {n}")
            session = await start(phone)
            before = await scrape(phone)
            assert not fires("StumperNobodyMoves", before, before) or n == 4
            world.clock.now += stored.KEPT_S
    async with world.phone() as phone:
        stuck = await scrape(phone)
        await join(phone)
        session = await start(phone)
        await ask(phone, session["turn"])
        moved = await scrape(phone)

    assert fires("StumperNobodyMoves", stuck, before)
    assert not fires("StumperNobodyMoves", moved, stuck)


def _own() -> Samples:
    return samples(generate_latest(scraped(shared=None)).decode())


async def test_a_job_that_failed(tmp_path: Path) -> None:
    jobs, seen = Jobs(f"sqlite:///{tmp_path / 'jobs.db'}"), []

    @jobs.step("break")
    async def breaks() -> None:
        seen.append(_own())
        raise PoolEmpty("nothing is left")

    @jobs.workflow("doomed")
    async def doomed() -> None:
        await breaks()

    async with jobs:
        with pytest.raises(PoolEmpty):
            await jobs.run(doomed, workflow_id="one")

    assert seen[0]["stumper_jobs_running", frozenset({("job", "doomed")})] == 1
    assert not fires("StumperJobFailed", seen[0], seen[0])
    assert fires("StumperJobFailed", _own(), seen[0])


async def test_a_spent_budget(sqlite_database: Database, tmp_path: Path) -> None:
    async with sqlite_database.begin() as tx:
        owner = await open_campaign(tx, name="toytown", model_ref="scripted:", now=0.0, rng=random.Random(1))
        where = {"campaign_id": owner.id, "round_id": (await current_round(tx, owner.id)).id, "now": 0.0}
        await set_budget(tx, owner.id, Budget(Unit.CALLS, 100), now=0.0)
        await add(tx, **where, model="m", part=0, spent=Spent(calls=50))  # type: ignore[arg-type]
    half = await _stored(sqlite_database.url, tmp_path)
    async with sqlite_database.begin() as tx:
        await add(tx, **where, model="m", part=0, spent=Spent(calls=45))  # type: ignore[arg-type]

    assert not fires("StumperBudgetSpent", half)
    assert fires("StumperBudgetSpent", await _stored(sqlite_database.url, tmp_path))


async def _stored(url: str, folder: Path) -> Samples:
    database = Database(url)
    numbers = Stored(database, folder=folder)
    await numbers.refresh(now=1.0)
    await database.close()
    return samples(generate_latest(scraped(numbers, shared=None)).decode())


async def test_a_database_that_is_away(tmp_path: Path, sqlite_database: Database) -> None:
    away = await _stored("postgresql://nobody@127.0.0.1:9/none", tmp_path)

    assert fires("StumperDatabaseAway", away)
    assert not any(name == "stumper_claims" for name, _ in away), "old numbers would look like new ones"
    assert not fires("StumperDatabaseAway", await _stored(sqlite_database.url, tmp_path))


async def test_a_full_disk(
    tmp_path: Path, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(tmp_path))
    for free, full in ((50, True), (500, False)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage(1000, 1000 - free, free))
        assert fires("StumperDiskFull", await _stored(sqlite_database.url, tmp_path)) is full


def test_each_alert_is_driven_here() -> None:
    said = Path(__file__).read_text(encoding="utf-8")
    assert [alert for alert in ALERTS if f'fires("{alert}"' not in said] == []


def test_the_evaluator_by_hand() -> None:
    def at(**values: float) -> Samples:
        return {("n", frozenset({("k", key)})): n for key, n in values.items()}

    def said(text: str) -> object:
        return evaluate(text, now=at(a=8, b=3), before=at(a=2))

    nothing: frozenset[tuple[str, str]] = frozenset()
    a, b = frozenset({("k", "a")}), frozenset({("k", "b")})
    assert said("sum(n)") == {nothing: 11}
    assert said('sum by (k) (n{k=~"a|c"})') == {a: 8}
    assert said("rate(n[1m])") == {a: 0.1}, "b was not there before"
    assert said("n / sum by (k) (n) + 1 > 1.5") == {a: 2, b: 2}
    assert said("n > 3 and increase(n[1m]) == 6") == {a: 8}
    assert said('sum without (k) (n{k!="a"}) * 2') == {nothing: 6}
    with pytest.raises(ValueError, match="not understood"):
        tokens_of("n ~ 3")

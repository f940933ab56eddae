"""Who plays: approval, refusal, the way back, and never two opponents at once."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

import stumper.rounds.champion as champion_module
import stumper.rounds.closing as closing_module
from stumper import campaigns
from stumper.app import App, build
from stumper.config import load
from stumper.errors import Conflict, NotFound, StumperError
from stumper.progress.impact.lessons import Taught
from stumper.records import (
    Campaign,
    CampaignId,
    Decision,
    Release,
    ReleaseId,
    Round,
    RoundId,
    RoundStatus,
    Rules,
)
from stumper.rounds import Closing, approve, close_round, lineage, refuse, rollback
from stumper.rounds.queries import Candidate, unfinished
from stumper.store import schema
from stumper.store.database import Database
from tests.commands import stumper
from tests.curate.rows import add_claim, add_trusted
from tests.curate.test_pipeline import say
from tests.examples import examples
from tests.play.conftest import furnish
from tests.test_rounds import GAINED
from tests.trust.rows import CAMPAIGN, ROUND, open_campaign

LOST = replace(GAINED, known_tuned=0.5)


@pytest.fixture
async def app(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[App]:
    shutil.copy(sqlite_template, tmp_path / "stumper.db")
    async with build(load(data=tmp_path), prepare=False) as made:
        yield made


async def _campaign(app: App, *, name: str = "town", approval: bool = True) -> Campaign:
    async with app.database.begin() as tx:
        return await campaigns.open_campaign(
            tx,
            name=name,
            model_ref="scripted:",
            now=1.0,
            rng=random.Random(name),
            rules=Rules(approval=approval),
        )


async def _rounds(app: App, campaign: Campaign) -> list[Round]:
    async with app.database.read() as tx:
        return [one for name, one in await campaigns.list_rounds(tx) if name == campaign.name]


async def _decide(app: App, campaign: Campaign, tuned: str, *, figures: Any = GAINED) -> bool:
    """Closes the newest round as `close_round` does, without its long steps."""
    current = (await _rounds(app, campaign))[-1]
    made = await _release(app, campaign, current)
    async with app.database.begin() as tx:
        await campaigns.set_status(tx, current.id, RoundStatus.CLOSING, now=app.clock())
    return await Closing(app, campaign, current, seed=1).decide(made, tuned, figures)


async def _release(app: App, campaign: Campaign, current: Round) -> Release:
    made = Release(
        id=ReleaseId(f"{campaign.id[:20]}-{current.number}"),
        campaign_id=campaign.id,
        round_id=current.id,
        version=current.number,
        digest="d",
        path="nowhere",
        examples=3,
        created_at=1.0,
    )
    async with app.database.begin() as tx:
        await tx.execute(
            schema.release.insert().values({f: getattr(made, f) for f in Release.__dataclass_fields__})
        )
    return made


def _opponents(rounds: list[Round]) -> list[tuple[str, str]]:
    return [(one.model_ref, one.status.value) for one in rounds]


async def test_the_champion_plays_until_the_tuned_model_is_approved(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []

    async def told(_database: Database, *, round_number: int, **_given: Any) -> int:
        heard.append(round_number)
        return 1

    monkeypatch.setattr(champion_module, "tell", told)
    campaign = await _campaign(app)

    assert await _decide(app, campaign, "scripted:text=two") is False
    assert _opponents(await _rounds(app, campaign)) == [("scripted:", "closed"), ("scripted:", "open")]
    assert heard == []

    first = await approve(app, campaign)
    again = await approve(app, campaign)  # killed after it, said twice: the same

    assert first == again
    assert first.model_ref == "scripted:text=two"
    assert first.reason == "tuned in round 1, approved"
    assert heard == [1, 1]
    assert [status for _, status in _opponents(await _rounds(app, campaign))] == ["closed", "closed", "open"]
    with pytest.raises(Conflict, match="waits for approval"):
        await refuse(app, campaign)


async def test_two_who_decide_at_once_make_one_round(app: App) -> None:
    campaign = await _campaign(app)
    await _decide(app, campaign, "scripted:text=two")

    done = await asyncio.gather(
        approve(app, campaign), approve(app, campaign), refuse(app, campaign), return_exceptions=True
    )

    plays = [one for one in done if isinstance(one, Round)]
    rounds = await _rounds(app, campaign)
    assert all(isinstance(one, Round | Conflict | Candidate) for one in done)
    assert len(rounds) == (3 if plays else 2)
    assert len({one.id for one in plays}) <= 1


async def test_a_refused_model_never_plays(app: App) -> None:
    campaign = await _campaign(app)
    await _decide(app, campaign, "scripted:text=two")

    for _ in range(2):
        assert (await refuse(app, campaign)).tuned_ref == "scripted:text=two"
    with pytest.raises(Conflict, match="waits for approval"):
        await approve(app, campaign)

    assert {ref for ref, _ in _opponents(await _rounds(app, campaign))} == {"scripted:"}


async def test_what_the_gate_refuses_asks_nobody(app: App) -> None:
    campaign = await _campaign(app)

    await _decide(app, campaign, "scripted:text=two", figures=LOST)

    with pytest.raises(Conflict, match="waits for approval"):
        await approve(app, campaign)


async def test_a_round_is_not_closed_while_a_model_waits(app: App) -> None:
    campaign = await _campaign(app)
    await _decide(app, campaign, "scripted:text=two")
    current = (await _rounds(app, campaign))[-1]

    with pytest.raises(Conflict, match="stumper round approve"):
        await close_round(app, campaign, current, seed=1)

    assert (await _rounds(app, campaign))[-1].status is RoundStatus.OPEN


async def test_a_model_of_a_withdrawn_release_is_approved_only_on_purpose(app: App) -> None:
    campaign = await _campaign(app)
    await _decide(app, campaign, "scripted:text=two")
    async with app.database.begin() as tx:
        await tx.execute(schema.release.update().values(withdrawn_at=5.0))

    with pytest.raises(Conflict, match="withdrawn"):
        await approve(app, campaign)

    assert (await approve(app, campaign, withdrawn=True)).model_ref == "scripted:text=two"


async def test_a_model_that_is_away_is_not_put_in(app: App, tmp_path: Path) -> None:
    campaign = await _campaign(app)
    await _decide(app, campaign, f"onnx:{tmp_path / 'deleted'}")

    with pytest.raises(StumperError, match="deleted"):
        await approve(app, campaign)

    assert (await _rounds(app, campaign))[-1].model_ref == "scripted:"
    async with app.database.read() as tx:
        assert (await tx.execute(select(schema.evaluation.c.decision))).scalar_one() == Decision.WAITING


async def test_rolling_back_goes_down_the_line_of_opponents(app: App) -> None:
    campaign = await _campaign(app, approval=False)
    await _decide(app, campaign, "scripted:text=two")
    await _decide(app, campaign, "scripted:text=three")

    back = await rollback(app, campaign, reason="it swears")
    assert (back.number, back.model_ref) == (4, "scripted:text=two")
    assert back.reason == "rolled back to the opponent of round 2: it swears"
    assert (await rollback(app, campaign)).model_ref == "scripted:"
    with pytest.raises(Conflict, match="first opponent"):
        await rollback(app, campaign)
    assert (await rollback(app, campaign, to=3)).model_ref == "scripted:text=three"
    with pytest.raises(Conflict, match="plays already"):
        await rollback(app, campaign, to=3)
    with pytest.raises(NotFound, match="no round 9"):
        await rollback(app, campaign, to=9)


async def test_nobody_changes_the_opponent_of_a_closing_round(app: App) -> None:
    campaign = await _campaign(app)
    await _decide(app, campaign, "scripted:text=two")
    current = (await _rounds(app, campaign))[-1]
    async with app.database.begin() as tx:
        await campaigns.set_status(tx, current.id, RoundStatus.CLOSING, now=1.0)

    with pytest.raises(Conflict, match="is closing"):
        await approve(app, campaign)


async def test_a_model_put_in_while_another_was_tuned_stays_until_a_person_says_so(app: App) -> None:
    campaign = await _campaign(app)
    async with app.database.begin() as tx:
        await campaigns.set_approval(tx, campaign.id, needed=False)
    assert await _decide(app, campaign, "scripted:text=two") is True
    second = (await _rounds(app, campaign))[-1]
    release = await _release(app, campaign, second)
    await rollback(app, campaign)  # while round 2 is being tuned
    closing = Closing(app, campaign, second, seed=1)

    assert await closing.decide(release, "scripted:text=three", GAINED) is False
    assert await closing.decide(release, "scripted:text=three", GAINED) is False  # a repeated step

    assert (await _rounds(app, campaign))[-1].model_ref == "scripted:"
    assert (await approve(app, campaign)).model_ref == "scripted:text=three"


async def test_a_model_that_was_rolled_back_is_not_approved_by_mistake(app: App) -> None:
    campaign = await _campaign(app)
    await _decide(app, campaign, "scripted:text=two")
    await approve(app, campaign)
    await rollback(app, campaign)

    with pytest.raises(Conflict, match="waits for approval"):
        await approve(app, campaign)


async def test_lessons_are_told_if_the_model_was_approved_while_it_was_asked(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    async def taught(*_: Any, **_given: Any) -> Taught:
        return Taught(asked=1, learned=1, missing=0)

    async def told(_database: Database, *, evaluation_id: str, **_given: Any) -> int:
        heard.append(evaluation_id)
        return 1

    monkeypatch.setattr(closing_module, "teach", taught)
    monkeypatch.setattr(closing_module, "tell", told)
    campaign = await _campaign(app)
    first = (await _rounds(app, campaign))[0]
    await _decide(app, campaign, "scripted:text=two")
    async with app.database.read() as tx:
        release = Release(**(await tx.execute(select(schema.release))).one()._mapping)
    closing = Closing(app, campaign, first, seed=1)

    await closing.lessons(release, "scripted:text=two", passed=False)
    assert heard == []
    await approve(app, campaign)
    await closing.lessons(release, "scripted:text=two", passed=False)
    assert len(heard) == 1


async def test_a_second_closing_of_a_round_changes_no_opponent_by_itself(app: App) -> None:
    campaign = await _campaign(app, approval=False)
    first = (await _rounds(app, campaign))[0]
    await _decide(app, campaign, "scripted:text=two")
    async with app.database.read() as tx:
        release = Release(**(await tx.execute(select(schema.release))).one()._mapping)

    assert not await Closing(app, campaign, first, seed=2).decide(release, "scripted:text=three", GAINED)

    assert [ref for ref, _ in _opponents(await _rounds(app, campaign))] == ["scripted:", "scripted:text=two"]


async def test_the_line_of_rounds_says_how_each_ended(app: App) -> None:
    campaign = await _campaign(app)
    lost = {"name": "count", "items": 100, "gain": {"mean": -0.2, "low": -0.3, "high": -0.1}}
    await _decide(
        app, campaign, "scripted:text=one", figures=replace(LOST, details={"known": {"categories": [lost]}})
    )
    await _decide(app, campaign, "scripted:text=two")

    gone, waits, now = await lineage(app)
    assert gone.ending is not None
    assert waits.ending is not None
    assert (gone.ending.verdict, gone.ending.lost) == ("refused by the gate", (("count", 0.2),))
    assert (waits.ending.verdict, waits.ending.gain) == ("waits for approval", 0.5)
    assert (now.ending, now.to_json()["verdict"]) == (None, None)

    await refuse(app, campaign)
    assert (await lineage(app))[1].to_json()["verdict"] == "refused by a person"


def test_the_commands_switch_approval_and_say_what_is_wrong(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "stumper.db")
    data = {"STUMPER_DATA": str(tmp_path), "STUMPER_MODEL": "scripted:"}

    assert (
        "wait for stumper round approve" in stumper("round", "approval", "on", folder=tmp_path, **data).stdout
    )
    assert "waits for approval" in stumper("round", "approve", folder=tmp_path, **data).stderr
    assert "waits for approval" in stumper("round", "refuse", folder=tmp_path, **data).stderr
    assert "no round 7" in stumper("round", "rollback", "--to", "7", folder=tmp_path, **data).stderr
    listed = stumper("round", "list", "--json", folder=tmp_path, **data).stdout
    assert '"status": "open"' in listed


async def test_a_session_under_way_ends_against_the_model_it_began_with(
    database: Database, tmp_path: Path
) -> None:
    world = await furnish(database, tmp_path / "files")
    table = await world.started(quick=True)
    asked_of: list[str] = []
    opened = world.model

    async def open_model(ref: str) -> Any:
        asked_of.append(ref)
        return opened

    table.game._open_model = open_model
    async with world.database.begin() as tx:
        await champion_module._next(
            tx, world.campaign, "scripted:text=new", reason="approved", now=world.clock.now
        )
    await table.ask()
    other = await world.game().join(nickname="Bob", language="en", consent=True)
    newer = await world.game().start(other.id, quick=True)

    async with world.database.read() as tx:
        query = select(schema.session.c.id, schema.round_.c.number).join(
            schema.round_, schema.round_.c.id == schema.session.c.round_id
        )
        numbers = {row.id: row.number for row in await tx.execute(query)}
    assert asked_of == ["scripted:"]
    assert (numbers[table.view.id], numbers[newer.id]) == (1, 2)


async def test_claims_that_come_after_their_round_was_closed_become_examples_of_it(
    app: App,
) -> None:
    database = app.database
    await open_campaign(database)
    await add_trusted(database, "ann", "bob", "cyd", "dee", "eve")
    async with database.begin() as tx:
        campaign = await campaigns.find_campaign(tx, "town")
        current = await champion_module._next(tx, campaign, "scripted:text=new", reason="", now=4_000.0)
    await add_claim(database, "ann", "late")  # its session was under way
    await say(database, "late")

    curated = await Closing(app, campaign, current, seed=1).curate()
    again = await Closing(app, campaign, current, seed=1).curate()

    assert (curated["late"], curated["claims"], again["late"]) == (1, 0, 0)
    async with database.read() as tx:
        (made,) = (await tx.execute(select(schema.example))).all()
        assert await unfinished(tx, CampaignId(CAMPAIGN), before=2) == []
    assert (made.claim_id, made.round_id) == ("late", ROUND)


async def test_the_database_keeps_two_rounds_from_being_open(database: Database) -> None:
    await open_campaign(database)
    two = insert(schema.round_).values(
        id="r2", campaign_id=CAMPAIGN, number=2, model_ref="scripted:", status="open", opened_at=0.0
    )
    with pytest.raises(IntegrityError):
        async with database.begin() as tx:
            await tx.execute(two)


async def test_a_closed_round_never_opens_again(database: Database) -> None:
    await open_campaign(database)
    async with database.begin() as tx:
        await campaigns.set_status(tx, RoundId(ROUND), RoundStatus.CLOSED, now=1.0)

    with pytest.raises(Conflict, match="closed already"):
        async with database.begin() as tx:
            await campaigns.set_status(tx, RoundId(ROUND), RoundStatus.OPEN, now=2.0)


def test_at_every_moment_one_round_is_not_closed(tmp_path: Path) -> None:
    """Whatever is done in whatever order; and only what passed the gate ever plays."""
    with asyncio.Runner() as runner:
        built = build(load(data=tmp_path))
        app = runner.run(built.__aenter__())
        names = (f"town{number}" for number in range(10_000))

        @settings(max_examples=examples(12))
        @given(st.lists(st.sampled_from(sorted(_MOVES)), max_size=6))
        def tried(moves: list[str]) -> None:
            runner.run(_play_out(app, next(names), moves))

        try:
            tried()
        finally:
            runner.run(built.__aexit__(None, None, None))


async def _play_out(app: App, name: str, moves: list[str]) -> None:
    campaign = await _campaign(app, name=name)
    for number, move in enumerate(moves):
        with suppress(Conflict, NotFound):
            await _MOVES[move](app, campaign, f"scripted:text={number}")
        rounds = await _rounds(app, campaign)
        assert [one.number for one in rounds if one.status is not RoundStatus.CLOSED] == [len(rounds)]
        assert not any("refused" in one.model_ref for one in rounds)


async def _die_closing(app: App, campaign: Campaign, _tuned: str) -> None:
    """A closing that was killed before it decided; the next one goes on."""
    current = (await _rounds(app, campaign))[-1]
    async with app.database.begin() as tx:
        await campaigns.set_status(tx, current.id, RoundStatus.CLOSING, now=app.clock())


async def _switch(app: App, campaign: Campaign, _tuned: str, *, needed: bool) -> None:
    async with app.database.begin() as tx:
        await campaigns.set_approval(tx, campaign.id, needed=needed)


_MOVES: dict[str, Callable[[App, Campaign, str], Coroutine[Any, Any, Any]]] = {
    "pass": lambda app, campaign, tuned: _decide(app, campaign, tuned),
    "fail": lambda app, campaign, tuned: _decide(app, campaign, f"{tuned}-refused", figures=LOST),
    "die": _die_closing,
    "approve": lambda app, campaign, _: approve(app, campaign),
    "refuse": lambda app, campaign, _: refuse(app, campaign),
    "rollback": lambda app, campaign, _: rollback(app, campaign),
    "to the first": lambda app, campaign, _: rollback(app, campaign, to=1),
    "on": lambda app, campaign, tuned: _switch(app, campaign, tuned, needed=True),
    "off": lambda app, campaign, tuned: _switch(app, campaign, tuned, needed=False),
}

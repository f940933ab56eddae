"""Models that judge, at the closing of a round: beside the rules, never in their way, asked later if away."""

from __future__ import annotations

import random
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from stumper import campaigns
from stumper.app import App, build
from stumper.config import load
from stumper.curate.panel.ask import Cost, Opinion
from stumper.curate.panel.journal import Journal, Remembering
from stumper.curate.panel.panel import Panel
from stumper.curate.panel.rubric import Case, Dimensions
from stumper.errors import BadSetting, ModelRefused, NotFound
from stumper.evaluate.panel import PanelScores, Unheard
from stumper.records import Campaign, Release, ReleaseId, Round, RoundStatus
from stumper.rounds import Closing, close_round, judge_again
from stumper.store import schema
from tests.commands import stumper
from tests.evaluate.test_closing import few_items
from tests.evaluate.test_closing import release as release_folder
from tests.evaluate.test_gate import GAINED

__all__ = ["few_items"]

BASE, TUNED = "scripted:text=three", "scripted:text=five"
JUDGES = "openai:http://127.0.0.1:9/v1#one openai:http://127.0.0.1:9/v1#two"


class Killed(Exception):
    """Stands for the end of the process: nothing of Stumper catches it."""


class Mind:
    """A judge that finds "five" right; ``away`` it does not answer, ``refuses`` it takes no key."""

    def __init__(self, name: str, *, away: bool = False, refuses: bool = False, most: int = 10**6) -> None:
        self.name, self.cost, self.asked = name, Cost(), 0
        self._away, self._refuses, self._most = away, refuses, most

    async def opinion(self, case: Case) -> Opinion:
        self.asked += 1
        if self.asked > self._most:
            raise Killed
        if self._refuses:
            raise ModelRefused(f"{self.name} does not accept the key. Set a valid one.")
        if self._away:
            return Opinion(judge=self.name, why="No model server answers", away=True)
        score = 1.0 if case.answer == "five" else 0.0
        return Opinion(judge=self.name, score=score, dimensions=Dimensions(correct=score, complete=1.0))

    async def close(self) -> None: ...


@pytest.fixture
async def app(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[App]:
    shutil.copyfile(sqlite_template, tmp_path / "stumper.db")
    async with build(load(data=tmp_path, judges=JUDGES), prepare=False) as made:
        yield made


def seat(monkeypatch: pytest.MonkeyPatch, minds: Sequence[Mind]) -> None:
    """These judge, in place of the endpoints of the settings."""

    @asynccontextmanager
    async def panel(_app: App, journal: Path) -> AsyncIterator[Panel]:
        kept = Journal(journal)
        yield Panel([Remembering(mind, kept) for mind in minds])

    monkeypatch.setattr(App, "panel", panel)


async def opened(app: App, folder: Path) -> tuple[Campaign, Round, Release]:
    async with app.database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx, name="toytown", model_ref=BASE, now=1.0, rng=random.Random(1)
        )
        current = await campaigns.current_round(tx, campaign.id)
        made = Release(
            id=ReleaseId("r"), campaign_id=campaign.id, round_id=current.id, version=1, digest="d" * 20,
            path=str(release_folder(folder / "release")), examples=6, created_at=1.0,
        )  # fmt: skip
        await tx.execute(
            schema.release.insert().values({f: getattr(made, f) for f in Release.__dataclass_fields__})
        )
    return campaign, current, made


async def closed(app: App, campaign: Campaign, current: Round, made: Release) -> dict[str, Any]:
    """Evaluates and decides as `close_round` does; returns the figures as they are kept."""
    closing = Closing(app, campaign, current, seed=7)
    figures = (await closing.evaluate(made, TUNED)).figures()
    async with app.database.begin() as tx:
        await campaigns.set_status(tx, current.id, RoundStatus.CLOSING, now=1.0)
        await campaigns.record_tuning(
            tx, release_id=made.id, base_ref=BASE, tuned_ref=TUNED, recipe={}, seed=7, figures={}, now=1.0
        )
    await closing.decide(made, TUNED, figures)
    return await kept(app)


async def kept(app: App) -> dict[str, Any]:
    async with app.database.read() as tx:
        (row,) = (await tx.execute(schema.evaluation.select())).all()
    found: dict[str, Any] = row.figures
    return found


async def test_a_closing_shows_the_panel_beside_the_rules_that_decide(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    minds = [Mind("one"), Mind("two")]
    seat(monkeypatch, minds)

    figures = await closed(app, *await opened(app, tmp_path))

    panel = figures["details"]["panel"]
    assert (panel["base"]["mean"], panel["tuned"]["mean"], panel["missing"]) == (0.0, 1.0, 0)
    assert figures["score"]["gain"] == 1.0
    assert minds[0].asked == minds[1].asked > 0


@pytest.mark.parametrize(
    ("fault", "why"), [({"refuses": True}, "the key"), ({"away": True}, "No model server")]
)
async def test_a_judge_that_is_down_leaves_a_reason_and_is_asked_later(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: dict[str, bool], why: str
) -> None:
    seat(monkeypatch, [Mind("one"), Mind("two", **fault)])
    campaign, current, made = await opened(app, tmp_path)

    before = await closed(app, campaign, current, made)

    assert before["score"]["gain"] == 1.0
    assert not (before["details"]["panel"]["gain"] or {}).get("mean")
    assert why in before["details"]["panel"]["why"]

    minds = [Mind("one"), Mind("two")]
    seat(monkeypatch, minds)
    told = await judge_again(app, campaign)
    after = await kept(app)

    assert isinstance(told, PanelScores)
    assert after["details"]["panel"]["gain"]["mean"] == 1.0
    assert {**after, "details": None} == {**before, "details": None}
    assert minds[0].asked == 0, "what was judged is not paid for twice"
    assert minds[1].asked > 0


async def test_a_panel_that_was_killed_goes_on_with_what_it_had(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat(monkeypatch, [Mind("one", most=5), Mind("two", most=5)])
    campaign, current, made = await opened(app, tmp_path)
    closing = Closing(app, campaign, current, seed=7)
    with pytest.raises(Killed):
        await closing.evaluate(made, TUNED)

    minds = [Mind("one"), Mind("two")]
    seat(monkeypatch, minds)
    found = await closing.evaluate(made, TUNED)

    assert isinstance(found.panel, PanelScores)
    assert found.panel.missing == 0
    assert sum(mind.asked for mind in minds) < 24


async def test_nobody_is_asked_where_nobody_judges(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "stumper.db")
    async with build(load(data=tmp_path), prepare=False) as app:
        campaign, current, made = await opened(app, tmp_path)
        figures = await closed(app, campaign, current, made)

        assert figures["details"]["panel"] is None
        with pytest.raises(BadSetting, match="STUMPER_JUDGES"):
            await judge_again(app, campaign)


async def test_judges_that_are_no_panel_are_told_before_hours_are_spent(
    tmp_path: Path, sqlite_template: Path
) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "stumper.db")
    async with build(load(data=tmp_path, judges=JUDGES.split()[0]), prepare=False) as app:
        campaign, current, _ = await opened(app, tmp_path)
        with pytest.raises(BadSetting, match="needs 2 judges and 1 are named"):
            await close_round(app, campaign, current, seed=1)
        async with app.database.read() as tx:
            assert (await campaigns.current_round(tx, campaign.id)).status is RoundStatus.OPEN


async def test_a_round_that_was_not_closed_with_a_model_is_not_judged(app: App, tmp_path: Path) -> None:
    campaign, _, _ = await opened(app, tmp_path)

    with pytest.raises(NotFound, match="No round of 'toytown' was closed"):
        await judge_again(app, campaign)
    with pytest.raises(NotFound, match="Round 1 of 'toytown' was not closed"):
        await judge_again(app, campaign, number=1)


def test_the_command_says_who_judges(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "stumper.db")

    done = stumper("round", "judge", folder=tmp_path, STUMPER_DATA=str(tmp_path), STUMPER_MODEL="scripted:")

    assert (done.returncode, "STUMPER_JUDGES" in done.stderr) == (1, True), done.stderr


def test_figures_of_rounds_closed_without_a_panel_are_read() -> None:
    assert "panel" not in GAINED.details
    assert str(Unheard("a key is missing")) == "not asked: a key is missing"

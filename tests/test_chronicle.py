"""The rounds side by side: what was played, every model on every test, and the page that shows it."""

from __future__ import annotations

import math
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from stumper import campaigns
from stumper.app import App, build
from stumper.config import load
from stumper.evaluate.charts import course
from stumper.evaluate.chronicle import Chronicle, Told
from stumper.evaluate.chronicle_page import kinds, render_chronicle
from stumper.evaluate.items import Item
from stumper.records import Campaign, Category, Release, ReleaseId, Round, RoundStatus
from stumper.rounds import Closing, chronicle, lineage
from stumper.store.schema import release
from stumper.vlm.picture import ball
from tests.commands import stumper
from tests.evaluate.test_gate import GAINED
from tests.simulate.test_rounds import asked, opened, play

TUNED = "scripted:text=two"
SETS = {
    name: {"overall": {side: {"mean": at, "low": at, "high": at, "n": 9} for side in ("base", "tuned")}}
    for name, at in (("known", 0.9), ("withheld", 0.2))
}


async def close(app: App, campaign: Campaign, current: Round, tuned: str) -> None:
    """Closes a round as `close_round` does, without its long steps."""
    made = Release(
        id=ReleaseId(f"release-{current.number}"),
        campaign_id=campaign.id,
        round_id=current.id,
        version=current.number,
        digest=f"{current.number}" * 64,
        path=f"nowhere-{current.number}",
        examples=2,
        created_at=1.0,
    )
    async with app.database.begin() as tx:
        await tx.execute(
            release.insert().values({name: getattr(made, name) for name in Release.__dataclass_fields__})
        )
        await campaigns.set_status(tx, current.id, RoundStatus.CLOSING, now=2.0)
    await Closing(app, campaign, current, seed=1).decide(made, tuned, replace(GAINED, details=SETS))


def held_out(made: Release, _number: int) -> list[Item]:
    return [
        Item(id=f"{made.path}-{right}", image=ball("red"), question=f"How many {what}?", reference=right,
             category=Category.COUNTING, image_id=what)
        for right, what in (("two", "cats"), ("five", "dogs"))
    ]  # fmt: skip


async def test_every_model_is_asked_every_rounds_questions_and_one_that_is_gone_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stumper.rounds.side_by_side._items", held_out)
    async with build(load(data=tmp_path, model="scripted:text=red")) as app:
        campaign = await opened(app)
        first = await play(app, campaign)
        await close(app, campaign, first, TUNED)
        async with app.database.read() as tx:
            second = await campaigns.current_round(tx, campaign.id)
        await close(app, campaign, second, f"onnx:{tmp_path}/gone")

        found = await chronicle(app, campaign, seed=1, wrong={1: 0.5})
        again = await chronicle(app, campaign, seed=1, wrong={1: 0.5})
        rows = await asked(app)
        verdicts = [one.ending.verdict for one in await lineage(app) if one.ending]

    assert found.to_json() == again.to_json()
    assert found.tests == (1, 2)
    assert [(one.name, one.played) for one in found.models] == [
        ("the first opponent", (1,)), ("tuned in round 1", (2,)), ("tuned in round 2", (3,)),
    ]  # fmt: skip
    before, after, gone = found.models
    assert [at.mean for at in before.tests] == [0.0, 0.0]
    assert [at.mean for at in after.tests] == [0.5, 0.5]
    assert [at.n for at in gone.tests] == [0, 0]
    assert (before.known.mean, before.withheld.mean) == (0.9, 0.2)
    assert verdicts == ["passed the gate"] * 2
    (played,) = found.rounds  # nobody asked anything in the second
    assert (played.verdict, played.wrong) == ("passed the gate", 0.5)
    judged = Counter(row[5] for row in rows)
    assert 0 < played.questions < judged.total()  # controls are left out
    assert 0 < played.claims <= judged["wrong"]
    assert sum(played.asked.values()) == played.questions


def told(number: int, asked: dict[Category, int], claimed: dict[Category, int]) -> Told:
    return Told(
        number=number, opponent="scripted:", questions=sum(asked.values()), examples=1, asked=asked,
        claimed=claimed,
    )  # fmt: skip


def test_the_page_shows_how_players_moved_and_escapes_names() -> None:
    rounds = (
        told(1, {Category.TEXT: 60, Category.COUNTING: 40}, {Category.TEXT: 30, Category.COUNTING: 10}),
        told(2, {Category.TEXT: 30, Category.COUNTING: 60, Category.COLOR: 10}, {Category.COUNTING: 20}),
    )
    text, counting, colour = kinds(rounds)

    assert (text.name, text.asked, text.per_100) == ("text", [0.6, 0.3], [50.0, 0.0])
    assert (counting.asked, counting.per_100[0]) == ([0.4, 0.6], 25.0)
    assert colour.per_100[0] != colour.per_100[0]  # nobody asked for it: no rate, not 0
    found = Chronicle(campaign="<b>town", rounds=rounds, models=(), tests=())
    page = render_chronicle(found)
    assert page == render_chronicle(found)
    assert "<b>town" not in page
    assert all(rate in page for rate in ("40.0", "20.0"))  # claims of a hundred questions


def test_a_course_joins_neighbours_and_leaves_a_gap_where_nothing_is_known() -> None:
    drawn = course({"asked": [1.0, 0.5, math.nan, 0.0]}, most=1.0, label="text", height_px=44)

    dots = re.findall(r'circle class="asked" cx="([\d.]+)%" cy="([\d.]+)"', drawn)
    assert [(float(x), float(y)) for x, y in dots] == [(12.5, 6.0), (37.5, 22.0), (87.5, 38.0)]
    assert drawn.count('line class="asked"') == 1


def test_the_command_writes_the_page_only_if_something_was_asked(
    tmp_path: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "stumper.db")
    ended = stumper("round", "report", folder=tmp_path, STUMPER_DATA=".", STUMPER_MODEL="scripted:")

    assert ended.returncode != 0
    assert "Play a session first" in ended.stderr
    assert not (tmp_path / "rounds.html").exists()

"""`stumper coverage`: the target is set and refused clearly, and the map is told as text, JSON and page."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from stumper.cli import cli
from stumper.curate.bounties import WANTED, prices, target_shares
from stumper.curate.coverage.map import Coverage, Source, Thing, rows_of
from stumper.curate.coverage.rates import by_category
from stumper.errors import BadSetting
from stumper.records import Category, ImageKind
from stumper.release.coverage_page import level, render, write_page
from stumper.store import schema
from stumper.store.database import Database
from tests.trust.rows import open_campaign

run = CliRunner()


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with a campaign "town" and one picture."""
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'town.db')}"
    monkeypatch.setenv("STUMPER_DATABASE", url)
    monkeypatch.setenv("STUMPER_CAMPAIGN", "town")
    monkeypatch.setenv("STUMPER_DATA", str(tmp_path))

    async def make() -> None:
        database = Database(url)
        await open_campaign(database)
        async with database.begin() as tx:
            await tx.execute(update(schema.image).values(labels={"bus": 2}, source="<b>Wharf</b>"))
        await database.close()

    asyncio.run(make())
    return tmp_path


def told(*options: str) -> dict[str, Any]:
    done = run.invoke(cli, ["coverage", "--json", *options], catch_exceptions=False)
    assert done.exit_code == 0
    line: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return line


def test_a_target_is_kept_until_another_is_set(home: Path) -> None:
    set_now = told("--target", "color=1, text=3")
    later = told()
    even = told("--target", "even")

    for line in (set_now, later):
        shares = {
            row["cells"][0]["category"]: row["bounty"] and row["bounty"]["share"] for row in line["rows"]
        }
        assert {name: share for name, share in shares.items() if share} == {"color": 0.25, "text": 0.75}
        assert len(line["rows"]) == 11
    assert all(row["bounty"]["share"] == pytest.approx(1 / 11) for row in even["rows"])


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("colour=1", "'colour' is no category"),
        ("color", "'color' is no part of a target"),
        ("color=many", "'color=many' is no part of a target"),
        ("color=nan", "'color=nan' is no part of a target"),
        ("color=inf", "target of color is inf"),
        ("color=-1", "target of color is -1.0"),
        ("color=0", "wants nothing"),
        ("", "wants nothing"),
        ("color=1 color=2", "names color twice"),
    ],
)
def test_a_target_that_is_none_is_refused_and_the_old_one_stays(home: Path, target: str, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        run.invoke(cli, ["coverage", "--target", target], catch_exceptions=False, standalone_mode=False)

    assert target_now(home) is None


def target_now(home: Path) -> Any:
    async def read() -> Any:
        database = Database(f"sqlite:///{home / 'town.db'}")
        async with database.read() as tx:
            rules = (await tx.execute(select(schema.campaign.c.rules))).scalar_one()
        await database.close()
        return rules["target_mix"]

    return asyncio.run(read())


def test_the_map_is_told_as_text_and_as_a_page_with_nothing_of_the_data_unescaped(home: Path) -> None:
    page = home / "map.html"

    done = run.invoke(cli, ["coverage", "--html", str(page)], catch_exceptions=False)

    assert done.exit_code == 0
    assert "town, round 1" in done.stdout
    assert all(one.value in done.stdout for one in WANTED)
    assert "bus" in done.stdout
    html = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;Wharf" in html
    assert "<b>Wharf" not in html
    assert "http-equiv" in html and "<script" not in html  # noqa: PT018


def test_a_page_that_cannot_be_written_is_told(home: Path) -> None:
    (home / "file").write_text("")

    with pytest.raises(BadSetting, match="Name another file"):
        run.invoke(
            cli, ["coverage", "--html", str(home / "file" / "map.html")], catch_exceptions=False,
            standalone_mode=False,
        )  # fmt: skip


def test_a_page_shades_by_what_is_missing_and_by_examples_a_picture(tmp_path: Path) -> None:
    counts = {Category.COUNTING: 500, Category.TEXT: 1}
    rates = by_category([])
    found = Coverage(
        campaign="town", round=1, model="scripted:", unnamed=0, judged=0,
        rows=rows_of(
            {(category, ImageKind.UNTAINTED): n for category, n in counts.items()}, {}, asked={}, rates=rates,
            bounties=prices(
                counts, {one: rate.sd for one, rate in rates.items()}, shares=target_shares(None), room=8.0
            ),
        ),
        things=(
            Thing(name="bus", pictures=10, examples={Category.COUNTING: 20}),
            Thing(name="dog", pictures=100, examples={Category.COUNTING: 20}),
        ),
        sources=(Source(name="drawn", pictures=110, examples=501),),
    )  # fmt: skip

    html = render(found)

    assert html == render(found)
    assert html.index("counting</th>") > html.index("text</th>"), "what is wanted most comes first"
    assert 'class="n l5">20<' in html
    assert 'class="n l1">20<' in html
    assert write_page(tmp_path / "a.html", found).read_text(encoding="utf-8") == html


def test_a_shade_tells_nothing_from_little() -> None:
    assert [level(share) for share in (0.0, 0.001, 0.2, 0.21, 0.99, 1.0)] == [0, 1, 1, 2, 5, 5]

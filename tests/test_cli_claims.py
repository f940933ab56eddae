"""`stumper claims opinions`, `list` and `calibrate` with judges behind real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from stumper.cli import cli
from stumper.errors import ModelRefused
from stumper.images.files import FolderFiles
from stumper.store import schema
from stumper.store.database import Database
from stumper.vlm.picture import ball
from tests.curate.rows import add_claim, add_trusted
from tests.fake_endpoint import FakeEndpoint, fake_endpoint
from tests.trust.rows import open_campaign

CLAIMS = {
    "d": ("disputed", "red"),
    "o": ("open", "red"),
    "good": ("accepted", "red"),
    "bad": ("rejected", "blue"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as running:
        yield running


@pytest.fixture
def folder(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "stumper.db").write_bytes(sqlite_template.read_bytes())
    asyncio.run(_fill(tmp_path))
    monkeypatch.setenv("STUMPER_DATA", str(tmp_path))
    return tmp_path


async def _fill(data: Path) -> None:
    """The picture shows a red ball and the model said 'blue' to all; one player says 'blue' as well."""
    database = Database(f"sqlite:///{data / 'stumper.db'}")
    await open_campaign(database)
    await add_trusted(database, "ann")
    for claim_id, (_, correction) in CLAIMS.items():
        await add_claim(
            database, "ann", claim_id, question=f"Colour of ball {claim_id}?", correction=correction
        )
    file = await FolderFiles(data / "files").put(ball("red"), suffix=".png")
    async with database.begin() as tx:
        await tx.execute(update(schema.image).values(file=file))
        await tx.execute(update(schema.claim).values(model_answer="It is blue.", votes=3))
        for claim_id, (status, _) in CLAIMS.items():
            await tx.execute(update(schema.claim).where(schema.claim.c.id == claim_id).values(status=status))
    await database.close()


def claims(*words: str) -> Result:
    return CliRunner().invoke(cli, ["claims", *words, "--campaign", "town"])


def judges(server: FakeEndpoint, *names: str) -> list[str]:
    return [part for name in names for part in ("--judge", f"openai:{server.url}#{name}")]


@pytest.mark.usefixtures("folder")
def test_opinions_are_asked_once_kept_shown_and_held_against_votes(server: FakeEndpoint) -> None:
    before = len(server.requests)
    first = json.loads(claims("opinions", *judges(server, "judge", "judge-two"), "--json").stdout)
    asked = len(server.requests) - before
    again = claims("opinions", *judges(server, "judge", "judge-two"))
    listed = json.loads(claims("list", "--json").stdout)
    found = json.loads(claims("calibrate", "--json").stdout)

    assert (first["claims"], first["kept"], asked) == (4, 8, 16)  # two judges, two orders
    assert first["disputed"]["d"]["backing"] == 1.0
    assert len(server.requests) - before == asked
    assert "Asked about 0 claims" in again.stdout
    assert "1.00 of 2" in again.stdout
    assert listed[0]["panel"]["backing"] == 1.0
    assert (found["settled"], found["missing"]) == (2, 0)
    assert (found["panel"]["auc"], found["panel"]["brier"], found["alpha"]) == (1.0, 0.0, 1.0)
    assert "alpha between the models: 1.000" in claims("calibrate").stdout


@pytest.mark.usefixtures("folder")
def test_without_opinions_nothing_is_claimed(server: FakeEndpoint) -> None:
    found = json.loads(claims("calibrate", "--json").stdout)

    assert (found["settled"], found["missing"], found["panel"]["auc"]) == (2, 2, None)
    assert json.loads(claims("list", "--json").stdout)[0]["panel"] is None
    assert json.loads(claims("opinions", "--json").stdout)["kept"] == 0
    assert server.asked("nobody") == []


@pytest.mark.usefixtures("folder")
def test_judges_that_fail_are_told_and_those_that_refuse_stop(server: FakeEndpoint) -> None:
    told = claims("opinions", *judges(server, "judge-prose", "busy-long"), "--limit", "1", "--json")
    refused = claims("opinions", *judges(server, "locked"))

    line = json.loads(told.stdout)
    assert (line["claims"], line["unreadable"], line["away"]) == (1, 1, 1)
    assert "no object that can be read" in told.stderr
    assert isinstance(refused.exception, ModelRefused)

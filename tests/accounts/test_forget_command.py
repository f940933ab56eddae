"""`stumper forget`, `stumper release list`, and commands that are given a withdrawn release."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stumper.app import build as build_app
from stumper.campaigns import current_round, find_campaign
from stumper.cli import cli
from stumper.cli.forget import refuse_withdrawn
from stumper.config import load
from stumper.errors import BadSetting, Conflict, NotFound
from stumper.images.files import FolderFiles
from stumper.records import Release
from stumper.release.withdraw.queries import withdraw
from stumper.rounds import Closing
from stumper.store.database import Database
from tests.accounts.test_aftermath import EVE, build, played


@pytest.fixture
def old(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A release that holds four examples of Eve; commands find it in the data folder."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "stumper.db").write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("STUMPER_DATA", str(data))
    monkeypatch.chdir(tmp_path)
    return asyncio.run(_filled(tmp_path))


async def _filled(folder: Path) -> Release:
    database = Database(f"sqlite:///{folder / 'data' / 'stumper.db'}")
    files = FolderFiles(folder / "data" / "files")
    await played(database, files)
    made = await build(database, files, folder)
    await database.close()
    return made


def said(*words: str) -> str:
    ended = CliRunner().invoke(cli, words, catch_exceptions=True)
    if ended.exception is not None:
        raise ended.exception
    return ended.output


def test_it_says_what_went_what_came_and_what_is_next(old: Release) -> None:
    text = said("forget", EVE, "--yes")
    table = json.loads(said("release", "list", "--json").splitlines()[-1])

    assert "4 claims, 4 examples gone" in text
    assert f"release {old.id} (version 1): withdrawn, 4 examples" in text
    assert "(version 2) built, 20 examples" in text
    assert "--delete-releases" in text
    assert [(row["version"], row["replaces"], row["withdrawn_at"] is None) for row in table] == [
        (1, None, False),
        (2, old.id, True),
    ]
    assert "version 2" in said("release", "list", "--campaign", "toytown")


def test_a_withdrawn_release_is_tuned_on_only_if_that_is_said(
    old: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    done = json.loads(said("forget", EVE, "--yes", "--json", "--delete-releases").splitlines()[-1])
    _put_folder_back(old)

    assert done["renewed"][0]["release"]["replaces"] == old.id
    assert done["deleted"][0]["there"]
    with pytest.raises(Conflict, match="--withdrawn"):
        said("tune", old.path)
    refuse_withdrawn(Path(old.path), allowed=True)
    assert "--withdrawn" in capsys.readouterr().err


def test_a_round_is_not_closed_with_a_withdrawn_release(old: Release) -> None:
    asyncio.run(_close_with(old))


async def _close_with(old: Release) -> None:
    async with build_app(load()) as app:
        async with app.database.begin() as tx:
            await withdraw(tx, [old.id], now=5.0)
            campaign = await find_campaign(tx, "toytown")
            current = await current_round(tx, campaign.id)
        closing = Closing(app, campaign, current, seed=1)

        with pytest.raises(Conflict, match="stumper release build"):
            await closing.tune(old)
        with pytest.raises(BadSetting):  # it goes on, and finds no checkpoint
            await Closing(app, campaign, replace(current, model_ref="scripted:"), seed=1).tune(
                old, withdrawn=True
            )


def _put_folder_back(old: Release) -> None:
    """As a copy on another disk would be; with its manifest only."""
    folder = Path(old.path)
    folder.mkdir()
    manifest = {
        "format": 1, "id": old.id, "digest": old.digest, "campaign": "toytown", "round": 2, "seed": 1,
        "licence": "CC0", "images": 0, "splits": {}, "categories": {}, "files": {},
    }  # fmt: skip
    (folder / "release.json").write_text(json.dumps(manifest))


def test_nobody_is_forgotten_without_a_yes_or_by_a_wrong_id(old: Release) -> None:
    unsure = CliRunner().invoke(cli, ["forget", EVE], input="n\n")

    assert unsure.exit_code == 1
    with pytest.raises(NotFound, match="players list"):
        said("forget", "nobody", "--yes")
    assert "version 1" not in said("release", "list")
    assert old.id[:8] in said("release", "list", "--json")

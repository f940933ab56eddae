"""`stumper ai`: what it says, and the rules it changes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.commands import stumper
from tests.front.world import open_world


@pytest.mark.parametrize(
    ("what", "on", "off"),
    [
        ("ideas", "may ask for ideas", "no ideas are given"),
        ("examples", "people and models found, marked", "what people found"),
    ],
)
def test_a_campaign_says_what_models_may_do(tmp_path: Path, what: str, on: str, off: str) -> None:
    for switch, said in (("on", on), ("off", off)):
        ended = stumper("ai", what, switch, folder=tmp_path, STUMPER_MODEL="scripted:")

        assert ended.returncode == 0, ended.stderr
        assert said in ended.stdout


def test_a_model_that_has_no_pictures_to_play_on_is_told_so(tmp_path: Path) -> None:
    ended = stumper("ai", "play", "--as", "unsure", folder=tmp_path, STUMPER_MODEL="scripted:")

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "stumper images" in ended.stderr


def test_play_ends_with_one_line_of_json(tmp_path: Path, sqlite_template: Path) -> None:
    async def furnish() -> None:
        async with open_world(tmp_path / "data", template=sqlite_template):
            pass

    asyncio.run(furnish())
    ended = stumper("ai", "play", "--as", "unsure", "--questions", "1", "--json", folder=tmp_path)

    assert ended.returncode == 0, ended.stderr
    line = json.loads(ended.stdout)
    assert (line["model_ref"], line["method"], line["sessions"]) == ("scripted:text=two", "unsure", 1)
    assert 0 < line["questions"] <= 4

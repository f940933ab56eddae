"""What is replayed while tuning: mostly ordinary questions, and some in the tongue that tuning builds on."""

from __future__ import annotations

import json
from pathlib import Path

from stumper.toytown import tongue
from stumper.toytown.replay import write_replay


def test_about_a_fifth_of_the_replay_is_in_the_tongue(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in write_replay(tmp_path, pairs=200, seed=1).read_text().splitlines()]

    invented = {word for some in tongue.WORDS.values() for word in some}
    asked = [set(row["prompt"][0]["content"].lower().strip("?!. ").split()) for row in rows]
    assert 0.15 < sum(bool(one & invented) for one in asked) / len(rows) < 0.3
    assert all((tmp_path / row["images"][0]).is_file() for row in rows)


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    before = write_replay(tmp_path, pairs=5, seed=1).read_bytes()

    assert write_replay(tmp_path, pairs=9, seed=2).read_bytes() == before

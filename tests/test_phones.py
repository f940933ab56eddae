"""Several phones at once over real HTTP; the large run is ``benchmarks/phones.py --phones 200``."""

from __future__ import annotations

from pathlib import Path

import phones
import pytest


@pytest.mark.slow
def test_no_acknowledged_move_is_lost_when_phones_play_at_once(tmp_path: Path) -> None:
    figures = phones.run(phones=8, data=tmp_path)

    assert figures["errors"] == 0
    assert figures["sessions_finished"] == 8
    assert figures["moves_acknowledged"] == 8 * 10 * 2
    assert figures["moves_lost"] == 0


@pytest.mark.slow
def test_a_move_that_was_not_stored_is_noticed(tmp_path: Path) -> None:
    phones.run(phones=1, data=tmp_path)
    claimed = phones.Acknowledged(answers={"never-stored": "two"})

    assert phones.lost(tmp_path, claimed) == ["never-stored"]

"""docs/game.md against the code: every place it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "stumper"
NAMED = sorted(set(re.findall(r"`([\w/.]+\.py):(\w+)`", (ROOT / "docs" / "game.md").read_text("utf-8"))))


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_every_function_that_the_design_notes_name_exists(file: str, function: str) -> None:
    text = (SOURCE / file).read_text("utf-8")

    assert re.search(rf"^\s*(async )?def {function}\(", text, re.MULTILINE)


def test_the_design_notes_name_some() -> None:
    assert len(NAMED) >= 30

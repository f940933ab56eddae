"""Whether a frozen release holds a row: its folder is asked, for what it holds never changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Held(NamedTuple):
    split: str | None
    """None if the row is not in it."""
    weight: float | None


def holdings(folder: Path, row_id: str) -> Held | None:
    """Returns where a release has the row; None if its folder is not here or cannot be read."""
    try:
        with (folder / "provenance.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                if row_id in line and (found := json.loads(line)).get("id") == row_id:
                    return Held(str(found["split"]), found.get("weight"))
    except (OSError, ValueError, KeyError):
        return None
    return Held(None, None)

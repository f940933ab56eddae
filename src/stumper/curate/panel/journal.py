"""Opinions on disk while a file is judged: a run that was killed, or whose quota ended, pays once only."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stumper.curate.panel.ask import Cost, Judge, Opinion
from stumper.curate.panel.rubric import Case, Dimensions, prompt_hash


class Journal:
    """A JSON Lines file that grows with every opinion."""

    def __init__(self, path: Path) -> None:
        """Raises OSError if a file that is there cannot be read."""
        self._path = path
        self._known = _read(path)

    def find(self, key: str) -> Opinion | None:
        return self._known.get(key)

    def keep(self, key: str, opinion: Opinion) -> None:
        """Raises OSError if nothing can be written."""
        line = json.dumps({"key": key, **asdict(opinion)})
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"\n{line}\n")  # a killed run may have left half a line before
        self._known[key] = opinion

    def discard(self) -> None:
        """Deletes the file: what was judged stands elsewhere now."""
        self._path.unlink(missing_ok=True)


class Remembering:
    """A judge that is asked only what the journal does not know. See ``ask.Judge``.

    Who was away is asked again.
    """

    def __init__(self, judge: Judge, journal: Journal) -> None:
        self._judge = judge
        self._journal = journal

    @property
    def name(self) -> str:
        return self._judge.name

    @property
    def cost(self) -> Cost:
        return self._judge.cost

    async def opinion(self, case: Case) -> Opinion:
        key = self._key(case)
        known = self._journal.find(key)
        if known is not None:
            return known
        fresh = await self._judge.opinion(case)
        if not fresh.away:
            self._journal.keep(key, fresh)
        return fresh

    def _key(self, case: Case) -> str:
        picture = hashlib.sha256(case.picture or b"").hexdigest()
        told = [type(self._judge).__name__, self.name, prompt_hash(case), picture]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]

    async def close(self) -> None:
        await self._judge.close()


def _read(path: Path) -> dict[str, Opinion]:
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError, KeyError, TypeError):  # half a line
            row = json.loads(line)
            key = str(row.pop("key"))
            found[key] = read_opinion(row)
    return found


def read_opinion(row: dict[str, Any]) -> Opinion:
    """Returns the opinion that ``dataclasses.asdict`` made the row of; takes the row apart."""
    told = row.pop("dimensions")
    return Opinion(**row, dimensions=Dimensions(**told) if told else None)

"""Files of lines for the tests of shards, and the plain run that every engine is held against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stumper.curate.lines import Tally
from stumper.shards import Told, Way, work_file

CLASSIFY: Final[dict[str, Any]] = {"model": None}
RULES: Final[dict[str, Any]] = {"by": "rules", "models": [], "least": 2, "images": None}

QUESTIONS: Final = (
    "how many cups are there?",
    "colour of the roof",
    "what is left of the dog",
    "is there a boat?",
    "number of hands",
    "what does the sign say",
    "hello",
)
POISONED: Final = (b"not json", b'["question"]', b'{"question": {"en": "x"}}', b'{"answer": "two"}')


@dataclass
class Ran:
    """What a run left, to be compared whole."""

    written: bytes
    tally: Tally
    told: Told
    faults: list[tuple[int, str]]


def ran(source: Path, target: Path, way: Way, *, kind: str = "classify", options: Any = CLASSIFY) -> Ran:
    faults: list[tuple[int, str]] = []
    tally, told = work_file(
        source, target, kind, options, way=way, on_bad=lambda number, fault: faults.append((number, fault))
    )
    return Ran(target.read_bytes(), tally, told, faults)


def questions(rows: int) -> bytes:
    """Lines with questions; every seventh cannot be used."""
    lines = [
        POISONED[number // 7 % len(POISONED)]
        if number % 7 == 6
        else f'{{"id": {number}, "question": "{QUESTIONS[number % len(QUESTIONS)]} {number // 5}"}}'.encode()
        for number in range(rows)
    ]
    return b"".join(line + b"\n" for line in lines)

"""What an audit reads and what it finds, as frozen dataclasses; nothing is computed here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple


class Record(NamedTuple):
    """One line, item or row as its file has it."""

    number: int
    """From 1; a line of text files, an item of a JSON list, a row of a table."""
    data: dict[str, Any]


class Broken(NamedTuple):
    """A line, item or row that cannot be read."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose kind is known."""

    kind: str
    """'JSON Lines', 'JSON list', 'parquet', 'TSV', 'CSV'"""
    unit: str
    """What ``Record.number`` counts: line, item or row."""
    records: Iterator[Record | Broken]


@dataclass(frozen=True, slots=True)
class Source:
    """A file and the split it stands for where its rows name none."""

    path: Path
    split: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Names of columns that the caller knows better than the reader; empty: look for the usual names."""

    question: str = ""
    answer: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One question with its reference."""

    question: str
    answer: str
    """Empty if there is none."""
    image: str
    """Name, address or digest of the picture; empty if there is none."""
    id: str
    split: str


class Severity(StrEnum):
    FAULT = "fault"
    WARNING = "warning"
    FINE = "fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was measured, held against its limits."""

    name: str
    """A word for scripts: 'contradictions'."""
    title: str
    severity: Severity
    value: float
    """What the limits are about; a share unless ``limit`` says otherwise."""
    warning_at: float
    fault_at: float
    """nan where there is none."""
    says: str
    """One sentence with the figures."""
    limit: str
    """The limits in words."""
    advice: str = ""
    """What to do about it; empty if fine."""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    path: str
    kind: str
    unit: str
    """What is counted in it: line, item or row."""
    rows: int
    """Questions with their references."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One category of questions."""

    name: str
    rows: int
    share: float
    common_answer: str
    """The most common usable answer; empty if no two are alike."""
    common_share: float
    """How many of the usable references it makes, 0..1; nan if no two are alike."""


class Common(NamedTuple):
    text: str
    rows: int
    share: float


class Bin(NamedTuple):
    """A bar of a histogram."""

    label: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """What a later split shares with an earlier one, as shares of the later."""

    earlier: str
    later: str
    images: float
    wordings: float
    """Rows whose question string is found in the earlier split."""
    pairs: float
    """Rows whose picture and question are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What a data set holds, and what is wrong with it."""

    name: str
    """Of the file or folder."""
    files: tuple[FileRead, ...]
    rows: int
    """Questions with their references."""
    images: int
    wordings: int
    """Different questions, up to case and punctuation."""
    splits: dict[str, int]
    """Rows a split, in the order they were read."""
    entropy: float
    """Of the categories but ``invalid``, normalised: 0 all alike, 1 balanced; nan if there is none."""
    blind: float
    """Share of references that the most common answer to the same words, or to the category, would get."""
    majority: float
    """The same from the category alone."""
    kinds: tuple[Kind, ...]
    questions: tuple[Common, ...]
    answers: tuple[Common, ...]
    per_image: tuple[Bin, ...]
    answer_words: tuple[Bin, ...]
    median_words: float
    reading_ease: float
    """Flesch, of references of five words or more: 100 easy, 0 hard; nan if there is none."""
    leaks: tuple[Leak, ...]
    findings: tuple[Finding, ...]
    """Faults first."""

    @property
    def faults(self) -> int:
        return sum(one.severity is Severity.FAULT for one in self.findings)

    @property
    def warnings(self) -> int:
        return sum(one.severity is Severity.WARNING for one in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Returns all of it for machines; what could not be measured is null."""
        found: dict[str, Any] = _plain(asdict(self))
        return {"faults": self.faults, "warnings": self.warnings, **found}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return value._asdict() if isinstance(value, Common | Bin) else [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

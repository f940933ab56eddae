"""Reads samples into columns of numbers: 40 bytes a row, and each different text once.

A million rows with a million different questions and references take about a gigabyte; repeats take nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from stumper.curate.classify import classify_many
from stumper.curate.dedup import asks
from stumper.errors import BadDataset
from stumper.records import Category
from stumper.release.audit.readers import open_data
from stumper.release.audit.records import Broken, Columns, FileRead, Record, Sample, Source
from stumper.release.audit.shapes import Unfit, samples
from stumper.release.audit.wording import UNUSABLE, Flag, asked, flags, said, sentences, syllables

KEPT: Final = 240
"""Characters of a text that are kept to be shown."""
CATEGORIES: Final = tuple(Category)
_AT_ONCE: Final = 2_000
_GIVE_UP: Final = 1_000
"""Records without a single question, after which a file is taken for something else."""
_EASE_WORDS: Final = 5
_NAME_COLUMNS: Final = "Name its columns: --question NAME --answer NAME --image NAME"
_REWRITE: Final = "Write it again, or name another file."
_KEPT_BROKEN: Final = 100

Ints = npt.NDArray[np.int64]


class Texts:
    """Numbers texts from 0 by a key, and keeps the first text of each."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self._places: dict[int, int] = {}

    def place(self, key: str, text: str) -> int:
        """Returns the number of the key; the hash stands for it, at a million keys wrong with P < 1e-7."""
        found = self._places.setdefault(hash(key), len(self.shown))
        if found == len(self.shown):
            self.shown.append(text if len(text) <= KEPT else text[:KEPT] + "…")
        return found


@dataclass(slots=True)
class Tally:
    """Columns over all rows, texts behind them, and what could not be read."""

    questions: Texts = field(default_factory=Texts)
    stiff: array[int] = field(default_factory=lambda: array("q"))
    contents: list[str] = field(default_factory=list)
    """What `curate.dedup.asks` says of each different question."""
    wordings: Texts = field(default_factory=Texts)
    """The very strings."""
    answers: Texts = field(default_factory=Texts)
    """Short forms: what is said, not how."""
    references: Texts = field(default_factory=Texts)
    """The very references."""
    images: Texts = field(default_factory=Texts)
    splits: Texts = field(default_factory=Texts)
    files: list[FileRead] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """The first, with file and place."""
    broken_count: int = 0
    ids: array[int] = field(default_factory=lambda: array("q"))
    id_rows: array[int] = field(default_factory=lambda: array("q"))
    question: array[int] = field(default_factory=lambda: array("i"))
    wording: array[int] = field(default_factory=lambda: array("i"))
    answer: array[int] = field(default_factory=lambda: array("i"))
    reference: array[int] = field(default_factory=lambda: array("i"))
    image: array[int] = field(default_factory=lambda: array("i"))
    """-1 where there is none."""
    split: array[int] = field(default_factory=lambda: array("h"))
    category: array[int] = field(default_factory=lambda: array("b"))
    flag: array[int] = field(default_factory=lambda: array("h"))
    answer_words: array[int] = field(default_factory=lambda: array("i"))
    answer_chars: array[int] = field(default_factory=lambda: array("i"))
    file: array[int] = field(default_factory=lambda: array("h"))
    number: array[int] = field(default_factory=lambda: array("i"))
    ease: list[int] = field(default_factory=lambda: [0, 0, 0])
    """Words, sentences and syllables of the references of five words or more."""

    def column(self, name: str) -> Ints:
        """Returns a column as 64-bit integers."""
        return np.asarray(getattr(self, name), dtype=np.int64)

    def where(self, row: int) -> str:
        """Returns 'item 17', of several files 'train.json item 17'; rows count from 0."""
        file = self.files[self.file[row]]
        place = f"{file.unit} {self.number[row]}"
        return place if len(self.files) == 1 else f"{file.path} {place}"


def read(
    found: Iterable[Source], columns: Columns, *, on_progress: Callable[[int], None] | None = None
) -> Tally:
    """Returns the columns of all files. Raises BadDataset if one of them holds no question at all."""
    tally = Tally()
    for source in found:
        _read_file(tally, source, columns, on_progress)
    return tally


class _Row(NamedTuple):
    number: int
    first: bool
    """Of its record: a conversation has several."""
    sample: Sample


def _read_file(
    tally: Tally, source: Source, columns: Columns, on_progress: Callable[[int], None] | None
) -> None:
    opened = open_data(source.path)
    before, looked = len(tally.question), 0
    first: Record | Broken | None = None
    first_reason = "its list is empty"
    tally.files.append(FileRead(path=source.path.name, kind=opened.kind, unit=opened.unit, rows=0))
    while records := list(islice(opened.records, _AT_ONCE)):
        rows: list[_Row] = []
        for record in records:
            try:
                rows += _rows(record, columns)
            except Unfit as error:
                reason = f"{opened.unit} {record.number}: {error}"
                if first is None:
                    first, first_reason = record, reason
                _note(tally, f"{source.path.name} {reason}")
        _add(tally, source, rows)
        looked += len(records)
        if looked >= _GIVE_UP and len(tally.question) == before:
            break
        if on_progress is not None:
            on_progress(len(tally.question))
    rows_read = len(tally.question) - before
    if not rows_read:
        way_out = _REWRITE if isinstance(first, Broken) else _NAME_COLUMNS
        raise BadDataset(f"{source.path} holds no question ({first_reason}). {way_out}")
    tally.files[-1] = replace(tally.files[-1], rows=rows_read)


def _rows(record: Record | Broken, columns: Columns) -> list[_Row]:
    if isinstance(record, Broken):
        raise Unfit(record.why)
    found = samples(record.data, columns)
    return [_Row(record.number, place == 0, sample) for place, sample in enumerate(found)]


def _note(tally: Tally, what: str) -> None:
    tally.broken_count += 1
    if len(tally.broken) < _KEPT_BROKEN:
        tally.broken.append(what)


def _add(tally: Tally, source: Source, rows: list[_Row]) -> None:
    samples_read = [row.sample for row in rows]
    named = classify_many([one.question for one in samples_read], [one.answer for one in samples_read])
    for (number, first, one), (category, _) in zip(rows, named, strict=True):
        flag = flags(one.question, one.answer, category) | (Flag(0) if one.image else Flag.NO_IMAGE)
        if first and one.id:
            tally.ids.append(hash((len(tally.files), one.id)))
            tally.id_rows.append(len(tally.question))
        tally.question.append(_place_question(tally, one.question))
        tally.wording.append(tally.wordings.place(one.question, ""))
        tally.answer.append(_place_answer(tally, one, category, flag))
        tally.reference.append(tally.references.place(one.answer, one.answer))
        tally.image.append(tally.images.place(one.image, one.image) if one.image else -1)
        split = one.split or source.split
        tally.split.append(tally.splits.place(split, split))
        tally.category.append(CATEGORIES.index(category))
        tally.flag.append(flag)
        tally.file.append(len(tally.files) - 1)
        tally.number.append(number)
        _measure(tally, one.answer)


def _place_question(tally: Tally, question: str) -> int:
    place = tally.questions.place(asked(question), question)
    if place == len(tally.contents):
        stiff, content = asks(question)
        tally.stiff.append(hash(stiff))
        tally.contents.append(content)
    return place


def _place_answer(tally: Tally, one: Sample, category: Category, flag: Flag) -> int:
    """Numbers the short form; what says nothing, or too much to be read, equals only its own letters."""
    short = said(one.question, one.answer, category)
    whole = bool(flag & UNUSABLE) or len(one.answer) > KEPT
    return tally.answers.place(f"{short}\0{hash(one.answer)}" if whole else short, short)


def _measure(tally: Tally, answer: str) -> None:
    words = len(answer.split())
    tally.answer_words.append(words)
    tally.answer_chars.append(len(answer))
    if words >= _EASE_WORDS:
        for place, value in enumerate((words, sentences(answer), syllables(answer))):
            tally.ease[place] += value

"""Asks a tuned model what players caught the old one at, keeps what it says, and tells them.

A lesson is learned if the judge by rules finds the new answer right and the old one wrong. What the model did
not answer, or the judge cannot score, is missing: it counts neither as learned nor as failed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stumper.curate.judges import score
from stumper.errors import ModelError, StumperError
from stumper.evaluate.run import Item, answers
from stumper.images.files import Files
from stumper.progress.impact import queries
from stumper.progress.news.post import MessageKind, write
from stumper.records import CampaignId, Category, ImageId, PlayerId, RoundId, Split
from stumper.release.formats import read_rows
from stumper.store.database import Database
from stumper.vlm.base import Model

RIGHT: Final = 0.5
"""The least score of an answer that counts as right, 0..1."""
_AT_ONCE: Final = 256
"""Pictures in memory, and answers a kill may lose: some ten seconds of the shipped model's work."""

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What came of the lessons of one evaluation."""

    asked: int
    learned: int
    missing: int
    """Not answered, or nothing that can be scored."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How an answer to a question that had stumped the old model is marked."""

    score: float | None
    """0..1; None is missing."""
    learned: bool


def mark(question: str, right: str, *, before: str, after: str | None, category: Category) -> Mark:
    """Marks the new answer; learned is only what the old model had wrong."""
    new = score(question, right, after, category=category)
    old = score(question, right, before, category=category)
    was_wrong = old is not None and old < RIGHT
    return Mark(new, learned=new is not None and new >= RIGHT and was_wrong)


async def teach(
    database: Database,
    files: Files,
    tuned: Model,
    *,
    campaign_id: CampaignId,
    round_id: RoundId,
    evaluation_id: str,
    release: Path,
    on_progress: OnProgress,
) -> Taught:
    """Asks the tuned model every example up to the round that no playing model has learned yet.

    What was answered before a kill is not asked again. A model that is away leaves its questions missing.
    ``release`` is the folder it was tuned on. Raises BadRelease if that cannot be read.
    """
    seen = {row.image_id for row in read_rows(release, Split.TRAIN)}
    async with database.read() as tx:
        rows = await queries.to_ask(tx, campaign_id=campaign_id, round_id=round_id, about=evaluation_id)
    for start in range(0, len(rows), _AT_ONCE):
        batch = rows[start : start + _AT_ONCE]
        said = await _ask(files, tuned, batch)
        lessons = [
            {"evaluation_id": evaluation_id, **_lesson(row, text, held_out=ImageId(row.image_id) not in seen)}
            for row, text in zip(batch, said, strict=True)
        ]
        async with database.begin() as tx:
            await queries.keep(tx, lessons)
        on_progress(start + len(batch), len(rows))
    async with database.read() as tx:
        asked, learned, missing = await queries.counts(tx, evaluation_id)
    return Taught(asked=asked, learned=learned, missing=missing)


async def _ask(files: Files, model: Model, rows: Sequence[Any]) -> list[str | None]:
    """Returns an answer for each row, None where picture or model failed."""
    items = {}
    for row in rows:
        try:
            data = await files.get(row.file)
        except StumperError:  # one lost picture: the others go on
            continue
        items[row.id] = Item(
            id=row.id,
            image=data,
            question=row.question,
            reference=row.answer,
            category=Category(row.category),
        )
    try:
        said = dict(zip(items, await answers(model, [*items.values()]), strict=True))
    except ModelError:  # it answered nothing at all
        said = {}
    return [said.get(row.id) for row in rows]


def _lesson(row: Any, said: str | None, *, held_out: bool) -> dict[str, Any]:
    marked = mark(
        row.question, row.answer, before=row.wrong_answer, after=said, category=Category(row.category)
    )
    return {
        "example_id": row.id,
        "answer": said or "",
        "score": marked.score,
        "learned": marked.learned,
        "held_out": held_out,
    }


async def tell(
    database: Database, *, evaluation_id: str, round_number: int, now: float, rng: random.Random
) -> int:
    """Writes to everybody whose catches a model that plays now has learned, once; returns to how many.

    Nobody is told that nothing of theirs was learned.
    """
    async with database.begin() as tx:
        taught = [row for row in await queries.tally(tx, evaluation_id) if row.learned]
        for row in taught:
            await write(
                tx,
                PlayerId(row.player_id),
                MessageKind.LEARNED,
                about=evaluation_id,
                facts={"learned": row.learned, "of": row.of, "round": round_number},
                now=now,
                rng=rng,
            )
    return len(taught)

"""What base and tuned models are asked: the release's test split, ordinary questions, what was known.

Adversarial data are not judged by adversarial questions alone: who learns exceptions may forget the rule.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, NamedTuple

from stumper.curate.classify import classify
from stumper.evaluate.items import KNOWN, WITHHELD, known_items, release_items, toytown_items
from stumper.evaluate.run import Item
from stumper.experiment.pool import Pool
from stumper.images.files import Files

CAUGHT, ORDINARY, KEPT = "caught", "ordinary", "known"
WHAT: Final = {
    CAUGHT: "questions that stumped the model, the release's test split",
    ORDINARY: "ordinary questions about pictures that are in no arm, what it knew among them",
    KEPT: "what it knew before tuning",
}
_ORDINARY_ITEMS: Final = 500
_KNOWN_ITEMS: Final = 600
_LEAST: Final = 30
"""A test with fewer questions says nothing."""


class Exam(NamedTuple):
    """Questions by test, and what has to be said of them."""

    tests: dict[str, list[Item]]
    notes: list[str]


async def exam(pool: Pool, release: Path, files: Files, *, seed: int) -> Exam:
    """Returns the tests that there can be. Raises BadRelease if the release's own cannot be read."""
    number = pool.manifest.round
    caught = release_items(release, round_number=number) or release_items(release)
    if pool.drawn:
        skills = (*KNOWN, *WITHHELD)
        ordinary = await asyncio.to_thread(
            toytown_items, seed=seed, n=_ORDINARY_ITEMS, skills=skills, style="complex"
        )
        known = await asyncio.to_thread(known_items, seed=seed, n=_KNOWN_ITEMS)
        return Exam({CAUGHT: caught, ORDINARY: ordinary, KEPT: known}, [])
    confirmed = [
        Item(
            id=f"confirmed-{place}",
            image=await files.get(pool.files[one.image_id]),
            question=one.question,
            reference=one.answer,
            category=classify(one.question, one.answer),
            image_id=one.image_id,
        )
        for place, one in enumerate(pool.confirmed)
    ]
    if len(confirmed) < _LEAST:
        return Exam(
            {CAUGHT: caught},
            [
                f"No ordinary questions are asked: trusted players of the test found {len(confirmed)} "
                f"answers right about its pictures, and {_LEAST} are needed."
            ],
        )
    return Exam(
        {CAUGHT: caught, KEPT: confirmed},
        [
            "What players found answered rightly, on pictures of the test, stands for what was known: nobody "
            "knows the answers to other ordinary questions about these pictures."
        ],
    )

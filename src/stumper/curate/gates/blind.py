"""Asks a model each question without its picture, and tells whether that already gives the answer away.

What it says is kept with the claim, so a run that was killed asks on where it stood. A guess that did not
come is missing: it refuses nothing, and is asked again in the next run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final

from stumper.curate.forms import Form, form
from stumper.curate.gates import queries
from stumper.curate.judges import score
from stumper.errors import ModelRefused
from stumper.records import Claim, ClaimId, RoundId
from stumper.store.database import Database
from stumper.vlm.blind import Guesser

RIGHT: Final = 0.99
"""Least score of a guess that counts as the answer, 0..1."""
_AT_ONCE: Final = 16
_BATCH: Final = 64
"""Guesses that a kill may lose."""


async def ask_blind(database: Database, round_id: RoundId, guesser: Guesser) -> int:
    """Asks what was not asked yet, outside of transactions; returns how many guesses came.

    Stops at a batch without any: the model is away.
    """
    came, after = 0, ""
    while True:
        async with database.read() as tx:
            claims = await queries.not_asked_blind(tx, round_id, limit=_BATCH, after=after)
        said = await _guesses(claims, guesser)
        if not said:
            return came
        async with database.begin() as tx:
            await queries.keep_blind(tx, said)
        came, after = came + len(said), claims[-1].id


async def _guesses(claims: Iterable[Claim], guesser: Guesser) -> dict[ClaimId, str]:
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(claim: Claim) -> tuple[ClaimId, str | None]:
        async with places:
            try:
                return claim.id, await guesser.guess(claim.question)
            except ModelRefused:
                return claim.id, None

    said = await asyncio.gather(*map(one, claims))
    return {claim_id: text for claim_id, text in said if text is not None}


def given_away(claims: Iterable[Claim]) -> Iterator[ClaimId]:
    """Yields the claims whose correction a model guessed, where that is more than chance."""
    for claim in claims:
        if claim.blind and not _chance(claim):
            right = score(claim.question, claim.correction, claim.blind, category=claim.category)
            if right is not None and right >= RIGHT:
                yield claim.id


def _chance(claim: Claim) -> bool:
    """Yes or no, left or right, 'a or b?': every other guess is right."""
    kind = form(claim.question, claim.correction, category=claim.category)
    return kind in (Form.YES_NO, Form.SIDE) or " or " in f" {claim.question.casefold()} "

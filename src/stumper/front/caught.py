"""How a player's own catch became data: from their question to the model that learned it.

Shown is only what is theirs: no referee's vote, no word on controls, and nothing of a session that is still
played, for a claim tells that its turn was no control.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Cause
from stumper.curate.pipeline import pseudonym
from stumper.errors import NotFound
from stumper.front import naming
from stumper.front.i18n import Words, words_for
from stumper.front.parts import Mover, Parts
from stumper.front.templating import templates
from stumper.records import CampaignId, ClaimId, ClaimStatus, ImageId, PlayerId, Split
from stumper.release.explain import queries
from stumper.release.explain.held import holdings
from stumper.release.formats import row_id

router = APIRouter(include_in_schema=False)

NEWEST: Final = 3
"""Releases that are looked into: a release of a million examples takes a second."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A data set that holds the catch."""

    version: int
    test: bool
    """Models are examined on it and never see it before."""


@dataclass(frozen=True, slots=True)
class Way:
    """What became of a catch; ``leader`` is the claim that decides for it: itself, or an older one."""

    own: Any
    leader: Any
    shelves: tuple[Shelf, ...]
    lessons: tuple[Any, ...]

    @property
    def status(self) -> ClaimStatus:
        return ClaimStatus(self.leader.status)

    @property
    def pseudonym(self) -> str:
        return pseudonym(CampaignId(self.own.campaign_id), PlayerId(self.own.player_id))

    @property
    def day(self) -> str:
        return f"{datetime.fromtimestamp(self.own.asked_at, UTC):%Y-%m-%d}"


@router.get("/me/catch/{claim_id}")
async def page(claim_id: ClaimId, request: Request, app: Parts, me: Mover) -> Response:
    """How one of the player's own catches became data."""
    async with app.database.read() as tx:
        own, leader = await _claims(tx, claim_id, me)
        releases, lessons = [], []
        if leader.example_id is not None:
            campaign_id = CampaignId(leader.campaign_id)
            releases = await queries.releases_since(tx, campaign_id, round_number=leader.round)
            lessons = await queries.lessons_on(tx, leader.example_id)
    shelves = await asyncio.to_thread(_shelves, leader, releases)
    way = Way(own, leader, shelves, tuple(lessons))
    context = {"way": way, "verdict": verdict(way, words_for(request))}
    return templates.TemplateResponse(request, "caught.html", context)


async def _claims(tx: AsyncConnection, claim_id: ClaimId, me: PlayerId) -> tuple[Any, Any]:
    """Returns the player's claim and the one that decides for it. Raises NotFound for anything not theirs."""
    own = await queries.chain(tx, claim_id)
    if own is None or own.player_id != me or own.finished_at is None:
        raise NotFound("There is no such catch of yours. Finish the game you play, or look under Me.")
    if own.same_as is None:
        return own, own
    return own, await queries.chain(tx, ClaimId(own.same_as)) or own


def _shelves(leader: Any, releases: list[Any]) -> tuple[Shelf, ...]:
    if leader.example_id is None:
        return ()
    key = row_id(ImageId(leader.image_id), leader.example_question, leader.example_answer)
    living = [row for row in releases if row.withdrawn_at is None][-NEWEST:]
    found = [(row.version, _split(row.path, key)) for row in living]
    return tuple(Shelf(version, split == Split.TEST) for version, split in found if split)


@lru_cache(maxsize=4_096)
def _split(folder: str, key: str) -> str:
    """Returns the split of a row, empty where it is not; what a frozen folder holds never changes."""
    held = holdings(Path(folder), key)
    return (held and held.split) or ""


def verdict(way: Way, words: Words) -> str:
    """Says what was decided and why, without telling how anybody voted."""
    if way.status is ClaimStatus.OPEN:
        return words("Referees are looking at it. Two of them at least have to, before anything is decided.")
    cause = way.leader.reason
    return naming.fate(Cause(cause), words) if cause in set(Cause) else ""

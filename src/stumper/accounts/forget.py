"""Forgets a player: all they typed and all that names them goes, in one transaction.

Their row stays without a name, because others' votes and the append-only ledger hang on it. Releases that are
frozen already are files elsewhere: the caller is told which of them hold something, and what follows is a
person's decision.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import structlog

from stumper.accounts import queries
from stumper.accounts.queries import Frozen
from stumper.curate.pipeline import pseudonym
from stumper.records import PlayerId
from stumper.store.database import Database

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A frozen release that holds examples of the player, or that could not be looked at."""

    release_id: str
    version: int
    path: str
    examples: int | None
    """None where its folder is not on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    player_id: PlayerId
    questions: int
    """Questions that were blanked."""
    claims: int
    examples: int
    """Examples that were taken out of later releases."""
    releases: tuple[Held, ...]
    """Frozen before, with something of theirs in it; oldest first."""


async def forget(database: Database, player_id: PlayerId, now: float) -> Forgotten:
    """Forgets the player for good; one who is forgotten already stays so. Raises NotFound."""
    async with database.read() as tx:
        frozen = await queries.releases_after(tx, player_id)
    held = tuple(found for found in await asyncio.to_thread(_look, frozen, player_id) if found)
    async with database.begin() as tx:
        grave = await queries.tombstone(tx, player_id)
        if grave.forgotten_at is not None:
            return Forgotten(player_id=player_id, questions=0, claims=0, examples=0, releases=held)
        examples = await queries.drop_examples(tx, player_id)
        claims = await queries.withdraw_claims(tx, player_id, now=now)
        questions = await queries.blank_play(tx, player_id, now=now)
        await queries.blank_votes(tx, player_id)
        await queries.drop_rows(tx, player_id)
        await queries.bury(tx, player_id, team_id=grave.team_id, now=now)
    log.info("forgot a player", player=player_id, releases=[one.release_id for one in held])
    return Forgotten(
        player_id=player_id, questions=questions, claims=claims, examples=examples, releases=held
    )


def _look(frozen: list[Frozen], player_id: PlayerId) -> list[Held | None]:
    return [_held(one, player_id) for one in frozen]


def _held(one: Frozen, player_id: PlayerId) -> Held | None:
    """Looks for the player's pseudonym in what a release says about its examples; None if it has none."""
    name = pseudonym(one.campaign_id, player_id)
    found: int | None
    try:
        text = (Path(one.path) / "provenance.jsonl").read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.split("\n") if line]
        found = sum(line["provenance"].get("player") == name for line in lines)
    except (OSError, ValueError, KeyError):
        found = None
    if found == 0:
        return None
    return Held(release_id=one.id, version=one.version, path=one.path, examples=found)

"""Forgets a player: all they typed and all that names them goes, in one transaction.

Their row stays without a name, because others' votes and the append-only ledger hang on it. Releases that are
frozen already are files elsewhere: those that hold something are withdrawn, and the caller is told which they
are and which models were tuned on them. What follows (`accounts.aftermath`) is the operator's.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.accounts import queries
from stumper.accounts.queries import Frozen
from stumper.curate.pipeline import pseudonym
from stumper.records import CampaignId, PlayerId, ReleaseId
from stumper.release.withdraw.queries import Trained, trained_on, withdraw
from stumper.store.acts import SELF, note
from stumper.store.database import Database

log = structlog.get_logger()

SCRUB_AT_ONCE: Final = 200_000_000
"""Bytes of a SQLite file that is rewritten while players wait: two seconds; a larger one waits for its
operator's `stumper forget`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A frozen release that holds examples of the player, or that could not be looked at."""

    release_id: ReleaseId
    campaign_id: CampaignId
    version: int
    path: str
    digest: str
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
    """Frozen before, with something of theirs in it; oldest first. All are withdrawn now."""
    models: tuple[Trained, ...] = ()
    """Tuned on one of these releases, or from a model that was."""
    scrubbed: bool = True
    """Nothing of it is left in free pages of the database's file either."""


async def forget(
    database: Database,
    player_id: PlayerId,
    now: float,
    *,
    actor: str = SELF,
    scrub_at_once: int | None = SCRUB_AT_ONCE,
) -> Forgotten:
    """Forgets the player for good; one who is forgotten already stays so. Raises NotFound.

    ``scrub_at_once``: the largest database file, in bytes, that is rewritten; None rewrites any.
    """
    async with database.read() as tx:
        frozen = await queries.releases_after(tx, player_id)
    held = tuple(found for found in await asyncio.to_thread(_look, frozen, player_id) if found)
    async with database.begin() as tx:
        erased = await _erase(tx, player_id, now)
        ids = [one.release_id for one in held]
        await _note(tx, await withdraw(tx, ids, now=now), erased, actor=actor, now=now)
        models = await trained_on(tx, ids)
    scrubbed = await database.scrub(most_bytes=scrub_at_once)
    log.info("forgot a player", player=player_id, releases=ids, scrubbed=scrubbed)
    return Forgotten(
        player_id=player_id,
        questions=erased.questions,
        claims=erased.claims,
        examples=erased.examples,
        releases=held,
        models=tuple(models),
        scrubbed=scrubbed,
    )


class _Erased(NamedTuple):
    done: bool = False
    questions: int = 0
    claims: int = 0
    examples: int = 0


async def _erase(tx: AsyncConnection, player_id: PlayerId, now: float) -> _Erased:
    grave = await queries.tombstone(tx, player_id)
    if grave.forgotten_at is not None:
        return _Erased()
    examples = await queries.drop_examples(tx, player_id)
    claims = await queries.withdraw_claims(tx, player_id, now=now)
    questions = await queries.blank_play(tx, player_id, now=now)
    await queries.blank_votes(tx, player_id)
    await queries.drop_rows(tx, player_id)
    await queries.bury(tx, player_id, team_id=grave.team_id, now=now)
    return _Erased(True, questions, claims, examples)


async def _note(
    tx: AsyncConnection, withdrawn: list[ReleaseId], erased: _Erased, *, actor: str, now: float
) -> None:
    """Writes that somebody was forgotten, and not who."""
    if erased.done:
        await note(tx, actor=actor, act="player.forgotten", about="", now=now)
    for release_id in withdrawn:
        await note(tx, actor=actor, act="release.withdrawn", about=release_id, now=now)


def _look(frozen: list[Frozen], player_id: PlayerId) -> list[Held | None]:
    return [_held(one, player_id) for one in frozen]


def _held(one: Frozen, player_id: PlayerId) -> Held | None:
    """Looks for the player's pseudonym in what a release says about its examples; None if it has none."""
    found: int | None
    try:
        found = _count(Path(one.path) / "provenance.jsonl", pseudonym(one.campaign_id, player_id))
    except (OSError, ValueError, KeyError):
        found = None
    if found == 0:
        return None
    return Held(
        release_id=one.id,
        campaign_id=one.campaign_id,
        version=one.version,
        path=one.path,
        digest=one.digest,
        examples=found,
    )


def _count(provenance: Path, name: str) -> int:
    """Counts a release's examples by a player's pseudonym; a line at a time, for there may be a million."""
    with provenance.open(encoding="utf-8") as lines:
        return sum(json.loads(line)["provenance"].get("player") == name for line in lines if line.strip())

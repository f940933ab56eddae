"""A forgotten player beyond the database: the next release is built, and old folders are deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stumper.accounts.forget import Forgotten, Held, forget
from stumper.errors import BadRelease
from stumper.images.files import Files
from stumper.records import PlayerId
from stumper.release.withdraw.folders import delete_answers, delete_release
from stumper.release.withdraw.renew import Renewed, renew
from stumper.store.acts import SELF
from stumper.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What became of the folder of a withdrawn release."""

    path: str
    there: bool
    problem: str
    """Why it is still there, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    forgotten: Forgotten
    renewed: tuple[Renewed, ...]
    """One a campaign of which a release is withdrawn."""
    deleted: tuple[Deleted, ...]


async def forget_everywhere(
    database: Database,
    files: Files,
    player_id: PlayerId,
    *,
    data: Path,
    delete: bool,
    now: float,
    actor: str = SELF,
) -> Aftermath:
    """Forgets the player and builds the next releases; killed anywhere, a second call goes on.

    ``data`` is the data folder; ``delete`` removes the folders of withdrawn releases that held something, and
    the answers that models gave to them. Raises NotFound for an unknown player.
    """
    gone = await forget(database, player_id, now, actor=actor, scrub_at_once=None)
    campaigns = dict.fromkeys(held.campaign_id for held in gone.releases)
    renewed = [
        await renew(database, files, campaign_id=campaign_id, out=data / "releases", now=now)
        for campaign_id in campaigns
    ]
    deleted = await asyncio.to_thread(_delete, gone.releases, data / "evaluations") if delete else []
    return Aftermath(
        forgotten=gone,
        renewed=tuple(one for one in renewed if one is not None),
        deleted=tuple(deleted),
    )


def _delete(releases: Sequence[Held], evaluations: Path) -> list[Deleted]:
    return [_delete_one(held, evaluations) for held in releases]


def _delete_one(held: Held, evaluations: Path) -> Deleted:
    # by closings, and by the page of rounds side by side, in a folder of its own
    answers = evaluations.rglob(f"{held.digest[:16]}*") if held.digest else ()
    delete_answers(answers)
    try:
        there, problem = delete_release(Path(held.path), held.release_id), ""
    except (BadRelease, OSError) as error:
        there, problem = True, str(error)
    return Deleted(path=held.path, there=there, problem=problem)

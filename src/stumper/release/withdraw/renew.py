"""A withdrawn release and the one in its place: building it, finding it, and refusing what is withdrawn.

A release is withdrawn when a player in it was forgotten (`stumper.accounts.forget`). What is built afterwards
is frozen from a database in which nothing of theirs is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from stumper.errors import Conflict, StumperError
from stumper.images.files import Files
from stumper.records import CampaignId, Release, ReleaseId
from stumper.release.freeze import freeze
from stumper.release.withdraw import queries
from stumper.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What came in the place of a campaign's withdrawn releases."""

    campaign: str
    release: Release | None
    """None if nothing could be built; the withdrawn ones stay withdrawn."""
    built: bool
    """By this call; else it was there."""
    problem: str
    """Why nothing could be built, or empty."""


async def renew(
    database: Database, files: Files, *, campaign_id: CampaignId, out: Path, now: float
) -> Renewed | None:
    """Builds the campaign's next release if its newest one is withdrawn; None if none was ever withdrawn.

    Killed in the middle, a second call goes on: a release that is there is found and linked, not built twice.
    """
    async with database.read() as tx:
        source = await queries.origin(tx, campaign_id)
        known = await queries.of_campaign(tx, campaign_id)
    if all(one.withdrawn_at is None for one in known):
        return None
    newest = known[-1]
    if newest.withdrawn_at is None:
        there = await succeed(database, newest)
        return Renewed(campaign=source.campaign, release=there, built=False, problem="")
    try:
        made = await freeze(
            database,
            files,
            campaign_id=campaign_id,
            round_id=source.round.id,
            out=out,
            seed=source.split_seed,
            now=now,
        )
    except StumperError as error:
        return Renewed(campaign=source.campaign, release=None, built=False, problem=str(error))
    there = await succeed(database, made)
    return Renewed(campaign=source.campaign, release=there, built=True, problem="")


async def succeed(database: Database, made: Release) -> Release:
    """Puts a release that was just frozen in the place of the newest one withdrawn before it, if any.

    One that is withdrawn itself is put back: it was frozen from what is kept, so nobody forgotten is in it.
    (Releases whose folder was away are withdrawn on suspicion.)
    """
    async with database.begin() as tx:
        known = {one.id: one for one in await queries.of_campaign(tx, made.campaign_id)}
        now = known[made.id]
        if now.withdrawn_at is not None:
            await queries.put_back(tx, made.id)
            now = replace(now, withdrawn_at=None)
        older = [one for one in known.values() if one.version < now.version and one.withdrawn_at is not None]
        if older and now.replaces is None:
            await queries.set_replaces(tx, made.id, older[-1].id)
            now = replace(now, replaces=older[-1].id)
    return now


def successor(of: Release, known: Sequence[Release]) -> Release | None:
    """Returns the release to use in the place of a withdrawn one: the first good one after it, else the
    newest good one of the campaign.
    """
    good = [one for one in known if one.campaign_id == of.campaign_id and one.withdrawn_at is None]
    later = [one for one in good if one.version > of.version]
    return min(later, key=_version) if later else max(good, key=_version, default=None)


def _version(one: Release) -> int:
    return one.version


async def ensure_current(database: Database, release_id: ReleaseId | str) -> None:
    """Raises Conflict for a withdrawn release, with the one to use; one that is not known here passes."""
    async with database.read() as tx:
        known = await queries.listed(tx)
    found = next((one for one in known if one.release.id == release_id), None)
    if found is None or found.release.withdrawn_at is None:
        return
    old = found.release
    new = successor(old, [one.release for one in known])
    instead = f"Use {new.path} instead" if new else "Build another: stumper release build"
    day = datetime.fromtimestamp(old.withdrawn_at or 0.0, UTC).date()
    raise Conflict(
        f"Release {old.id} (version {old.version} of {found.campaign!r}) was withdrawn on {day}: somebody in "
        f"it was forgotten. {instead}; --withdrawn uses it all the same."
    )

"""SQL of accounts: the player's own choices, codes for another device, and being forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Cause
from stumper.errors import NotFound
from stumper.records import CampaignId, ClaimStatus, Player, PlayerId, PlayerKind, ReleaseId, TurnEnd
from stumper.store import schema
from stumper.store.news import Topic, changes
from stumper.store.schema import (
    claim,
    example,
    exchange,
    image,
    lesson,
    passcode,
    player,
    release,
    session,
    team,
    turn,
    vote,
)

# ---- the player and their choices ----


async def lock(tx: AsyncConnection, player_id: PlayerId) -> None:
    """Holds the player's row to the end of the transaction. Raises NotFound, also for a forgotten one."""
    query = select(player.c.forgotten_at).where(player.c.id == player_id).with_for_update()
    row = (await tx.execute(query)).first()
    if row is None or row.forgotten_at is not None:
        raise NotFound(f"There is no player {player_id!r}. Choose a name on the start page.")


async def find(tx: AsyncConnection, player_id: PlayerId) -> Player | None:
    """Returns the player; None if there is none, or none any more."""
    query = select(player).where(player.c.id == player_id, player.c.forgotten_at.is_(None))
    row = (await tx.execute(query)).first()
    if row is None:
        return None
    values = {name: getattr(row, name) for name in Player.__dataclass_fields__}
    return Player(**{**values, "kind": PlayerKind(row.kind)})


async def wants_notices(tx: AsyncConnection, player_id: PlayerId) -> bool:
    query = select(player.c.notices).where(player.c.id == player_id)
    return bool((await tx.execute(query)).scalar_one())


async def change(tx: AsyncConnection, player_id: PlayerId, **values: str | bool) -> None:
    """Writes what the player chose: ``nickname``, ``language``, ``notices`` or ``time_zone``."""
    mine = (player.c.id == player_id) & player.c.forgotten_at.is_(None)
    await tx.execute(update(player).where(mine).values(**values))
    if "nickname" in values:
        changes(tx, Topic.BOARDS)


class Played(NamedTuple):
    id: str
    turns: int
    started_at: float
    finished_at: float | None
    points: int
    """Sum of the session's lines by now."""


async def latest_sessions(tx: AsyncConnection, player_id: PlayerId, *, limit: int) -> list[Played]:
    """Returns the player's newest sessions."""
    ledger = schema.ledger
    points = (
        select(func.coalesce(func.sum(ledger.c.points), 0))
        .where(ledger.c.session_id == session.c.id)
        .scalar_subquery()
    )
    rows = await tx.execute(
        select(session.c.id, session.c.turns, session.c.started_at, session.c.finished_at, points)
        .where(session.c.player_id == player_id)
        .order_by(session.c.started_at.desc(), session.c.id)
        .limit(limit)
    )
    return [Played(*row) for row in rows]


# ---- codes for another device ----


async def count_passcodes(tx: AsyncConnection, player_id: PlayerId, *, since: float) -> int:
    mine = (passcode.c.player_id == player_id) & (passcode.c.made_at > since)
    return int((await tx.execute(select(func.count()).select_from(passcode).where(mine))).scalar_one())


async def add_passcode(
    tx: AsyncConnection, player_id: PlayerId, *, code_hash: str, now: float, expires_at: float
) -> None:
    values = {"code_hash": code_hash, "player_id": player_id, "made_at": now, "expires_at": expires_at}
    await tx.execute(insert(passcode).values(values))


def _usable(code_hash: str, now: float) -> ColumnElement[bool]:
    fresh = (passcode.c.code_hash == code_hash) & (passcode.c.expires_at > now)
    return fresh & passcode.c.used_at.is_(None)


async def owner_of_passcode(tx: AsyncConnection, code_hash: str, *, now: float) -> PlayerId | None:
    found = (
        await tx.execute(select(passcode.c.player_id).where(_usable(code_hash, now)))
    ).scalar_one_or_none()
    return None if found is None else PlayerId(found)


async def use_passcode(tx: AsyncConnection, code_hash: str, *, now: float) -> PlayerId | None:
    """Marks the code as used; None if it could not be used any more."""
    query = (
        update(passcode).where(_usable(code_hash, now)).values(used_at=now).returning(passcode.c.player_id)
    )
    found = (await tx.execute(query)).scalar_one_or_none()
    return None if found is None else PlayerId(found)


# ---- being forgotten ----

_GONE_WITH_THEM: Final = (
    schema.passcode,
    schema.link,
    schema.message,
    schema.badge,
    schema.quest,
    schema.score,
    schema.member,
    schema.complaint,
    schema.assignment,
    schema.sight,
    schema.signal,
    schema.appeal,
    schema.waiting,
    schema.role,
)
"""Tables of which a player's rows hang on nothing and carry nothing of anybody else."""


class Tombstone(NamedTuple):
    """What is asked of a player who may be forgotten already."""

    forgotten_at: float | None
    team_id: str | None


async def tombstone(tx: AsyncConnection, player_id: PlayerId) -> Tombstone:
    """Holds the player's row and returns its state. Raises NotFound."""
    query = select(player.c.forgotten_at, player.c.team_id).where(player.c.id == player_id).with_for_update()
    row = (await tx.execute(query)).first()
    if row is None:
        raise NotFound(f"There is no player {player_id!r}. `stumper players list` names them.")
    return Tombstone(*row)


async def drop_rows(tx: AsyncConnection, player_id: PlayerId) -> None:
    """Deletes the rows that carry only this player."""
    for table in _GONE_WITH_THEM:
        await tx.execute(delete(table).where(table.c.player_id == player_id))


async def blank_play(tx: AsyncConnection, player_id: PlayerId, *, now: float) -> int:
    """Ends what they still play and blanks what they typed; returns how many questions that were.

    What the model said on controls stays: what is falsified for others is drawn from how often it says each.
    """
    sessions = select(session.c.id).where(session.c.player_id == player_id)
    turns = turn.c.session_id.in_(sessions)
    await tx.execute(
        update(turn).where(turns, turn.c.closed_at.is_(None)).values(closed_at=now, end=TurnEnd.SKIPPED.value)
    )
    await tx.execute(update(turn).where(turns).values(reason=None))
    await tx.execute(
        update(session)
        .where(session.c.player_id == player_id, session.c.finished_at.is_(None))
        .values(finished_at=now)
    )
    mine = exchange.c.turn_id.in_(select(turn.c.id).where(turns))
    busy = exchange.c.turn_id.in_(select(turn.c.id).where(turns, ~turn.c.control))
    # The model may have repeated what they typed. Empty, not missing: it has been answered.
    for column in (exchange.c.model_answer, exchange.c.shown_answer):
        await tx.execute(update(exchange).where(busy, column.is_not(None)).values({column: ""}))
    blank = {"question": "", "language": None, "key": exchange.c.id}
    done = await tx.execute(update(exchange).where(mine).values(blank))
    await tx.execute(update(exchange).where(mine, exchange.c.correction.is_not(None)).values(correction=""))
    return done.rowcount


async def withdraw_claims(tx: AsyncConnection, player_id: PlayerId, *, now: float) -> int:
    """Rejects and blanks their claims, gives others that were merged with one a leader of their own, and
    takes what the claims taught out of the pictures and what judges thought of them. Returns how many claims
    there were.
    """
    mine = claim.c.player_id == player_id
    claims = (await tx.execute(select(claim.c.id, claim.c.image_id, claim.c.campaign_id).where(mine))).all()
    for one in claims:
        await _lead_on(tx, one.id)
    for campaign_id, image_id in sorted({(one.campaign_id, one.image_id) for one in claims}):
        await _unteach(tx, CampaignId(campaign_id), image_id, [one.id for one in claims])
    theirs = select(claim.c.id).where(mine)
    await tx.execute(delete(schema.opinion).where(schema.opinion.c.claim_id.in_(theirs)))
    await tx.execute(
        update(claim)
        .where(mine)
        .values(
            question="",
            model_answer="",
            correction="",
            status=ClaimStatus.REJECTED.value,
            reason=Cause.FORGOTTEN.value,
            posterior=None,
            same_as=None,
            blind=None,
            decided_at=func.coalesce(claim.c.decided_at, now),
        )
    )
    return len(claims)


async def _lead_on(tx: AsyncConnection, claim_id: str) -> None:
    """Makes the oldest claim merged with this one the leader of the others."""
    query = select(claim.c.id).where(claim.c.same_as == claim_id).order_by(claim.c.created_at, claim.c.id)
    twins = (await tx.execute(query)).scalars().all()
    if twins:
        await tx.execute(update(claim).where(claim.c.id == twins[0]).values(same_as=None))
        await tx.execute(update(claim).where(claim.c.same_as == claim_id).values(same_as=twins[0]))


async def _unteach(
    tx: AsyncConnection, campaign_id: CampaignId, image_id: str, claims: Sequence[str]
) -> None:
    """Drops the truths about a picture that these claims told."""
    where = (image.c.campaign_id == campaign_id) & (image.c.id == image_id)
    known = (await tx.execute(select(image.c.known).where(where))).scalar_one_or_none()
    left = [truth for truth in known or [] if truth.get("claim") not in claims]
    if known and left != known:
        await tx.execute(update(image).where(where).values(known=left or None))


async def drop_examples(tx: AsyncConnection, player_id: PlayerId) -> int:
    """Deletes the examples made of their claims, with what models said to them; returns how many."""
    claims = select(claim.c.id).where(claim.c.player_id == player_id)
    theirs = select(example.c.id).where(example.c.claim_id.in_(claims))
    await tx.execute(delete(lesson).where(lesson.c.example_id.in_(theirs)))
    return (await tx.execute(delete(example).where(example.c.claim_id.in_(claims)))).rowcount


async def blank_votes(tx: AsyncConnection, player_id: PlayerId) -> None:
    """Drops what they wrote beside votes; the votes stay, for others' claims hang on them."""
    await tx.execute(update(vote).where(vote.c.player_id == player_id).values(better=None))


async def bury(tx: AsyncConnection, player_id: PlayerId, *, team_id: str | None, now: float) -> None:
    """Takes from the row all that names them; a team without members goes with its last one."""
    nothing = {
        "nickname": "",
        "language": "und",
        "network": None,
        "time_zone": "UTC",
        "team_id": None,
        "invited_by": None,
        "notices": False,
        "forgotten_at": now,
    }
    await tx.execute(update(player).where(player.c.id == player_id).values(nothing))
    changes(tx, Topic.BOARDS)
    if team_id is not None:
        empty = ~exists().where(player.c.team_id == team.c.id)
        await tx.execute(delete(team).where(team.c.id == team_id, empty))


class Frozen(NamedTuple):
    """A release of a campaign in which the player has claimed something."""

    id: ReleaseId
    campaign_id: CampaignId
    version: int
    path: str
    digest: str


async def releases_after(tx: AsyncConnection, player_id: PlayerId) -> list[Frozen]:
    """Returns the releases that may hold something of theirs, oldest first: frozen after their first claim,
    and before they were forgotten.
    """
    rows = await tx.execute(
        select(release.c.id, release.c.campaign_id, release.c.version, release.c.path, release.c.digest)
        .where(
            exists().where(
                claim.c.player_id == player_id,
                claim.c.campaign_id == release.c.campaign_id,
                claim.c.created_at <= release.c.created_at,
                player.c.id == player_id,
                func.coalesce(player.c.forgotten_at, release.c.created_at) >= release.c.created_at,
            )
        )
        .order_by(release.c.created_at, release.c.id)
    )
    return [Frozen(*row) for row in rows]

"""SQL of watching: what players left behind, the signals found in it, and appeals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import CampaignId, ClaimStatus, PlayerId
from stumper.store.schema import appeal, campaign, claim, exchange, player, session, signal, turn, vote
from stumper.trust.signals import STRONG, Kind
from stumper.trust.watch.kept import COUNTS, Appeal, Decision, Facts, Noticed, Played, State, Stored

_COUNTS = [state.value for state in COUNTS]
_FORGOTTEN = select(player.c.id).where(player.c.forgotten_at.is_not(None))
"""What they wrote and claimed is blank: two of them are not alike, and whoever agreed did not stray."""


async def campaign_players(tx: AsyncConnection, campaign_id: CampaignId) -> list[tuple[str, str | None]]:
    """Returns (id, network) of everybody who played or voted in a campaign, by id."""
    played = exists().where(session.c.player_id == player.c.id, session.c.campaign_id == campaign_id)
    voted = exists().where(
        vote.c.player_id == player.c.id, vote.c.claim_id == claim.c.id, claim.c.campaign_id == campaign_id
    )
    rows = await tx.execute(select(player.c.id, player.c.network).where(played | voted).order_by(player.c.id))
    return [(row.id, row.network) for row in rows]


async def session_rows(tx: AsyncConnection, campaign_id: CampaignId) -> Sequence[Any]:
    """Returns (player_id, started_at, finished_at) of the finished sessions."""
    columns = session.c.player_id, session.c.started_at, session.c.finished_at
    where = session.c.campaign_id == campaign_id, session.c.finished_at.is_not(None)
    return (await tx.execute(select(*columns).where(*where).order_by(session.c.id))).all()


async def exchange_rows(tx: AsyncConnection, campaign_id: CampaignId) -> Sequence[Any]:
    """Returns the answered exchanges of a campaign, turn by turn in the order they were asked."""
    rows = await tx.execute(
        select(
            session.c.player_id, turn.c.id.label("turn_id"), turn.c.image_id, turn.c.opened_at,
            exchange.c.question, exchange.c.shown_answer, exchange.c.correction, exchange.c.asked_at,
            exchange.c.answered_at, exchange.c.judged_at, exchange.c.pasted,
        )
        .join(turn, turn.c.session_id == session.c.id)
        .join(exchange, exchange.c.turn_id == turn.c.id)
        .where(
            session.c.campaign_id == campaign_id,
            exchange.c.shown_answer.is_not(None),
            session.c.player_id.not_in(_FORGOTTEN),
        )
        .order_by(turn.c.id, exchange.c.number)
    )  # fmt: skip
    return rows.all()


async def vote_rows(tx: AsyncConnection, campaign_id: CampaignId) -> Sequence[Any]:
    """Returns the votes on a campaign's claims that say yes or no."""
    rows = await tx.execute(
        select(
            vote.c.player_id.label("voter"), claim.c.player_id.label("author"), vote.c.claim_id,
            vote.c.model_wrong, vote.c.correction_right, claim.c.status,
        )
        .join(claim, claim.c.id == vote.c.claim_id)
        .where(
            claim.c.campaign_id == campaign_id, ~vote.c.unanswerable, claim.c.player_id.not_in(_FORGOTTEN)
        )
        .order_by(vote.c.id)
    )  # fmt: skip
    return rows.all()


SETTLED = {ClaimStatus.ACCEPTED.value: 1, ClaimStatus.REJECTED.value: 0}


def _noticed(row: Any) -> Noticed:
    return Noticed(
        player_id=PlayerId(row.player_id),
        nickname=row.nickname,
        kind=Kind(row.kind),
        strength=row.strength,
        facts=Facts(**row.facts),
        state=State(row.state),
        found_at=row.found_at,
    )


async def signals(
    tx: AsyncConnection,
    campaign_id: CampaignId,
    *,
    players: Collection[PlayerId] | None = None,
    counting: bool = False,
) -> list[Noticed]:
    """Returns the signals of a campaign, or of some players in it, by player and strength; ``counting``: only
    those that have an effect now.
    """
    query = select(signal, player.c.nickname).join(player, player.c.id == signal.c.player_id)
    query = query.where(signal.c.campaign_id == campaign_id)
    if players is not None:
        query = query.where(signal.c.player_id.in_(players))
    if counting:
        query = query.where(signal.c.state.in_(_COUNTS))
    rows = await tx.execute(query.order_by(signal.c.player_id, signal.c.strength.desc(), signal.c.kind))
    return [_noticed(row) for row in rows]


async def write_signal(
    tx: AsyncConnection, campaign_id: CampaignId, one: Stored, *, known: bool, now: float
) -> None:
    values = {
        "strength": one.strength,
        "facts": asdict(one.facts),
        "state": one.state.value,
        "found_at": now,
    }
    key = {"player_id": one.player_id, "campaign_id": campaign_id, "kind": one.kind.value}
    if known:
        await tx.execute(update(signal).where(*_is(key)).values(values))
    else:
        await tx.execute(insert(signal).values(key | values))


def _is(key: dict[str, str]) -> list[ColumnElement[bool]]:
    return [signal.c[name] == value for name, value in key.items()]


async def hold_campaign(tx: AsyncConnection, campaign_id: CampaignId) -> None:
    """Lets one at a time write a campaign's signals."""
    await tx.execute(
        select(campaign.c.id).where(campaign.c.id == campaign_id).with_for_update(key_share=True)
    )


async def set_states(
    tx: AsyncConnection, campaign_id: CampaignId, player_id: PlayerId, *, state: State
) -> int:
    """Decides all signals of a player that count or were upheld; returns how many."""
    done = await tx.execute(
        update(signal)
        .where(
            signal.c.campaign_id == campaign_id,
            signal.c.player_id == player_id,
            signal.c.state.in_(_COUNTS),
        )
        .values(state=state.value)
    )
    return done.rowcount


def has_open_signal() -> ColumnElement[bool]:
    """Whether a strong signal counts against the player of a session: gains wait meanwhile."""
    return exists().where(
        signal.c.player_id == session.c.player_id,
        signal.c.campaign_id == session.c.campaign_id,
        signal.c.state.in_(_COUNTS),
        signal.c.kind.in_([kind.value for kind in sorted(STRONG)]),
    )


async def hold_player(tx: AsyncConnection, player_id: PlayerId) -> str | None:
    """Returns the nickname and holds the player's row, so that two appeals come one after the other; None if
    there is no such player.
    """
    held = select(player.c.nickname).where(player.c.id == player_id).with_for_update(key_share=True)
    name: str | None = (await tx.execute(held)).scalar_one_or_none()
    return name


async def appeals(
    tx: AsyncConnection,
    campaign_id: CampaignId,
    *,
    player_id: PlayerId | None = None,
    open_only: bool = False,
) -> list[Appeal]:
    """Returns appeals, oldest first."""
    query = select(appeal, player.c.nickname).join(player, player.c.id == appeal.c.player_id)
    query = query.where(appeal.c.campaign_id == campaign_id)
    if player_id is not None:
        query = query.where(appeal.c.player_id == player_id)
    if open_only:
        query = query.where(appeal.c.decision.is_(None))
    rows = await tx.execute(query.order_by(appeal.c.written_at, appeal.c.id))
    return [
        Appeal(
            id=row.id,
            player_id=PlayerId(row.player_id),
            nickname=row.nickname,
            text=row.text,
            written_at=row.written_at,
            decision=None if row.decision is None else Decision(row.decision),
            answer=row.answer,
            decided_at=row.decided_at,
        )
        for row in rows
    ]


async def add_appeal(tx: AsyncConnection, campaign_id: CampaignId, one: Appeal) -> None:
    await tx.execute(
        insert(appeal).values(
            id=one.id,
            player_id=one.player_id,
            campaign_id=campaign_id,
            text=one.text,
            written_at=one.written_at,
        )
    )


async def close_appeals(
    tx: AsyncConnection,
    campaign_id: CampaignId,
    player_id: PlayerId,
    *,
    decision: Decision,
    answer: str,
    now: float,
) -> int:
    """Decides the open appeal of a player; returns how many there were."""
    done = await tx.execute(
        update(appeal)
        .where(
            appeal.c.campaign_id == campaign_id,
            appeal.c.player_id == player_id,
            appeal.c.decision.is_(None),
        )
        .values(decision=decision.value, answer=answer, decided_at=now)
    )
    return done.rowcount


async def players(tx: AsyncConnection, campaign_id: CampaignId) -> list[Played]:
    """Returns everybody with a session in the campaign, by nickname."""
    rows = await tx.execute(
        select(player.c.id, player.c.nickname, player.c.e_value, func.count().label("n"))
        .join(session, session.c.player_id == player.c.id)
        .where(session.c.campaign_id == campaign_id)
        .group_by(player.c.id, player.c.nickname, player.c.e_value)
        .order_by(player.c.nickname, player.c.id)
    )
    return [Played(PlayerId(row.id), row.nickname, float(row.e_value), int(row.n)) for row in rows]

"""SQL of what is kept about a player: plain rows, in the order in which they came about."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import PlayerId
from stumper.store.schema import (
    appeal,
    badge,
    campaign,
    claim,
    complaint,
    exchange,
    league,
    ledger,
    link,
    member,
    message,
    player,
    quest,
    role,
    round_,
    session,
    signal,
    team,
    turn,
    vote,
    waiting,
)

Row = dict[str, Any]


async def _rows(tx: AsyncConnection, query: Select[Any]) -> list[Row]:
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def person(tx: AsyncConnection, player_id: PlayerId) -> Row | None:
    """Returns the player as kept, with the team's name; None for an unknown or forgotten one."""
    query = (
        select(
            player.c.id,
            player.c.nickname,
            player.c.language,
            player.c.time_zone,
            player.c.notices,
            player.c.consent_at,
            player.c.licence,
            player.c.created_at,
            player.c.e_value,
            player.c.network,
            team.c.name.label("team"),
        )
        .select_from(player.outerjoin(team, team.c.id == player.c.team_id))
        .where(player.c.id == player_id, player.c.forgotten_at.is_(None))
    )
    return next(iter(await _rows(tx, query)), None)


_LISTS: Final[dict[str, Select[Any]]] = {
    "claims": select(
        claim.c.id, claim.c.exchange_id, claim.c.image_id, claim.c.question, claim.c.model_answer,
        claim.c.correction, claim.c.status, claim.c.reason, claim.c.category, claim.c.created_at,
        claim.c.decided_at, claim.c.player_id,
    ).order_by(claim.c.created_at, claim.c.id),
    "votes": select(
        vote.c.claim_id, vote.c.model_wrong, vote.c.correction_right, vote.c.unanswerable, vote.c.better,
        vote.c.flag, vote.c.voted_at, vote.c.player_id,
    ).order_by(vote.c.voted_at, vote.c.id),
    "points": select(
        ledger.c.session_id, ledger.c.exchange_id, ledger.c.reason, ledger.c.points, ledger.c.written_at,
        ledger.c.player_id,
    ).order_by(ledger.c.id),
    "waiting": select(
        waiting.c.exchange_id, waiting.c.points, waiting.c.bounty, waiting.c.since, waiting.c.player_id
    ).order_by(waiting.c.since, waiting.c.exchange_id),
    "badges": select(badge).order_by(badge.c.earned_at, badge.c.kind),
    "quests": select(quest).order_by(quest.c.day),
    "leagues": select(member.c.week, league.c.tier, member.c.joined_at, member.c.player_id)
    .join(league, league.c.id == member.c.league_id)
    .order_by(member.c.week),
    "messages": select(
        message.c.kind, message.c.about, message.c.facts, message.c.written_at, message.c.seen_at,
        message.c.sent_at, message.c.player_id,
    ).order_by(message.c.written_at, message.c.id),
    "links": select(link.c.service, link.c.external_id, link.c.made_at, link.c.player_id).order_by(
        link.c.service
    ),
    # Not their facts: these compare the player with others.
    "signals": select(signal.c.kind, signal.c.state, signal.c.found_at, signal.c.player_id).order_by(
        signal.c.id
    ),
    "appeals": select(
        appeal.c.text, appeal.c.written_at, appeal.c.decision, appeal.c.answer, appeal.c.decided_at,
        appeal.c.player_id,
    ).order_by(appeal.c.written_at, appeal.c.id),
    "roles": select(role.c.role, role.c.given_at, role.c.player_id).order_by(role.c.given_at),
    "complaints": select(
        complaint.c.image_id, complaint.c.reason, complaint.c.written_at, complaint.c.player_id
    ).order_by(complaint.c.written_at),
}  # fmt: skip
NAMES: Final = tuple(_LISTS)


async def listed(tx: AsyncConnection, name: str, player_id: PlayerId) -> list[Row]:
    """Returns the player's rows of one of ``NAMES``, without the player's id."""
    query = _LISTS[name]
    rows = await _rows(tx, query.where(query.selected_columns.player_id == player_id))
    return [{key: value for key, value in row.items() if key != "player_id"} for row in rows]


async def session_ids(tx: AsyncConnection, player_id: PlayerId) -> list[str]:
    query = select(session.c.id).where(session.c.player_id == player_id)
    return list((await tx.execute(query.order_by(session.c.started_at, session.c.id))).scalars())


_OVER = session.c.finished_at.is_not(None)


def _later(column: Any) -> Any:
    """A column that stays secret until its session is finished."""
    return case((_OVER, column)).label(column.name)


async def session_row(tx: AsyncConnection, session_id: str) -> Row:
    query = (
        select(
            session.c.id,
            campaign.c.name.label("campaign"),
            round_.c.number.label("round"),
            session.c.started_at,
            session.c.finished_at,
            session.c.day,
            session.c.commitment,
            _later(session.c.salt),
        )
        .select_from(
            session.join(round_, round_.c.id == session.c.round_id).join(
                campaign, campaign.c.id == session.c.campaign_id
            )
        )
        .where(session.c.id == session_id)
    )
    return (await _rows(tx, query))[0]


async def turn_rows(tx: AsyncConnection, session_id: str) -> list[Row]:
    """Returns the turns that were opened; what is still to come is not shown to anybody."""
    query = (
        select(
            turn.c.id,
            turn.c.position,
            turn.c.image_id,
            turn.c.opened_at,
            turn.c.closed_at,
            turn.c.end,
            turn.c.extensions,
            turn.c.reason,
            _later(turn.c.control),
            _later(turn.c.coins),
        )
        .join(session, session.c.id == turn.c.session_id)
        .where(turn.c.session_id == session_id, turn.c.opened_at.is_not(None))
    )
    return await _rows(tx, query.order_by(turn.c.position))


async def exchange_rows(tx: AsyncConnection, session_id: str) -> list[Row]:
    query = (
        select(
            exchange.c.turn_id,
            exchange.c.id,
            exchange.c.question,
            exchange.c.shown_answer,
            exchange.c.verdict,
            exchange.c.correction,
            exchange.c.pasted,
            exchange.c.language,
            exchange.c.asked_at,
            exchange.c.answered_at,
            exchange.c.judged_at,
            _later(exchange.c.model_answer),
            _later(exchange.c.poisoned),
            _later(exchange.c.counts),
        )
        .select_from(exchange.join(turn, turn.c.id == exchange.c.turn_id))
        .join(session, session.c.id == turn.c.session_id)
        .where(turn.c.session_id == session_id)
    )
    return await _rows(tx, query.order_by(turn.c.position, exchange.c.number))

"""SQL of raw files: the next few rows after a key, in the order of the key.

The page is cut from its table before anything is joined to it: so a database walks the primary key, and a
page costs the same wherever it lies. Rows of other campaigns are in it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Select, Subquery, Table, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import CampaignId
from stumper.release.raw.columns import Kind
from stumper.store.schema import (
    claim,
    example,
    exchange,
    image,
    player,
    round_,
    session,
    sight,
    turn,
    vote,
)

_WHO: Final = (
    player.c.id.label("who"),
    player.c.forgotten_at,
    player.c.licence.label("consent_licence"),
    player.c.kind.label("asked_by"),
)
_MODEL: Final = (round_.c.number.label("round"), round_.c.model_ref)


def _page(table: Table, after: str, limit: int) -> Subquery:
    return select(table).where(table.c.id > after).order_by(table.c.id).limit(limit).subquery("page")


def _marks(after: str, limit: int, _campaign: CampaignId) -> Select[Any]:
    page = _page(exchange, after, limit)
    return (
        select(
            page, *_WHO, *_MODEL, session.c.campaign_id, session.c.id.label("session"),
            session.c.graded_at, turn.c.position.label("turn"), turn.c.image_id, turn.c.control,
            turn.c.opened_at, turn.c.ideas, image.c.licence.label("image_licence"),
        )
        .select_from(page)
        .join(turn, turn.c.id == page.c.turn_id)
        .join(session, session.c.id == turn.c.session_id)
        .join(player, player.c.id == session.c.player_id)
        .join(round_, round_.c.id == session.c.round_id)
        .outerjoin(image, (image.c.id == turn.c.image_id) & (image.c.campaign_id == session.c.campaign_id))
        .order_by(page.c.id)
    )  # fmt: skip


def _votes(after: str, limit: int, _campaign: CampaignId) -> Select[Any]:
    page = _page(vote, after, limit)
    return (
        select(page, *_WHO, claim.c.campaign_id)
        .select_from(page)
        .join(claim, claim.c.id == page.c.claim_id)
        .join(player, player.c.id == page.c.player_id)
        .order_by(page.c.id)
    )


def _claims(after: str, limit: int, _campaign: CampaignId) -> Select[Any]:
    page = _page(claim, after, limit)
    return (
        select(
            page, *_WHO, *_MODEL, image.c.licence.label("image_licence"), example.c.id.label("example")
        )
        .select_from(page)
        .join(player, player.c.id == page.c.player_id)
        .join(round_, round_.c.id == page.c.round_id)
        .outerjoin(example, example.c.claim_id == page.c.id)
        .outerjoin(image, (image.c.id == page.c.image_id) & (image.c.campaign_id == page.c.campaign_id))
        .order_by(page.c.id)
    )  # fmt: skip


def _players(after: str, limit: int, campaign_id: CampaignId) -> Select[Any]:
    page = _page(player, after, limit)
    played = exists().where(session.c.player_id == page.c.id, session.c.campaign_id == campaign_id)
    voted = exists().where(
        vote.c.player_id == page.c.id, vote.c.claim_id == claim.c.id, claim.c.campaign_id == campaign_id
    )
    mine = (sight.c.player_id == page.c.id) & (sight.c.campaign_id == campaign_id)
    return (
        select(
            page, page.c.id.label("who"), page.c.licence.label("consent_licence"),
            (played | voted).label("there"), sight.c.sees, sight.c.alarms, sight.c.fake,
        )
        .select_from(page)
        .outerjoin(sight, mine)
        .order_by(page.c.id)
    )  # fmt: skip


_QUERIES: Final[Mapping[Kind, Callable[[str, int, CampaignId], Select[Any]]]] = {
    Kind.MARKS: _marks,
    Kind.VOTES: _votes,
    Kind.CLAIMS: _claims,
    Kind.PLAYERS: _players,
}


async def page(
    tx: AsyncConnection, kind: Kind, campaign_id: CampaignId, *, after: str, limit: int
) -> list[dict[str, Any]]:
    """Returns the next rows after an id, by id; those of other campaigns, and of players who were never in
    this one, are among them.
    """
    return [dict(row) for row in (await tx.execute(_QUERIES[kind](after, limit, campaign_id))).mappings()]

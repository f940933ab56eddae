"""SQL of coverage: grouped counts, and bounded samples of the newest answers and of pictures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    TableValuedAlias,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Cause
from stumper.curate.classify import categories
from stumper.curate.coverage.rates import Answer
from stumper.curate.dues.queries import Found
from stumper.records import CampaignId, Category, ClaimStatus, ImageKind, RoundId, Verdict
from stumper.store.schema import claim, example, exchange, image, player, session, turn

Kinds = Counter[tuple[Category | None, ImageKind]]
"""How many of each category (None: not named yet) on each kind of picture."""

_PICTURES: Final = 200
"""Pictures that tell which things are common."""
_EXAMPLES: Final = 500
"""Examples that tell which things are asked about."""
_KIND = case((image.c.kind == ImageKind.UNTAINTED.value, image.c.kind), else_=ImageKind.TAINTED.value)
"""What is not busy was meant for controls, whatever became of it."""


async def examples(tx: AsyncConnection, campaign_id: CampaignId) -> Kinds:
    """Counts a campaign's examples."""
    return await _kinds(tx, select(example.c.category, _KIND, func.count()), example, campaign_id)


async def open_claims(tx: AsyncConnection, campaign_id: CampaignId) -> Kinds:
    """Counts the claims that wait for votes or for the operator."""
    waits = claim.c.status.in_((ClaimStatus.OPEN.value, ClaimStatus.DISPUTED.value))
    return await _kinds(tx, select(claim.c.category, _KIND, func.count()).where(waits), claim, campaign_id)


async def _kinds(tx: AsyncConnection, query: Select[Any], table: Any, campaign_id: CampaignId) -> Kinds:
    rows = await tx.execute(
        query.join(image, (image.c.id == table.c.image_id) & (image.c.campaign_id == table.c.campaign_id))
        .where(table.c.campaign_id == campaign_id)
        .group_by(table.c.category, _KIND)
    )
    return Counter(
        {
            (None if category is None else Category(category), ImageKind(kind)): int(n)
            for category, kind, n in rows
        }
    )


async def asked(tx: AsyncConnection, campaign_id: CampaignId) -> dict[ImageKind, int]:
    """Counts the questions of a campaign by the kind of their picture."""
    rows = await tx.execute(
        select(_KIND, func.count())
        .select_from(
            session.join(turn, turn.c.session_id == session.c.id)
            .join(exchange, exchange.c.turn_id == turn.c.id)
            .join(image, (image.c.id == turn.c.image_id) & (image.c.campaign_id == session.c.campaign_id))
        )
        .where(session.c.campaign_id == campaign_id)
        .group_by(_KIND)
    )
    return {ImageKind(kind): int(n) for kind, n in rows}


async def sources(tx: AsyncConnection, campaign_id: CampaignId) -> dict[str, tuple[int, int]]:
    """Returns pictures and examples by where the pictures come from, most pictures first.

    What follows a comma in a source is about one picture ("Toytown, seed 7").
    """
    pictures, held = Counter[str](), Counter[str]()
    where = image.c.campaign_id == campaign_id
    every = select(image.c.source, func.count()).where(where).group_by(image.c.source)
    for source, n in await tx.execute(every):
        pictures[source.split(",")[0]] += n
    joined = (image.c.id == example.c.image_id) & (image.c.campaign_id == example.c.campaign_id)
    for source, n in await tx.execute(every.join(example, joined)):
        held[source.split(",")[0]] += n
    return {name: (n, held[name]) for name, n in pictures.most_common()}


async def things(
    tx: AsyncConnection, campaign_id: CampaignId, *, most: int
) -> dict[str, tuple[int, dict[Category, int]]]:
    """Returns, for the ``most`` commonest things that pictures are annotated with, on how many busy pictures
    each is and how many examples of each category are about these pictures.
    """
    labels, key = _labels(tx)
    mine = image.c.campaign_id == campaign_id, image.c.kind == ImageKind.UNTAINTED.value, key.is_not(None)
    shown = select(key, func.count()).select_from(image.join(labels, true())).where(*mine).group_by(key)
    shown = shown.order_by(func.count().desc(), key).limit(most)
    found = {name: int(n) for name, n in await tx.execute(shown)}
    joined = (image.c.id == example.c.image_id) & (image.c.campaign_id == example.c.campaign_id)
    rows = (
        select(key, example.c.category, func.count())
        .select_from(example.join(image, joined).join(labels, true()))
        .where(*mine, key.in_(found))
        .group_by(key, example.c.category)
    )
    held: dict[str, dict[Category, int]] = defaultdict(dict)
    for name, category, n in await tx.execute(rows):
        held[name][Category(category)] = int(n)
    return {name: (n, held[name]) for name, n in found.items()}


def _labels(tx: AsyncConnection) -> tuple[TableValuedAlias, ColumnElement[str]]:
    """Returns what yields each key of ``image.labels``, to be joined behind ``image``, and its column."""
    if tx.dialect.name == "postgresql":
        there = func.json_typeof(image.c.labels) == "object"
        labels = case((there, image.c.labels), else_=cast(literal_column("'{}'"), JSON))
        keys = func.json_object_keys(labels).table_valued("label").render_derived()
        return keys, keys.c.label
    each = func.json_each(image.c.labels).table_valued("key")
    return each, each.c.key


async def newest_answers(
    tx: AsyncConnection, round_id: RoundId, *, trust_e: float, sessions: int
) -> list[Answer]:
    """Returns what trusted players judged in the newest graded sessions of a round, in no order."""
    rows = (await tx.execute(_NEWEST, {"round_id": round_id, "trust_e": trust_e, "sessions": sessions})).all()
    unnamed = [row.question for row in rows if row.category is None]
    found = iter(categories(unnamed))
    return [
        Answer(
            Category(row.category) if row.category else next(found),
            ImageKind(row.kind),
            bool(row.control),
            Found(
                1,
                int(row.verdict == Verdict.WRONG.value),
                int(row.reason in _MODEL_WRONG),
                int(row.reason == Cause.MODEL_RIGHT.value),
            ),
        )
        for row in rows
    ]


_MODEL_WRONG: Final = frozenset({Cause.CONFIRMED.value, Cause.WRONG_CORRECTION.value})
_newest = (
    select(session.c.id, session.c.campaign_id)
    .join(player, player.c.id == session.c.player_id)
    .where(
        session.c.round_id == bindparam("round_id"),
        session.c.graded_at.is_not(None),
        player.c.e_value >= bindparam("trust_e"),
    )
    .order_by(session.c.graded_at.desc(), session.c.id)
    .limit(bindparam("sessions"))
    .subquery("newest")
)
_NEWEST: Final = (
    select(
        exchange.c.question, exchange.c.verdict, turn.c.control, claim.c.reason, claim.c.category,
        _KIND.label("kind"),
    )
    .select_from(
        _newest.join(turn, turn.c.session_id == _newest.c.id)
        .join(exchange, exchange.c.turn_id == turn.c.id)
        .join(image, (image.c.id == turn.c.image_id) & (image.c.campaign_id == _newest.c.campaign_id))
        .outerjoin(claim, claim.c.exchange_id == exchange.c.id)
    )
    .where(exchange.c.verdict.is_not(None))
)  # fmt: skip


async def some_things(
    tx: AsyncConnection, campaign_id: CampaignId, category: Category, *, start: str
) -> tuple[Counter[str], int, Counter[str], int]:
    """Returns the things on some busy pictures from the id ``start`` on, how many pictures that are, and the
    same of the pictures that some examples of a category are about.
    """
    pictures = (
        select(image.c.labels)
        .where(
            image.c.campaign_id == campaign_id,
            image.c.kind == ImageKind.UNTAINTED.value,
            image.c.id >= start,
        )
        .order_by(image.c.id)
        .limit(_PICTURES)
    )
    joined = (image.c.id == example.c.image_id) & (image.c.campaign_id == example.c.campaign_id)
    held = (
        select(image.c.labels)
        .select_from(example.join(image, joined))
        .where(example.c.campaign_id == campaign_id, example.c.category == category.value)
        .limit(_EXAMPLES)
    )
    shown = [labels for (labels,) in await tx.execute(pictures)]
    about = [labels for (labels,) in await tx.execute(held)] if any(shown) else []
    return _things(shown), len(shown), _things(about), len(about)


def _things(labels: list[Mapping[str, int] | None]) -> Counter[str]:
    return Counter(thing for one in labels for thing in one or ())

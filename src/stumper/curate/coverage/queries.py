"""SQL of coverage: grouped counts, and bounded samples of the newest answers and of pictures."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, Table, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Cause
from stumper.curate.classify import categories
from stumper.curate.coverage.rates import Answer
from stumper.curate.dues.queries import Found
from stumper.records import CampaignId, Category, ClaimStatus, ImageKind, PlayerKind, RoundId, Verdict
from stumper.store.schema import claim, example, exchange, image, player, session, turn

Kinds = Counter[tuple[Category | None, ImageKind]]
"""How many of each category (None: not named yet) on each kind of picture."""

_PICTURES: Final = 200
"""Pictures that tell which things are common."""
_EXAMPLES: Final = 500
"""Examples that tell which things are asked about."""
_SIMPLE: Final = select(image.c.id).where(
    image.c.campaign_id == bindparam("campaign"), image.c.kind != ImageKind.UNTAINTED.value
)
"""What is not busy was meant for controls, whatever became of it. A set of ids is looked into many times
faster than a row of ``image``."""
_KIND = case((image.c.kind == ImageKind.UNTAINTED.value, image.c.kind), else_=ImageKind.TAINTED.value)


async def examples(tx: AsyncConnection, campaign_id: CampaignId) -> Kinds:
    """Counts a campaign's examples."""
    return await _kinds(tx, example, campaign_id)


async def open_claims(tx: AsyncConnection, campaign_id: CampaignId) -> Kinds:
    """Counts the claims that wait for votes or for the operator."""
    waits = claim.c.status.in_((ClaimStatus.OPEN.value, ClaimStatus.DISPUTED.value))
    return await _kinds(tx, claim, campaign_id, waits)


async def _kinds(
    tx: AsyncConnection, table: Table, campaign_id: CampaignId, *which: ColumnElement[bool]
) -> Kinds:
    each = (
        select(table.c.category, table.c.image_id.in_(_SIMPLE).label("simple"))
        .where(table.c.campaign_id == campaign_id, *which)
        .subquery()
    )
    counted = select(each.c.category, each.c.simple, func.count()).group_by(each.c.category, each.c.simple)
    rows = await tx.execute(counted, {"campaign": campaign_id})
    return Counter(
        {
            (None if category is None else Category(category), _kind(simple=bool(simple))): int(n)
            for category, simple, n in rows
        }
    )


def _kind(*, simple: bool) -> ImageKind:
    return ImageKind.TAINTED if simple else ImageKind.UNTAINTED


async def asked(tx: AsyncConnection, campaign_id: CampaignId, *, sessions: int) -> dict[ImageKind, int]:
    """Returns how many questions a campaign had by the kind of their picture: those of the ``sessions`` that
    started last, times the number of all sessions over these. Exact where these are all.
    """
    mine = session.c.campaign_id == campaign_id
    last = select(session.c.id).where(mine).order_by(session.c.started_at.desc(), session.c.id)
    newest = last.limit(sessions).subquery("newest")
    total = int((await tx.execute(select(func.count()).select_from(session).where(mine))).scalar_one())
    rows = await tx.execute(
        select(_KIND, func.count())
        .select_from(
            newest.join(turn, turn.c.session_id == newest.c.id)
            .join(exchange, exchange.c.turn_id == turn.c.id)
            .join(image, (image.c.id == turn.c.image_id) & (image.c.campaign_id == campaign_id))
        )
        .group_by(_KIND)
    )
    return {ImageKind(kind): round(int(n) * max(total, sessions) / sessions) for kind, n in rows}


async def sources(tx: AsyncConnection, campaign_id: CampaignId) -> dict[str, tuple[int, int]]:
    """Returns pictures and examples by where the pictures come from, most pictures first.

    What follows a comma in a source is about one picture ("Toytown, seed 7").
    """
    pictures, held = Counter[str](), Counter[str]()
    where = image.c.campaign_id == campaign_id
    about = select(example.c.image_id, func.count().label("n")).where(example.c.campaign_id == campaign_id)
    each = about.group_by(example.c.image_id).subquery()
    rows = await tx.execute(
        select(image.c.source, func.count(), func.coalesce(func.sum(each.c.n), 0))
        .select_from(image.outerjoin(each, each.c.image_id == image.c.id))
        .where(where)
        .group_by(image.c.source)
    )
    for source, n, examples in rows:
        name = source.split(",")[0]
        pictures[name] += int(n)
        held[name] += int(examples)
    return {name: (n, held[name]) for name, n in pictures.most_common()}


async def things(
    tx: AsyncConnection, campaign_id: CampaignId, *, most: int, pictures: int
) -> dict[str, tuple[int, dict[Category, int]]]:
    """Returns, for the ``most`` commonest things that pictures are annotated with, on how many busy pictures
    each is and how many examples of each category are about these pictures.

    Of more busy pictures than ``pictures``, the first so many by id (a hash) are counted for all: the numbers
    are multiplied by what they leave out.
    """
    busy = image.c.campaign_id == campaign_id, image.c.kind == ImageKind.UNTAINTED.value
    total = int((await tx.execute(select(func.count()).select_from(image).where(*busy))).scalar_one())
    some = select(image.c.id, image.c.labels).where(*busy).order_by(image.c.id).limit(pictures)
    labels = {id_: tuple(found or ()) for id_, found in await tx.execute(some)}
    shown = Counter(thing for each in labels.values() for thing in each)
    first = some.with_only_columns(image.c.id).subquery()
    rows = (
        select(example.c.image_id, example.c.category, func.count())
        .select_from(first.join(example, example.c.image_id == first.c.id))
        .where(example.c.campaign_id == campaign_id)
        .group_by(example.c.image_id, example.c.category)
    )
    held: dict[str, Counter[Category]] = defaultdict(Counter)
    for image_id, category, n in await tx.execute(rows) if shown else ():
        for thing in labels[image_id]:
            held[thing][Category(category)] += int(n)
    scale = max(1.0, total / pictures)
    return {
        name: (round(n * scale), {category: round(k * scale) for category, k in held[name].items()})
        for name, n in sorted(shown.items(), key=lambda one: (-one[1], one[0]))[:most]
    }


async def newest_answers(
    tx: AsyncConnection, round_id: RoundId, *, trust_e: float, sessions: int
) -> list[Answer]:
    """Returns what trusted players judged in the newest graded sessions of a round, in no order: in as many
    as there are of them among the newest, 25 times as many, of all players.

    Questions that were not labelled before are, 50 us each, beside the event loop.
    """
    given = {"round_id": round_id, "trust_e": trust_e, "sessions": sessions}
    rows = (await tx.execute(_NEWEST, {**given, "looked_at": _LOOKED_AT * sessions})).all()
    unnamed = [row.question for row in rows if row.category is None]
    found = iter(await asyncio.to_thread(categories, unnamed))
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
_LOOKED_AT: Final = 25
"""Sessions looked at for one that is wanted: where hardly anybody is trusted, a whole round would be."""
_graded = (
    select(session.c.id, session.c.campaign_id, session.c.player_id, session.c.graded_at)
    .where(session.c.round_id == bindparam("round_id"), session.c.graded_at.is_not(None))
    .order_by(session.c.graded_at.desc(), session.c.id)
    .limit(bindparam("looked_at"))
    .subquery("graded")
)
_newest = (
    select(_graded.c.id, _graded.c.campaign_id)
    .join(player, player.c.id == _graded.c.player_id)
    .where(player.c.e_value >= bindparam("trust_e"), player.c.kind != PlayerKind.MODEL.value)
    .order_by(_graded.c.graded_at.desc(), _graded.c.id)
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

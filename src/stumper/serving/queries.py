"""What a model card needs to know of a tuning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.store.schema import evaluation, release, tuning


async def tuned(tx: AsyncConnection, refs: Sequence[str]) -> Any:
    """Returns the newest tuning that made one of these models, with its release and figures; None for none.

    ``scores`` are the figures of its evaluation, None before it was evaluated.
    """
    same = and_(
        evaluation.c.release_id == tuning.c.release_id,
        evaluation.c.base_ref == tuning.c.base_ref,
        evaluation.c.tuned_ref == tuning.c.tuned_ref,
    )
    newest = (
        select(
            tuning.c.base_ref,
            tuning.c.recipe,
            tuning.c.seed,
            tuning.c.figures,
            tuning.c.release_id,
            release.c.path.label("release_path"),
            evaluation.c.figures.label("scores"),
        )
        .join(release, release.c.id == tuning.c.release_id)
        .outerjoin(evaluation, same)
        .where(tuning.c.tuned_ref.in_(list(refs)))
        .order_by(tuning.c.finished_at.desc(), tuning.c.id)
        .limit(1)
    )
    return (await tx.execute(newest)).first()

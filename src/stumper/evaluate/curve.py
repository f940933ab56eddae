"""The loss of a tuning run as a small chart: training as a line, validation dashed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from markupsafe import Markup

from stumper.evaluate.charts import number
from stumper.release.drawing import dot, line, svg
from stumper.tune.lora import DONE

_EDGE = 7
"""Pixels above and below, for dots."""
Row = Sequence[float | None]
"""Step, loss, validation loss, as the figures of a tuning hold them; more may follow."""


def curve_of(model_ref: str) -> list[Row]:
    """Returns the curve that a tuning left beside its model; empty for a model that was not tuned here."""
    path = Path(model_ref.partition(":")[2] or ".") / DONE
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return list(saved.get("curve", [])) if isinstance(saved, dict) else []


def loss_curve(rows: Iterable[Row], *, height_px: int = 90) -> Markup:
    """Draws the losses of a run over its steps, the highest at the top, the lowest below; empty for none."""
    found = list(rows)
    training, validation = _series(found, 1), _series(found, 2)
    losses = [loss for _, loss in (*training, *validation)]
    if not losses:
        return Markup("")
    last = max(step for step, _ in (*training, *validation))
    low, high = min(losses), max(losses)
    room = (height_px - 2 * _EDGE) / ((high - low) or 1.0)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return point[0] / last if last else 0.0, round(_EDGE + (high - point[1]) * room, 1)

    parts = _path("ci", [place(point) for point in training])
    parts += _path("guess", [place(point) for point in validation])
    parts += [dot("error", *place(point)) for point in validation]
    return svg("curve", height_px, _told(training, validation), parts)


def _series(rows: Sequence[Row], column: int) -> list[tuple[float, float]]:
    return [
        (step, loss)
        for row in rows
        if (step := row[0]) is not None
        and len(row) > column
        and (loss := row[column]) is not None
        and math.isfinite(loss)
    ]


def _path(name: str, places: Sequence[tuple[float, float]]) -> list[Markup]:
    return [line(name, x, y, y_next, to=x_next) for (x, y), (x_next, y_next) in pairwise(places)]


def _told(training: Sequence[tuple[float, float]], validation: Sequence[tuple[float, float]]) -> str:
    named = (("training loss", training), ("validation loss", validation))
    return "; ".join(
        f"{name} from {number(series[0][1])} to {number(series[-1][1])}" for name, series in named if series
    )

"""The audit as one HTML page, in the look of Stumper's reports; every text of the data is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import Markup

from stumper import __version__
from stumper.records import Category
from stumper.release.audit.beside import beside
from stumper.release.audit.records import Audit, Bin, Finding, Severity
from stumper.release.drawing import line, rect, svg
from stumper.release.paper import pages, write_whole

_HEADROOM: Final = 1.35
"""A gauge ends a third beyond the larger of value and limit."""


@dataclass(frozen=True, slots=True)
class _Bar:
    name: str
    count: int
    share: float
    chart: Markup
    note: str = ""


def write_page(path: Path, found: Audit, other: Audit | None = None) -> Path:
    """Writes the page whole or not at all; returns its path."""
    return write_whole(path, render(found, other))


def render(found: Audit, other: Audit | None = None) -> str:
    """Returns the HTML, with the ``other`` data set set beside; the same audits give the same text."""
    page = pages()
    asked = {kind.name for kind in found.kinds}
    page.filters["decimal"] = lambda value: f"{value:.2f}" if math.isfinite(value) else "–"
    page.filters["tenth"] = lambda value: f"{value:.1%}" if math.isfinite(value) else "–"
    return page.get_template("audit.html").render(
        audit=found,
        other=other,
        lines=beside(found, other) if other else [],
        absent=[one.value for one in Category if one.value not in asked and one is not Category.INVALID],
        grave=[(one, gauge(one)) for one in found.findings if one.severity is not Severity.FINE],
        fine=[one for one in found.findings if one.severity is Severity.FINE],
        categories=_bars((kind.name, kind.rows, kind.share, "") for kind in found.kinds),
        priors=_bars(
            ((kind.name, kind.rows, kind.common_share, kind.common_answer) for kind in found.kinds),
            whole=True,
        ),
        questions=_bars((one.text, one.rows, one.share, "") for one in found.questions),
        answers=_bars((one.text, one.rows, one.share, "") for one in found.answers),
        per_image=_histogram(found.per_image),
        lengths=_histogram(found.answer_words),
        version=__version__,
    )


def gauge(found: Finding, *, height_px: int = 20) -> Markup:
    """Draws the value as a bar, with a line where a warning begins and one where a fault does."""
    limits = [limit for limit in (found.warning_at, found.fault_at) if math.isfinite(limit)]
    end = max(found.value, *limits, 1e-9) * _HEADROOM
    parts = [rect(str(found.severity), 0, 3, max(found.value / end, 0.004), height_px - 6)]
    parts += [line("limit", limit / end, 0, height_px) for limit in limits]
    return svg("gauge", height_px, f"{found.value:.3g}; {found.limit}", parts)


def _histogram(bins: Sequence[Bin]) -> list[_Bar]:
    total = sum(one.number for one in bins) or 1
    return _bars((one.label, one.number, one.number / total, "") for one in bins)


def _bars(values: Iterable[tuple[str, int, float, str]], *, whole: bool = False) -> list[_Bar]:
    """Draws shares, the longest over the full width unless the ``whole`` is 1."""
    rows = list(values)
    most = 1.0 if whole else max((share for _, _, share, _ in rows), default=1.0) or 1.0
    return [
        _Bar(
            name,
            count,
            share,
            svg("bar", 12, f"{share:.1%}", [rect("part", 0, 0, share / most, 12)] if share > 0 else []),
            note,
        )
        for name, count, share, note in rows
    ]

"""Two audits side by side, line by line: what they hold, then every finding of either."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from stumper.release.audit.limits import LIMITS, measured
from stumper.release.audit.records import Audit, Finding, Severity

NOTHING = "–"


class Cell(NamedTuple):
    """A figure as text, and how grave it is; None where nothing is judged."""

    text: str
    severity: Severity | None = None


class Line(NamedTuple):
    title: str
    ours: Cell
    theirs: Cell


def beside(ours: Audit, theirs: Audit) -> list[Line]:
    """Returns the lines of the comparison: size and shape first, then findings in the order of `LIMITS`.

    A finding that one of them did not measure (leaks, where there is one split) stands as a dash there, and
    one that is fine and zero in both is left out.
    """
    return [*_figures(ours, theirs), *_findings(ours, theirs)]


def _figures(ours: Audit, theirs: Audit) -> Iterator[Line]:
    for title, tell in (
        ("Questions", lambda one: f"{one.rows:,}"),
        ("Pictures", lambda one: f"{one.images:,}"),
        ("Different wordings", lambda one: f"{one.wordings:,}"),
        ("Largest category", _largest),
        ("Faults", lambda one: str(one.faults)),
        ("Warnings", lambda one: str(one.warnings)),
    ):
        yield Line(title, Cell(tell(ours)), Cell(tell(theirs)))


def _largest(found: Audit) -> str:
    kind = found.kinds[0]
    return f"{'colour' if kind.name == 'color' else kind.name} {kind.share:.1%}"


def _findings(ours: Audit, theirs: Audit) -> Iterator[Line]:
    left, right = ({one.name: one for one in found.findings} for found in (ours, theirs))
    for name, limit in LIMITS.items():
        pair = left.get(name), right.get(name)
        if any(one and (one.severity is not Severity.FINE or one.value > 0) for one in pair):
            yield Line(limit.title, _cell(pair[0]), _cell(pair[1]))


def _cell(found: Finding | None) -> Cell:
    if found is None or not math.isfinite(found.value):
        return Cell(NOTHING)
    return Cell(measured(found.name, found.value), found.severity)

"""Whether to believe the panel about claims (pure): its backing against what people's votes decided.

The bar and the scaling are learned on one half of the pictures and measured on the other, so no figure is
flattered by what it was fitted to. With few settled claims, or only one sort of them, figures are nan.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from stumper.curate.panel.agreement import interval_alpha, nominal_alpha
from stumper.curate.panel.opinions import pooled
from stumper.curate.panel.queries import Settled
from stumper.curate.panel.reliability import agreement, auc, best_bar, brier, ece, scaled
from stumper.records import ClaimId
from stumper.trust.crowd import Array, Marks


class Scored(NamedTuple):
    """Settled claims with what the panel gives them, in columns of one length."""

    good: Marks
    backing: Array
    """0..1, none missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How some scores compare with votes."""

    name: str
    claims: int
    good: float
    """Share that people accepted: what a judge that always says the same would have."""
    auc: float
    brier: float
    ece: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Learned on one half of the pictures, measured on the claims of the other."""

    claims: int
    bar: float
    """A claim backed at least so far is taken for good."""
    agreement: float
    """Share of claims on which that says what people said."""
    commonest: float
    """The same for always saying what is commoner in the first half."""
    brier: float
    ece: float
    """Of the backing after Platt's scaling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All that is known of a panel's word on claims; nan where nothing can be said."""

    settled: int
    """Claims that votes decided."""
    missing: int
    """Of these without enough opinions."""
    alpha: float
    """Krippendorff's, of the judges' backing, over all claims with opinions."""
    alpha_backed: float
    """The same of backed (at least half) or not."""
    panel: Reliability
    judges: tuple[Reliability, ...]
    categories: tuple[Reliability, ...]
    held_out: HeldOut

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; nan becomes None, which JSON knows."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def calibrate(
    settled: Sequence[Settled], backed: Mapping[ClaimId, Mapping[str, float]], *, least: int
) -> Calibration:
    """Compares the panel with people; ``backed`` holds what each judge says of each claim, settled or not."""
    whole = [(one, pooled(backed.get(one.claim.id, {}), least=least)) for one in settled]
    found = [(one, value) for one, value in whole if value is not None]
    columns = _columns(found)
    first = np.array([_first_half(one) for one, _ in found], dtype=bool)
    names = sorted({judge for one in backed.values() for judge in one})
    matrix = np.array([[one.get(name, math.nan) for one in backed.values()] for name in names])
    matrix = matrix.reshape(len(names), len(backed))
    return Calibration(
        settled=len(settled),
        missing=len(settled) - len(found),
        alpha=interval_alpha(matrix),
        alpha_backed=nominal_alpha(np.where(np.isnan(matrix), np.nan, matrix >= 0.5)),
        panel=reliability("panel", columns),
        judges=tuple(reliability(name, _of_judge(settled, backed, name)) for name in names),
        categories=tuple(_by_category(found)),
        held_out=_held_out(columns, first),
    )


def reliability(name: str, scored: Scored) -> Reliability:
    return Reliability(
        name=name,
        claims=len(scored.good),
        good=float(scored.good.mean()) if len(scored.good) else math.nan,
        auc=auc(scored.good, scored.backing),
        brier=brier(scored.good, scored.backing),
        ece=ece(scored.good, scored.backing),
    )


def _columns(found: Sequence[tuple[Settled, float]]) -> Scored:
    return Scored(
        np.array([one.good for one, _ in found], dtype=bool),
        np.array([value for _, value in found], dtype=np.float64),
    )


def _of_judge(settled: Sequence[Settled], backed: Mapping[ClaimId, Mapping[str, float]], name: str) -> Scored:
    own = [(one, backed.get(one.claim.id, {}).get(name)) for one in settled]
    return _columns([(one, value) for one, value in own if value is not None])


def _by_category(found: Sequence[tuple[Settled, float]]) -> list[Reliability]:
    names = sorted({one.claim.category.value for one, _ in found if one.claim.category})
    return [
        reliability(name, _columns([(one, value) for one, value in found if one.claim.category == name]))
        for name in names
    ]


def _first_half(one: Settled) -> bool:
    """A coin that fell when the picture got its id: claims about one picture stay together."""
    return hashlib.sha256(f"calibrate {one.claim.image_id}".encode()).digest()[0] < 128


def _held_out(scored: Scored, first: Marks) -> HeldOut:
    taught, truth = scored.backing[first], scored.good[first]
    p, good = scored.backing[~first], scored.good[~first]
    bar = best_bar(truth, taught)
    after = scaled(p, truth=truth, taught=taught)
    commoner = bool(truth.mean() >= 0.5) if len(truth) else True
    return HeldOut(
        claims=len(p),
        bar=bar,
        agreement=agreement(good, p, bar),
        commonest=float((good == commoner).mean()) if len(good) else math.nan,
        brier=brier(good, after),
        ece=ece(good, after),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

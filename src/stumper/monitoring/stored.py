"""Numbers that only the database knows, as metrics: read when somebody scrapes, and kept for some seconds.

Nothing here runs on the path of a move. However many scrape, the database is asked once in ``KEPT_S``.
"""

from __future__ import annotations

import asyncio
import math
import shutil
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import StoreError
from stumper.monitoring import queries
from stumper.records import CampaignId, ClaimStatus, Verdict
from stumper.spending.queries import budget_of, spent_by
from stumper.store.database import Database

log = structlog.get_logger()

KEPT_S: Final = 10.0
PATIENCE_S: Final = 5.0
"""Prometheus gives a scrape up after 10 s; those of a database that hangs must not pile up here."""
ACTIVE_S: Final = 1800.0
"""Who began or ended a session within this time is there."""
MARKS_S: Final = 3600.0
TRUST_S: Final = 86_400.0
E_BOUNDS: Final = (0.01, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundNumbers:
    """What is seen of one round that is not closed."""

    campaign: str
    players: int
    e_values: Sequence[float]
    trust_e: float
    marks: dict[tuple[bool, str], int]
    """By (falsified?, verdict), on controls."""
    budget_spent: float | None
    """Part of the campaign's budget, 0 to 1; None without a budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What the database said at ``at``; ``up`` is False where it said nothing."""

    at: float
    up: bool = True
    claims: dict[ClaimStatus, int] = field(default_factory=dict)
    oldest_open_at: float | None = None
    points: int | None = None
    rounds: tuple[RoundNumbers, ...] = ()


class Stored(Collector):
    """Reads the numbers (`refresh`) and tells those it read last (`collect`)."""

    def __init__(self, database: Database, *, folder: Path) -> None:
        """``folder`` is where the disk must not become full."""
        self._database = database
        self._folder = folder
        self._last: Numbers | None = None
        self._turn = asyncio.Lock()

    async def refresh(self, *, now: float) -> None:
        """Asks the database, unless that was done within ``KEPT_S``; one that is away or hangs
        leaves none."""
        async with self._turn:
            if self._last is not None and 0 <= now - self._last.at < KEPT_S:
                return
            try:
                async with asyncio.timeout(PATIENCE_S):
                    self._last = await _read(self._database, now=now)
            except (StoreError, SQLAlchemyError, TimeoutError) as error:
                log.warning("the database tells no numbers", error=type(error).__name__)
                self._last = Numbers(at=now, up=False)

    def collect(self) -> Iterator[Metric]:
        yield from _disk(self._folder)
        last = self._last
        if last is None:
            return
        yield GaugeMetricFamily("stumper_database_up", "Whether the database answered.", value=last.up)
        if last.up:
            yield from _claims(last)
            yield from _rounds(last.rounds)
            yield _budgets(last.rounds)


async def _read(database: Database, *, now: float) -> Numbers:
    async with database.read() as tx:
        return Numbers(
            at=now,
            claims=await queries.claims_by_status(tx),
            oldest_open_at=await queries.oldest_open(tx),
            points=await queries.points_paid(tx),
            rounds=tuple([await _round(tx, one, now=now) for one in await queries.unclosed_rounds(tx)]),
        )


async def _round(tx: AsyncConnection, one: queries.Unclosed, *, now: float) -> RoundNumbers:
    return RoundNumbers(
        campaign=one.campaign,
        players=await queries.players_since(tx, one.round_id, now - ACTIVE_S),
        e_values=await queries.e_values(tx, one.round_id, now - TRUST_S),
        trust_e=one.rules.trust_e,
        marks=await queries.control_marks(tx, one.round_id, now - MARKS_S),
        budget_spent=await _budget_spent(tx, one.campaign_id),
    )


async def _budget_spent(tx: AsyncConnection, campaign_id: CampaignId) -> float | None:
    budget = await budget_of(tx, campaign_id)
    return None if budget is None else budget.used(await spent_by(tx, campaign_id))


def _disk(folder: Path) -> Iterator[Metric]:
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    usage = shutil.disk_usage(there)
    yield GaugeMetricFamily("stumper_disk_free_bytes", "Bytes free where the data are.", value=usage.free)
    yield GaugeMetricFamily(
        "stumper_disk_size_bytes", "Bytes of the disk where the data are.", value=usage.total
    )


def _claims(last: Numbers) -> Iterator[Metric]:
    claims = GaugeMetricFamily("stumper_claims", "Claims, by what became of them.", labels=["status"])
    for status, n in last.claims.items():
        claims.add_metric([status], n)
    yield claims
    waited_s = 0.0 if last.oldest_open_at is None else max(0.0, last.at - last.oldest_open_at)
    yield GaugeMetricFamily(
        "stumper_oldest_claim_seconds", "Age of the claim that has waited longest for votes.", value=waited_s
    )
    yield GaugeMetricFamily("stumper_ledger_points", "Sum of all players' points.", value=last.points)


def _rounds(rounds: Sequence[RoundNumbers]) -> Iterator[Metric]:
    players = GaugeMetricFamily(
        "stumper_players_active", "Players who began or ended a session in half an hour.", labels=["campaign"]
    )
    sessions = GaugeMetricFamily(
        "stumper_graded_sessions",
        "Graded sessions of a day, the newest 1,000, by whether their player is trusted now.",
        labels=["campaign", "trusted"],
    )
    marks = GaugeMetricFamily(
        "stumper_control_marks",
        "Marks on controls in sessions graded within an hour, the newest 1,000.",
        labels=["campaign", "falsified", "verdict"],
    )
    evidence = GaugeHistogramMetricFamily(
        "stumper_e_value", "E-values of the players of those graded sessions.", labels=["campaign"]
    )
    for one in rounds:
        players.add_metric([one.campaign], one.players)
        trusted = sum(value >= one.trust_e for value in one.e_values)
        sessions.add_metric([one.campaign, "yes"], trusted)
        sessions.add_metric([one.campaign, "no"], len(one.e_values) - trusted)
        for falsified in (True, False):
            for verdict in Verdict:
                name = [one.campaign, "yes" if falsified else "no", verdict]
                marks.add_metric(name, one.marks.get((falsified, verdict), 0))
        evidence.add_metric([one.campaign], buckets(one.e_values), sum(one.e_values))
    yield from (players, sessions, marks, evidence)


def _budgets(rounds: Sequence[RoundNumbers]) -> Metric:
    spent = GaugeMetricFamily(
        "stumper_budget_spent_ratio",
        "Spent part of a campaign's budget for models, 0 to 1; none without a budget.",
        labels=["campaign"],
    )
    for one in rounds:
        if one.budget_spent is not None:
            spent.add_metric([one.campaign], one.budget_spent)
    return spent


def buckets(values: Sequence[float]) -> list[tuple[str, float]]:
    """Returns how many values are at most each bound of ``E_BOUNDS``, as Prometheus writes a histogram."""
    ordered = sorted(values)
    return [
        ("+Inf" if bound == math.inf else str(bound), float(bisect_right(ordered, bound)))
        for bound in E_BOUNDS
    ]

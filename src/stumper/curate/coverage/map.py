"""The map: category x kind of picture, things and sources, of one campaign (counts come from `queries`)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper import campaigns
from stumper.curate.bounties import WANTED, Bounty, bounties_now
from stumper.curate.coverage import queries
from stumper.curate.coverage.rates import Answer, Rate, by_category
from stumper.records import Campaign, Category, ImageKind

KINDS: Final = (ImageKind.UNTAINTED, ImageKind.TAINTED)
SESSIONS: Final = 500
"""Of the newest sessions of trusted players: what they ask and how the model fares."""
ASKED_IN: Final = 1_000
"""Sessions whose questions are counted, for all."""
THINGS: Final = 30
PICTURES: Final = 5_000
"""Busy pictures whose things are counted, for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One category on one kind of picture."""

    category: Category
    kind: ImageKind
    collected: int
    open: int
    """Claims that wait for votes."""
    asked: int
    """Questions, estimated from the newest sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One category: what is there, and what is wanted. Only busy pictures give examples."""

    cells: tuple[Cell, ...]
    """In the order of ``KINDS``."""
    rate: Rate
    """The model's error rate on busy pictures."""
    bounty: Bounty | None
    """None: the target mix does not want it."""

    @property
    def category(self) -> Category:
        return self.cells[0].category


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    name: str
    pictures: int
    """Busy pictures that are annotated with it; an estimate where there are more than ``PICTURES``."""
    examples: dict[Category, int]
    """About these pictures; an estimate too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    name: str
    pictures: int
    examples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Where a campaign stands against its target mix."""

    campaign: str
    round: int
    model: str
    rows: tuple[Row, ...]
    unnamed: int
    """Open claims whose category curation has not named yet."""
    judged: int
    """Answers on busy pictures behind the error rates."""
    things: tuple[Thing, ...]
    """The commonest annotated ones."""
    sources: tuple[Source, ...]

    @property
    def collected(self) -> int:
        return sum(cell.collected for row in self.rows for cell in row.cells)

    @property
    def balance(self) -> float | None:
        """Entropy of the categories, 1: even over the eleven, 0: one alone; None without examples."""
        counts = [sum(cell.collected for cell in row.cells) for row in self.rows]
        shares = [n / self.collected for n in counts if n]
        return abs(math.fsum(p * math.log(p) for p in shares)) / math.log(len(WANTED)) if shares else None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "collected": self.collected, "balance": self.balance}


async def coverage(tx: AsyncConnection, campaign: Campaign) -> Coverage:
    """Returns the map of a campaign now. Raises NotFound without a round, BadSetting for a bad target."""
    round_ = await campaigns.current_round(tx, campaign.id)
    answers = await queries.newest_answers(tx, round_.id, trust_e=campaign.rules.trust_e, sessions=SESSIONS)
    waiting = await queries.open_claims(tx, campaign.id)
    return Coverage(
        campaign=campaign.name,
        round=round_.number,
        model=round_.model_ref,
        rows=rows_of(
            await queries.examples(tx, campaign.id),
            waiting,
            asked=spread(await queries.asked(tx, campaign.id, sessions=ASKED_IN), answers),
            rates=by_category(answers),
            bounties=await bounties_now(tx, campaign.id),
        ),
        unnamed=sum(n for (category, _), n in waiting.items() if category is None),
        judged=sum(not one.control for one in answers),
        things=tuple(
            Thing(name=name, pictures=n, examples=held)
            for name, (n, held) in (
                await queries.things(tx, campaign.id, most=THINGS, pictures=PICTURES)
            ).items()
        ),
        sources=tuple(
            Source(name=name, pictures=n, examples=held)
            for name, (n, held) in (await queries.sources(tx, campaign.id)).items()
        ),
    )


def spread(asked: Mapping[ImageKind, int], answers: Sequence[Answer]) -> Counter[tuple[Category, ImageKind]]:
    """Spreads the questions on each kind of picture over the categories as in ``answers``; exact where these
    are all. Without answers on a kind nothing is told of it.
    """
    seen = Counter((one.category, one.kind) for one in answers)
    of_kind = Counter(one.kind for one in answers)
    return Counter({key: round(n * asked.get(key[1], 0) / of_kind[key[1]]) for key, n in seen.items() if n})


def rows_of(
    examples: Mapping[tuple[Category | None, ImageKind], int],
    waiting: Mapping[tuple[Category | None, ImageKind], int],
    *,
    asked: Mapping[tuple[Category, ImageKind], int],
    rates: Mapping[Category, Rate],
    bounties: Sequence[Bounty],
) -> tuple[Row, ...]:
    """Returns a row for every category but ``invalid``, what is wanted most first."""
    wanted = {one.category: one for one in bounties}
    rows = [
        Row(
            cells=tuple(
                Cell(
                    category=category,
                    kind=kind,
                    collected=examples.get((category, kind), 0),
                    open=waiting.get((category, kind), 0),
                    asked=asked.get((category, kind), 0),
                )
                for kind in KINDS
            ),
            rate=rates[category],
            bounty=wanted.get(category),
        )
        for category in WANTED
    ]
    return tuple(sorted(rows, key=lambda row: -row.bounty.weight if row.bounty else 0.0))

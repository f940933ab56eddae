"""Writes what a campaign's people did as one file: enough to estimate beliefs again, nothing that names them.

A player has the campaign's pseudonym, as in its releases; a forgotten one has another, so that nothing leads
from what is left of them back to an older file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stumper.curate.pipeline import pseudonym
from stumper.records import CampaignId, PlayerId
from stumper.release.portable import portable_ref
from stumper.release.raw import queries
from stumper.release.raw.columns import COLUMNS, Kind
from stumper.release.raw.sinks import Record, open_sink
from stumper.store.database import Database
from stumper.trust.jury import Jury
from stumper.trust.watch.find import jury

CHUNK: Final = 5_000
"""Rows in memory at once: some ten megabytes."""


async def export(
    database: Database, kind: Kind, target: Path, *, campaign_id: CampaignId, chunk: int = CHUNK
) -> int:
    """Writes the rows of one kind in the order of their ids; returns how many there are.

    What is played meanwhile may be in it or not. Raises BadInput for a file that cannot be written.
    """
    written, after = 0, ""
    async with database.read() as tx:
        weighed = await jury(tx, campaign_id)
    with open_sink(target, COLUMNS[kind]) as sink:
        while True:
            async with database.read() as tx:
                page = await queries.page(tx, kind, campaign_id, after=after, limit=chunk)
            if not page:
                return written
            after = page[-1]["id"]
            rows = [_record(kind, row, campaign_id, weighed) for row in page if _ours(kind, row, campaign_id)]
            await asyncio.to_thread(sink.write, rows)
            written += len(rows)


def _ours(kind: Kind, row: Mapping[str, Any], campaign_id: CampaignId) -> bool:
    if kind is Kind.PLAYERS:
        return bool(row["there"])
    judged = kind is not Kind.MARKS or row["verdict"] is not None
    return judged and bool(row["campaign_id"] == campaign_id)


def _record(kind: Kind, row: Mapping[str, Any], campaign_id: CampaignId, weighed: Jury) -> Record:
    player_id = PlayerId(row["who"])
    forgotten = row["forgotten_at"] is not None
    values: dict[str, Any] = {**row, "player": name_of(campaign_id, player_id, forgotten=forgotten)}
    if kind is Kind.MARKS:
        values |= {
            "graded": row["graded_at"] is not None,
            "image": row["image_id"],
            "ideas": len(row["ideas"] or ()),
        }
    elif kind is Kind.VOTES:
        values |= {"claim": row["claim_id"]}
    elif kind is Kind.CLAIMS:
        values |= {"mark": row["exchange_id"], "image": row["image_id"]}
    else:
        values |= {
            "weight": weighed.weights.get(player_id, 1.0),
            "group": weighed.group.get(player_id),
            "forgotten": forgotten,
            "plays": None if row["model_ref"] is None else portable_ref(row["model_ref"]),
        }
    if kind in (Kind.MARKS, Kind.CLAIMS):
        values["model"] = portable_ref(values["model_ref"])
    return {name: values[name] for name in COLUMNS[kind]}


def name_of(campaign_id: CampaignId, player_id: PlayerId, *, forgotten: bool) -> str:
    """Returns the name under which raw files know a player."""
    return pseudonym(campaign_id, PlayerId(f"{player_id} forgotten") if forgotten else player_id)

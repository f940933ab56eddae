"""Looks for signals in all that a campaign's players left behind, keeps them, and says what follows.

A run again renews what it finds. What the operator dismissed stays dismissed unless it has become a hundred
times as likely; what is not found any more lapses. `jury` is how votes are weighed by what counts now.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import CampaignId, PlayerId
from stumper.store.database import Database
from stumper.trust.crowd import Array
from stumper.trust.jury import Jury, groups
from stumper.trust.signals import JOINT, Kind, Signal, detect, weight
from stumper.trust.traces import UNKNOWN, Traces, check, codes, opening, plain, reads_like_a_model
from stumper.trust.watch import queries
from stumper.trust.watch.kept import COUNTS, Facts, Noticed, State, Stored
from stumper.trust.watch.queries import SETTLED

REOPENS: Final = math.log(100.0)
"""By so much a dismissed signal must have grown to be open again."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one look found."""

    players: int
    found: int
    """Signals in all."""
    new: int
    """Of them, that were not open or upheld before."""
    lapsed: int


async def find_signals(database: Database, campaign_id: CampaignId, *, now: float) -> Report:
    """Looks for signals in a campaign and writes what changed. May be called at any time."""
    async with database.read() as tx:
        people, traces = await read_traces(tx, campaign_id)
    found = await asyncio.to_thread(detect, traces)
    async with database.begin() as tx:
        await queries.hold_campaign(tx, campaign_id)
        known = {(one.player_id, one.kind): one for one in await queries.signals(tx, campaign_id)}
        seen = {(people[one.player], one.kind): _stored(one, people, known) for one in found}
        for key, one in seen.items():
            await queries.write_signal(tx, campaign_id, one, known=key in known, now=now)
        gone = [one for key, one in known.items() if key not in seen and one.state is State.OPEN]
        for old in gone:
            lapsed = Stored(old.player_id, old.kind, old.strength, old.facts, State.LAPSED)
            await queries.write_signal(tx, campaign_id, lapsed, known=True, now=now)
    new = sum(
        one.state is State.OPEN and (key not in known or known[key].state not in COUNTS)
        for key, one in seen.items()
    )
    return Report(players=len(people), found=len(seen), new=new, lapsed=len(gone))


def _stored(one: Signal, people: Sequence[PlayerId], known: dict[tuple[PlayerId, Kind], Noticed]) -> Stored:
    """Returns the signal as it is to be kept, in the state that the operator's word leaves it."""
    player_id = people[one.player]
    partners = [people[partner] for partner in one.partners]
    facts = Facts(common=one.common, chances=one.chances, q=one.q, partners=partners)
    before = known.get((player_id, one.kind))
    if before is None or before.state in (State.OPEN, State.LAPSED):
        return Stored(player_id, one.kind, one.strength, facts, State.OPEN)
    if before.state is State.DISMISSED:
        if one.strength > before.strength + REOPENS:
            return Stored(player_id, one.kind, one.strength, facts, State.OPEN)
        # What was dismissed is what the operator saw: else it could grow unseen, a little at a time.
        return Stored(player_id, one.kind, before.strength, before.facts, State.DISMISSED)
    return Stored(player_id, one.kind, one.strength, facts, before.state)


async def read_traces(tx: AsyncConnection, campaign_id: CampaignId) -> tuple[list[PlayerId], Traces]:
    """Returns everybody who played or voted, and the traces in which they are numbered in that order."""
    rows = await queries.campaign_players(tx, campaign_id)
    people = [PlayerId(player_id) for player_id, _ in rows]
    index = {player_id: n for n, player_id in enumerate(people)}
    known = {network: n for n, network in enumerate(sorted({network for _, network in rows if network}))}
    sessions = await queries.session_rows(tx, campaign_id)
    exchanges = await queries.exchange_rows(tx, campaign_id)
    votes = await queries.vote_rows(tx, campaign_id)

    def who(column: Iterable[str]) -> Any:
        return np.fromiter((index[PlayerId(one)] for one in column), np.int64)

    traces = Traces(
        players=len(people),
        network=np.array([known.get(network or "", UNKNOWN) for _, network in rows], dtype=np.int64),
        session_player=who(row.player_id for row in sessions),
        session_start=np.array([row.started_at for row in sessions], dtype=float),
        session_end=np.array([row.finished_at for row in sessions], dtype=float),
        asker=who(row.player_id for row in exchanges),
        **_wording(exchanges),
        voter=who(row.voter for row in votes),
        author=who(row.author for row in votes),
        claim=codes(row.claim_id for row in votes),
        yes=np.array([row.model_wrong and row.correction_right for row in votes], dtype=bool),
        settled=np.array([SETTLED.get(row.status, UNKNOWN) for row in votes], dtype=np.int64),
    )
    return people, check(traces)


def _wording(rows: Sequence[Any]) -> dict[str, Any]:
    """Returns the columns of exchanges but for who asked."""
    pasted = [UNKNOWN if row.pasted is None else int(row.pasted) for row in rows]
    return {
        "image": codes(row.image_id for row in rows),
        "text": codes(plain(row.question) for row in rows),
        "opening": codes(opening(row.question) for row in rows),
        "write_s": _write_s(rows),
        "read_s": _seconds((row.judged_at, row.answered_at) for row in rows),
        "letters": np.array([len(row.question) for row in rows], dtype=np.int64),
        "answer_words": np.array([len(row.shown_answer.split()) for row in rows], dtype=np.int64),
        "pasted": np.array(pasted, dtype=np.int64),
        "model_like": np.array([reads_like_a_model(row.correction) for row in rows], dtype=bool),
    }


def _write_s(rows: Sequence[Any]) -> Array:
    """Returns the time from when the picture was there, or the last answer was marked, to the question."""
    free: list[float | None] = []
    for number, row in enumerate(rows):
        first = number == 0 or rows[number - 1].turn_id != row.turn_id
        free.append(row.opened_at if first else rows[number - 1].judged_at)
    return _seconds((row.asked_at, since) for row, since in zip(rows, free, strict=True))


def _seconds(times: Iterable[tuple[float | None, float | None]]) -> Array:
    """Returns later less earlier, nan where one is missing."""
    lasted = [np.nan if later is None or since is None else later - since for later, since in times]
    return np.array(lasted, dtype=float)


async def jury(
    tx: AsyncConnection, campaign_id: CampaignId, *, players: Collection[PlayerId] | None = None
) -> Jury:
    """Returns how votes are weighed by the signals that count now, of all players or of some."""
    return weigh(await queries.signals(tx, campaign_id, players=players, counting=True))


def weigh(counting: Iterable[Noticed]) -> Jury:
    """Returns each player's weight and the groups that act as one (pure)."""
    strengths: dict[PlayerId, dict[Kind, float]] = {}
    listed = list(counting)
    for one in listed:
        strengths.setdefault(one.player_id, {})[one.kind] = one.strength
    # Both sides must count: whoever was cleared is nobody's accomplice.
    ties = [
        (one.player_id, partner)
        for one in listed
        if one.kind in JOINT
        for partner in one.facts.partners
        if one.kind in strengths.get(partner, {})
    ]
    weights = {player: weight(known) for player, known in strengths.items()}
    return Jury(weights={player: own for player, own in weights.items() if own < 1.0}, group=groups(ties))

"""Are the moves that clients saw acknowledged in the store, once and as they were told?

A journal is a text file of JSON objects, one a line, in the order of the acknowledgements of one client:

    {"kind": "joined", "player": P}
    {"kind": "started", "player": P, "session": S}
    {"kind": "asked", "session": S, "turn": T, "key": K, "exchange": E, "answer": A}
    {"kind": "judged", "session": S, "exchange": E, "verdict": V, "correction": C or null}
    {"kind": "undone", "session": S, "exchange": E}
    {"kind": "left", "session": S, "turn": T}
    {"kind": "graded", "session": S}
    {"kind": "voted", "claim": C, "player": P}
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import BadInput
from stumper.upkeep.checker import queries

Told = Mapping[str, Any]

_FIELDS: Final = {
    "joined": {"player"},
    "started": {"player", "session"},
    "asked": {"session", "turn", "key", "exchange", "answer"},
    "judged": {"session", "exchange", "verdict", "correction"},
    "undone": {"session", "exchange"},
    "left": {"session", "turn"},
    "graded": {"session"},
    "voted": {"claim", "player"},
}


class Compared(NamedTuple):
    """What became of the acknowledged moves."""

    moves: int
    lost: tuple[str, ...]
    """Acknowledged, and not there or otherwise; ``kind id: why``."""
    doubled: tuple[str, ...]


def read_journals(paths: Iterable[Path]) -> list[Told]:
    """Returns the acknowledgements of some files, in order. Raises BadInput for a line that is none."""
    told: list[Told] = []
    for path in paths:
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}. Give a journal of moves.") from error
        told += [_acknowledgement(line, f"Line {number} of {path}") for number, line in enumerate(lines, 1)]
    return told


def _acknowledgement(line: bytes, place: str) -> Told:
    try:
        one: Told = json.loads(line)
        missing = _FIELDS[one["kind"]] - one.keys()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{place} is no acknowledgement. Give a journal of moves.") from error
    if missing:
        raise BadInput(f"{place} lacks {', '.join(sorted(missing))}. Give a journal of whole moves.")
    return one


async def compare(tx: AsyncConnection, told: Sequence[Told]) -> Compared:
    """Looks every acknowledged move up, a session at a time."""
    by_session: dict[str, list[Told]] = defaultdict(list)
    lost: list[str] = []
    doubled: list[str] = []
    for one in told:
        if "session" in one:
            by_session[one["session"]].append(one)
        elif one["kind"] == "joined" and not await queries.has_player(tx, one["player"]):
            lost.append(f"joined {one['player']}: no such player")
        elif one["kind"] == "voted":
            found = await queries.voters(tx, one["claim"], one["player"])
            if found != 1:
                (lost if not found else doubled).append(f"voted {one['claim']}: {found} votes")
    for session_id, moves in by_session.items():
        found_here = await _compare_session(tx, session_id, moves)
        lost += found_here.lost
        doubled += found_here.doubled
    return Compared(len(told), tuple(lost), tuple(doubled))


async def _compare_session(tx: AsyncConnection, session_id: str, moves: Sequence[Told]) -> Compared:
    stored = await queries.session_of(tx, session_id)
    if stored is None:
        return Compared(
            len(moves), tuple(f"{one['kind']} {session_id}: no such session" for one in moves), ()
        )
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in await queries.exchanges_of(tx, session_id):
        rows[row.id].append(row)
    closed = await queries.closed_turns(tx, session_id)
    begun = (one for one in moves if one["kind"] == "started" and one["player"] != stored.player_id)
    lost = [
        *(f"started {session_id}: {one['player']} did, {stored.player_id} is stored" for one in begun),
        *(fault for one in moves if one["kind"] == "asked" for fault in _asked(one, rows[one["exchange"]])),
        *_judged(moves, rows),
        *(f"left {one['turn']}: still open" for one in _lasting(moves) if one["turn"] not in closed),
    ]
    graded = any(one["kind"] == "graded" for one in moves)
    if graded and (stored.graded_at is None or stored.finished_at is None):
        lost.append(f"graded {session_id}: not graded")
    doubled = [f"asked {id_}: {len(some)} rows" for id_, some in rows.items() if len(some) > 1]
    keys = [(row.turn_id, row.key) for some in rows.values() for row in some]
    doubled += [f"asked {turn} {key}: twice" for turn, key in sorted({k for k in keys if keys.count(k) > 1})]
    return Compared(len(moves), tuple(lost), tuple(doubled))


def _asked(one: Told, rows: Sequence[Any]) -> Iterator[str]:
    for row in rows[:1]:
        if (row.turn_id, row.key, row.shown_answer) != (one["turn"], one["key"], one["answer"]):
            yield f"asked {one['exchange']}: stored otherwise"
    if not rows:
        yield f"asked {one['exchange']}: not there"


def _judged(moves: Sequence[Told], rows: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """The last word on each answer counts: a verdict may have been taken back."""
    last: dict[str, Told] = {one["exchange"]: one for one in moves if one["kind"] in ("judged", "undone")}
    for exchange_id, one in last.items():
        said = (one["verdict"], one["correction"]) if one["kind"] == "judged" else (None, None)
        for row in rows.get(exchange_id, ())[:1]:
            if (row.verdict, row.correction) != said:
                yield f"{one['kind']} {exchange_id}: {row.verdict} is stored"
        if not rows.get(exchange_id):
            yield f"{one['kind']} {exchange_id}: not there"


def _lasting(moves: Sequence[Told]) -> list[Told]:
    """Turns left for good: an undo opens the turn again, and those after it."""
    undone = max((place for place, one in enumerate(moves) if one["kind"] == "undone"), default=-1)
    return [one for place, one in enumerate(moves) if one["kind"] == "left" and place > undone]

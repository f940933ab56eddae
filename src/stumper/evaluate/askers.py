"""People beside models that play, and questions with and without suggestion: what each found, and its cost.

Only questions on pictures that are no controls are compared: only there a mistake becomes a claim. Nobody
drew by lot who asked, or who took an idea, so a difference may lie in who they are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.classify import classify_many
from stumper.curate.dedup import asks
from stumper.evaluate import queries
from stumper.records import Category, ClaimStatus, PlayerKind
from stumper.release.balance import CATEGORIES, entropy
from stumper.release.portable import portable_ref

Holds = Callable[[str, str, str], bool | None]
"""Whether an answer (image, question, answer) is right, where the truth is known; else None."""
KINDS: Final = {
    PlayerKind.HUMAN.value: "people",
    PlayerKind.SIMULATED.value: "simulated people",
    PlayerKind.MODEL.value: "models",
}
OWN: Final = "own question"
_Z: Final = 1.959964
_DRAWN: Final = 100


class Share(NamedTuple):
    """A share of ``of``, with its 95 % interval (Wilson); all 0..1, nan of nothing."""

    mean: float
    low: float
    high: float
    of: int


@dataclass(frozen=True, slots=True)
class AskedRow:
    """One question that was answered, on a picture that is no control, in a finished session."""

    player_id: str
    kind: str
    model_ref: str | None
    method: str | None
    suggested: str | None
    image_id: str
    question: str
    seconds: float | None
    """From the question to its mark; None without one."""
    status: str | None
    """Of its claim; None without one."""
    model_answer: str | None
    correction: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What models that play have spent, controls included; zeros for people."""

    calls: int = 0
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """One kind of asker, or one kind of question."""

    name: str
    players: int
    questions: int
    claims: Share
    """Of the questions."""
    validated: Share
    """Accepted ones of the claims that are decided."""
    true: Share
    """Accepted ones that are really true, where the truth is known (simulated worlds)."""
    categories: dict[str, int]
    """Of the questions, without what is none."""
    entropy: float
    """Of these over that of eleven equal parts, 0..1."""
    distinct: float
    """Expected different questions among ``Askers.drawn`` of them."""
    seconds: float
    """Median from question to mark; nan where none is known."""
    effort: Effort


@dataclass(frozen=True, slots=True, kw_only=True)
class Askers:
    by_kind: tuple[Asker, ...]
    """People, simulated people, then each model with its method."""
    by_suggestion: tuple[Asker, ...]
    """Questions of people: their own, then each kind of suggestion; empty where nothing was suggested."""
    drawn: int
    """So many questions are drawn of each kind to count the different ones."""

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; shares as objects."""
        plain = asdict(self)
        for told in (*plain["by_kind"], *plain["by_suggestion"]):
            told |= {name: told[name]._asdict() for name in ("claims", "validated", "true")}
        return plain


async def load_askers(tx: AsyncConnection, round_id: str, *, holds: Holds | None = None) -> Askers:
    """Returns the comparison of a round as it is now."""
    spent: dict[str, Effort] = {}
    for player_id, more in await queries.efforts(tx, round_id=round_id):
        before = spent.get(player_id, Effort())
        spent[player_id] = Effort(
            calls=before.calls + int(more.get("calls", 0)),
            tokens=before.tokens + int(more.get("tokens", 0)),
            seconds=before.seconds + float(more.get("seconds", 0.0)),
        )
    rows = [AskedRow(*row) for row in await queries.asked(tx, round_id=round_id)]
    return compare(rows, spent, holds=holds)


def compare(rows: Sequence[AskedRow], effort: Mapping[str, Effort], *, holds: Holds | None = None) -> Askers:
    """Compares (pure); ``effort`` is by player."""
    kinds = _grouped(rows, lambda row: _name(row))
    people = [row for row in rows if row.kind != PlayerKind.MODEL.value]
    suggestions = _grouped(people, lambda row: row.suggested or OWN)
    if set(suggestions) <= {OWN}:
        suggestions = {}
    groups = (*kinds.values(), *suggestions.values())
    drawn = min((_DRAWN, *(len(one) for one in groups)))
    return Askers(
        by_kind=tuple(_asker(name, kinds[name], effort, holds, drawn) for name in sorted(kinds, key=_order)),
        by_suggestion=tuple(
            _asker(name, suggestions[name], {}, holds, drawn)
            for name in sorted(suggestions, key=lambda one: (one != OWN, one))
        ),
        drawn=drawn,
    )


def _name(row: AskedRow) -> str:
    return f"{portable_ref(row.model_ref)} ({row.method})" if row.model_ref else KINDS[row.kind]


def _order(name: str) -> tuple[int, str]:
    known = list(KINDS.values())
    return (known.index(name) if name in known else len(known), name)


def _grouped(rows: Iterable[AskedRow], key: Callable[[AskedRow], str]) -> dict[str, list[AskedRow]]:
    found: dict[str, list[AskedRow]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _asker(
    name: str, rows: Sequence[AskedRow], effort: Mapping[str, Effort], holds: Holds | None, drawn: int
) -> Asker:
    players = {row.player_id for row in rows}
    claims = [row for row in rows if row.status is not None]
    accepted = [row for row in claims if row.status == ClaimStatus.ACCEPTED.value]
    decided = [row for row in claims if row.status and ClaimStatus(row.status).settled]
    told = [_true(row, holds) for row in accepted]
    known = [one for one in told if one is not None]
    labelled = Counter(one.category for one in classify_many([row.question for row in rows]))
    counts = np.array([labelled[one] for one in CATEGORIES], dtype=np.int64)
    took = sorted(row.seconds for row in rows if row.seconds is not None)
    spent = [effort[one] for one in players if one in effort]
    return Asker(
        name=name,
        players=len(players),
        questions=len(rows),
        claims=share(len(claims), len(rows)),
        validated=share(len(accepted), len(decided)),
        true=share(sum(known), len(known)),
        categories={
            str(one): labelled[one] for one in CATEGORIES if labelled[one] and one is not Category.INVALID
        },
        entropy=entropy(counts),
        distinct=distinct(Counter(asks(row.question) for row in rows).values(), drawn),
        seconds=took[len(took) // 2] if took else math.nan,
        effort=Effort(
            calls=sum(one.calls for one in spent),
            tokens=sum(one.tokens for one in spent),
            seconds=round(sum(one.seconds for one in spent), 1),
        ),
    )


def _true(row: AskedRow, holds: Holds | None) -> bool | None:
    """Tells whether the model was wrong and the correction is right; None where that is not known."""
    if holds is None:
        return None
    right = holds(row.image_id, row.question, row.correction or "")
    model = holds(row.image_id, row.question, row.model_answer or "")
    return None if right is None or model is None else right and not model


def share(n: int, of: int) -> Share:
    """Returns n / of with its Wilson interval (Wilson 1927).

    >>> [round(one, 3) for one in share(5, 10)]
    [0.5, 0.237, 0.763, 10]
    """
    if not of:
        return Share(math.nan, math.nan, math.nan, 0)
    p, z2 = n / of, _Z * _Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Share(p, max(0.0, middle - half), min(1.0, middle + half), of)


def distinct(counts: Iterable[int], drawn: int) -> float:
    """Returns how many different ones are expected among ``drawn`` of all, drawn without putting back.

    So groups of different sizes compare (rarefaction, Hurlbert 1971). ``counts``: how often each occurs;
    their sum is at least ``drawn``.

    >>> distinct([1, 1, 1], 2), distinct([3], 2)
    (2.0, 1.0)
    """
    each = list(counts)
    ways = math.comb(sum(each), drawn)
    total = sum(each)
    return math.fsum(1.0 - math.comb(total - n, drawn) / ways for n in each) if each else 0.0

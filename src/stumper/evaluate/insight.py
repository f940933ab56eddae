"""What play tells about the model under test, and about who played: rows -> one fitted model -> an `Insight`.

The model is `trust.skill`, the rates are `trust.error_rates`; here are only rows, names and what cannot be
known. Categories come from the question alone, the same rule for what was marked Wrong and Correct.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Cause
from stumper.curate.classify import classify_many
from stumper.errors import NotFound
from stumper.evaluate import queries
from stumper.evaluate.askers import Askers, Holds, load_askers
from stumper.evaluate.queries import JudgedAnswer, Opinion
from stumper.records import Campaign, Category, Round, RoundId, Verdict
from stumper.trust.crowd import sigmoid
from stumper.trust.error_rates import ErrorRates, Rate, error_rates
from stumper.trust.playlog import PlayLog, tabulate_play
from stumper.trust.skill import SPEED, TIRED, Fit, fit_skill

LIMITS: Final = (
    "Misses are not seen: how many follows from how well the same people see as voters, who are shown the "
    "correction as well.",
    "How people see on busy pictures cannot be told from controls, which are easy; without votes only "
    "relative rates are given.",
    "The rates are for the questions that people asked, made to stump the model; other questions differ.",
    "An error that all voters share (an ambiguous question) counts as the model's, or as none.",
    "A player who sees well and one who asks what is easy to see look alike; so do a hard picture and a "
    "question that only good finders ask about it.",
)
CATEGORIES: Final = tuple(one for one in Category if one is not Category.INVALID)
NORMAL_95: Final = 1.96
HARDEST: Final = 5


class Level(NamedTuple):
    """A level of the whole crowd with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Who played. ``sees``, ``alarms``: P(says Wrong | it is, it is not) of the median player, fresh."""

    players: int
    trusted: int
    sees_control: Level
    alarms_control: Level
    sees_busy: Level
    alarms_busy: Level
    tired: Level
    """Logits of seeing lost a turn; above zero, people tire."""
    slow: float
    """Logits gained by an e-fold longer look than usual for this player."""
    seconds: float
    """Median from answer to mark on the first control."""
    quick_and_sharp: float
    """Correlation over players of speed and seeing on busy pictures; below zero, the quick see more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """All that `stumper insight` tells."""

    campaign: str
    round: int
    model: str
    marks: int
    votes: int
    left_out: int
    """Answers to what is no question about the picture."""
    audited_share: float
    """Of the answers on busy pictures, those with a known truth or two votes; nan without any."""
    categories: tuple[tuple[str, Rate], ...]
    """Largest error first; those nobody asked for are not here."""
    overall: Rate
    crowd: Crowd
    hardest: tuple[tuple[str, float], ...]
    """Pictures on which the model errs most beyond its categories and askers: id, logits."""
    note: str
    """Why there are no absolute rates, or empty."""
    askers: Askers | None = None
    """People beside models that play, and questions with and without suggestion."""
    limits: tuple[str, ...] = LIMITS

    @property
    def absolute(self) -> bool:
        return not self.note

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; nan becomes None."""
        plain = asdict(self)
        plain["categories"] = [{"name": name, **_rate(rate)} for name, rate in self.categories]
        plain["overall"] = _rate(self.overall)
        plain["crowd"] = {
            name: value._asdict() if isinstance(value, Level) else value
            for name in self.crowd.__slots__
            for value in [getattr(self.crowd, name)]
        }
        plain["askers"] = None if self.askers is None else self.askers.to_json()
        plain["hardest"] = [{"image": image, "logits": at} for image, at in self.hardest]
        found: dict[str, Any] = _finite(plain)
        return found


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "asked": rate.asked,
        "marked": rate.marked,
        "audited": rate.audited,
        "error": None if rate.error is None else rate.error._asdict(),
        "relative": rate.relative._asdict(),
    }


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """Rows of one round."""

    campaign: str
    round: int
    model: str
    answers: Sequence[JudgedAnswer]
    opinions: Sequence[Opinion]
    trusted: int
    askers: Askers | None = None


async def load_played(
    tx: AsyncConnection,
    campaign: Campaign,
    rounds: Sequence[Round],
    *,
    number: int | None = None,
    truths: Callable[[RoundId], Holds | None] = lambda _: None,
) -> Played:
    """Returns the rows of a round of the campaign; without a number, of the newest that was played.

    ``truths`` tells what is known to be true of a round, where it was played in a simulated world.
    Raises NotFound for a number that is not there.
    """
    wanted = [one for one in rounds if number is None or one.number == number]
    if not wanted:
        raise NotFound(f"{campaign.name!r} has no round {number}. See: stumper round list")
    for one in sorted(wanted, key=lambda one: -one.number):
        answers = await queries.judged_answers(tx, round_id=one.id)
        if answers:
            break
    return Played(
        campaign=campaign.name,
        round=one.number,
        model=one.model_ref,
        answers=answers,
        opinions=await queries.opinions(tx, round_id=one.id),
        trusted=await queries.trusted_players(tx, round_id=one.id, trust_e=campaign.rules.trust_e),
        askers=await load_askers(tx, one.id, holds=truths(one.id)),
    )


def insight(played: Played, *, seed: int = 1) -> Insight:
    """Fits the model and says what follows (pure; a minute for a million marks)."""
    categories = [one.category for one in classify_many([row.question for row in played.answers])]
    kept = [
        (row, category)
        for row, category in zip(played.answers, categories, strict=True)
        if row.control or category is not Category.INVALID
    ]
    images = list(dict.fromkeys(row.image_id for row, _ in kept))
    log = _tabulate(kept, images, played.opinions)
    fit = fit_skill(log)
    rates = error_rates(log, fit, seed=seed)
    busy = int(log.busy.sum())
    return Insight(
        campaign=played.campaign,
        round=played.round,
        model=played.model,
        marks=len(kept),
        votes=len(log.item),
        left_out=len(played.answers) - len(kept),
        audited_share=rates.overall.audited / busy if busy else float("nan"),
        categories=_sorted(rates),
        overall=rates.overall,
        crowd=_crowd(log, fit, played.trusted),
        hardest=_hardest(log, fit, images),
        note=_note(rates.note, played),
        askers=played.askers,
    )


def _tabulate(
    kept: Sequence[tuple[JudgedAnswer, Category]], images: Sequence[str], opinions: Sequence[Opinion]
) -> PlayLog:
    place = {row.exchange_id: n for n, (row, _) in enumerate(kept)}
    votes = [one for one in opinions if one.exchange_id in place]
    everyone = [row.player_id for row, _ in kept] + [one.player_id for one in votes]
    number = {id_: n for n, id_ in enumerate(dict.fromkeys(everyone))}
    image = {id_: n for n, id_ in enumerate(images)}
    rows = [row for row, _ in kept]
    return tabulate_play(
        players=len(number),
        categories=len(CATEGORIES),
        player=[number[row.player_id] for row in rows],
        busy=[not row.control for row in rows],
        poisoned=[row.control and row.poisoned for row in rows],
        wrong=[row.verdict == Verdict.WRONG.value for row in rows],
        category=[0 if row.control else CATEGORIES.index(category) for row, category in kept],
        image=[image[row.image_id] for row in rows],
        turn=[row.turn for row in rows],
        seconds=[_seconds(row) for row in rows],
        known=[1 if row.reason == Cause.OPERATOR_ACCEPTS.value else 2 for row in rows],
        item=[place[one.exchange_id] for one in votes],
        voter=[number[one.player_id] for one in votes],
        says_wrong=[one.model_wrong for one in votes],
    )


def _seconds(row: JudgedAnswer) -> float:
    if row.answered_at is None or row.judged_at is None or row.judged_at <= row.answered_at:
        return float("nan")
    return row.judged_at - row.answered_at


def _sorted(rates: ErrorRates) -> tuple[tuple[str, Rate], ...]:
    named = [(str(one), rate) for one, rate in zip(CATEGORIES, rates.categories, strict=True) if rate.asked]
    return tuple(sorted(named, key=lambda pair: (-pair[1].relative.mean, pair[0])))


def _crowd(log: PlayLog, fit: Fit, trusted: int) -> Crowd:
    c = log.categories
    error = NORMAL_95 * np.sqrt(np.diag(fit.levels_cov)[c : c + TIRED + 1])
    ends = np.column_stack(
        [fit.mean[: TIRED + 1], fit.mean[: TIRED + 1] - error, fit.mean[: TIRED + 1] + error]
    )
    rates = [Level(*map(float, sigmoid(row))) for row in ends[:TIRED]]
    sharp = np.zeros(len(fit.mean))
    sharp[2], sharp[3] = 0.5, -0.5
    joint = float(sharp @ fit.cov[:, SPEED]) / math.sqrt(
        float(sharp @ fit.cov @ sharp) * fit.cov[SPEED, SPEED]
    )
    return Crowd(
        players=log.players,
        trusted=trusted,
        sees_control=rates[0],
        alarms_control=rates[1],
        sees_busy=rates[2],
        alarms_busy=rates[3],
        tired=Level(*map(float, ends[TIRED])),
        slow=fit.slow,
        seconds=math.exp(fit.mean[SPEED]),
        quick_and_sharp=joint,
    )


def _hardest(log: PlayLog, fit: Fit, images: Sequence[str]) -> tuple[tuple[str, float], ...]:
    shown = np.unique(log.image[log.busy])
    order = shown[np.argsort(-fit.picture[shown], kind="stable")][:HARDEST]
    return tuple((images[n], float(fit.picture[n])) for n in order)


def _note(note: str, played: Played) -> str:
    if note and played.answers and not played.trusted:
        return f"{note} No player is trusted yet, and only trusted ones vote: let careful people play on."
    return note

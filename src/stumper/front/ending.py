"""The end of a session in words: what was falsified, what the player saw, and what it was worth.

Pure: it only puts words to what ``play`` reveals and ``trust`` has graded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stumper.play.views import Summary, TurnSummary
from stumper.records import Exchange, ExchangeId, TurnId, Verdict
from stumper.trust.grade import Grade
from stumper.trust.rewards import GradeLine, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One exchange as the end page tells it."""

    question: str
    shown: str
    verdict: Verdict | None
    correction: str | None
    tone: str
    """good, bad, wait or plain: the colour of the tag."""
    tag: str
    words: str
    points: int | None
    """None where the exchange has no line in the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture of the session."""

    turn_id: TurnId
    number: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    shots: tuple[Shot, ...]
    falsified: int
    caught: int
    false_alarms: int
    waiting: int
    """Catches that wait for the referees."""
    mood: str
    headline: str
    best: Line | None
    trust_share: float
    """How full the trust meter is, 0..1."""
    trust_words: str
    proof: str
    """The text whose SHA-256 was shown before play (``play.deal.commitment``)."""


def tell(summary: Summary, grade: Grade, *, trust_e: float) -> Ending:
    """Returns the story of a finished session; ``trust_e`` is the E-value at which a player is trusted."""
    paid = {line.exchange_id: line for line in grade.lines}
    shots = tuple(_shot(turn, paid) for turn in summary.turns)
    judged = [
        (exchange.id in turn.claims, exchange)
        for turn in summary.turns
        for exchange in turn.exchanges
        if exchange.verdict is not None
    ]
    wrong = [(claim, exchange) for claim, exchange in judged if exchange.verdict is Verdict.WRONG]
    caught = sum(exchange.poisoned for _, exchange in wrong)
    falsified = sum(exchange.poisoned for _, exchange in judged)
    alarms = sum(exchange.counts and not exchange.poisoned for _, exchange in wrong)
    return Ending(
        shots=shots,
        falsified=falsified,
        caught=caught,
        false_alarms=alarms,
        waiting=sum(claim and exchange.id not in paid for claim, exchange in wrong),
        mood="stumped" if grade.points > 0 else "proud",
        headline=_headline(caught, falsified, judged=len(judged), alarms=alarms),
        best=_best(line for shot in shots for line in shot.lines),
        trust_share=_trust_share(grade.e_value, trust_e=trust_e),
        trust_words=_trust_words(grade.e_value, trusted=grade.trusted),
        proof=_proof(summary),
    )


def _proof(summary: Summary) -> str:
    lines = (f"{played.turn.id} {played.turn.coins}" for played in summary.turns)
    return "\n".join((summary.session.salt, *lines))


def _shot(turn: TurnSummary, paid: Mapping[ExchangeId, GradeLine]) -> Shot:
    return Shot(
        turn_id=turn.turn.id,
        number=turn.turn.position + 1,
        lines=tuple(
            _line(exchange, claim=exchange.id in turn.claims, paid=paid.get(exchange.id))
            for exchange in turn.exchanges
            if exchange.shown_answer is not None
        ),
    )


def _line(exchange: Exchange, *, claim: bool, paid: GradeLine | None) -> Line:
    if paid is not None and claim:
        tone, tag, words = _verdict_of_others(paid)
    else:
        tone, tag, words = _fate(exchange, claim=claim)
    return Line(
        question=exchange.question,
        shown=exchange.shown_answer or "",
        verdict=exchange.verdict,
        correction=exchange.correction,
        tone=tone,
        tag=tag,
        words=words,
        points=None if paid is None else paid.points,
    )


def _verdict_of_others(paid: GradeLine) -> tuple[str, str, str]:
    """Returns (tone, tag, words) of a claim that the referees have judged."""
    if paid.reason is Reason.WAITING:
        return "good", "confirmed", "The referees agree with you. The points wait until we know you better."
    if paid.points > 0:
        return "good", "confirmed", "The referees agree: Pixel was wrong, and your answer is right."
    if paid.points < 0:
        return "bad", "not confirmed", "The referees did not agree with you on this one."
    return "plain", "judged", "The referees have judged it. Your paid time of that day was over."


def _fate(exchange: Exchange, *, claim: bool) -> tuple[str, str, str]:
    """Returns (tone, tag, words) of one exchange."""
    wrong = exchange.verdict is Verdict.WRONG
    if exchange.verdict is None:
        return "plain", "not judged", "You gave no verdict on this answer."
    if claim:
        if wrong:
            return "wait", "your catch", "Nobody knows the truth here yet. Referees will check your answer."
        return "plain", "noted", "You let this answer stand. Nobody knows the truth here yet."
    if not exchange.counts:
        return "plain", "not counted", "We could not check this answer, so it wins and costs nothing."
    if exchange.poisoned:
        own = f"Pixel had really said “{exchange.model_answer}”."
        if wrong:
            return "good", "caught", f"We falsified this answer, and you saw it. {own}"
        return "bad", "slipped past", f"We falsified this answer, and it slipped past you. {own}"
    if wrong:
        return "bad", "false alarm", "This was Pixel's own answer about something it knows well."
    return "good", "well judged", "This was Pixel's own answer, and you let it stand."


def _headline(caught: int, falsified: int, *, judged: int, alarms: int) -> str:
    if not judged:
        return "No verdicts this time"
    if not falsified:
        return "Pixel was honest this time"
    if caught < falsified:
        return f"You caught {caught} of {falsified} false answers" if caught else "Pixel got away this time"
    if alarms:
        return "Sharp eyes, quick thumb!"
    return "Nothing got past you!"


def _best(lines: Iterable[Line]) -> Line | None:
    """Returns the catch with the longest question: a proven one before one that waits for the referees."""
    catches = [line for line in lines if line.tag in {"caught", "confirmed", "your catch"}]
    return max(catches, key=lambda line: (line.tag != "your catch", len(line.question)), default=None)


def _trust_share(e_value: float, *, trust_e: float) -> float:
    """Evidence multiplies, so the meter is logarithmic: from a hundredth of even odds (0) to trusted (1)."""
    share = (math.log(max(e_value, 1e-12)) / math.log(trust_e) + 1) / 2
    return min(1.0, max(0.0, share))


def _trust_words(e_value: float, *, trusted: bool) -> str:
    if trusted:
        return "We trust your eyes: you may judge other players' catches as a referee."
    if e_value >= 10:
        return "Nearly there: one more careful session may be enough."
    if e_value > 1:
        return "You judge better than chance. A few more careful sessions and we can be sure."
    return "We cannot tell your verdicts from guesses yet. Look twice before you tap."

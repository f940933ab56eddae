"""The end of a session in words: what was falsified, what the player saw, and what it was worth.

Pure: it only puts words to what ``play`` reveals and ``trust`` has graded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from stumper.front.i18n import Words
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
    caught: bool
    """Whether the player was right to call it wrong, and that is known."""
    points: int | None
    """None where the exchange has no line in the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture of the session."""

    turn_id: TurnId
    number: int
    lines: tuple[Line, ...]


class Count(NamedTuple):
    """What a player's verdicts were worth where the truth is known."""

    judged: int
    """Answers marked, also those of which nobody knows the truth."""
    falsified: int
    caught: int
    false_alarms: int
    right: int
    checked: int
    """Verdicts that count, of which ``right`` are right."""

    @property
    def accuracy(self) -> int | None:
        """Per cent of the counting verdicts that are right; None without any."""
        return round(100 * self.right / self.checked) if self.checked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    shots: tuple[Shot, ...]
    count: Count
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


def tell(summary: Summary, grade: Grade, *, trust_e: float, words: Words) -> Ending:
    """Returns the story of a finished session; ``trust_e`` is the E-value at which a player is trusted."""
    paid = _by_exchange(grade.lines)
    shots = tuple(_shot(turn, paid, words) for turn in summary.turns)
    counted = count(summary)
    return Ending(
        shots=shots,
        count=counted,
        waiting=sum(
            exchange.id not in paid
            for turn in summary.turns
            for exchange in turn.exchanges
            if exchange.verdict is Verdict.WRONG and exchange.id in turn.claims
        ),
        mood="stumped" if grade.points > 0 or 0 < counted.caught == counted.falsified else "proud",
        headline=_headline(counted, words),
        best=_best(line for shot in shots for line in shot.lines),
        trust_share=_trust_share(grade.e_value, trust_e=trust_e),
        trust_words=_trust_words(grade.e_value, trusted=grade.trusted, words=words),
        proof=_proof(summary),
    )


def _by_exchange(lines: Iterable[GradeLine]) -> dict[ExchangeId, GradeLine]:
    """Returns the line of each exchange; a bounty is added to its claim's."""
    paid: dict[ExchangeId, GradeLine] = {}
    for line in lines:
        first = paid.setdefault(line.exchange_id, line)
        if first is not line:
            paid[line.exchange_id] = replace(first, points=first.points + line.points)
    return paid


def count(summary: Summary) -> Count:
    """Counts the verdicts of a finished session."""
    judged = [one for turn in summary.turns for one in turn.exchanges if one.verdict is not None]
    wrong = [one for one in judged if one.verdict is Verdict.WRONG]
    checked = [one for one in judged if one.counts]
    return Count(
        judged=len(judged),
        falsified=sum(one.poisoned for one in judged),
        caught=sum(one.poisoned for one in wrong),
        false_alarms=sum(one.counts and not one.poisoned for one in wrong),
        right=sum(one.poisoned is (one.verdict is Verdict.WRONG) for one in checked),
        checked=len(checked),
    )


def _proof(summary: Summary) -> str:
    lines = (f"{played.turn.id} {played.turn.coins}" for played in summary.turns)
    return "\n".join((summary.session.salt, *lines))


def _shot(turn: TurnSummary, paid: Mapping[ExchangeId, GradeLine], words: Words) -> Shot:
    return Shot(
        turn_id=turn.turn.id,
        number=turn.turn.position + 1,
        lines=tuple(
            _line(exchange, claim=exchange.id in turn.claims, paid=paid.get(exchange.id), words=words)
            for exchange in turn.exchanges
            if exchange.shown_answer is not None
        ),
    )


def _line(exchange: Exchange, *, claim: bool, paid: GradeLine | None, words: Words) -> Line:
    if paid is not None and claim:
        fate = _verdict_of_others(paid, words)
    else:
        fate = _fate(exchange, words, claim=claim)
    return Line(
        question=exchange.question,
        shown=exchange.shown_answer or "",
        verdict=exchange.verdict,
        correction=exchange.correction,
        tone=fate.tone,
        tag=fate.tag,
        words=fate.words,
        caught=fate.caught,
        points=None if paid is None else paid.points,
    )


class _Fate(NamedTuple):
    tone: str
    tag: str
    words: str
    caught: bool = False


def _verdict_of_others(paid: GradeLine, words: Words) -> _Fate:
    """What became of a claim that the referees have judged."""
    if paid.reason is Reason.WAITING:
        told = words("The referees agree with you. The points wait until we know you better.")
        return _Fate("good", words("confirmed"), told, caught=True)
    if paid.points > 0:
        told = words("The referees agree: Pixel was wrong, and your answer is right.")
        return _Fate("good", words("confirmed"), told, caught=True)
    if paid.points < 0:
        told = words("The referees did not agree with you on this one.")
        return _Fate("bad", words("not confirmed"), told)
    told = words("The referees have judged it. Your paid time of that day was over.")
    return _Fate("plain", words("judged"), told)


def _fate(exchange: Exchange, words: Words, *, claim: bool) -> _Fate:
    """What became of one exchange."""
    wrong = exchange.verdict is Verdict.WRONG
    if exchange.verdict is None:
        return _Fate("plain", words("not judged"), words("You gave no verdict on this answer."))
    if claim and wrong:
        told = words("Nobody knows the truth here yet. Referees will check your answer.")
        return _Fate("wait", words("your catch"), told)
    if claim:
        told = words("You let this answer stand. Nobody knows the truth here yet.")
        return _Fate("plain", words("noted"), told)
    if not exchange.counts:
        told = words("We could not check this answer, so it wins and costs nothing.")
        return _Fate("plain", words("not counted"), told)
    if exchange.poisoned:
        return _falsified(exchange, words, seen=wrong)
    if wrong:
        told = words("This was Pixel's own answer about something it knows well.")
        return _Fate("bad", words("false alarm"), told)
    return _Fate("good", words("well judged"), words("This was Pixel's own answer, and you let it stand."))


def _falsified(exchange: Exchange, words: Words, *, seen: bool) -> _Fate:
    own = exchange.model_answer
    if seen:
        told = words(
            "We falsified this answer, and you saw it. Pixel had really said “{answer}”.", answer=own
        )
        return _Fate("good", words("caught"), told, caught=True)
    told = words(
        "We falsified this answer, and it slipped past you. Pixel had really said “{answer}”.", answer=own
    )
    return _Fate("bad", words("slipped past"), told)


def _headline(counted: Count, words: Words) -> str:
    if not counted.judged:
        return words("No verdicts this time")
    if not counted.falsified:
        return words("Pixel was honest this time")
    if not counted.caught:
        return words("Pixel got away this time")
    if counted.caught < counted.falsified:
        return words(
            "You caught {caught} of {falsified} false answers",
            caught=counted.caught,
            falsified=counted.falsified,
        )
    return words("Sharp eyes, quick thumb!") if counted.false_alarms else words("Nothing got past you!")


def _best(lines: Iterable[Line]) -> Line | None:
    """Returns the catch with the longest question: a proven one before one that waits for the referees."""
    catches = [line for line in lines if line.caught or line.tone == "wait"]
    return max(catches, key=lambda line: (line.caught, len(line.question)), default=None)


def _trust_share(e_value: float, *, trust_e: float) -> float:
    """Evidence multiplies, so the meter is logarithmic: from a hundredth of even odds (0) to trusted (1)."""
    share = (math.log(max(e_value, 1e-12)) / math.log(trust_e) + 1) / 2
    return min(1.0, max(0.0, share))


def _trust_words(e_value: float, *, trusted: bool, words: Words) -> str:
    if trusted:
        return words("We trust your eyes: you may judge other players' catches as a referee.")
    if e_value >= 10:
        return words("Nearly there: one more careful session may be enough.")
    if e_value > 1:
        return words("You judge better than chance. A few more careful sessions and we can be sure.")
    return words("We cannot tell your verdicts from guesses yet. Look twice before you tap.")

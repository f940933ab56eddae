"""The end of a session in words and counts, against sums by hand."""

from __future__ import annotations

from dataclasses import replace

from stumper.front.ending import Count, count, tell
from stumper.front.i18n import words_in
from stumper.play.views import Summary, TurnSummary
from stumper.records import (
    CampaignId,
    Exchange,
    ExchangeId,
    ImageId,
    PlayerId,
    RoundId,
    Session,
    SessionId,
    Turn,
    TurnId,
    Verdict,
)
from stumper.trust.grade import Grade
from stumper.trust.rewards import GradeLine, Reason

SESSION = Session(
    id=SessionId("s"),
    player_id=PlayerId("p"),
    round_id=RoundId("r"),
    campaign_id=CampaignId("c"),
    turns=4,
    started_at=0.0,
)
GRADE = Grade(lines=(), points=20, balance_shown=20, e_value=2.0, trusted=False, payable=0, waiting=0)


def played(n: int, *, verdict: Verdict | None, poisoned: bool, counts: bool = True) -> TurnSummary:
    turn = Turn(
        id=TurnId(f"t{n}"),
        session_id=SESSION.id,
        position=n,
        image_id=ImageId("i"),
        control=counts,
        coins="0",
    )
    exchange = Exchange(
        id=ExchangeId(f"x{n}"),
        turn_id=turn.id,
        number=0,
        key="k",
        question=f"What is {'x' * n}?",
        asked_at=1.0,
        model_answer="a cat",
        shown_answer="a dog" if poisoned else "a cat",
        poisoned=poisoned,
        counts=counts,
        verdict=verdict,
    )
    return TurnSummary(turn=turn, exchanges=(exchange,), claims=frozenset() if counts else {exchange.id})


CAUGHT = played(0, verdict=Verdict.WRONG, poisoned=True)
MISSED = played(1, verdict=Verdict.CORRECT, poisoned=True)
ALARM = played(2, verdict=Verdict.WRONG, poisoned=False)
CLEAN = played(3, verdict=Verdict.CORRECT, poisoned=False)
CLAIM = played(4, verdict=Verdict.WRONG, poisoned=False, counts=False)
SILENT = played(5, verdict=None, poisoned=True)


def summary(*turns: TurnSummary) -> Summary:
    return Summary(session=SESSION, turns=turns)


def test_verdicts_are_counted_where_the_truth_is_known() -> None:
    found = count(summary(CAUGHT, MISSED, ALARM, CLEAN, CLAIM, SILENT))

    assert found == Count(judged=5, falsified=2, caught=1, false_alarms=1, right=2, checked=4)
    assert found.accuracy == 50
    assert count(summary(CLAIM)).accuracy is None


def test_the_headline_says_how_it_went() -> None:
    def headline(*turns: TurnSummary) -> str:
        return tell(summary(*turns), GRADE, trust_e=100.0, words=words_in("en")).headline

    assert headline(CAUGHT, MISSED) == "You caught 1 of 2 false answers"
    assert headline(CAUGHT) == "Nothing got past you!"
    assert headline(CAUGHT, ALARM) == "Sharp eyes, quick thumb!"
    assert headline(MISSED) == "Pixel got away this time"
    assert headline(CLEAN, CLAIM) == "Pixel was honest this time"
    assert headline(SILENT) == "No verdicts this time"


def test_a_proven_catch_is_better_than_one_that_waits() -> None:
    both = tell(summary(CAUGHT, CLAIM), GRADE, trust_e=100.0, words=words_in("en"))
    waiting = tell(summary(CLAIM, ALARM), GRADE, trust_e=100.0, words=words_in("en"))

    assert both.best is not None
    assert (both.best.question, both.best.caught, both.waiting) == ("What is ?", True, 1)
    assert waiting.best is not None
    assert (waiting.best.tone, waiting.best.caught) == ("wait", False)


def test_what_a_model_said_may_hold_braces() -> None:
    odd = CAUGHT.exchanges[0]
    turn = replace(CAUGHT, exchanges=(replace(odd, model_answer="{answer} {0}"),))

    told = tell(summary(turn), GRADE, trust_e=100.0, words=words_in("en"))

    assert "“{answer} {0}”" in told.shots[0].lines[0].words


def test_a_bounty_is_told_with_the_claim_it_belongs_to() -> None:
    (claimed,) = CLAIM.exchanges
    lines = (
        GradeLine(claimed.id, 4, Reason.CONFIRMED, 47, "+47"),
        GradeLine(claimed.id, 4, Reason.BOUNTY, 7, "+7"),
    )

    told = tell(summary(CLAIM), replace(GRADE, lines=lines), trust_e=100.0, words=words_in("en"))

    ((line,),) = (shot.lines for shot in told.shots)
    assert (line.points, line.tag, line.caught) == (54, "confirmed", True)
    assert told.waiting == 0

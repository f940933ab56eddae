"""The rules alone: what a clock shows, which moves are taken, what a move changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import Conflict, NotFound, NotYours, StillThinking, TurnClosed
from stumper.play import rules
from stumper.play.state import Play, PlayedTurn
from stumper.play.views import session_view
from stumper.records import (
    CampaignId,
    Exchange,
    ExchangeId,
    ImageId,
    PlayerId,
    RoundId,
    Rules,
    Session,
    SessionId,
    Turn,
    TurnEnd,
    TurnId,
    Verdict,
)

_SESSION = Session(
    id=SessionId("s"),
    player_id=PlayerId("p"),
    round_id=RoundId("r"),
    campaign_id=CampaignId("c"),
    turns=2,
    started_at=0.0,
)


def _turn(position: int) -> PlayedTurn:
    turn = Turn(
        id=TurnId(f"t{position}"),
        session_id=_SESSION.id,
        position=position,
        image_id=ImageId(f"i{position}"),
        control=position == 0,
        coins="0" * 8,
    )
    return PlayedTurn(turn=turn)


def _play(*, now: float = 0.0) -> Play:
    play = Play(session=_SESSION, rules=Rules(), model_ref="scripted:", turns=(_turn(0), _turn(1)))
    return rules.advance(play, now=now)


def _ask(play: Play, *, now: float, key: str = "a", **more: float) -> tuple[Play, Exchange]:
    number = ExchangeId(f"e-{key}")
    return rules.ask(play, TurnId("t0"), exchange_id=number, question="What?", key=key, now=now, **more)


def _answered(play: Play, asked: Exchange, *, now: float) -> Play:
    return play.with_exchange(replace(asked, model_answer="a cat", shown_answer="a cat", answered_at=now))


def test_a_turn_opens_when_it_is_first_looked_at() -> None:
    play = _play(now=50.0)

    assert [played.turn.opened_at for played in play.turns] == [50.0, None]
    assert play.turns[0].turn.deadline_at == 170.0
    assert rules.advance(play, now=60.0) == play


@given(asked_at=st.floats(0, 119), waited=st.floats(0, 1e6))
def test_waiting_for_the_model_takes_no_time_from_the_turn(asked_at: float, waited: float) -> None:
    play, asked = _ask(_play(), now=asked_at)
    failed = play.with_exchange(replace(asked, answered_at=asked_at + waited))

    again, _ = _ask(failed, now=asked_at + max(waited, rules.LEASE_S))

    for seen in (play, failed):
        assert seen.turns[0].seconds_left(asked_at + waited) == pytest.approx(120 - asked_at)
        assert not seen.turns[0].is_over(asked_at + waited)
    now = asked_at + max(waited, rules.LEASE_S)
    assert again.turns[0].seconds_left(now) == pytest.approx(120 - asked_at, abs=1e-3)


def test_a_question_of_a_process_that_was_killed_is_asked_again_at_once() -> None:
    play, _ = _ask(_play(), now=10.0)

    with pytest.raises(StillThinking):
        _ask(play, now=11.0, dead_before=10.0)
    again, asked = _ask(play, now=11.0, dead_before=10.5)

    assert asked.id == "e-a"
    assert len(again.turns[0].exchanges) == 1


def test_a_clock_that_was_set_back_blocks_no_question() -> None:
    play, _ = _ask(_play(now=10_000.0), now=10_000.0)

    again, asked = _ask(play, now=10.0)

    assert asked.asked_at == 10.0
    assert len(again.turns[0].exchanges) == 1


def test_a_question_that_is_being_answered_blocks_only_until_its_lease_ends() -> None:
    play, _ = _ask(_play(), now=10.0)

    with pytest.raises(StillThinking):
        _ask(play, now=10.0 + rules.LEASE_S - 0.1)
    again, asked = _ask(play, now=10.0 + rules.LEASE_S)

    assert asked.id == "e-a"
    assert asked.asked_at == 10.0 + rules.LEASE_S
    assert len(again.turns[0].exchanges) == 1


def test_another_question_takes_the_place_of_one_that_failed() -> None:
    play, asked = _ask(_play(), now=10.0)
    failed = play.with_exchange(replace(asked, answered_at=20.0))

    after, second = _ask(failed, now=30.0, key="b")

    assert (second.id, second.number) == ("e-b", 0)
    assert after.turns[0].exchanges == (second,)
    assert after.turns[0].turn.deadline_at == 140.0


def test_a_turn_closes_at_its_deadline_once_the_grace_is_over() -> None:
    play = _play()

    assert rules.expire(play, now=122.0) == play
    closed = rules.expire(play, now=122.1).turns[0].turn
    assert (closed.end, closed.closed_at) == (TurnEnd.TIMEOUT, 120.0)


def test_wrong_ends_the_turn_and_correct_keeps_it() -> None:
    play, asked = _ask(_play(), now=1.0)
    play = _answered(play, asked, now=2.0)

    wrong, _ = rules.judge(play, asked.id, verdict=Verdict.WRONG, correction="a dog", now=3.0)
    right, _ = rules.judge(play, asked.id, verdict=Verdict.CORRECT, correction="ignored", now=3.0)

    assert wrong.turns[0].turn.end is TurnEnd.WRONG
    assert right.turns[0].is_open
    assert right.turns[0].exchanges[0].correction is None


def test_the_session_finishes_with_its_last_turn_and_stays_finished() -> None:
    play = rules.advance(rules.skip(_play(), TurnId("t0"), now=5.0), now=6.0)
    play = rules.advance(rules.skip(play, TurnId("t1"), now=9.0), now=10.0)

    assert play.session.finished_at == 9.0
    assert rules.advance(play, now=99.0) == play
    assert session_view(play, now=99.0).position == 2


def test_a_turn_to_come_takes_no_move() -> None:
    play = _play()

    with pytest.raises(Conflict, match="not open yet"):
        rules.skip(play, TurnId("t1"), now=1.0)
    with pytest.raises(Conflict, match="not open yet"):
        rules.ask(play, TurnId("t1"), exchange_id=ExchangeId("e"), question="What?", key="a", now=1.0)


def test_a_turn_that_was_left_says_so() -> None:
    play = rules.skip(_play(), TurnId("t0"), now=5.0)

    with pytest.raises(TurnClosed, match="already left"):
        _ask(play, now=6.0)


def test_strangers_and_unknown_ids_are_refused() -> None:
    play = _play()

    with pytest.raises(NotYours):
        rules.require_own(play, PlayerId("other"))
    with pytest.raises(NotFound):
        play.turn(TurnId("t9"))
    with pytest.raises(NotFound):
        play.exchange(ExchangeId("e9"))


def test_a_view_tells_nothing_of_controls_and_coins() -> None:
    view = session_view(_play(), now=0.0)

    assert view.turn is not None
    told = {*view.__dataclass_fields__, *view.turn.__dataclass_fields__}
    assert not told & {
        "control",
        "coins",
        "salt",
        "poisoned",
        "counts",
        "model_answer",
        "poison_rate",
        "kind",
    }

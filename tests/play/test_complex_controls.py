"""Controls on complex pictures: only answers known to be right are falsified, and never become claims."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from stumper.images.probes import Probe, says
from stumper.play.audit import faults
from stumper.play.poison import serve
from stumper.records import ImageId, Rules, SessionId, Turn, TurnId, Verdict
from stumper.store.database import Database
from stumper.store.schema import campaign, claim, exchange, image, session, turn
from stumper.vlm import Script, ScriptedModel
from tests.play.conftest import World, furnish

_QUESTION = "How many cats are there?"
_KNOWN = [{"question": "number of cats?", "answer": "3"}, {"question": "colour of the cat", "answer": "red"}]
_TRUTHS = tuple(Probe(one["question"], one["answer"]) for one in _KNOWN)


@pytest.fixture
async def busy(sqlite_database: Database, tmp_path: Path) -> World:
    """Every second complex picture has three cats, and as many complex controls as simple ones are dealt."""
    rules = Rules(complex_control_share=1.0, turns=8)
    world = await furnish(sqlite_database, tmp_path / "files", rules=rules, known=_KNOWN)
    world.model = ScriptedModel(Script(text="There are three cats."))
    return world


def _turn(coins: str) -> Turn:
    return Turn(
        id=TurnId("t"),
        session_id=SessionId("s"),
        position=0,
        image_id=ImageId("i"),
        control=True,
        coins=coins,
    )


answers = st.sampled_from(
    [
        "3",
        "three",
        "there are three cats.",
        "2",
        "four cats",
        "red",
        "it is red.",
        "blue",
        "yes",
        "I don't know",
    ]
)
questions = st.sampled_from(
    ["how many cats?", "number of cats", "what colour is the cat?", "how many dogs?", "is there a cat?", "hm"]
)


@given(question=questions, answer=answers, salt=st.text(max_size=8))
def test_what_counts_follows_from_question_and_answer_and_never_from_the_coin(
    question: str, answer: str, salt: str
) -> None:
    """So every answer that counts has a fresh coin, which is all that the E-value's martingale needs."""
    honest, falsified = (
        serve(
            answer,
            question=question,
            number=0,
            turn=_turn(coins),
            salt=salt,
            vocabulary=None,
            truths=_TRUTHS,
        )
        for coins in ("0", "1")
    )

    assert honest.counts == falsified.counts == falsified.poisoned
    assert honest.text == answer
    assert not honest.poisoned
    if falsified.counts:
        right = "red" if "colour" in question else "3"
        assert says(answer, right)
        assert not says(falsified.text, right)
    else:
        assert falsified.text == answer


def test_a_wrong_answer_and_an_unknown_question_are_shown_as_they_are() -> None:
    for question, answer in ((_QUESTION, "two"), ("How many dogs are there?", "three")):
        shown = serve(
            answer, question=question, number=0, turn=_turn("1"), salt="", vocabulary=None, truths=_TRUTHS
        )
        assert shown == (answer, False, False)


async def complex_controls(world: World) -> list[str]:
    async with world.database.read() as tx:
        query = select(turn.c.image_id).join(image, image.c.id == turn.c.image_id)
        return list((await tx.execute(query.where(turn.c.control, image.c.kind == "untainted"))).scalars())


async def test_they_are_dealt_beside_the_simple_ones_and_the_session_keeps_its_length(busy: World) -> None:
    table = await busy.started()

    assert table.view.turns == 8
    assert await busy.count(turn, turn.c.control) == 8
    assert len(set(await complex_controls(busy))) == 4


async def test_none_comes_twice_and_when_all_are_seen_open_pictures_come(busy: World) -> None:
    joined = await busy.player()
    for _ in range(7):
        view = await busy.game().start(joined.id)
        while view.turn is not None:
            view = await busy.game().skip(joined.id, view.turn.id)

    dealt = await complex_controls(busy)
    assert len(dealt) == len(set(dealt)) == 20
    assert await busy.count(turn) == 7 * 8


async def test_a_worn_one_is_no_control_any_more(busy: World) -> None:
    async with busy.database.begin() as tx:
        rules = dict((await tx.execute(select(campaign.c.rules))).scalar_one())
        await tx.execute(update(campaign).values(rules={**rules, "control_views": 2}))
        few = select(image.c.id).where(image.c.known.is_not(None)).limit(3).scalar_subquery()
        await tx.execute(update(image).where(image.c.id.not_in(few)).values(known=None))
    for name in ("Ada", "Bob", "Cyd", "Dee"):
        await busy.game().start((await busy.player(name)).id)

    dealt = await complex_controls(busy)
    assert {dealt.count(one) for one in dealt} == {2}
    assert len(dealt) == 6


async def test_a_campaign_without_truths_plays_as_before(lite: World) -> None:
    async with lite.database.begin() as tx:
        rules = dict((await tx.execute(select(campaign.c.rules))).scalar_one())
        await tx.execute(update(campaign).values(rules={**rules, "complex_control_share": 1.0}))

    await lite.started()

    assert await lite.count(turn, turn.c.control) == 5
    assert await lite.count(turn) == 10


async def test_what_is_known_can_be_falsified_and_what_is_not_known_is_a_claim(busy: World) -> None:
    """Four sessions that mark everything wrong, asking in turn what is known and what is not."""
    joined = await busy.player()
    sessions = []
    for n in range(4):
        view = await busy.game().start(joined.id)
        while view.turn is not None:
            question = _QUESTION if n % 2 else "How many dogs are there?"
            asked = await busy.game().ask(joined.id, view.turn.id, question=question, key="k")
            view = await busy.game().judge(joined.id, asked.id, verdict=Verdict.WRONG, correction="seventeen")
        sessions.append(view.id)

    async with busy.database.read() as tx:
        query = (
            select(exchange, turn.c.control, image.c.kind, image.c.known, claim.c.id.label("claim"))
            .join(turn, turn.c.id == exchange.c.turn_id)
            .join(image, image.c.id == turn.c.image_id)
            .outerjoin(claim, claim.c.exchange_id == exchange.c.id)
        )
        rows = (await tx.execute(query)).all()
    known = [one for one in rows if one.control and one.kind == "untainted"]
    assert any(one.poisoned for one in known)
    assert any(one.counts and not one.poisoned for one in known)
    assert all(one.question == _QUESTION for one in known if one.counts)
    assert all((one.claim is None) == one.counts for one in known)
    assert all(one.claim is not None for one in rows if not one.control)
    assert all(one.claim is None for one in rows if one.kind == "tainted")
    for session_id in sessions:
        assert list(faults(await busy.game().summary(joined.id, session_id))) == []
    assert await busy.count(session, session.c.finished_at.is_not(None)) == 4


async def test_the_summary_says_which_answers_nobody_knew(busy: World) -> None:
    table = await busy.started(quick=True)
    view = table.view
    while view.turn is not None:
        asked = await table.game.ask(table.player_id, view.turn.id, question=_QUESTION, key="k")
        view = await table.game.judge(table.player_id, asked.id, verdict=Verdict.WRONG, correction="nine")

    summary = await table.game.summary(table.player_id, view.id)

    async with busy.database.read() as tx:
        claims = set((await tx.execute(select(claim.c.exchange_id))).scalars())
        count = (await tx.execute(select(func.count()).select_from(exchange))).scalar_one()
    assert count == 3
    assert {one for played in summary.turns for one in played.claims} == claims

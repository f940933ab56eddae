"""The vocabulary of falsified answers follows the round's model, and nothing but the rows."""

from __future__ import annotations

import random

import pytest

from stumper.campaigns import open_round, set_status
from stumper.images.queries import of_kind, set_kind
from stumper.play import queries
from stumper.play.learned import Vocabularies, step_down
from stumper.play.slots import find_slots
from stumper.play.vocabulary import AnswerVocabulary
from stumper.records import ImageKind, RoundStatus, Session, SessionId, Verdict
from stumper.vlm import Script, ScriptedModel
from tests.play.conftest import World


async def _play(world: World, said: str) -> Session:
    """A quick session in which the model says one thing only; returns it as stored."""
    world.model = ScriptedModel(Script(text=said))
    table = await world.started(quick=True)
    view = table.view
    while view.turn is not None:
        asked = await table.game.ask(table.player_id, view.turn.id, question="What is it?", key="k")
        world.clock.now += 1
        view = await table.game.judge(table.player_id, asked.id, verdict=Verdict.WRONG, correction="nine")
    world.clock.now += 1
    return await _stored(world, view.id)


async def _stored(world: World, session_id: SessionId) -> Session:
    async with world.database.read() as tx:
        return (await queries.summary(tx, session_id)).session


async def _learned(world: World, session: Session) -> AnswerVocabulary:
    async with world.database.read() as tx:
        return await Vocabularies().of(tx, session)


def _instead_of(vocabulary: AnswerVocabulary, answer: str) -> tuple[str, ...]:
    return vocabulary.alternatives(find_slots(answer)[0]).words


async def test_words_come_from_the_sessions_finished_before_this_one(world: World) -> None:
    for said in ("it is a guitar", "it is a piano", "it is a violin"):
        last = await _play(world, said)
    next_one = await world.started(quick=True)

    before_last = _instead_of(await _learned(world, last), "it is a guitar")
    after_all = _instead_of(await _learned(world, await _stored(world, next_one.view.id)), "it is a guitar")

    assert before_last == ("piano",)
    assert set(after_all) == {"piano", "violin"}


async def test_a_new_round_begins_with_the_words_of_the_one_before(world: World) -> None:
    for said in ("it is a guitar", "it is a piano"):
        old = await _play(world, said)
    async with world.database.begin() as tx:
        await set_status(tx, old.round_id, RoundStatus.CLOSED, now=world.clock.now)
        await open_round(
            tx,
            campaign_id=world.campaign.id,
            model_ref="scripted:text=new",
            now=world.clock.now,
            rng=random.Random(5),
        )

    new = await world.started(quick=True)
    session = await _stored(world, new.view.id)

    assert session.round_id != old.round_id
    assert _instead_of(await _learned(world, session), "it is a guitar") == ("piano",)


async def test_the_first_session_speaks_as_the_model_did_at_the_verification(world: World) -> None:
    async with world.database.begin() as tx:
        controls = await of_kind(tx, world.campaign.id, ImageKind.TAINTED)
        for image, said in zip(controls, ("it is a guitar", "it is a piano"), strict=False):
            await set_kind(tx, world.campaign.id, image.id, kind=ImageKind.TAINTED, said=[said, "no"] * 20)
        others = await of_kind(tx, world.campaign.id, ImageKind.UNTAINTED)
        await set_kind(tx, world.campaign.id, others[0].id, kind=ImageKind.REFUSED, said=["it is a violin"])

    first = await world.started(quick=True)
    learned = await _learned(world, await _stored(world, first.view.id))

    assert _instead_of(learned, "it is a guitar") == ("piano",)


async def test_a_few_answers_of_a_verification_do_not_count(world: World) -> None:
    async with world.database.begin() as tx:
        control, *_ = await of_kind(tx, world.campaign.id, ImageKind.TAINTED)
        await set_kind(
            tx,
            world.campaign.id,
            control.id,
            kind=ImageKind.TAINTED,
            said=["it is a guitar", "it is a piano"],
        )

    first = await world.started(quick=True)
    learned = await _learned(world, await _stored(world, first.view.id))

    assert _instead_of(learned, "it is a guitar") == ()


@pytest.mark.parametrize(
    ("number", "stepped"), [(0, 0), (7, 7), (9, 8), (15, 14), (39, 32), (255, 224), (256, 256)]
)
def test_learning_steps_get_wider(number: int, stepped: int) -> None:
    assert step_down(number) == stepped

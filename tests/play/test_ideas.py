"""Ideas: what a question was made of, and that a turn's ideas are given once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import Conflict, NotYours
from stumper.front.i18n import LANGUAGES, words_in
from stumper.front.ideas import MORE, OPENINGS
from stumper.play.ideas import BLANK, made_of
from stumper.play.queries import by_turn
from stumper.records import Idea, Rules, Suggestion
from stumper.store.database import Database
from tests.examples import examples
from tests.play.conftest import World, furnish

GIVEN = [{"kind": "need", "text": "How many … are there?"}, {"kind": "model", "text": "Is the lamp lit?"}]
ALL = [words_in(code)(text) for code in LANGUAGES for _, text in (*OPENINGS, *MORE)]
IDEAS = (Idea(Suggestion.NEED, "How many … are there?"), Idea(Suggestion.MODEL, "Is the lamp lit?"))


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how many red cars are there", Suggestion.NEED),
        ("How many are there", Suggestion.NEED),
        ("Is the big lamp lit?", Suggestion.MODEL),
        ("Is the dog asleep?", None),
        ("Are there how many", None),
        ("How is the weather?", None),
    ],
)
def test_a_question_is_known_by_the_words_of_its_idea_in_their_order(
    question: str, kind: Suggestion | None
) -> None:
    assert made_of(question, GIVEN) is kind


@given(st.lists(st.sampled_from(["red", "дом", "कुत्ता", "狗", "car"]), max_size=3))
@settings(max_examples=examples(20))
def test_an_idea_with_its_blank_filled_in_is_known_in_every_language(filled: list[str]) -> None:
    for text in ALL:
        question = text.replace(BLANK, " ".join(filled))
        assert made_of(question, [{"kind": "need", "text": text}]) is Suggestion.NEED, text


@pytest.fixture
async def idle(database: Database, tmp_path_factory: pytest.TempPathFactory) -> World:
    return await furnish(database, tmp_path_factory.mktemp("files"), rules=Rules(ideas=True))


async def test_ideas_are_given_once_and_the_question_made_of_one_says_so(idle: World) -> None:
    table = await idle.started()
    me, turn_id = table.player_id, table.turn_id

    none = await table.game.ideas(me, turn_id)
    first = await table.game.ideas(me, turn_id, IDEAS)
    second = await table.game.ideas(me, turn_id, IDEAS[:1])
    asked = await table.ask("How many cats are there?")

    assert none.ideas == ()
    assert first.ideas == second.ideas == IDEAS
    async with idle.database.read() as tx:
        play = await by_turn(tx, turn_id, now=idle.clock())
    (kept,) = play.turn(turn_id).exchanges
    assert (kept.id, kept.suggested) == (asked.id, Suggestion.NEED)


async def test_without_ideas_only_the_phone_knows_of_an_opening(lite: World) -> None:
    table = await lite.started()
    await table.game.ask(
        table.player_id, table.turn_id, question="How many cats are there?", key="k1", opening=True
    )

    async with lite.database.read() as tx:
        play = await by_turn(tx, table.turn_id, now=lite.clock())
    assert play.turn(table.turn_id).exchanges[0].suggested is Suggestion.OPENING
    with pytest.raises(Conflict, match="gives no ideas"):
        await table.game.ideas(table.player_id, table.turn_id)


async def test_ideas_are_for_whose_turn_it_is(idle: World) -> None:
    table, other = await idle.started(), await idle.player("Bob")

    with pytest.raises(NotYours):
        await table.game.ideas(other.id, table.turn_id, IDEAS)

"""Ideas over the API: kinds that are needed, in the model's language, and what a model would ask."""

from __future__ import annotations

from typing import Any

from stumper.front.i18n import LANGUAGES, words_in
from stumper.front.ideas import TASK, openings
from stumper.play.ideas import MOST
from stumper.records import Category, Rules, Suggestion
from tests.fake_endpoint import fake_endpoint
from tests.fake_judges import data_in
from tests.front.conftest import Worlds
from tests.front.world import World, join, start

ON = Rules(turns=4, ideas=True)


async def ideas_of(world: World, **headers: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a new player gets for their first picture, asked for twice."""
    async with world.phone(**headers) as phone:
        await join(phone)
        turn = (await start(phone))["turn"]
        replies = [await phone.post(f"/api/turns/{turn['id']}/ideas") for _ in range(2)]
    assert [one.status_code for one in replies] == [200, 200], replies[0].text
    return replies[0].json()["ideas"], replies[1].json()["ideas"]


def test_every_kind_has_an_opening_in_every_language() -> None:
    kinds = [one for one in Category if one is not Category.INVALID]
    for code in LANGUAGES:
        assert len(openings(kinds, words_in(code), most=20)) == len(kinds)


async def test_no_ideas_are_given_unless_the_campaign_gives_them(world: World) -> None:
    async with world.phone() as phone:
        await join(phone)
        session = await start(phone)
        refused = await phone.post(f"/api/turns/{session['turn']['id']}/ideas")
        page = await phone.get(f"/sessions/{session['id']}")

    assert refused.status_code == 409
    assert "no ideas" in refused.json()["error"]["message"]
    assert "Give me an idea" not in page.text


async def test_three_openings_of_different_kinds_come_and_stay(worlds: Worlds) -> None:
    async with worlds(rules=ON) as world:
        first, again = await ideas_of(world)

    assert first == again
    assert len({one["text"] for one in first}) == MOST
    assert {one["kind"] for one in first} == {Suggestion.NEED}


async def test_they_speak_the_one_language_that_the_models_understand(worlds: Worlds) -> None:
    async with worlds(rules=Rules(turns=4, ideas=True, speaks="en")) as world:
        english, _ = await ideas_of(world, **{"Accept-Language": "ru"})
    assert all(one["text"].isascii() or "…" in one["text"] for one in english)
    assert not any("а" <= sign <= "я" for one in english for sign in one["text"])


async def test_a_model_suggests_first_and_only_what_can_be_shown(worlds: Worlds) -> None:
    with fake_endpoint() as endpoint:
        ref = f"openai:{endpoint.url}#challenger-ideas"
        async with worlds(rules=ON, idea_model=ref) as world:
            first, again = await ideas_of(world)

        (asked,) = endpoint.requests  # once, however often the player asks
    assert first == again
    assert [one["kind"] for one in first] == ["model", "need", "need"]
    assert first[0]["text"] == "What is behind the red …?"
    assert asked["messages"][0]["content"] == TASK.says
    assert set(data_in(asked)) == {"kinds", "language"}


async def test_a_model_that_fails_leaves_the_openings(worlds: Worlds) -> None:
    with fake_endpoint() as endpoint:
        for name in ("prose", "unknown"):
            async with worlds(rules=ON, idea_model=f"openai:{endpoint.url}#{name}") as world:
                first, _ = await ideas_of(world)
            assert [one["kind"] for one in first] == ["need"] * MOST

"""People beside models that play: shares by hand, diversity by counting, and the pages that tell it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from stumper.cli.insight import show
from stumper.evaluate.askers import AskedRow, Askers, Effort, compare, distinct, load_askers, share
from stumper.evaluate.insight import insight
from stumper.evaluate.report import render
from stumper.store.database import Database
from tests.challengers.conftest import endpoint, world  # noqa: F401  fixtures
from tests.challengers.test_run import let_play
from tests.evaluate.reporting import report_data
from tests.evaluate.test_insight import played
from tests.examples import examples
from tests.fake_endpoint import FakeEndpoint
from tests.front.world import World

ROW = AskedRow("p1", "human", None, None, None, "i", "How many dogs are there?", 8.0, None, None, None)
CLAIM = replace(ROW, status="accepted", model_answer="two", correction="three")
MODEL = replace(ROW, player_id="m", kind="model", model_ref="openai:http://x/v1#big", method="stronger")


def told(*rows: AskedRow, **effort: Effort) -> Askers:
    return compare(rows, effort, holds=lambda _image, _question, answer: answer == "three")


def test_shares_are_counted_by_who_asked() -> None:
    wrong = replace(CLAIM, correction="four")
    found = told(
        ROW, CLAIM, wrong, replace(CLAIM, status="rejected"), replace(CLAIM, status="open"),
        MODEL, replace(MODEL, question="Is there a cat?"), replace(ROW, kind="simulated", player_id="s"),
        m=Effort(calls=6, tokens=12, seconds=3.0), other=Effort(calls=99),
    )  # fmt: skip

    people, simulated, model = found.by_kind
    assert [one.name for one in found.by_kind] == [
        "people", "simulated people", "openai:http://x/v1#big (stronger)",
    ]  # fmt: skip
    assert (people.questions, people.claims[0], people.validated[0], people.true[0]) == (5, 0.8, 2 / 3, 0.5)
    assert (people.validated.of, people.true.of) == (3, 2)
    assert (simulated.questions, simulated.claims[0]) == (1, 0.0)
    assert math.isnan(simulated.validated.mean)
    assert model.effort == Effort(calls=6, tokens=12, seconds=3.0)
    assert people.effort == Effort()
    assert model.categories == {"counting": 1, "existence": 1}
    assert model.entropy == pytest.approx(math.log(2) / math.log(11))
    assert people.entropy == 0.0
    assert found.by_suggestion == ()


def test_suggested_questions_of_people_are_told_beside_their_own() -> None:
    need = replace(CLAIM, suggested="need")
    found = told(ROW, CLAIM, need, replace(MODEL, suggested="need"))

    assert [(one.name, one.questions, one.claims.mean) for one in found.by_suggestion] == [
        ("own question", 2, 0.5),
        ("need", 1, 1.0),
    ]


@given(st.integers(0, 40), st.integers(1, 40))
@settings(max_examples=examples(100))
def test_a_share_lies_within_its_interval_and_both_within_0_and_1(n: int, more: int) -> None:
    mean, low, high, of = share(n, n + more)

    assert 0.0 <= low <= mean <= high <= 1.0
    assert of == n + more
    assert low == 0.0 or n > 0


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=7), st.data())
@settings(max_examples=examples(60))
def test_different_ones_are_the_mean_over_all_draws(words: list[str], data: st.DataObject) -> None:
    drawn = data.draw(st.integers(1, len(words)))
    draws = [len(set(one)) for one in combinations(words, drawn)]

    assert distinct(Counter(words).values(), drawn) == pytest.approx(sum(draws) / len(draws))


def test_the_terminal_and_the_report_tell_it() -> None:
    compared = told(ROW, CLAIM, replace(CLAIM, suggested="need"), MODEL, m=Effort(calls=6, tokens=12))
    found = insight(replace(played(players=16), askers=compared))
    console = Console(width=80, record=True)

    show(found, console)
    printed = console.export_text()
    page = render(replace(report_data(), insight=found))

    for text in (printed, page):
        assert "own question" in text
        assert "6 calls" in text
        assert "by lot" in text
    assert max(map(len, printed.splitlines())) <= 80
    assert "big (stronger)" in page
    assert found.to_json()["askers"]["by_kind"][0]["claims"]["mean"] == 2 / 3
    assert "by lot" not in render(report_data())  # nobody to compare


async def test_what_a_model_played_is_read_with_its_cost(world: World, endpoint: FakeEndpoint) -> None:  # noqa: F811
    run = await let_play(world, f"openai:{endpoint.url}#challenger", sessions=2)
    database: Database = world.app.database
    async with database.read() as tx:
        round_id = (await tx.exec_driver_sql("SELECT id FROM round")).scalar_one()
        found = await load_askers(tx, round_id)

    (model,) = found.by_kind
    assert model.name.endswith(f"#challenger ({run.method})")
    assert (model.effort.calls, model.effort.tokens) == (run.calls, run.tokens)
    assert 0 < model.questions <= run.questions
    assert 0 < model.claims.mean <= 1

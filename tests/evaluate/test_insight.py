"""What play tells, from rows to report: categories, votes, who is left out, and what is not told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import insert

from stumper.campaigns import find_campaign, list_rounds
from stumper.cli.insight import show
from stumper.curate.belief import Cause
from stumper.errors import NotFound
from stumper.evaluate.insight import LIMITS, Insight, Played, insight, load_played
from stumper.evaluate.queries import JudgedAnswer, Opinion
from stumper.evaluate.report import render
from stumper.store import schema
from stumper.store.database import Database
from tests.evaluate.reporting import report_data
from tests.trust.rows import CAMPAIGN, IMAGE, ROUND, Said, add_player, add_session, open_campaign

QUESTIONS = ("How many dogs are there?", "Is there a cat?", "What colour is the car?")


def played(*, votes: int = 3, trusted: int = 6, players: int = 6, marks: int = 24) -> Played:
    """Everybody finds half of the counts wrong and nothing else; controls are marked as they are."""
    answers, opinions = [], []
    for player in range(players):
        for n in range(2 * marks):
            control, k = n < marks, n % 3
            wrong = n % 2 == 0 if control or k == 0 else False
            id_ = f"x{player}-{n}"
            answers.append(
                JudgedAnswer(
                    id_, f"p{player}", f"i{n}", n % 10, control, control and wrong,
                    "wrong" if wrong else "correct", QUESTIONS[k], 10.0, 10.0 + player + 1, None,
                )
            )  # fmt: skip
            if wrong and not control:
                opinions += [Opinion(id_, f"p{(player + 1 + v) % players}", True) for v in range(votes)]
    return Played(
        campaign="town", round=1, model="onnx:", answers=answers, opinions=opinions, trusted=trusted
    )


@pytest.fixture(scope="module")
def found() -> Insight:
    return insight(played(players=16))


def test_the_category_that_players_catch_stands_first(found: Insight) -> None:
    names = [name for name, _ in found.categories]

    assert names[0] == "counting"
    assert set(names) == {"counting", "existence", "color"}
    counting, other = found.categories[0][1], found.categories[1][1]
    assert found.absolute
    assert counting.error is not None
    assert other.error is not None
    assert counting.error.mean > 2 * other.error.mean
    assert counting.error.low < 0.5 < counting.error.high
    assert found.crowd.sees_control.mean > 0.8 > 0.2 > found.crowd.alarms_control.mean


def test_json_is_plain_and_complete(found: Insight) -> None:
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))

    assert plain["categories"][0]["name"] == "counting"
    assert set(plain["categories"][0]["error"]) == {"mean", "low", "high"}
    assert plain["crowd"]["players"] == 16
    assert plain["limits"] == list(LIMITS)
    assert len(plain["hardest"]) == 5


def test_the_printed_page_fits_eighty_columns(found: Insight) -> None:
    console = Console(width=80, record=True)

    show(found, console)

    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    assert "counting" in text
    assert "●" in text
    assert all(limit.split()[0] in text for limit in LIMITS)


def test_without_votes_the_reason_is_told_and_the_rates_are_relative() -> None:
    told = insight(played(votes=0, trusted=0))

    assert not told.absolute
    assert "No player is trusted yet" in told.note
    assert told.overall.error is None
    assert told.categories[0][0] == "counting"
    console = Console(width=80, record=True)
    show(told, console)
    assert "of the mean" in console.export_text()


def test_no_marks_at_all_are_an_answer_too() -> None:
    nothing = replace(played(), answers=[], opinions=[])

    told = insight(nothing)

    assert "No answer on a busy picture" in told.note
    assert told.categories == ()
    assert json.dumps(told.to_json(), allow_nan=False)
    show(told, Console(width=80, record=True))


def test_what_is_no_question_is_left_out_and_what_the_operator_said_is_known() -> None:
    rows = played(players=2, marks=3)
    answers = [*rows.answers]
    busy = next(n for n, row in enumerate(answers) if not row.control)
    answers[busy] = replace(answers[busy], question="hello")
    last = replace(answers[-1], verdict="wrong", reason=Cause.OPERATOR_ACCEPTS.value, judged_at=None)
    answers[-1] = last

    told = insight(replace(rows, answers=answers, opinions=[]))

    assert told.left_out == 1
    assert told.overall.audited == 1


def test_the_report_draws_it_or_leaves_it_out(found: Insight) -> None:
    data = report_data(n=28)

    without, drawn = render(data), render(replace(data, insight=found))
    relative = render(replace(data, insight=insight(played(votes=0))))

    assert "Where the model errs in play" not in without
    assert drawn.count('class="chart whisker"') == 3
    assert "What cannot be known from play" in drawn
    assert "1 is the mean of all categories" in relative


async def _rows(database: Database) -> None:
    await open_campaign(database)
    for name, e_value in (("a", 500.0), ("b", 1.0)):
        await add_player(database, name, e_value=e_value)
    said = [
        Said(turn=0, poisoned=True, verdict="wrong", at=20.0),
        Said(turn=0, poisoned=False, verdict="correct", at=30.0, counts=False),
        Said(turn=1, poisoned=False, verdict="wrong", at=40.0, control=False),
        Said(turn=1, poisoned=False, verdict=None, at=50.0, control=False),
    ]
    await add_session(database, "a", said, session_id="s")
    await add_session(database, "b", said[2:3], session_id="t")
    await add_session(database, "b", said[2:3], session_id="u", finished_at=None)
    async with database.begin() as tx:
        claim: dict[str, Any] = {
            "campaign_id": CAMPAIGN, "round_id": ROUND, "image_id": IMAGE, "question": "How many?",
            "model_answer": "a cat", "correction": "a dog", "status": "open", "reason": "", "created_at": 1.0,
        }  # fmt: skip
        await tx.execute(insert(schema.claim).values(id="1", exchange_id="s-x2", player_id="a", **claim))
        await tx.execute(
            insert(schema.claim).values(id="2", exchange_id="t-x0", player_id="b", same_as="1", **claim)
        )
        vote = {"claim_id": "1", "correction_right": True, "voted_at": 2.0}
        await tx.execute(
            insert(schema.vote).values(id="v", player_id="b", model_wrong=True, unanswerable=False, **vote)
        )


async def test_rows_are_read_as_they_happened(sqlite_database: Database) -> None:
    await _rows(sqlite_database)

    async with sqlite_database.read() as tx:
        campaign = await find_campaign(tx, "town")
        rounds = [one for _, one in await list_rounds(tx)]
        with pytest.raises(NotFound, match="no round 7"):
            await load_played(tx, campaign, rounds, number=7)
        rows = await load_played(tx, campaign, rounds)

    assert {row.exchange_id for row in rows.answers} == {"s-x0", "s-x2", "t-x0"}
    assert rows.answers[0].poisoned
    assert rows.opinions == [Opinion("s-x2", "b", True)], "nobody votes on their own, merged or not"
    assert rows.trusted == 1

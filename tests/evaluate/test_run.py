"""Asking and comparing: batches, failures that are missing, runs that resume, figures that add up."""

from __future__ import annotations

import asyncio
import io
import json
import math
from pathlib import Path

import pytest
from PIL import Image

from stumper.errors import ModelUnavailable
from stumper.evaluate.run import AT_ONCE, Item, answers, compare
from stumper.records import Category
from stumper.vlm.base import Answer, Capabilities
from stumper.vlm.scripted import Script, ScriptedModel


def picture(shade: int = 0) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (8, 8), (shade % 256, 9, 9)).save(target, "PNG")
    return target.getvalue()


def items(n: int = 30, *, reference: str = "five", group: str = "count_many") -> list[Item]:
    return [
        Item(
            id=str(place),
            image=picture(place // 2),
            question=f"How many cats are in row {place}?",
            reference=reference,
            category=Category.COUNTING,
            group=group,
        )
        for place in range(n)
    ]


def model(text: str, **script: object) -> ScriptedModel:
    return ScriptedModel(Script(text=text, **script))  # type: ignore[arg-type]


class Crowded:
    """Counts how many questions are on their way at once."""

    ref = "scripted:crowded"

    def __init__(self) -> None:
        self.now = self.most = 0

    async def answer(self, image: bytes, question: str) -> Answer:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        return Answer(question, 1.0)

    async def check(self) -> Capabilities:
        return Capabilities("crowded", "1", True, False, 1.0)

    async def close(self) -> None:
        return


async def test_answers_come_in_order_and_many_at_once() -> None:
    crowded = Crowded()
    asked = items(100)

    found = await answers(crowded, asked)

    assert found == [item.question for item in asked]
    assert crowded.most == AT_ONCE


async def test_a_failed_question_is_missing_and_the_others_go_on() -> None:
    found = await answers(model("5", fail_every=10), items(30))

    assert found.count(None) == 3
    assert found.count("5") == 27


async def test_a_broken_picture_is_missing_too() -> None:
    broken = Item(id="x", image=b"no picture", question="?", reference="a", category=Category.TEXT)

    assert await answers(model("5"), [*items(2), broken]) == ["5", "5", None]


async def test_a_model_that_answers_nothing_is_an_error_not_a_score() -> None:
    with pytest.raises(ModelUnavailable):
        await answers(model("5", fail_every=1), items(5))


async def test_progress_counts_up_to_the_total() -> None:
    told: list[tuple[int, int]] = []

    await compare(model("3"), model("5"), items(4), seed=1, on_progress=lambda *at: told.append(at))

    assert [done for done, _ in told] == list(range(1, 9))
    assert {total for _, total in told} == {8}


async def test_a_killed_run_asks_only_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "base.jsonl"
    first = model("5", fail_every=2)
    await answers(first, items(20), cache=path)
    path.write_text(path.read_text() + '{"key": "half a li')

    second = model("5")
    found = await answers(second, items(20), cache=path)

    assert found == ["5"] * 20
    assert second.calls < 20  # the check asks nothing of the items
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 20
    third = model("never asked")
    assert await answers(third, items(20), cache=path) == ["5"] * 20


async def test_other_weights_are_asked_again(tmp_path: Path) -> None:
    class Rebuilt(Crowded):
        build = "1"

        async def check(self) -> Capabilities:
            return Capabilities("crowded", self.build, True, False, 1.0)

        async def answer(self, image: bytes, question: str) -> Answer:
            return Answer(self.build, 1.0)

    rebuilt = Rebuilt()
    await answers(rebuilt, items(3), cache=tmp_path / "a.jsonl")
    rebuilt.build = "2"

    assert await answers(rebuilt, items(3), cache=tmp_path / "a.jsonl") == ["2"] * 3


async def test_a_comparison_adds_up() -> None:
    asked = items(30) + items(10, reference="three", group="count")

    found = await compare(model("three"), model("There are five."), asked, seed=1)

    assert (found.overall.base.mean, found.overall.tuned.mean) == (0.25, 0.75)
    assert found.overall.gain.mean == pytest.approx(0.5)
    assert [group.name for group in found.groups] == ["count", "count_many"]
    assert found.groups[0].gain.mean == -1.0
    assert [category.name for category in found.categories] == ["counting"]
    assert found.outcomes[0].before == "three"
    assert json.loads(json.dumps(found.to_json()))["overall"]["tuned"]["mean"] == 0.75


async def test_missing_answers_are_counted_and_left_out_of_means() -> None:
    found = await compare(model("five", fail_every=3), model("five"), items(30), seed=1)

    assert found.overall.base.mean == 1.0
    assert found.overall.base.n == 20
    assert found.overall.missing == 10
    assert sum(math.isnan(outcome.base) for outcome in found.outcomes) == 10


async def test_a_gap_is_closed_only_beyond_guessing() -> None:
    mixed = [
        Item(
            id=str(place),
            image=picture(place),
            question="How many cats?",
            reference=("five", "six", "seven", "four")[place % 4],
            category=Category.COUNTING,
            group="count_many",
        )
        for place in range(80)
    ]

    class Knowing(Crowded):
        async def answer(self, image: bytes, question: str) -> Answer:
            return Answer(next(item.reference for item in mixed if item.image == image), 1.0)

    always = await compare(model("three"), model("five"), items(40), seed=1)
    knowing = await compare(model("three"), Knowing(), mixed, seed=1)

    assert not always.groups[0].closed  # all references are 'five': a constant does it
    assert knowing.groups[0].closed
    assert knowing.groups[0].guess == pytest.approx(0.25)


async def test_no_items_give_figures_of_nothing() -> None:
    found = await compare(model("a"), model("b"), [], seed=1)

    assert found.overall.items == 0
    assert found.to_json()["overall"]["base"]["mean"] is None

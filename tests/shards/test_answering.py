"""Asking a model ahead: an evaluation finds its answers there and comes to the same, having asked nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stumper.errors import BadSetting, JobFailed, ModelUnavailable
from stumper.evaluate.kept import Kept
from stumper.evaluate.run import Item, ask_all
from stumper.records import Category
from stumper.shards import Engine, Way, ask_ahead, work_file
from stumper.vlm.picture import ball
from stumper.vlm.scripted import open_scripted

WAYS = [Way(), Way(engine=Engine.LOCAL, rows=1), Way(engine=Engine.LOCAL, rows=4)]


def items(many: int) -> list[Item]:
    return [
        Item(
            id=str(n),
            image=ball("red" if n % 2 else "blue"),
            question=f"How many balls are there, {n}?\n",
            reference="1",
            category=Category.COUNTING,
        )
        for n in range(many)
    ]


def ahead(ref: str, folder: Path, sets: dict[Path, list[Item]], way: Way) -> None:
    ask_ahead(ref, sets, folder=folder / "ahead", way=way, secrets={})


@pytest.mark.parametrize("way", WAYS)
async def test_an_evaluation_finds_what_was_asked_ahead(tmp_path: Path, way: Way) -> None:
    sets = {tmp_path / "a" / "base.jsonl": items(9), tmp_path / "b" / "base.jsonl": items(12)}
    model = open_scripted("")
    plain = [await ask_all(model, some) for some in sets.values()]

    await asyncio.to_thread(ahead, "scripted:", tmp_path, sets, way)
    checked = open_scripted("")
    known = [await Kept.open(path, checked) for path in sets]
    before = checked.calls

    for told, one, (path, some) in zip(plain, known, sets.items(), strict=True):
        assert all(one.find(item.image, item.question) for item in some)
        found = await ask_all(checked, some, cache=path)
        assert [answer and answer.text for answer in found] == [answer and answer.text for answer in told]
    assert checked.calls - before <= len(sets)  # a look at its build for each file, and no question
    lines = (tmp_path / "ahead" / "questions.jsonl").read_text().splitlines()
    assert len(lines) == 12  # what two sets ask is asked once


def test_a_second_call_asks_nothing(tmp_path: Path) -> None:
    sets = {tmp_path / "base.jsonl": items(5)}
    ahead("scripted:", tmp_path, sets, WAYS[1])
    (tmp_path / "ahead" / "questions.jsonl").unlink()

    ahead("scripted:", tmp_path, sets, WAYS[1])

    assert not (tmp_path / "ahead" / "questions.jsonl").exists()


def test_another_build_than_where_the_work_began_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"question": "what?", "image": "none"}\n')
    options = {"model": "scripted:", "build": "other", "pictures": str(tmp_path)}

    with pytest.raises(BadSetting, match=r"is build .* here and other where the work began"):
        work_file(source, tmp_path / "out", "answer", options, way=WAYS[1], on_bad=lambda *_: None)


def test_a_question_that_the_model_fails_at_is_left_to_the_evaluation(tmp_path: Path) -> None:
    path = tmp_path / "base.jsonl"

    ahead("scripted:fail=4", tmp_path, {path: items(8)}, Way(engine=Engine.LOCAL, rows=1))

    assert len(path.read_text().splitlines()) == 6


def test_a_model_that_is_away_fails_its_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise ModelUnavailable("nobody is there")

    monkeypatch.setattr("stumper.shards.kinds.ask_all", away)

    with pytest.raises(JobFailed, match="1 of 2 shards failed: lines 1 to 9: nobody is there"):
        ahead("scripted:", tmp_path, {tmp_path / "base.jsonl": items(12)}, Way(engine=Engine.LOCAL, rows=9))

"""Two engines, the same questions: what differs is counted, shown and ends with status 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from stumper.cli.serving import end_unless_alike
from stumper.errors import BadRelease, ModelUnavailable
from stumper.serving import alike, drawn_items, picture_items
from stumper.vlm.scripted import Script, ScriptedModel
from tests.commands import stumper
from tests.evaluate.test_closing import release
from tests.evaluate.test_run import items


def model(text: str | None = "five", **script: Any) -> ScriptedModel:
    return ScriptedModel(Script(text=text, **script))


async def test_the_same_model_says_the_same() -> None:
    found = await alike(model(), model(), items(30))

    assert (found.asked, found.equal, found.differences) == (30, 30, ())


async def test_each_difference_is_told_with_what_the_rules_make_of_it() -> None:
    asked = items(4)
    other = model(answers={asked[1].question: "5", asked[2].question: "three"})

    found = await alike(model(), other, asked)

    assert found.equal == 2
    assert [(one.one, one.other, one.same_by_rules) for one in found.differences] == [
        ("five", "5", True),
        ("five", "three", False),
    ]
    assert json.loads(json.dumps(found.to_json()))["differences"][0]["by_rules"] is True


async def test_an_answer_that_is_missing_is_a_difference_even_on_both_sides() -> None:
    found = await alike(model(fail_every=4), model(fail_every=4), items(8))

    assert found.equal == 6
    assert not any(one.same_by_rules for one in found.differences)


async def test_an_engine_that_never_answers_is_no_engine() -> None:
    with pytest.raises(ModelUnavailable):
        await alike(model(), model(fail_every=1), items(3))


def test_drawn_pictures_are_different_and_the_same_each_time() -> None:
    drawn = drawn_items(pictures=6)

    assert len({item.picture for item in drawn}) == 6
    assert drawn == drawn_items(pictures=6)


def test_a_release_is_asked_once_a_picture(tmp_path: Path) -> None:
    folder = release(tmp_path / "r")

    assert [item.id for item in picture_items(folder, pictures=4)] == ["0", "1", "2", "3"]
    with pytest.raises(BadRelease):
        picture_items(tmp_path, pictures=4)


def test_the_command_prints_n_of_n_and_ends_with_status_0(tmp_path: Path) -> None:
    done = stumper("models", "check", "scripted:", "scripted:", "--pictures", "5", folder=tmp_path)

    assert (done.returncode, "5 of 5 answers are equal" in done.stdout) == (0, True), done.stderr


def test_the_command_shows_what_differs_and_ends_with_status_1(tmp_path: Path) -> None:
    words = ("models", "check", "scripted:text=two", "scripted:text=2", "--pictures", "12")

    done = stumper(*words, folder=tmp_path)

    assert done.returncode == 1
    assert "0 of 12 answers are equal" in done.stdout
    assert "... and 2 more" in done.stdout


async def test_some_answers_may_differ_where_that_is_said() -> None:
    found = await alike(model("two"), model("three"), items(3))

    end_unless_alike([found], may_differ=3)
    with pytest.raises(typer.Exit):
        end_unless_alike([found], may_differ=2)


def test_the_command_tells_programs_too(tmp_path: Path) -> None:
    folder = release(tmp_path / "r")
    words = ("models", "check", "scripted:text=two", "scripted:text=5", "--release", str(folder), "--json")

    done = stumper(*words, folder=tmp_path)

    assert done.returncode == 1
    assert json.loads(done.stdout)["asked"] == 6


def test_what_is_served_where_nothing_listens_is_an_error_and_no_difference(tmp_path: Path) -> None:
    done = stumper("models", "export", "openai:http://127.0.0.1:9/v1#x", "--out", "o", folder=tmp_path)

    assert (done.returncode, "cannot be exported" in done.stderr) == (1, True)

"""The scripted model, the breaker, and references to models that cannot be opened."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import BadSetting, ModelUnavailable, NotFound
from stumper.vlm import Script, ScriptedModel, check_model, open_model
from stumper.vlm.breaker import Breaker
from stumper.vlm.picture import ball
from stumper.vlm.scripted import open_scripted, plausible


@given(st.binary(max_size=20), st.text(max_size=60))
def test_a_plausible_answer_follows_from_picture_and_question(image: bytes, question: str) -> None:
    answer = plausible(image, question)
    assert answer
    assert plausible(image, f"  {question} ") == answer


def test_plausible_answers_have_the_form_of_the_question() -> None:
    images = [bytes([number]) for number in range(50)]
    assert {plausible(image, "Is there a cat?") for image in images} == {"yes", "no"}
    assert all(plausible(image, "how many cats").isdigit() for image in images)
    assert len({plausible(image, "What colour is it?") for image in images}) > 3


async def test_does_what_its_script_says() -> None:
    model = ScriptedModel(Script(text="no idea", answers={"Who?": "me"}, fail_every=3))
    picture = ball("red")
    assert (await model.answer(picture, "Who?")).text == "me"
    assert (await model.answer(picture, "What?")).text == "no idea"
    with pytest.raises(ModelUnavailable, match="Ask again"):
        await model.answer(picture, "Who?")
    assert (await model.answer(picture, "Who?")).text == "me"
    assert model.calls == 4


async def test_reference_sets_the_script() -> None:
    model = open_scripted("slow=0.05&fail=2&text=It+is+a+cat.")
    started = time.perf_counter()
    answer = await model.answer(ball("red"), "What?")
    assert answer.text == "It is a cat."
    assert time.perf_counter() - started >= 0.05
    assert answer.latency_ms >= 50
    with pytest.raises(ModelUnavailable):
        await model.answer(ball("red"), "What?")


@pytest.mark.parametrize(
    "rest", ["slow", "slow=fast", "slow=-1", "fail=1.5", "fail=-1", "text=", "speed=2", "slow=1&x=2"]
)
def test_refuses_scripts_that_cannot_be_read(rest: str) -> None:
    with pytest.raises(BadSetting, match=r"scripted:slow=2&fail=10&text=Yes"):
        open_scripted(rest)


async def test_check_closes_the_model() -> None:
    found = await check_model("scripted:")
    assert (found.model, found.vision) == ("scripted", True)


@pytest.mark.parametrize("ref", ["", "gpt-5", "http://host/v1#x", "anthropic:claude"])
async def test_unknown_references_name_the_known_ones(ref: str) -> None:
    with pytest.raises(BadSetting, match="openai:URL#NAME"):
        await open_model(ref)


async def test_a_folder_that_is_no_checkpoint_is_refused_at_once(tmp_path: Path) -> None:
    for rest, error, words in [
        ("", BadSetting, "needs a folder or a hub name"),
        (str(tmp_path / "none"), NotFound, "There is no folder"),
        ("./none", NotFound, "There is no folder"),
        (str(tmp_path), NotFound, "holds no config.json"),
    ]:
        with pytest.raises(error, match=words):
            await open_model(f"hf:{rest}")


async def test_hf_without_torch_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(BadSetting, match=r"pip install 'stumper\[train\]'"):
        await open_model("hf:owner/name")


def test_the_breaker_opens_tries_one_and_closes() -> None:
    now = 0.0
    breaker = Breaker(threshold=3, rest_s=10, clock=lambda: now)
    for _ in range(2):
        breaker.failed()
    assert breaker.wait_s() == 0
    breaker.failed()
    assert breaker.wait_s() == 10
    now = 9.0
    assert breaker.wait_s() == 1
    now = 10.0
    assert breaker.wait_s() == 0
    assert breaker.wait_s() == 10
    breaker.failed()
    now = 20.0
    assert breaker.wait_s() == 0
    breaker.succeeded()
    assert breaker.wait_s() == 0
    breaker.failed()
    assert breaker.wait_s() == 0

"""Checkpoints and adapters as opponents: batches say what single questions get, adapters need their base."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from stumper.errors import BadImage, BadSetting, ModelRefused, NotFound
from stumper.vlm.checkpoint import ADAPTER, base_of
from stumper.vlm.picture import ball

if importlib.util.find_spec("torch") is None:
    pytest.skip("the extra train (torch, transformers) is not installed", allow_module_level=True)

from stumper.vlm.hf import HfModel, open_hf
from stumper.vlm.onnx import SHIPPED
from tests.tiny_models import SHAPE, save_adapter, save_checkpoint

QUESTIONS = ["What colour is the ball?", "How many balls are there?", "Is there a cat beside the red ball?"]


def adapter_file(folder: Path, base: str) -> Path:
    folder.mkdir()
    (folder / ADAPTER).write_text(json.dumps({"base_model_name_or_path": base}))
    return folder


def test_an_adapter_whose_base_is_gone_says_where_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"models/base, which is not there.*adapter_config\.json"):
        open_hf(str(adapter_file(tmp_path / "a", "/gone/models/base")))


def test_an_adapter_without_a_base_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="names no base model"):
        open_hf(str(adapter_file(tmp_path / "a", "")))


def test_a_base_is_found_beside_its_adapter_or_taken_for_a_name_on_the_hub(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text("{}")

    assert base_of(adapter_file(tmp_path / "a", "../base")) == str(base)
    assert base_of(adapter_file(tmp_path / "b", "owner/name")) == "owner/name"


@pytest.mark.slow
async def test_questions_that_wait_are_answered_together_as_they_are_alone() -> None:
    model = HfModel(str(SHIPPED))
    calls = []
    generate = model.generate
    model.generate = lambda asked, **more: calls.append(len(asked)) or generate(asked, **more)  # type: ignore[func-returns-value,method-assign]
    asked = [(ball(colour), question) for question in QUESTIONS for colour in ("red", "blue")]

    together = await asyncio.gather(
        model.answer(b"no picture", "What is it?"),
        *(model.answer(picture, question) for picture, question in asked),
        return_exceptions=True,
    )
    alone = [await model.answer(picture, question) for picture, question in asked]
    await model.close()

    assert isinstance(together[0], BadImage)
    assert [one.text for one in together[1:]] == [one.text for one in alone]  # type: ignore[union-attr]
    assert calls == [6, 1, 1, 1, 1, 1, 1]


@pytest.mark.slow
async def test_what_cannot_be_asked_together_is_asked_one_by_one() -> None:
    model = HfModel(str(SHIPPED))
    generate = model.generate

    def fails_together(asked: list[tuple[object, str]], **more: int) -> list[tuple[str, int]]:
        if len(asked) > 1:
            raise ValueError("cannot pad")
        return generate(asked, **more)

    model.generate = fails_together  # type: ignore[method-assign,assignment]

    said = await asyncio.gather(*(model.answer(ball("red"), question) for question in QUESTIONS))
    await model.close()

    assert [bool(one.text) for one in said] == [True] * 3


@pytest.mark.slow
async def test_an_adapter_is_played_on_its_base(tmp_path: Path) -> None:
    base = save_checkpoint(tmp_path / "base")
    adapter = save_adapter(tmp_path / "adapter", base)
    bare, adapted = open_hf(str(base)), open_hf(str(adapter))

    builds = {(await model.check()).build for model in (bare, adapted)}
    said = [(await model.answer(ball("red"), QUESTIONS[0])).text for model in (bare, adapted)]
    for model in (bare, adapted):
        await model.close()

    assert len(builds) == 2
    assert said[0] != said[1]


@pytest.mark.slow
@pytest.mark.parametrize("other", [{"text_width": 32}, {"text_layers": 1}, {"text_layers": 3}])
async def test_an_adapter_of_another_base_is_refused(tmp_path: Path, other: dict[str, int]) -> None:
    two_layers = replace(SHAPE, text_layers=2)
    base = save_checkpoint(tmp_path / "base", shape=two_layers)
    adapter = save_adapter(tmp_path / "adapter", base)
    shutil.rmtree(base)
    save_checkpoint(base, shape=replace(two_layers, **other))
    model = open_hf(str(adapter))

    with pytest.raises(ModelRefused, match="does not fit its base"):
        await model.answer(ball("red"), QUESTIONS[0])
    await model.close()

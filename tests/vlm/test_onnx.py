"""The shipped model on onnxruntime: alone, in a crowd, and with bad input."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import time
from pathlib import Path

import pytest
from PIL import Image

from stumper.errors import BadImage, ModelRefused, NotFound
from stumper.toytown.draw import draw
from stumper.toytown.sample import sample_scene
from stumper.vlm import onnx
from stumper.vlm.engine import Engine
from stumper.vlm.onnx import SHIPPED, open_onnx

QUESTIONS = (
    "What colour is the cat?",
    "how many cars",
    "is there a dog in the picture?",
    "Where is the tree",
    "",
)


def _picture(number: int, size_px: int = 640) -> Image.Image:
    return draw(sample_scene(9_500_000 + number, style="simple"), size_px)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(SHIPPED)


def test_answers_in_a_batch_are_the_answers_alone(engine: Engine) -> None:
    pictures = [_picture(number) for number in range(10)]
    questions = [QUESTIONS[number % len(QUESTIONS)] for number in range(10)]

    together = engine.answer(pictures, questions)

    alone = [engine.answer([picture], [text])[0] for picture, text in zip(pictures, questions, strict=True)]
    assert together == alone
    assert len({said.text for said in together}) > 2


def test_nothing_asked_nothing_said(engine: Engine) -> None:
    assert engine.answer([], []) == []


@pytest.mark.parametrize(
    "question", ["", "?", "x" * 5000, "<image><s></s>", "\x00\n\t", "猫はどこ", "what " * 900]
)
def test_any_text_gets_a_short_answer(engine: Engine, question: str) -> None:
    (said,) = engine.answer([_picture(1)], [question])

    assert said.tokens <= 24


def test_a_picture_for_people_gets_the_answers_of_the_small_one(engine: Engine) -> None:
    questions = ["what colour is the thing on the left", "how many things are there", "is there a cat"] * 20
    large = [_picture(number // 3) for number in range(60)]
    small = [_picture(number // 3, 96) for number in range(60)]

    pairs = zip(engine.answer(large, questions), engine.answer(small, questions), strict=True)

    assert sum(a.text == b.text for a, b in pairs) >= 57


def test_it_opens_fast_enough_for_a_server_that_starts_in_five_seconds() -> None:
    started = time.perf_counter()

    Engine(SHIPPED)

    # 0.2 s here when the machine is idle.
    assert time.perf_counter() - started < 3


@pytest.mark.slow
async def test_a_crowd_is_answered_together_and_each_by_its_own_picture(engine: Engine) -> None:
    pictures = [_png(_picture(number)) for number in range(40)]
    expected = engine.answer([_picture(number) for number in range(40)], [QUESTIONS[0]] * 40)
    model = open_onnx("")

    answers = await asyncio.gather(*(model.answer(picture, QUESTIONS[0]) for picture in pictures))
    await model.close()

    assert [answer.text for answer in answers] == [said.text for said in expected]


async def test_a_picture_asked_about_lately_is_not_looked_at_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = engine.answer([_picture(0)] * 5, QUESTIONS)
    monkeypatch.setattr(onnx, "_REMEMBERED", 2)
    looks: list[int] = []
    look = Engine.look
    monkeypatch.setattr(
        Engine, "look", lambda self, pictures: (looks.append(len(pictures)), look(self, pictures))[1]
    )
    model = open_onnx("")
    first, second, third = (_png(_picture(number)) for number in range(3))

    said = [(await model.answer(first, question)).text for question in QUESTIONS]
    for picture in (second, first, third, first, second):  # the third pushes out the second
        await model.answer(picture, QUESTIONS[0])
    await model.close()

    assert said == [answer.text for answer in expected]
    assert looks == [1, 1, 1, 1]


async def test_a_broken_picture_spoils_no_other_answer() -> None:
    model = open_onnx("")
    good = _png(_picture(1))

    results = await asyncio.gather(
        model.answer(good, QUESTIONS[0]),
        model.answer(b"no picture", QUESTIONS[0]),
        model.answer(good, QUESTIONS[1]),
        return_exceptions=True,
    )
    await model.close()

    assert [isinstance(result, BadImage) for result in results] == [False, True, False]


async def test_a_player_who_leaves_does_not_stop_the_others() -> None:
    model = open_onnx("")
    picture = _png(_picture(1))
    leaving = asyncio.create_task(model.answer(picture, QUESTIONS[0]))
    await asyncio.sleep(0)
    leaving.cancel()

    answer = await model.answer(picture, QUESTIONS[0])
    await model.close()

    assert answer.text


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"config\.json is missing"):
        open_onnx(str(tmp_path))
    with pytest.raises(NotFound, match="There is no folder"):
        open_onnx(str(tmp_path / "nowhere"))


def test_a_folder_with_a_broken_model_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "model")
    (folder / "config.json").write_text(json.dumps({"model_type": "other"}))

    with pytest.raises(ModelRefused, match="cannot be used"):
        open_onnx(str(folder))


def test_the_weights_are_light_enough_for_the_package() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= 10_000_000

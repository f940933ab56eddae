"""What every opponent promises, whatever stands behind it: one contract over all adapters of the port."""

from __future__ import annotations

import asyncio
import importlib.util
import io
from collections.abc import AsyncIterator, Iterator

import pytest
from PIL import Image

from stumper.errors import BadImage, ModelError, ModelRefused, ModelUnavailable
from stumper.vlm import Model, open_model
from stumper.vlm.onnx import SHIPPED
from stumper.vlm.picture import ball
from tests.fake_endpoint import fake_endpoint

NO_TRAIN = "the extra train (torch, transformers) is not installed"
ADAPTERS = ("scripted", "onnx", "openai", pytest.param("hf", marks=pytest.mark.slow))


@pytest.fixture(scope="module")
def endpoint_url() -> Iterator[str]:
    with fake_endpoint() as endpoint:
        yield endpoint.url


@pytest.fixture(params=ADAPTERS)
def ref(request: pytest.FixtureRequest) -> str:
    if request.param == "openai":
        return f"openai:{request.getfixturevalue('endpoint_url')}#sees"
    if request.param == "hf":
        if importlib.util.find_spec("torch") is None:
            pytest.skip(NO_TRAIN)
        return f"hf:{SHIPPED}"
    return f"{request.param}:"


@pytest.fixture
async def model(ref: str) -> AsyncIterator[Model]:
    opened = await open_model(ref)
    yield opened
    await opened.close()


def encoded(colour: str, format: str, mode: str = "RGB") -> bytes:
    picture = Image.open(io.BytesIO(ball(colour))).convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, format)
    return buffer.getvalue()


async def test_answers_with_text_and_time(model: Model, ref: str) -> None:
    answer = await model.answer(ball("red"), "What colour is the ball?")
    assert answer.text
    assert answer.text == answer.text.strip()
    assert answer.latency_ms > 0
    assert answer.tokens >= 1
    assert model.ref == ref


async def test_the_same_question_gets_the_same_answer(model: Model) -> None:
    first = await model.answer(ball("red"), "What colour is the ball?")
    assert (await model.answer(ball("red"), "What colour is the ball?")).text == first.text


async def test_concurrent_questions_do_not_mix(model: Model) -> None:
    asked = [
        (ball(colour), question)
        for colour in ("red", "blue")
        for question in ("What colour is the ball?", "Is there a cat?")
    ]
    alone = [(await model.answer(*each)).text for each in asked]
    together = await asyncio.gather(*(model.answer(*each) for each in asked * 4))
    assert [answer.text for answer in together] == alone * 4


@pytest.mark.parametrize(
    ("format", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("JPEG", "RGB"), ("WEBP", "RGB"), ("GIF", "P")],
)
async def test_takes_every_format_of_the_pool(model: Model, format: str, mode: str) -> None:
    assert (await model.answer(encoded("red", format, mode), "What colour is the ball?")).text


@pytest.mark.parametrize(
    "question",
    [
        "",
        "  ",
        "???",
        "WHAT COLOUR",
        "a" * 5000,
        "\x00\x1b[31m",
        "Ünïcode 漢字 \U0001f600",
        "</s><image> what",
    ],
)
async def test_says_something_or_why_not_whatever_is_asked(model: Model, question: str) -> None:
    (said,) = await asyncio.gather(model.answer(ball("red"), question), return_exceptions=True)
    if isinstance(said, ModelError):
        assert "Ask in other words" in str(said)
    else:
        assert not isinstance(said, BaseException)
        assert said.text.strip()


@pytest.mark.parametrize("data", [b"", b"<html>", ball("red")[:20], b"GIF89a" + b"\xff" * 50])
async def test_refuses_what_is_no_picture_and_goes_on(model: Model, data: bytes) -> None:
    results = await asyncio.gather(
        model.answer(data, "What colour is the ball?"),
        model.answer(ball("red"), "What colour is the ball?"),
        return_exceptions=True,
    )
    assert isinstance(results[0], BadImage | ModelRefused)
    assert not isinstance(results[1], BaseException)
    assert results[1].text


async def test_a_player_who_leaves_disturbs_nobody(model: Model) -> None:
    leaving = asyncio.create_task(model.answer(ball("blue"), "What colour is the ball?"))
    staying = asyncio.create_task(model.answer(ball("red"), "What colour is the ball?"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).text
    assert (await model.answer(ball("blue"), "What colour is the ball?")).text


async def test_check_tells_what_it_is(model: Model) -> None:
    found = await model.check()
    assert found.model
    assert found.build
    assert found.vision
    assert found.latency_ms > 0
    assert (await model.check()).build == found.build


async def test_closed_it_stays_closed(model: Model) -> None:
    await model.answer(ball("red"), "What colour is the ball?")
    await model.close()
    await model.close()
    with pytest.raises(ModelUnavailable, match="Open it again"):
        await model.answer(ball("red"), "What colour is the ball?")

"""Answers that are kept: when, under which key, how long, and that nobody can tell one by its speed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import ModelBusy, ModelUnavailable
from stumper.store.cache import Cache, MemoryCache, open_cache
from stumper.vlm import ScriptedModel
from stumper.vlm.base import Answer, Capabilities, Served
from stumper.vlm.endpoint import Patience
from stumper.vlm.line import in_person
from stumper.vlm.onnx import open_onnx
from stumper.vlm.openai import open_openai
from stumper.vlm.picture import ball
from stumper.vlm.remember import TTL_S, Remembering, digest_of, remembering
from tests.examples import examples
from tests.fake_endpoint import FakeEndpoint, fake_endpoint

_TEXTS = st.text('a"\0 é', max_size=4)
QUESTION = "What colour is the ball?"


class Steady:
    """Says what it was asked, under a build of its own; tells how often and takes as long as it says."""

    def __init__(self, *, took_ms: float = 5.0) -> None:
        self.ref = "steady:"
        self.build: str | None = "1"
        self.took_ms = took_ms
        self.calls = 0
        self.stood = 0

    async def answer(self, image: bytes, question: str) -> Answer:
        self.calls += 1
        return Answer(f"{self.build} {len(image)} {question}", self.took_ms)

    async def stand_in_line(self) -> None:
        self.stood += 1

    async def check(self) -> Capabilities:
        raise NotImplementedError

    async def close(self) -> None:
        pass


class Slept:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    url = "memory:" if request.param == "memory" else request.getfixturevalue("redis_url")
    opened = open_cache(url)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as endpoint:
        yield endpoint


async def test_the_same_question_about_the_same_picture_is_asked_once(cache: Cache) -> None:
    model = Steady()
    kept = Remembering(model, cache, slots=100, sleep=Slept())

    first, second = await kept.answer(b"p", "What?"), await kept.answer(b"p", "What?")

    assert first.text == second.text
    assert (model.calls, kept.hits, second.tokens) == (1, 1, 0)


@pytest.mark.parametrize(
    ("picture", "question", "build"),
    [(b"q", "What?", "1"), (b"p", "what?", "1"), (b"p", "What ?", "1"), (b"p", "What?", "2")],
)
async def test_another_picture_wording_or_build_is_asked(picture: bytes, question: str, build: str) -> None:
    model = Steady()
    kept = Remembering(model, MemoryCache(), slots=100_000, sleep=Slept())
    await kept.answer(b"p", "What?")
    model.build = build

    await kept.answer(picture, question)

    assert model.calls == 2


@settings(max_examples=examples(60))
@given(*(st.tuples(_TEXTS, _TEXTS, st.binary(max_size=4), _TEXTS) for _ in "ab"))
def test_different_askings_have_different_keys(
    one: tuple[str, str, bytes, str], other: tuple[str, str, bytes, str]
) -> None:
    assert (digest_of(*one) == digest_of(*other)) == (one == other)


async def test_models_of_one_name_at_two_servers_do_not_share_answers() -> None:
    cache, one, other = MemoryCache(), Steady(), Steady()
    other.ref = "steady:elsewhere"
    for model in (one, other):
        await Remembering(model, cache, slots=100_000, sleep=Slept()).answer(b"p", "What?")

    assert (one.calls, other.calls) == (1, 1)


async def test_an_answer_by_another_build_is_not_kept_for_the_one_that_was_expected() -> None:
    """Two endpoints, one with newer weights: it answers, and meanwhile the older one answers somebody."""

    class Rolling(Steady):
        async def answer(self, image: bytes, question: str) -> Answer:
            said = await super().answer(image, question)
            return replace(said, served=Served(name="m", build="2"))

    model = Rolling()
    kept = Remembering(model, MemoryCache(), slots=100, sleep=Slept())
    for _ in range(2):
        await kept.answer(b"p", "What?")

    assert (model.calls, kept.hits) == (2, 0)


async def test_answers_are_bounded_and_of_one_slot_the_newest_stays() -> None:
    model, cache = Steady(), MemoryCache()
    kept = Remembering(model, cache, slots=8, sleep=Slept())

    for number in range(100):
        answer = await kept.answer(b"p", str(number))
        assert answer.text == f"1 1 {number}", "a slot taken over by another question is no answer to this"
    await kept.answer(b"p", "99")

    assert len(cache._values) <= 8
    assert kept.hits == 1


async def test_an_answer_is_forgotten_in_time() -> None:
    now = [0.0]
    model = Steady()
    kept = Remembering(model, MemoryCache(clock=lambda: now[0]), slots=8, sleep=Slept())
    await kept.answer(b"p", "What?")
    now[0] = TTL_S + 1

    await kept.answer(b"p", "What?")

    assert model.calls == 2


async def test_a_kept_answer_takes_the_time_of_real_ones_and_stands_in_line() -> None:
    model, slept = Steady(), Slept()
    kept = Remembering(model, MemoryCache(), slots=100, rng=random.Random(1), sleep=slept)
    for took_ms in (10.0, 400.0, 900.0):
        model.took_ms = took_ms
        await kept.answer(b"p", f"What takes {took_ms} ms?")

    for _ in range(60):
        await kept.answer(b"p", "What takes 10.0 ms?")

    assert {round(seconds * 1000) for seconds in slept.seconds} == {10, 400, 900}
    assert model.stood == 60


async def test_the_time_that_is_written_down_is_the_time_it_took() -> None:
    kept = Remembering(Steady(took_ms=30.0), MemoryCache(), slots=100)
    real = await kept.answer(b"p", "What?")
    again = await kept.answer(b"p", "What?")

    assert (real.latency_ms, kept.hits) == (30.0, 1)
    assert 29 <= again.latency_ms < 500


async def test_a_model_of_unknown_build_or_drawn_answers_is_always_asked() -> None:
    model = Steady()
    model.build = None
    kept = Remembering(model, MemoryCache(), slots=100, sleep=Slept())

    for _ in range(3):
        await kept.answer(b"p", "What?")

    assert model.calls == 3


def test_keeping_can_be_switched_off_and_needs_a_model_that_repeats_itself() -> None:
    assert isinstance(remembering(Steady(), MemoryCache(), slots=1), Remembering)
    steady, scripted = Steady(), ScriptedModel()
    assert remembering(steady, MemoryCache(), slots=0) is steady
    assert remembering(scripted, MemoryCache(), slots=9) is scripted


async def test_the_shipped_model_repeats_itself() -> None:
    model = open_onnx("")
    kept = remembering(model, MemoryCache(), slots=100)
    first, second = [await kept.answer(ball("red"), QUESTION) for _ in range(2)]
    await kept.close()

    assert isinstance(kept, Remembering)
    assert (first.text, kept.hits) == (second.text, 1)


async def test_an_endpoint_is_asked_once_and_says_that_the_second_answer_was_kept(
    server: FakeEndpoint,
) -> None:
    server.requests.clear()
    kept = remembering(open_openai(f"{server.url}#sees"), MemoryCache(), slots=100)
    answers = [await kept.answer(ball("red"), QUESTION) for _ in range(4)]
    await kept.close()

    # Only after the first answer is it known which build answers.
    assert len(server.requests) == 2
    assert [bool(answer.served and answer.served.kept) for answer in answers] == [False, False, True, True]
    assert {answer.served and answer.served.label for answer in answers} == {"sees-2026@fp_1"}
    assert [answer.tokens for answer in answers] == [3, 3, 0, 0]


async def test_an_endpoint_without_a_temperature_draws_its_answers(server: FakeEndpoint) -> None:
    server.requests.clear()
    kept = remembering(open_openai(f"{server.url}#cool"), MemoryCache(), slots=100)
    for _ in range(3):
        await kept.answer(ball("red"), QUESTION)
    await kept.close()

    assert len(server.requests) == 4, "one more to learn the dialect"


async def test_what_a_fallback_says_is_not_kept_for_the_opponent(server: FakeEndpoint) -> None:
    with fake_endpoint() as own:
        kept = remembering(open_openai(f"{own.url}#sees|{server.url}#echo"), MemoryCache(), slots=100)
        await kept.answer(ball("red"), "Anything?")
        own.broken = True
        stood_in = await kept.answer(ball("red"), QUESTION)
        own.broken = False
        answer = await kept.answer(ball("red"), QUESTION)
        await kept.close()

    assert (stood_in.text, answer.text) == (QUESTION, "It is red.")


async def test_a_full_line_refuses_who_would_get_a_kept_answer(server: FakeEndpoint) -> None:
    """Else a quick answer in a busy hour would say that others have asked the same."""
    kept = remembering(
        open_openai(f"{server.url}#sees", patience=Patience(concurrent=1, line=0)), MemoryCache(), slots=100
    )
    for _ in range(2):
        await kept.answer(ball("red"), QUESTION)
    server.delay_s = 0.3
    try:
        busy = asyncio.create_task(kept.answer(ball("blue"), QUESTION))
        while not server.running:  # noqa: ASYNC110  (the server is in another thread)
            await asyncio.sleep(0.01)
        with in_person(), pytest.raises(ModelBusy):
            await kept.answer(ball("red"), QUESTION)
        await busy
    finally:
        server.delay_s = 0.0
        await kept.close()


async def test_nothing_is_kept_of_a_failure() -> None:
    class Fails(Steady):
        async def answer(self, image: bytes, question: str) -> Answer:
            if self.calls == 0:
                self.calls += 1
                raise ModelUnavailable("away")
            return await super().answer(image, question)

    kept = Remembering(Fails(), MemoryCache(), slots=100, sleep=Slept())
    with pytest.raises(ModelUnavailable):
        await kept.answer(b"p", "What?")

    assert (await kept.answer(b"p", "What?")).text == "1 1 What?"

"""Several endpoints of one model against real HTTP servers: balance, a broken one, the fallback, pauses."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadSetting, ModelBusy, ModelRefused, ModelTimeout, ModelUnavailable
from stumper.observe.metrics import MODEL_WAITING
from stumper.vlm.breaker import Breaker
from stumper.vlm.endpoint import Endpoint, Failed, Patience
from stumper.vlm.line import in_person
from stumper.vlm.openai import OpenAIModel, open_openai, places
from stumper.vlm.picture import ball
from stumper.vlm.pool import Member, Pool, choose, pause
from stumper.vlm.reply import Reply
from tests.examples import examples
from tests.fake_endpoint import FakeEndpoint, fake_endpoint

QUICK = Patience(connect_s=5, read_s=20, answer_s=30, first_wait_s=0.01, longest_wait_s=1, concurrent=2)
Open = Callable[..., OpenAIModel]


@pytest.fixture(scope="module")
def all_servers() -> Iterator[list[FakeEndpoint]]:
    with ExitStack() as stack:
        yield [stack.enter_context(fake_endpoint()) for _ in range(3)]


@pytest.fixture
def servers(all_servers: list[FakeEndpoint]) -> list[FakeEndpoint]:
    for server in all_servers:
        server.requests.clear()
        server.broken, server.delay_s, server.most_running = False, 0.0, 0
    return all_servers


@pytest.fixture
async def open_model() -> AsyncIterator[Open]:
    opened: list[OpenAIModel] = []

    def open_one(
        *first: FakeEndpoint, last: str = "", name: str = "sees", patience: Patience = QUICK
    ) -> OpenAIModel:
        rest = f"{','.join(server.url for server in first)}#{name}{last and '|' + last}"
        opened.append(open_openai(rest, patience=patience))
        return opened[-1]

    yield open_one
    for model in opened:
        await model.close()


async def ask(model: OpenAIModel, times: int = 1) -> list[object]:
    asked = (model.answer(ball("red"), "What colour is the ball?") for _ in range(times))
    return await asyncio.gather(*asked, return_exceptions=True)


# ---- several endpoints ----


async def test_spreads_questions_evenly_and_keeps_to_the_limit_of_each(
    servers: list[FakeEndpoint], open_model: Open
) -> None:
    for server in servers:
        server.delay_s = 0.03

    answers = await ask(open_model(*servers), 18)

    assert {getattr(answer, "text", answer) for answer in answers} == {"It is red."}
    assert [len(server.requests) for server in servers] == [6, 6, 6]
    assert [server.most_running for server in servers] == [2, 2, 2]


async def test_a_slow_endpoint_gets_less_to_do(servers: list[FakeEndpoint], open_model: Open) -> None:
    servers[0].delay_s, servers[1].delay_s = 0.5, 0.01

    await ask(open_model(*servers[:2]), 20)

    assert len(servers[0].requests) < 6
    assert len(servers[1].requests) > 14


async def test_a_broken_endpoint_costs_no_answer_and_is_left_out_after_five_failures(
    servers: list[FakeEndpoint], open_model: Open
) -> None:
    servers[0].broken = True
    model = open_model(*servers[:2])

    answers = [(await ask(model))[0] for _ in range(20)]

    assert {getattr(answer, "text", answer) for answer in answers} == {"It is red."}
    assert len(servers[0].requests) == 5
    assert len(servers[1].requests) == 20


async def test_a_wrong_name_at_one_server_does_not_refuse_its_share_of_the_players(
    servers: list[FakeEndpoint], open_model: Open
) -> None:
    base = servers[0].url.removesuffix("/v1")
    model = open_openai(f"{base},{servers[1].url}#sees", patience=QUICK)

    answers = [(await ask(model))[0] for _ in range(6)]
    await model.close()

    assert {getattr(answer, "text", answer) for answer in answers} == {"It is red."}
    assert len(servers[1].requests) == 6


async def test_an_address_that_may_not_be_asked_does_not_refuse_its_share_of_the_players(
    servers: list[FakeEndpoint],
) -> None:
    rest = f"http://metadata.google.internal/v1,{servers[0].url}#sees"
    model, alone = open_openai(rest, patience=QUICK), open_openai("http://metadata/v1#m", patience=QUICK)

    answers = [(await ask(model))[0] for _ in range(4)]
    (refused,) = await ask(alone)
    await model.close()
    await alone.close()

    assert {getattr(answer, "text", answer) for answer in answers} == {"It is red."}
    assert isinstance(refused, ModelRefused)
    assert "Correct the address" in str(refused)


async def test_what_the_model_itself_refuses_is_asked_of_nobody_else(
    servers: list[FakeEndpoint], open_model: Open
) -> None:
    (refused,) = await ask(open_model(*servers[:2], last=servers[2].url, name="too-long"))

    assert isinstance(refused, ModelRefused)
    assert sum(len(server.requests) for server in servers) == 1


async def test_each_server_is_asked_in_its_own_dialect(servers: list[FakeEndpoint], open_model: Open) -> None:
    servers[0].broken = True
    model = open_model(servers[0], last=f"{servers[1].url}#cool")

    await ask(model)
    servers[0].broken = False
    await ask(model)

    assert "temperature" not in servers[1].requests[-1]
    assert servers[0].requests[-1]["temperature"] == 0


# ---- the line ----


async def test_a_full_line_refuses_at_once_and_the_others_are_answered(
    servers: list[FakeEndpoint], open_model: Open
) -> None:
    servers[0].delay_s = 0.1
    patience = Patience(concurrent=2, line=3)
    started = time.perf_counter()
    refused_after: list[float] = []

    async def one(model: OpenAIModel) -> bool:
        try:
            with in_person():
                await model.answer(ball("red"), "What colour is the ball?")
        except ModelBusy:
            refused_after.append(time.perf_counter() - started)
            return False
        return True

    model = open_model(servers[0], patience=patience)
    answered = await asyncio.gather(*(one(model) for _ in range(9)))

    assert sum(answered) == 5
    assert len(servers[0].requests) == 5
    assert len(refused_after) == 4
    assert max(refused_after) < time.perf_counter() - started, "before the last answer came"


async def test_who_waits_is_counted_for_a_kept_answer_too_and_not_after_leaving(
    servers: list[FakeEndpoint], open_model: Open
) -> None:
    model = open_model(servers[0], patience=Patience(concurrent=1))
    gauge = MODEL_WAITING.labels("sees")
    before = gauge._value.get()
    async with model._pool.place():
        waiting = asyncio.create_task(model.stand_in_line())
        await asyncio.sleep(0.01)
        assert gauge._value.get() == before + 1, "who is served waits no more"
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert gauge._value.get() == before
    assert (model._pool.line.inside, model._pool.line.waiting) == (0, 0)


# ---- the fallback ----


async def test_the_fallback_is_asked_only_when_all_others_fail_and_says_so(
    servers: list[FakeEndpoint], open_model: Open
) -> None:
    model = open_model(*servers[:2], last=f"{servers[2].url}#echo")
    (own,) = await ask(model)
    servers[0].broken = True
    (still,) = await ask(model)
    before = len(servers[2].requests)
    servers[1].broken = True
    (stood_in,) = await ask(model)

    assert before == 0
    assert own.served.label == still.served.label == "sees-2026@fp_1"  # type: ignore[attr-defined]
    assert stood_in.served.label == "echo-2026@fp_1 (fallback)"  # type: ignore[attr-defined]
    assert stood_in.served.name == "echo"  # type: ignore[attr-defined]
    assert (stood_in.served.prompt_tokens, stood_in.tokens) == (40, 3)  # type: ignore[attr-defined]


async def test_a_fallback_without_a_name_serves_the_same_model(
    servers: list[FakeEndpoint], open_model: Open
) -> None:
    servers[0].broken = True
    (answer,) = await ask(open_model(servers[0], last=servers[1].url))

    assert answer.served.label == "sees-2026@fp_1 (fallback)"  # type: ignore[attr-defined]
    assert len(servers[0].requests) == QUICK.attempts


async def test_when_the_fallback_fails_too_its_error_is_told(
    servers: list[FakeEndpoint], open_model: Open
) -> None:
    servers[0].broken = servers[1].broken = True
    (error,) = await ask(open_model(servers[0], last=servers[1].url))

    assert isinstance(error, ModelUnavailable)
    assert servers[1].url in str(error)


async def test_a_server_that_hangs_is_noticed_even_if_nobody_waits_for_its_end() -> None:
    pool = Pool([endpoint()], patience=Patience(read_s=0.02))

    async def hang(_endpoint: Endpoint) -> Reply:
        await asyncio.sleep(30)
        raise AssertionError("nobody waits so long")

    for _ in range(5):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pool.ask(hang), timeout=0.05)

    with pytest.raises(ModelUnavailable, match="several times in a row"):
        await pool.ask(hang)


async def test_waiting_for_a_place_ends_in_time_and_is_nothing_the_endpoint_did() -> None:
    """As behind a fallback with fewer places than the endpoints it stands in for."""
    pool = Pool([endpoint()], patience=Patience(read_s=0.02, answer_s=0.05, concurrent=1))
    await pool._first[0].places.acquire()

    async def never(_endpoint: Endpoint) -> Reply:
        raise AssertionError("there is no place")

    for _ in range(3):
        with pytest.raises(ModelTimeout):
            await asyncio.wait_for(pool.ask(never), timeout=5)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pool.ask(never), timeout=0.03)
    pool._first[0].places.release()

    assert pool._first[0].breaker.rests_s == 0
    assert (pool.line.inside, pool._first[0].under_way) == (0, 0)


# ---- what a reference may say ----


def test_a_reference_names_endpoints_and_fallbacks() -> None:
    first, last = places("http://a:1/v1, http://b:2/v1#m|http://c/v1,http://d/v1|https://e/v1#other")

    assert first == [("http://a:1/v1", "m"), ("http://b:2/v1", "m")]
    assert last == [("http://c/v1", "m"), ("http://d/v1", "m"), ("https://e/v1", "other")]


def test_a_plain_reference_means_what_it_always_did() -> None:
    assert places("http://h/v1#a|b,c/d#e") == ([("http://h/v1", "a|b,c/d#e")], [])


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("http://a/v1,http://a/v1/#m", "stands twice"),
        ("http://a/v1,http://b/v1", "Write the model's name after '#'"),
        ("http://a/v1|http://b/v1#m", "Write the model's name after '#'"),
        ("http://a/v1#m|http://", "needs an address"),
        ("http://a/v1,http://me:sk-1@b/v1#m", "Keep the key out of the address"),
    ],
)
def test_refuses_references_that_cannot_work(rest: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        places(rest)


# ---- laws ----


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@cache
def endpoint() -> Endpoint:
    """Is never asked; to make one takes longer than to choose among many."""
    return Endpoint("http://127.0.0.1:9/v1", "m")


def members(loads: list[tuple[int, int, bool]]) -> list[Member]:
    made = []
    for under_way, asked, broken in loads:
        breaker = Breaker(clock=Clock())
        if broken:
            breaker.open()
        made.append(Member(endpoint(), asyncio.Semaphore(4), breaker, under_way, asked))
    return made


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=5))
def test_the_least_busy_endpoint_that_is_not_at_rest_is_chosen(loads: list[tuple[int, int, bool]]) -> None:
    chosen = choose(members(loads))

    fit = [(under_way, asked) for under_way, asked, broken in loads if not broken]
    assert (chosen is None) == (not fit)
    if chosen is not None:
        assert (chosen.under_way, chosen.asked) == min(fit)


@settings(max_examples=examples(20), deadline=None)
@given(st.integers(1, 4), st.integers(0, 30), st.randoms(use_true_random=False))
def test_choosing_the_least_busy_keeps_all_within_one(size: int, steps: int, rng: random.Random) -> None:
    """Every question takes the same time here: whoever was asked first ends first."""
    pool, under_way = members([(0, 0, False)] * size), []
    for _ in range(steps):
        if under_way and rng.random() < 0.4:
            under_way.pop(0).under_way -= 1
        one = choose(pool)
        assert one is not None
        one.under_way += 1
        one.asked += 1
        under_way.append(one)
        busy = [member.under_way for member in pool]
        assert max(busy) - min(busy) <= 1


def test_one_call_at_a_time_tries_an_endpoint_whose_rest_is_over() -> None:
    clock = Clock()
    breaker = Breaker(threshold=2, rest_s=15, clock=clock)
    breaker.failed()
    assert breaker.wait_s() == 0
    breaker.failed()
    clock.now += 14
    assert (breaker.rests_s, breaker.wait_s()) == (1, 1)
    clock.now += 1
    assert (breaker.rests_s, breaker.rests_s) == (0, 0), "looking gives no trial away"
    assert (breaker.wait_s(), breaker.wait_s()) == (0, 15)
    breaker.succeeded()
    assert breaker.wait_s() == 0


AGAIN = Failed(ModelUnavailable("away"), again=True)


def test_pauses_are_random_and_the_same_for_the_same_seed() -> None:
    def drawn(seed: int) -> list[float | None]:
        rng = random.Random(seed)
        return [pause(AGAIN, attempt=1, patience=Patience(), rng=rng) for _ in range(200)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert 0.2 < sum(filter(None, drawn(1))) / 200 < 0.3, "full jitter: half of 0.5 s on average"
    assert len(set(drawn(1))) == 200


@settings(max_examples=examples(60))
@given(attempt=st.integers(1, 9), after_s=st.none() | st.floats(0, 100), seed=st.integers(0, 99))
def test_pauses_keep_within_their_bounds(attempt: int, after_s: float | None, seed: int) -> None:
    patience = Patience(attempts=6)
    failed = Failed(ModelUnavailable("away"), again=True, after_s=after_s)
    found = pause(failed, attempt=attempt, patience=patience, rng=random.Random(seed))

    if attempt >= 6 or (after_s or 0) > patience.longest_wait_s:
        assert found is None
    elif after_s is not None:
        assert found is not None
        assert after_s <= found <= after_s + patience.first_wait_s
    else:
        assert found is not None
        assert 0 <= found <= min(patience.longest_wait_s, 0.5 * 2 ** (attempt - 1))


def test_what_would_be_refused_again_is_not_tried_again() -> None:
    refused = Failed(ModelRefused("no"), unfit=True)
    assert pause(refused, attempt=1, patience=Patience(), rng=random.Random(1)) is None

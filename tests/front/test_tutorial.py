"""The tutorial: the shipped model on two pictures whose truth is known; nothing is kept."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from stumper.front.auth import COOKIE
from stumper.front.tutorial import FALSIFIED, STEPS
from stumper.images.lesson import lesson
from stumper.store import schema
from tests.front.world import World


async def answer(phone: httpx2.AsyncClient, number: int, question: str) -> dict[str, Any]:
    reply = await phone.post(f"/api/tutorial/{number}/questions", json={"question": question})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def test_on_the_first_picture_every_prepared_answer_is_the_models_and_right(
    phone: httpx2.AsyncClient,
) -> None:
    for question in STEPS[0][1]:
        told = await answer(phone, 1, question)

        assert told["answer"] == told["model_answer"]
        assert (told["falsified"], told["right"]) == (False, True), question


async def test_on_the_second_the_first_questions_are_answered_falsely(phone: httpx2.AsyncClient) -> None:
    for question in STEPS[1][1]:
        told = await answer(phone, 2, question)

        assert (told["falsified"], told["right"]) == (True, False)
        assert told["model_answer"] == told["truth"] == lesson(2).truth(question)
        assert told["answer"] != told["model_answer"]


async def test_then_the_model_counts_wrongly_by_itself(phone: httpx2.AsyncClient) -> None:
    told = await answer(phone, 2, "How many people are there?")

    assert (told["falsified"], told["right"], told["truth"]) == (False, False, "five")


@pytest.mark.parametrize(
    ("question", "truth"),
    [
        ("which colour is the umbrella", "green"),
        ("  WHAT colour is the CAT? ", "pink"),
        ("Who are you?", None),
    ],
)
async def test_own_questions_are_answered_and_the_truth_is_told_where_it_is_known(
    phone: httpx2.AsyncClient, question: str, truth: str | None
) -> None:
    told = await answer(phone, 2, question)

    assert told["answer"]
    assert told["truth"] == truth
    assert (told["right"] is None) == (truth is None)


@pytest.mark.parametrize(
    "question", ["<img src=x onerror=alert(1)>", "बिल्ली कहाँ है?", "\u202eteg", "🦆🦆🦆", "ما لون القطة؟"]
)
async def test_odd_questions_get_an_answer(phone: httpx2.AsyncClient, question: str) -> None:
    assert (await answer(phone, 1, question))["answer"]


@pytest.mark.parametrize(
    ("number", "question", "status"),
    [(1, "", 422), (1, "x" * 121, 422), (1, "x" * 3000, 422), (3, "What?", 404), (0, "What?", 404)],
)
async def test_what_cannot_be_asked_is_refused(
    phone: httpx2.AsyncClient, number: int, question: str, status: int
) -> None:
    reply = await phone.post(f"/api/tutorial/{number}/questions", json={"question": question})

    assert reply.status_code == status
    assert "error" in reply.json()


async def test_nothing_is_kept_of_it(world: World, phone: httpx2.AsyncClient) -> None:
    await phone.get("/tutorial")
    await answer(phone, 1, "What colour is the cat?")

    assert COOKIE not in phone.cookies
    async with world.app.database.read() as tx:
        for table in (schema.player, schema.session, schema.exchange):
            assert (await tx.execute(select(func.count()).select_from(table))).scalar_one() == 0


async def test_one_address_asks_so_often_only(phone: httpx2.AsyncClient) -> None:
    await answer(phone, 1, "What colour is the cat?")
    codes = [
        (await phone.post("/api/tutorial/1/questions", json={"question": ""})).status_code for _ in range(300)
    ]

    assert codes[0] == 422
    assert codes[-1] == 429


async def test_the_pictures_are_everybodys(phone: httpx2.AsyncClient) -> None:
    one, two, three = [await phone.get(f"/tutorial/{number}.png") for number in (1, 2, 3)]

    assert one.content.startswith(b"\x89PNG")
    assert one.content != two.content
    assert "public" in one.headers["cache-control"]
    assert three.status_code == 404


async def test_an_answer_takes_less_than_a_second(phone: httpx2.AsyncClient) -> None:
    await answer(phone, 1, "What colour is the cat?")  # the model is loaded, the picture drawn
    began = time.perf_counter()

    await answer(phone, 1, "Is there a dog?")

    assert time.perf_counter() - began < 1


async def test_a_model_that_cannot_be_opened_is_told_kindly(
    world: World, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stumper.front.tutorial.MODEL", "onnx:/nowhere")

    reply = await phone.post("/api/tutorial/1/questions", json={"question": "What?"})

    assert reply.status_code == 503
    assert "Go on without" in reply.json()["error"]["message"]


async def test_the_page_offers_every_step_and_a_way_past_it(phone: httpx2.AsyncClient) -> None:
    page = (await phone.get("/tutorial?team=OWLS")).text

    assert all(f'data-question="{question}"' in page for _, questions in STEPS for question in questions)
    assert 'href="/join?team=OWLS"' in page
    assert set(STEPS[1][1]) == FALSIFIED


async def test_other_languages_see_what_the_question_means(phone: httpx2.AsyncClient) -> None:
    english = (await phone.get("/tutorial")).text
    spanish = (await phone.get("/tutorial", headers={"Accept-Language": "es"})).text

    assert "English only" not in english
    assert spanish.count("<small>") >= english.count("<small>") + 7

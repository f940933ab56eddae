"""The line in front of a model: order, places, its bound, and players who leave."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import ModelBusy
from stumper.vlm.line import Line, Ticket, in_person
from tests.examples import examples


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_shows_each_waiting_question_its_place_and_serves_them_in_order() -> None:
    line, done, gate = Line(room=lambda: 1, longest=9), list[int](), asyncio.Event()
    tickets = [Ticket() for _ in range(4)]

    async def one(number: int) -> None:
        with tickets[number].held():
            async with line.place():
                await gate.wait()
                done.append(number)
                gate.clear()

    tasks = [asyncio.create_task(one(number)) for number in range(4)]
    places = []
    for _ in range(4):
        await settle()
        places.append([ticket.ahead for ticket in tickets])
        gate.set()
    await asyncio.gather(*tasks)

    assert done == [0, 1, 2, 3]
    assert places == [[None, 0, 1, 2], [None, None, 0, 1], [None, None, None, 0], [None] * 4]
    assert (line.inside, line.waiting) == (0, 0)


async def test_refuses_one_more_than_its_length_at_once() -> None:
    line = Line(room=lambda: 1, longest=2)
    async with AsyncExitStack() as inside:
        await inside.enter_async_context(line.place())
        waiting = [asyncio.create_task(line._enter()) for _ in range(2)]
        await settle()

        with in_person(), pytest.raises(ModelBusy, match=r"2 questions wait for the model already\."):
            await asyncio.wait_for(line._enter(), timeout=1)

    await asyncio.wait_for(waiting[0], timeout=1)
    line._leave()
    await asyncio.wait_for(waiting[1], timeout=1)


async def test_a_line_of_no_length_lets_in_only_who_finds_a_place() -> None:
    line = Line(room=lambda: 1, longest=0)
    async with line.place():
        with in_person(), pytest.raises(ModelBusy):
            await line._enter()
    async with line.place():
        assert line.inside == 1


async def test_more_room_lets_more_in_with_the_next_question() -> None:
    room = 1
    line = Line(room=lambda: room, longest=9)
    await line._enter()
    waiting = asyncio.create_task(line._enter())
    await settle()
    room = 3
    await asyncio.wait_for(line._enter(), timeout=1)
    await asyncio.wait_for(waiting, timeout=1)
    assert line.inside == 3


@settings(max_examples=examples(60))
@given(
    room=st.integers(1, 4),
    longest=st.integers(0, 6),
    steps=st.lists(st.tuples(st.sampled_from(["come", "finish", "leave"]), st.integers(0, 99)), max_size=40),
)
def test_nobody_is_lost_overtaken_or_let_in_too_many(
    room: int, longest: int, steps: list[tuple[str, int]]
) -> None:
    """Against a plain list: who is inside, who waits in which order, who was refused."""
    with in_person():
        asyncio.run(_walk(room, longest, steps))


async def test_batch_work_waits_however_long_the_line_is() -> None:
    line = Line(room=lambda: 1, longest=0)
    await line._enter()
    waiting = asyncio.create_task(line._enter())
    await settle()
    line._leave()
    await asyncio.wait_for(waiting, timeout=1)


async def _walk(room: int, longest: int, steps: list[tuple[str, int]]) -> None:
    line = Line(room=lambda: room, longest=longest)
    inside, waiting = list[int](), list[int]()
    gates, tasks, refused = {}, {}, set[int]()
    entered = list[int]()

    async def visit(name: int) -> None:
        try:
            async with line.place():
                entered.append(name)
                await gates[name].wait()
        except ModelBusy:
            refused.add(name)

    for name, (step, which) in enumerate(steps):
        if step == "come":
            gates[name] = asyncio.Event()
            tasks[name] = asyncio.create_task(visit(name))
            if len(inside) < room:
                inside.append(name)
            elif len(waiting) < longest:
                waiting.append(name)
        elif step == "finish" and inside:
            gates[inside.pop(which % len(inside))].set()
        elif step == "leave" and inside + waiting:
            gone = (inside + waiting)[which % len(inside + waiting)]
            (inside if gone in inside else waiting).remove(gone)
            tasks[gone].cancel()
        while waiting and len(inside) < room:
            inside.append(waiting.pop(0))
        await settle()
        assert (line.inside, line.waiting) == (len(inside), len(waiting))
        assert set(inside) <= set(entered)
        assert not set(waiting) & set(entered)
    assert entered == sorted(entered), "first come, first served"
    for gate in gates.values():
        gate.set()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    assert (line.inside, line.waiting) == (0, 0)

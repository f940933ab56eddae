"""The share card: numbers only, signed, drawn quickly; and the page that shows it."""

from __future__ import annotations

import base64
import io
import json
import time

import httpx2
import pytest
from PIL import Image

from stumper.front.cardart import HEIGHT, WIDTH, CardFacts, card_png
from stumper.front.cardtoken import Cards
from tests.front.world import World, join, play_through, start

FACTS = CardFacts(caught=4, falsified=5, streak=6)


def test_a_card_has_the_size_that_previews_want() -> None:
    with Image.open(io.BytesIO(card_png(FACTS))) as picture:
        assert (picture.format, picture.size) == ("PNG", (WIDTH, HEIGHT)) == ("PNG", (1200, 630))


def test_equal_facts_give_equal_cards_and_others_another() -> None:
    same = CardFacts(caught=4, falsified=5, streak=6)

    assert card_png(same) == card_png(FACTS)
    assert card_png(CardFacts(caught=3, falsified=5, streak=6)) != card_png(FACTS)


@pytest.mark.parametrize(
    "facts",
    [CardFacts(caught=0, falsified=0), CardFacts(caught=99, falsified=100, streak=365, language="es")],
)
def test_odd_numbers_are_drawn_too(facts: CardFacts) -> None:
    assert card_png(facts).startswith(b"\x89PNG")


def test_languages_that_the_font_cannot_write_are_in_english() -> None:
    assert card_png(CardFacts(caught=1, falsified=2, language="hi")) == card_png(
        CardFacts(caught=1, falsified=2)
    )


def test_a_card_is_drawn_in_a_fifth_of_a_second() -> None:
    card_png(FACTS)  # the ground is drawn once
    best = min(_seconds(CardFacts(caught=n, falsified=90)) for n in range(5))

    assert best < 0.2


def _seconds(facts: CardFacts) -> float:
    began = time.perf_counter()
    card_png(facts)
    return time.perf_counter() - began


def test_a_token_holds_the_numbers_and_nothing_else() -> None:
    token = Cards("secret").token(FACTS)
    held = token.split(".")[0]

    assert Cards("secret").read(token) == FACTS
    assert json.loads(base64.urlsafe_b64decode(held + "=" * (-len(held) % 4))) == [4, 5, 6, "en"]


@pytest.mark.parametrize("token", ["x", "W10.abc", "%2e%2e", "A" * 3000])
async def test_a_forged_token_shows_nothing(phone: httpx2.AsyncClient, token: str) -> None:
    for address in (f"/s/{token}", f"/s/{token}.png", f"/s/{Cards('another').token(FACTS)}"):
        assert (await phone.get(address)).status_code == 404


async def test_the_end_offers_the_card_and_strangers_see_it(world: World, phone: httpx2.AsyncClient) -> None:
    await join(phone, "Zebrafink")
    session = await start(phone)
    own = f"/sessions/{session['id']}/card.png"
    early = await phone.get(own)
    await play_through(phone, world.clock, session)
    facts = CardFacts(caught=1, falsified=2)
    token = world.web.state.cookies.cards.token(facts)

    async with world.phone() as stranger:
        page = (await stranger.get(f"/s/{token}")).text
        picture = await stranger.get(f"/s/{token}.png")
        theirs = await stranger.get(own)

    assert early.status_code == 409
    assert (await phone.get(own)).content.startswith(b"\x89PNG")
    assert theirs.status_code == 401
    assert f'property="og:image" content="http://stumper.test/s/{token}.png"' in page
    assert "Zebrafink" not in page
    assert picture.content == card_png(facts)
    assert "immutable" in picture.headers["cache-control"]

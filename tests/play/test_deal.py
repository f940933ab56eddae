"""Dealing: how many controls, coins that nobody can choose, and a commitment that can be checked."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import PoolEmpty
from stumper.play.deal import Deal, controls_of, deal, require_enough, verify_commitment
from stumper.records import (
    CampaignId,
    Image,
    ImageId,
    ImageKind,
    PlayerId,
    Round,
    RoundId,
    RoundStatus,
    Rules,
)

_ROUND = Round(
    id=RoundId("r"),
    campaign_id=CampaignId("c"),
    number=1,
    model_ref="scripted:",
    status=RoundStatus.OPEN,
    opened_at=0.0,
)


def _images(prefix: str, number: int) -> list[Image]:
    return [
        Image(
            id=ImageId(f"{prefix}{n}"),
            campaign_id=CampaignId("c"),
            file="f",
            kind=ImageKind.TAINTED,
            width_px=1,
            height_px=1,
            source="test",
            licence="CC0",
        )
        for n in range(number)
    ]


def _deal(seed: int, *, poison_rate: float = 0.4, each: int = 5) -> Deal:
    return deal(
        player_id=PlayerId("p"),
        round_=_ROUND,
        rules=Rules(poison_rate=poison_rate),
        controls=_images("simple", each),
        untainted=_images("complex", each),
        rng=random.Random(seed),
        now=5.0,
    )


def test_half_of_ten_turns_are_controls_and_of_three_one_or_two_by_a_coin() -> None:
    rng = random.Random(1)

    assert {controls_of(10, share=0.5, rng=rng) for _ in range(100)} == {5}
    drawn = Counter(controls_of(3, share=0.5, rng=rng) for _ in range(1000))
    assert set(drawn) == {1, 2}
    assert 430 < drawn[1] < 570


@given(turns=st.integers(1, 20), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_the_number_of_controls_is_the_share_to_less_than_one(turns: int, share: float, seed: int) -> None:
    controls = controls_of(turns, share=share, rng=random.Random(seed))

    assert 0 <= controls <= turns
    assert abs(controls - turns * share) < 1


def test_turns_come_in_random_order_with_coins_on_controls_only() -> None:
    orders = set()
    for seed in range(20):
        turns = _deal(seed).turns
        orders.add(tuple(one.control for one in turns))
        assert [one.position for one in turns] == list(range(10))
        assert all(one.control is one.image_id.startswith("simple") for one in turns)
        assert all(len(one.coins) == 8 and (one.control or "1" not in one.coins) for one in turns)

    assert len(orders) > 15


def test_coins_fall_at_the_poison_rate() -> None:
    coins = "".join(
        one.coins for seed in range(200) for one in _deal(seed, poison_rate=0.3).turns if one.control
    )

    assert coins.count("1") / len(coins) == pytest.approx(0.3, abs=0.02)


def test_the_commitment_is_a_hash_that_anybody_can_check() -> None:
    dealt = _deal(1)
    lines = [dealt.session.salt, *(f"{one.id} {one.coins}" for one in dealt.turns)]

    assert dealt.session.commitment == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert verify_commitment(dealt.session, reversed(dealt.turns))


def test_another_coin_or_salt_breaks_the_commitment() -> None:
    dealt = _deal(1)
    first = next(one for one in dealt.turns if one.control)
    turned = replace(first, coins=("1" if first.coins[0] == "0" else "0") + first.coins[1:])
    forged = [turned if one.id == first.id else one for one in dealt.turns]

    assert not verify_commitment(dealt.session, forged)
    assert not verify_commitment(replace(dealt.session, salt="0" * 64), dealt.turns)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(PoolEmpty, match=r"'toytown' lacks 1 complex picture .*stumper images add"):
        require_enough(tainted=5, untainted=4, controls=5, turns=10, campaign="toytown")
    require_enough(tainted=5, untainted=5, controls=5, turns=10, campaign="toytown")

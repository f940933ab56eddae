"""What a bounty costs: by hand, and the laws that keep honest play best."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.bounties import AHEAD, WANTED, Bounty, prices, rarity, target_shares
from stumper.curate.coverage.rates import Answer, by_category, posterior, total
from stumper.curate.dues.queries import Found
from stumper.errors import BadSetting
from stumper.records import Category, ImageKind, Rules
from stumper.trust.rewards import BONUS_WINDOW, bonus_value, bounty_room, claim_bonus

PRICED = tuple(one for one in WANTED if one is not Category.EXISTENCE)
COUNTS = st.dictionaries(st.sampled_from(WANTED), st.integers(0, 3_000))
SDS = st.fixed_dictionaries({one: st.floats(0.001, 0.3) for one in WANTED})
MIXES = st.dictionaries(st.sampled_from([one.value for one in WANTED]), st.floats(0.1, 9.0), min_size=1)
ROOMS = st.floats(0.0, 60.0)
ALIKE = target_shares(None)


def priced(
    counts: dict[Category, int],
    sds: dict[Category, float],
    mix: dict[str, float] | None = None,
    *,
    room: float = 50.0,
) -> dict[Category, Bounty]:
    found = prices(counts, sds, shares=target_shares(mix), room=room)
    return {one.category: one for one in found}


def test_a_price_by_hand() -> None:
    """110 examples, 30 of them about colours, none about text, 70 counts and 10 actions; 220 are aimed at.

    Of each there should be 20. Colour and counts are filled; text lacks all, actions a half. Text is known
    half as well as actions: 8 * 1 * 1 and 8 * .5 * .5.
    """
    counts = {Category.COLOR: 30, Category.COUNTING: 70, Category.ACTION: 10}
    sds = dict.fromkeys(WANTED, 0.1) | {Category.TEXT: 0.2}

    found = priced(counts, sds, room=8.0)

    assert [found[one].target for one in (Category.COLOR, Category.TEXT)] == [pytest.approx(20.0)] * 2
    assert (found[Category.TEXT].points, found[Category.ACTION].points) == (8, 2)
    assert found[Category.COLOR].points == found[Category.COUNTING].weight == 0
    assert found[Category.ACTION].missing == pytest.approx(10.0)
    assert found[Category.EXISTENCE].points == 0 < found[Category.EXISTENCE].weight


@given(COUNTS, SDS, MIXES, ROOMS)
def test_prices_are_bounded_and_nothing_is_paid_for_what_is_filled(
    counts: dict[Category, int], sds: dict[Category, float], mix: dict[str, float], room: float
) -> None:
    found = priced(counts, sds, mix, room=room)

    assert math.fsum(one.share for one in found.values()) == pytest.approx(1.0)
    assert all(0.0 <= one.weight <= 1.0 and 0 <= one.points <= room + 1e-6 for one in found.values())
    assert math.fsum(one.share * one.points for one in found.values()) <= room + 1e-6
    assert sum(one.points for one in found.values()) <= room * len(found) + 1e-6
    for category, one in found.items():
        if counts.get(category, 0) >= one.target:
            assert (one.points, one.weight, one.missing) == (0, 0.0, 0.0)


@given(COUNTS, SDS, MIXES, ROOMS, st.sampled_from(PRICED))
def test_a_price_falls_with_every_example_of_its_kind_and_no_other_does(
    counts: dict[Category, int], sds: dict[Category, float], mix: dict[str, float], room: float, at: Category
) -> None:
    before = priced(counts, sds, mix, room=room)
    after = priced({**counts, at: counts.get(at, 0) + 1}, sds, mix, room=room)

    for category, one in before.items():
        if category is at:
            assert after[category].points <= one.points
            assert after[category].weight < one.weight or after[category].weight == 0.0 or one.share == 1.0
        else:
            assert after[category].points >= one.points


@given(COUNTS, SDS, ROOMS, st.sampled_from(PRICED), st.floats(1.0, 5.0))
def test_a_price_grows_with_what_is_not_known(
    counts: dict[Category, int], sds: dict[Category, float], room: float, at: Category, more: float
) -> None:
    before = priced(counts, sds, room=room)[at]
    after = priced(counts, {**sds, at: sds[at] * more}, room=room)[at]

    assert after.points >= before.points
    assert after.weight >= before.weight - 1e-12


@given(SDS, ROOMS, st.lists(st.integers(0, 900), min_size=2, max_size=2))
def test_of_two_alike_the_one_that_lacks_more_costs_more(
    sds: dict[Category, float], room: float, counts: list[int]
) -> None:
    few, many = sorted(counts)
    alike = {**sds, Category.TEXT: 0.1, Category.COLOR: 0.1}

    found = priced({Category.TEXT: few, Category.COLOR: many}, alike, room=room)

    assert found[Category.TEXT].points >= found[Category.COLOR].points


def test_a_kind_that_is_collected_alone_is_paid_less_and_less_until_it_is_filled() -> None:
    """110 more than there are: 10 of text are aimed at beside none, 11 * 10 + n in all beside n of text."""
    sds = dict.fromkeys(WANTED, 0.1)
    paid = [priced({Category.TEXT: n}, sds)[Category.TEXT].points for n in range(15)]

    assert paid == sorted(paid, reverse=True)
    assert (paid[0], paid[11]) == (50, 0)
    # 5 of (115 / 11): 50 * (1 - 55 / 115) = 26.09
    assert paid[5] == 26


@given(st.floats(0.0, 1.0))
def test_bonus_and_bounty_stay_inside_the_window_and_no_blind_claim_gains(error_rate: float) -> None:
    rules = Rules()
    bonus, room = claim_bonus(error_rate, rules=rules), int(bounty_room(error_rate, rules=rules))
    highest = float(np.interp(error_rate, [one[0] for one in BONUS_WINDOW], [one[2] for one in BONUS_WINDOW]))

    assert 0 <= room <= bounty_room(error_rate, rules=rules)
    assert bonus.confirmed + room <= highest + 1e-6
    assert bonus_value(error_rate, rules=rules) + bounty_room(error_rate, rules=rules) <= highest + 1e-6
    # A blind claim breaks even where it is confirmed more often than one written without looking ever is
    # (5 %, `simulate.table.JUNK_RIGHT`), and still more often than a fifth of the time.
    assert bonus.rejected / (bonus.rejected + bonus.confirmed + room) > 0.2


def test_the_room_is_what_the_studied_window_leaves() -> None:
    """V = 16 / pi: 80, 47.06, 32 under 105, 55, 35."""
    rooms = [bounty_room(rate, rules=Rules()) for rate in (0.2, 0.34, 0.5)]

    assert rooms == [pytest.approx(25.0), pytest.approx(55 - 16 / 0.34), pytest.approx(3.0)]
    assert bounty_room(0.5, rules=Rules(bonus_stake=99.0)) == 0.0


@pytest.mark.parametrize(
    ("mix", "says"),
    [
        ({"colour": 1.0}, "'colour' is no category"),
        ({"invalid": 1.0}, "'invalid' is no category"),
        ({"color": -1.0}, "target of color is -1.0"),
        ({"color": math.nan}, "target of color is nan"),
        ({"color": 0.0}, "wants nothing"),
        ({}, "wants nothing"),
    ],
)
def test_a_target_that_is_none_is_refused(mix: dict[str, float], says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        target_shares(mix)


def test_a_target_names_what_is_wanted_and_nothing_else() -> None:
    assert target_shares({"color": 3.0, "text": 1.0, "action": 0.0}) == {
        Category.COLOR: 0.75,
        Category.TEXT: 0.25,
    }
    assert sum(ALIKE.values()) == pytest.approx(1.0)
    assert AHEAD / len(ALIKE) == 10


def answers(category: Category, *, judged: int, wrong: int, upheld: int = 0) -> list[Answer]:
    return [
        Answer(category, ImageKind.UNTAINTED, False, Found(1, int(n < wrong), int(n < upheld), 0))
        for n in range(judged)
    ]


def test_the_error_rate_of_a_category_by_hand() -> None:
    """Nothing found: m = .34, sd = .2244. 100 judged, 40 marked: m = (40 * .85 / .8 + 17) / 150 = .39667,
    k = 1 / (.39667 * .60333) - 1 = 3.1786; the errors are 42.5, so (1.2608 + 42.5) / 103.1786 = .42413.
    """
    nothing = posterior(Found(0, 0, 0, 0), everything=Found(0, 0, 0, 0))
    assert (nothing.mean, nothing.sd) == (pytest.approx(0.34), pytest.approx(0.2244))

    rate = by_category(answers(Category.TEXT, judged=100, wrong=40))[Category.TEXT]

    assert rate.mean == pytest.approx(0.42413, abs=1e-4)
    assert rate.sd == pytest.approx(math.sqrt(0.42413 * 0.57587 / 104.1786), abs=1e-4)


def test_controls_tell_nothing_of_the_error_rate() -> None:
    control = [one._replace(control=True) for one in answers(Category.TEXT, judged=50, wrong=50)]

    assert total(control) == Found(0, 0, 0, 0)
    assert by_category(control)[Category.TEXT].judged == 0


@given(st.integers(0, 400), st.integers(0, 400), st.integers(1, 300))
def test_more_answers_of_the_same_kind_make_a_rate_surer(judged: int, wrong: int, times: int) -> None:
    """Of the same share of marks; the rest of what is known does not change with it."""
    everything = Found(1_000, 340, 250, 50)
    less = Found(judged, min(wrong, judged), 0, 0)
    more = Found(*(n * (1 + times) for n in less))

    first, second = posterior(less, everything=everything), posterior(more, everything=everything)

    assert 0.0 < first.mean < 1.0
    # Towards .5 a share is less sure in itself; it never becomes surer by more than the answers say.
    assert second.sd <= max(first.sd, math.sqrt(second.mean * (1 - second.mean) / (more.judged + 3.0)))


def test_a_thing_is_rare_that_is_often_shown_and_seldom_asked_about() -> None:
    shown = {"dog": 100, "bus": 60, "owl": 10}

    assert rarity(shown, pictures=200, held={"dog": 25, "bus": 2}, examples=50) == "bus"
    assert rarity(shown, pictures=200, held={"dog": 25, "bus": 15}, examples=50) is None
    assert rarity(shown, pictures=200, held={}, examples=0) == "bus"
    assert rarity({"owl": 10}, pictures=200, held={}, examples=50) is None
    assert rarity({}, pictures=0, held={}, examples=0) is None

"""Levels, leagues, quests, bounties and badges: the rules by hand, and laws that hold for any of them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.bounties import WANTED, Bounty
from stumper.progress import leagues, quests
from stumper.progress.badges import sharp
from stumper.progress.leagues import Entrant, Tier
from stumper.progress.levels import STARTS, level_of
from stumper.records import Category, ExchangeId, PlayerId, TurnId, Verdict
from stumper.trust.queries import ControlExchange
from tests.progress.slow import slow_next_tier


@given(st.integers(0, 2_000))
def test_work_never_lowers_a_level(work: int) -> None:
    level, more = level_of(work), level_of(work + 1)

    assert level.number <= more.number <= level.number + 1
    assert 0.0 <= level.share <= 1.0
    assert level.next_at is None or level.starts <= work < level.next_at


def test_each_level_takes_more_work_than_the_one_before() -> None:
    steps = [after - before for before, after in pairwise(STARTS)]

    assert steps == sorted(steps)


@given(
    st.lists(st.tuples(st.integers(-40, 400), st.integers(0, 5)), min_size=1, max_size=30),
    st.sampled_from(Tier),
    st.integers(1, 5),
)
def test_leagues_equal_the_rules_read_slowly(rows: list[tuple[int, int]], tier: Tier, seasons: int) -> None:
    players = [
        Entrant(player_id=PlayerId(f"p{n}"), points=points, reached_at=at)
        for n, (points, at) in enumerate(rows)
    ]
    table = leagues.ranked(players)
    order = [(one.player_id, one.points) for one in table]

    for one in players:
        place = leagues.place(table, one.player_id, tier=tier)
        assert place is not None
        assert sum(other.points > one.points for other in players) < place.rank
        found = leagues.next_tier(tier, move=place.move, seasons=seasons)
        assert found == slow_next_tier(tier, order=order, player_id=one.player_id, seasons=seasons)


def test_seven_of_thirty_rise_and_five_fall() -> None:
    full = [Entrant(player_id=PlayerId(f"p{n:02}"), points=100 - n, reached_at=0.0) for n in range(30)]

    moves = [leagues.moves(n + 1, size=30, points=one.points, tier=Tier.TIN) for n, one in enumerate(full)]

    assert moves == [1] * 7 + [0] * 18 + [-1] * 5


def test_who_has_no_points_does_not_rise_and_nobody_falls_among_newcomers() -> None:
    assert leagues.moves(1, size=30, points=0, tier=Tier.TIN) == 0
    assert leagues.moves(30, size=30, points=-9, tier=Tier.PAPER) == 0
    assert leagues.moves(30, size=30, points=5, tier=Tier.WOOD) == 0
    assert leagues.moves(1, size=30, points=5, tier=Tier.GOLD) == 0


def bounty(category: Category, *, weight: float) -> Bounty:
    return Bounty(
        category=category, share=1 / len(WANTED), target=10.0, missing=10.0 * weight, weight=weight, points=3
    )


def test_quests_ask_for_what_lacks_and_stay_for_the_day() -> None:
    offered = [bounty(one, weight=1.0 if one is Category.TEXT else 0.0) for one in WANTED]

    chosen = [quests.choose(offered, PlayerId(f"p{n}"), day=9).category for n in range(400)]

    # two of three: 1 against ten times the least weight, .05
    assert 230 < chosen.count(Category.TEXT) < 300
    assert set(chosen) == set(WANTED)
    again = [quests.choose(offered[::-1], PlayerId(f"p{n}"), day=9).category for n in range(400)]
    assert chosen == again


def test_the_same_question_twice_counts_once_for_a_quest() -> None:
    asked = ["How many cats are there?", "how many  cats are there?", "What colour is the hat?"]

    assert quests.found(asked, Category.COUNTING) == 1


def test_one_false_alarm_or_one_miss_is_not_sharp() -> None:
    good = [control(True, Verdict.WRONG)] * 3 + [control(False, Verdict.CORRECT)] * 2

    assert sharp(good)
    assert not sharp(good[1:])  # two falsified answers may be luck
    assert not sharp([*good, control(True, Verdict.CORRECT)])
    assert not sharp([*good, control(True, None)])
    assert not sharp([*good, control(False, Verdict.WRONG)])


def control(poisoned: bool, verdict: Verdict | None) -> ControlExchange:
    return ControlExchange(
        id=ExchangeId("x"), turn_id=TurnId("t"), position=0, question="", poisoned=poisoned,
        verdict=verdict, judged_at=None,
    )  # fmt: skip

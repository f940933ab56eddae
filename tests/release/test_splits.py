"""Splits: pictures and players of the test disjoint, all three there, stable when examples come in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadRelease
from stumper.images.reserve import HELD_OUT_FROM, held_out, place
from stumper.release.splits import LOST_BY_SEARCH, TEST, TRAIN, VAL, Division, Parties, divide


def parties(pairs: list[tuple[int, int]], *, pictures: int, players: int, seed: int = 1) -> Parties:
    """``pairs`` are (picture, player); nothing is known of an earlier release."""
    group, player = np.array(pairs, np.int64).reshape(-1, 2).T
    return Parties(
        group=group,
        player=player,
        group_place=np.array([place(f"picture {n}", seed=seed) for n in range(pictures)]),
        player_place=np.array([place(f"player {n}", seed=seed) for n in range(players)]),
        group_known=np.full(pictures, -1),
        player_known=np.full(players, -1),
    )


def crowd(rng: np.random.Generator, *, pictures: int, players: int, each: int, dealt: bool) -> Parties:
    """Players who saw random pictures, or (``dealt``) pictures of their own side only."""
    bare = parties([], pictures=pictures, players=players)
    pairs = [(number, int(rng.integers(players))) for number in range(pictures)]
    if dealt:
        sides = [np.flatnonzero((bare.group_place >= HELD_OUT_FROM) == side) for side in (False, True)]
        pairs = []
    for player in range(players):
        mine = sides[int(held_out(bare.player_place[player]))] if dealt else np.arange(pictures)
        pairs += [(int(picture), player) for picture in rng.choice(mine, each)]
    return replace(bare, group=np.array(pairs)[:, 0], player=np.array(pairs)[:, 1])


def check(found: Division, given: Parties) -> None:
    """The laws that every division keeps."""
    row = found.split[given.group]
    assert set(row[~found.conflict]) == {TRAIN, VAL, TEST}
    if found.why_not_apart:
        assert not found.conflict.any()
    else:
        tested = set(given.player[~found.conflict & (row == TEST)])
        assert not tested & set(given.player[~found.conflict & (row != TEST)])
        assert found.conflict.mean() <= LOST_BY_SEARCH


_PAIRS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 7)), min_size=1, max_size=80)


@settings(max_examples=40, deadline=None)
@given(_PAIRS, st.integers(0, 99))
def test_pictures_and_players_of_the_test_are_in_no_other_split(
    pairs: list[tuple[int, int]], seed: int
) -> None:
    # every picture and player has an example, as in a campaign
    pairs = pairs + [(n, n % 8) for n in range(12)]
    given_parties = parties(pairs, pictures=12, players=8, seed=seed)

    check(divide(given_parties), given_parties)


@settings(max_examples=30, deadline=None)
@given(_PAIRS, st.integers(0, 9))
def test_the_order_of_examples_changes_nothing(pairs: list[tuple[int, int]], seed: int) -> None:
    pairs = pairs + [(n, n % 8) for n in range(12)]
    backwards = list(reversed(pairs))

    one = divide(parties(pairs, pictures=12, players=8, seed=seed))
    two = divide(parties(backwards, pictures=12, players=8, seed=seed))

    assert np.array_equal(one.split, two.split)
    assert np.array_equal(one.conflict, two.conflict[::-1])


def test_who_was_dealt_their_own_side_loses_nothing_and_stays_where_the_hash_says() -> None:
    given_parties = crowd(np.random.default_rng(1), pictures=200, players=60, each=8, dealt=True)

    found = divide(given_parties)

    check(found, given_parties)
    assert not found.conflict.any()
    assert np.array_equal(found.split == TEST, given_parties.group_place >= HELD_OUT_FROM)


def test_old_data_are_searched_for_players_and_pictures_that_belong_together() -> None:
    given_parties = crowd(np.random.default_rng(2), pictures=300, players=120, each=9, dealt=False)
    by_hash = (given_parties.group_place >= HELD_OUT_FROM)[given_parties.group] != (
        given_parties.player_place >= HELD_OUT_FROM
    )[given_parties.player]

    found = divide(given_parties)

    check(found, given_parties)
    assert not found.why_not_apart
    assert found.conflict.mean() < 0.8 * by_hash.mean()
    kept = ~found.conflict
    assert 0.08 < (found.split[given_parties.group][kept] == TEST).mean() < 0.25


def test_players_who_all_saw_the_same_pictures_cannot_be_kept_apart_and_that_is_said() -> None:
    everybody = [(picture, player) for picture in range(20) for player in range(6)]
    given_parties = parties(everybody, pictures=20, players=6)

    found = divide(given_parties)

    check(found, given_parties)
    assert "left out more than 25%" in found.why_not_apart


def test_two_players_cannot_be_kept_apart_and_that_is_said() -> None:
    found = divide(parties([(n, n % 2) for n in range(30)], pictures=30, players=2))

    assert found.why_not_apart == "there are 2 of them, and three splits need 3"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.booleans())
def test_what_the_last_release_held_never_moves(seed: int, dealt: bool) -> None:
    rng = np.random.default_rng(seed)
    later = crowd(rng, pictures=40, players=15, each=8, dealt=dealt)
    then = np.flatnonzero((later.group < 25) & (later.player < 10))
    earlier = replace(
        later, group=later.group[then], player=later.player[then],
        group_place=later.group_place[:25], player_place=later.player_place[:10],
        group_known=later.group_known[:25], player_known=later.player_known[:10],
    )  # fmt: skip
    present = np.unique(earlier.group)
    first = divide(earlier)
    known = np.full(40, -1)
    known[present] = first.split[present]

    second = divide(replace(later, group_known=known))

    assert np.array_equal(second.split[present], first.split[present])
    check(second, later)


def test_a_player_who_was_held_out_stays_held_out() -> None:
    given_parties = crowd(np.random.default_rng(3), pictures=200, players=60, each=8, dealt=True)
    first = divide(given_parties)
    tested = given_parties.player[first.split[given_parties.group] == TEST]
    known = np.zeros(60, np.int64)
    known[tested] = 1

    # now each of them also plays once on a picture of train
    group = np.append(given_parties.group, np.flatnonzero(first.split == TRAIN)[: len(np.unique(tested))])
    player = np.append(given_parties.player, np.unique(tested))
    second = divide(
        replace(given_parties, group=group, player=player, group_known=first.split, player_known=known)
    )

    assert np.array_equal(second.split, first.split)
    assert np.flatnonzero(second.conflict).tolist() == list(range(len(given_parties.group), len(group)))


def test_shares_are_as_promised() -> None:
    pairs = [(n, n % 2) for n in range(10_000)]
    counts = np.bincount(divide(parties(pairs, pictures=10_000, players=2)).split)

    # 4.5 standard deviations of a binomial of 10,000
    assert abs(counts[TRAIN] - 7000) < 210
    assert abs(counts[VAL] - 1000) < 140
    assert abs(counts[TEST] - 2000) < 180


@pytest.mark.parametrize("number", [0, 1, 2])
def test_fewer_than_three_pictures_are_refused_with_the_number_and_the_way_out(number: int) -> None:
    with pytest.raises(BadRelease, match=rf"{number} different picture\(s\).*Play more sessions"):
        divide(parties([(n, n) for n in range(number)], pictures=number, players=number))


def test_three_pictures_fill_three_splits() -> None:
    found = divide(parties([(0, 0), (1, 0), (2, 0)], pictures=3, players=1))

    assert sorted(found.split) == [TRAIN, VAL, TEST]


def test_a_test_that_nothing_can_fill_is_refused_rather_than_taken_from_train() -> None:
    bare = parties([(0, 0), (1, 0), (2, 0)], pictures=3, players=1)

    with pytest.raises(BadRelease, match="no picture is free"):
        divide(replace(bare, group_known=np.array([TEST, TEST, VAL])))

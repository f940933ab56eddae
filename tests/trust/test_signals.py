"""Signals on simulated crowds: who is found, who is not, and the laws that hold for every crowd."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadInput
from stumper.records import PlayerId
from stumper.simulate.rings import HONEST, Crowd, Role, crowd
from stumper.trust import signals
from stumper.trust.jury import Jury, groups
from stumper.trust.pairing import at_least, counted, less_surprising, rows_together, tail
from stumper.trust.signals import HINTS_LEAVE, LEAST, STRONG, Kind, Signal, detect, weight
from stumper.trust.traces import Traces, check, empty, opening, plain, reads_like_a_model

ANN, BOB, CYD, DEE = (PlayerId(name) for name in ("ann", "bob", "cyd", "dee"))


def strengths(found: list[Signal]) -> dict[int, dict[Kind, float]]:
    known: dict[int, dict[Kind, float]] = {}
    for one in found:
        known.setdefault(one.player, {})[one.kind] = one.strength
    return known


def share_below(drawn: Crowd, found: list[Signal], role: Role, *, bar: float) -> float:
    known = strengths(found)
    return float(np.mean([weight(known.get(int(player), {})) < bar for player in drawn.of(role)]))


@pytest.fixture(scope="module")
def mixed() -> tuple[Crowd, list[Signal]]:
    drawn = crowd(players=600, seed=11)
    return drawn, detect(drawn.traces)


def test_at_most_one_honest_player_in_a_hundred_loses_weight(mixed: tuple[Crowd, list[Signal]]) -> None:
    drawn, found = mixed
    honest = np.concatenate([drawn.of(role) for role in HONEST])
    known = strengths(found)

    lost = [player for player in honest if weight(known.get(int(player), {})) < 1.0]

    assert len(lost) <= 0.01 * len(honest)


@pytest.mark.parametrize(
    ("role", "kind", "least"),
    [(Role.BOT, Kind.HASTE, 0.6), (Role.SCATTERED, Kind.COPIED, 0.5), (Role.PASTER, Kind.PASTED, 0.8),
     (Role.RING, Kind.TOGETHER, 0.7), (Role.RING, Kind.NETWORK, 0.7)],
)  # fmt: skip
def test_cheats_are_noticed_for_what_they_do(
    mixed: tuple[Crowd, list[Signal]], role: Role, kind: Kind, least: float
) -> None:
    drawn, found = mixed
    noticed = {one.player for one in found if one.kind is kind}

    assert np.mean([int(player) in noticed for player in drawn.of(role)]) >= least


def test_robots_and_lists_of_questions_cost_weight_and_pasting_only_a_little(
    mixed: tuple[Crowd, list[Signal]],
) -> None:
    drawn, found = mixed

    assert share_below(drawn, found, Role.BOT, bar=0.5) > 0.5
    assert share_below(drawn, found, Role.SCATTERED, bar=0.8) > 0.4
    assert share_below(drawn, found, Role.PASTER, bar=HINTS_LEAVE - 1e-9) == 0.0


def test_a_ring_that_confirms_itself_is_found_by_its_votes() -> None:
    mix = {Role.SKILLED: 0.4, Role.CARELESS: 0.2, Role.SCATTERED: 0.4}
    drawn = crowd(players=30, seed=7, mix=mix, sessions=10, votes=9)

    favours = {one.player for one in detect(drawn.traces) if one.kind is Kind.FAVOUR}

    assert len(favours & set(drawn.of(Role.SCATTERED).tolist())) >= 4
    assert favours <= set(drawn.of(Role.SCATTERED).tolist())


def test_two_who_stray_together_are_found_and_those_who_stray_alone_are_not() -> None:
    rng = np.random.default_rng(4)
    claims, players = 400, 12
    settled = rng.integers(0, 2, claims)
    strays = rng.random((claims, players)) < 0.2
    strays[:, 1] = np.where(rng.random(claims) < 0.9, strays[:, 0], strays[:, 1])
    voter = np.tile(np.arange(players), claims)
    claim = np.repeat(np.arange(claims), players)
    traces = replace(
        empty(players=players + 1),
        voter=voter,
        author=np.full(len(voter), players),
        claim=claim,
        yes=(settled[:, None] ^ strays).ravel() == 1,
        settled=settled[claim],
    )

    found = [one for one in detect(check(traces)) if one.kind is Kind.ASTRAY]

    assert [(one.player, one.partners) for one in found] == [(0, (1,)), (1, (0,))]


def test_a_ring_votes_as_one(mixed: tuple[Crowd, list[Signal]]) -> None:
    drawn, found = mixed
    ring = set(drawn.of(Role.RING)[:6].tolist())
    ties = {(one.player, other) for one in found if one.kind is Kind.NETWORK for other in one.partners}

    tied = {player for tie in ties for player in tie if set(tie) <= ring}

    assert len(tied) >= 4


def test_a_family_that_always_plays_together_from_one_network_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stumper.simulate.rings._MEETS", 99.0)
    drawn = crowd(players=200, seed=3, mix={Role.SKILLED: 0.8, Role.FAMILY: 0.2})

    found = detect(drawn.traces)

    assert {one.kind for one in found} >= {Kind.TOGETHER, Kind.NETWORK}  # noticed ...
    assert {weight(known) for known in strengths(found).values()} == {1.0}  # ... and it costs nothing


def test_a_class_that_starts_in_one_minute_is_no_coincidence() -> None:
    drawn = crowd(players=400, seed=5, mix={Role.SKILLED: 0.5, Role.CLASS: 0.5})

    assert not [one for one in detect(drawn.traces) if one.kind in STRONG]


@pytest.mark.parametrize("seed", range(4))
def test_in_a_crowd_of_honest_players_hardly_anything_is_found(seed: int) -> None:
    drawn = crowd(players=300, seed=100 + seed, mix=dict.fromkeys(HONEST, 1.0), sessions=4)

    accused = {one.player for one in detect(drawn.traces) if one.kind in STRONG | signals.HINTS}

    assert len(accused) <= 3


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), players=st.integers(2, 60))
def test_another_numbering_of_the_players_finds_the_same(seed: int, players: int) -> None:
    drawn = crowd(players=players, seed=seed, sessions=3, images=20)
    way = np.random.default_rng(seed).permutation(players)

    before = {(way[one.player], one.kind): one for one in detect(drawn.traces)}
    after = {(one.player, one.kind): one for one in detect(_renumbered(drawn.traces, way))}

    assert before.keys() == after.keys()
    for key, one in before.items():
        assert math.isclose(one.strength, after[key].strength, rel_tol=1e-9, abs_tol=1e-12)
        assert {way[partner] for partner in one.partners} == set(after[key].partners)


def _renumbered(traces: Traces, way: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Traces:
    network = np.empty_like(traces.network)
    network[way] = traces.network
    columns = {name: way[getattr(traces, name)] for name in ("session_player", "asker", "voter", "author")}
    return replace(traces, network=network, **columns)


@given(
    n=st.integers(1, 40),
    rates=st.lists(st.floats(0.01, 0.95), min_size=40, max_size=40),
    k=st.integers(0, 40),
)
def test_the_bound_is_never_below_the_exact_chance(n: int, rates: list[float], k: int) -> None:
    k = min(k, n)
    exact = [Fraction(1)]  # distribution of the sum, coin by coin
    for rate in map(Fraction, rates[:n]):
        stays = [one * (1 - rate) for one in exact] + [Fraction(0)]
        moves = [Fraction(0)] + [one * rate for one in exact]
        exact = [a + b for a, b in zip(stays, moves, strict=True)]

    bound = at_least(np.array([k]), np.array([n]), np.array([sum(rates[:n])]))

    assert float(bound[0]) >= float(sum(exact[k:])) - 1e-9


def test_nothing_and_nobody_give_no_signals() -> None:
    assert detect(empty()) == []
    assert detect(empty(players=3)) == []


def test_broken_tables_are_refused() -> None:
    with pytest.raises(BadInput, match="differ in length"):
        check(replace(empty(players=2), asker=np.array([0])))
    with pytest.raises(BadInput, match="names players"):
        check(_one_session(player=5))
    with pytest.raises(BadInput, match="without start or end"):
        check(replace(_one_session(player=0), session_end=np.array([np.nan])))
    own = {name: np.array([0]) for name in ("voter", "author", "claim", "settled")}
    with pytest.raises(BadInput, match="own claim"):
        check(replace(empty(players=2), **own, yes=np.array([True])))
    with pytest.raises(BadInput, match="networks"):
        check(replace(empty(players=2), network=np.array([1])))
    with pytest.raises(BadInput, match="no crowd"):
        crowd(players=0, seed=1)


def _one_session(*, player: int) -> Traces:
    return replace(
        empty(players=2),
        session_player=np.array([player]),
        session_start=np.array([0.0]),
        session_end=np.array([1.0]),
    )


def test_adjusted_p_values_by_hand() -> None:
    # Benjamini and Hochberg: p (m / rank), made monotone from the largest down; m = 4 with one not listed.
    q = signals.adjusted(np.array([0.01, 0.03, 0.02]), tested=4.0)

    assert q == pytest.approx([0.04, 0.04, 0.04])
    assert signals.adjusted(np.array([0.001, 0.5]), tested=2.0) == pytest.approx([0.002, 0.5])


def test_strength_and_weight_by_hand() -> None:
    assert signals.strength(1e-4) == pytest.approx(math.log(50.0))  # e = 1/2 / sqrt(q)
    assert signals.strength(0.5) == 0.0
    assert weight({}) == 1.0
    assert weight({Kind.COPIED: math.log(50.0)}) == pytest.approx(1 / (1 + 50 / 19))
    assert weight({Kind.PASTED: 100.0}) == pytest.approx(HINTS_LEAVE)
    assert weight({Kind.TOGETHER: 100.0, Kind.NETWORK: 100.0}) == 1.0


@given(st.dictionaries(st.sampled_from(list(Kind)), st.floats(0.0, 1e6)), st.sampled_from(list(Kind)))
def test_more_evidence_never_raises_the_weight(known: dict[Kind, float], more: Kind) -> None:
    raised = {**known, more: known.get(more, 0.0) + 1.0}

    assert LEAST <= weight(raised) <= weight(known) <= 1.0


def test_a_group_has_one_voice_and_none_on_its_own_claims() -> None:
    jury = Jury(weights={ANN: 0.5}, group={ANN: 0, BOB: 0, DEE: 1})

    assert jury.shares(CYD, [ANN, BOB, DEE]) == [0.25, 0.5, 1.0]
    assert jury.shares(BOB, [ANN, CYD, DEE]) == [0.0, 1.0, 1.0]
    assert Jury().shares(ANN, [BOB, CYD]) == [1.0, 1.0]


def test_groups_are_joined_over_common_friends() -> None:
    found = groups([(ANN, BOB), (BOB, CYD), (DEE, PlayerId("eve"))])

    assert found[ANN] == found[BOB] == found[CYD] != found[DEE]
    assert groups([]) == {}


def test_pairs_are_counted_once_and_crowds_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = rows_together(np.array([7, 3, 7, 7, 3]))

    assert {tuple(sorted(pair)) for pair in zip(left, right, strict=True)} == {(0, 2), (0, 3), (2, 3), (1, 4)}
    a, b, times = counted(np.array([2, 1, 1]), np.array([1, 2, 1]), players=3)
    assert (a.tolist(), b.tolist(), times.tolist()) == ([1], [2], [2])
    monkeypatch.setattr("stumper.trust.pairing.MOST_IN_GROUP", 2)
    assert len(rows_together(np.array([7, 3, 7, 7, 3]))[0]) == 1


def test_of_two_accounts_of_a_pair_the_less_surprising_counts() -> None:
    three, ten = np.array([3]), np.array([10])
    one = tail(np.array([0]), np.array([4]), three, ten, np.array([0.1]), tested=9.0)
    other = tail(np.array([4]), np.array([0]), three, ten, np.array([1.0]), tested=9.0)

    assert less_surprising(one, other).p == pytest.approx(other.p)
    assert other.p > one.p


def test_words_of_questions_and_of_models() -> None:
    assert plain("  How many CATS, please? ") == "how many cats please"
    assert opening("How many cats?") == "how many"
    assert reads_like_a_model("The image depicts a heron.")
    assert reads_like_a_model("There is one big grey bird that stands on the left of the red boat.")
    assert not reads_like_a_model("a heron on the left")
    assert not reads_like_a_model(None)

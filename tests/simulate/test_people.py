"""The crowd: shares, skills and reproducibility of simulated people."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.curate.desk.dealing import ClaimView
from stumper.errors import BadInput
from stumper.records import CampaignId, Category, ClaimId, ImageId
from stumper.simulate.people import LEAVERS, MIXES, TYPES, crowd_of, people
from stumper.simulate.quality import measure
from stumper.simulate.queries import ClaimFate
from stumper.simulate.run import _opinion
from stumper.simulate.world import Truth, TruthBook


@pytest.mark.parametrize("mix", MIXES)
def test_a_mix_names_known_types_and_adds_up_to_one(mix: str) -> None:
    assert set(MIXES[mix]) <= set(TYPES)
    assert sum(MIXES[mix].values()) == pytest.approx(1.0)


@given(players=st.integers(1, 400), mix=st.sampled_from(sorted(MIXES)), seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_a_crowd_has_the_shares_of_its_mix_up_to_rounding(players: int, mix: str, seed: int) -> None:
    crowd = people(players=players, mix=mix, seed=seed)

    count = Counter(person.type.name for person in crowd)
    assert len(crowd) == players
    assert all(abs(count[name] - share * players) < 1.0 for name, share in MIXES[mix].items())
    assert all(1 <= person.sessions <= 5 for person in crowd)


def test_the_same_seed_makes_the_same_crowd_and_another_seed_another() -> None:
    assert people(players=50, mix="mixed", seed=7) == people(players=50, mix="mixed", seed=7)
    assert people(players=50, mix="mixed", seed=7) != people(players=50, mix="mixed", seed=8)


@given(players=st.integers(1, 60), mix=st.sampled_from(sorted(MIXES)), number=st.integers(2, 5))
@settings(max_examples=30, deadline=None)
def test_a_fifth_of_a_crowd_is_new_in_every_round_and_of_the_types_of_those_who_left(
    players: int, mix: str, number: int
) -> None:
    crowds = [crowd_of(players=players, mix=mix, seed=3, round_number=n) for n in range(1, number + 1)]
    before, after = crowds[-2:]

    gone, came = set(before) - set(after), set(after) - set(before)
    assert len(gone) == len(came) == round(LEAVERS * players)
    assert Counter(one.type.name for one in gone) == Counter(one.type.name for one in came)
    ever = {one.index for crowd in crowds for one in crowd}
    assert len(ever) == players + (number - 1) * round(LEAVERS * players)  # nobody comes back under a number
    assert crowds[0] == people(players=players, mix=mix, seed=3)


def test_marks_follow_the_rates_of_the_type() -> None:
    rng = random.Random(5)
    crowd = [p for p in people(players=2000, mix="benign", seed=1) if p.type.name == "skilled"]

    def rate(*, wrong: bool, easy: bool) -> float:
        marks = [p.marks_wrong(answer_wrong=wrong, easy=easy, picture=0, rng=rng) for p in crowd * 10]
        return sum(marks) / len(marks)

    # A spread of .35 in logits pulls a mean of .92 to about .915.
    assert rate(wrong=True, easy=True) == pytest.approx(0.915, abs=0.02)
    assert rate(wrong=False, easy=True) == pytest.approx(0.042, abs=0.02)
    assert rate(wrong=True, easy=False) == pytest.approx(0.815, abs=0.02)


def test_a_tired_player_sees_less_at_the_last_picture_than_at_the_first() -> None:
    tired = next(p for p in people(players=100, mix="mixed", seed=1) if p.type.name == "fatigue")
    rng = random.Random(1)

    def hits(picture: int) -> int:
        return sum(
            tired.marks_wrong(answer_wrong=True, easy=True, picture=picture, rng=rng) for _ in range(2000)
        )

    assert hits(9) < hits(0) - 200


@pytest.mark.parametrize(("players", "mix"), [(0, "mixed"), (100_001, "mixed"), (5, "kind")])
def test_an_impossible_crowd_is_refused_with_the_way_out(players: int, mix: str) -> None:
    with pytest.raises(BadInput, match="Use"):
        people(players=players, mix=mix, seed=1)


def test_nobody_can_tell_what_only_a_model_asked(tmp_path: Path) -> None:
    truths = TruthBook(tmp_path / "truth.jsonl")
    truths.write(Truth("i", "How many cats?", "two", "two", Category.COUNTING, "count"))
    person = people(players=1, mix="benign", seed=1)[0]
    known = ClaimView(
        id=ClaimId("c"), campaign_id=CampaignId("t"), image_id=ImageId("i"), question="How many cats?",
        model_answer="one", correction="two",
    )  # fmt: skip

    told = _opinion(person, truths, known, random.Random(1))
    untold = _opinion(person, truths, replace(known, question="Who is that?"), random.Random(1))

    assert (told.unanswerable, untold.unanswerable) == (False, True)
    assert truths.holds("i", "How many cats?", "two")
    assert truths.holds("i", "Who is that?", "two") is None
    fates = [ClaimFate("i", question, "one", "two", True) for question in ("How many cats?", "Who is that?")]
    assert measure(fates, truths).accepted == 1
